"""``rub eval``: judge and score responses."""

import argparse
import asyncio
import os
import shutil
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.output import print_json, say
from rubricdsl.cli.progress import ProgressView
from rubricdsl.cli.run_arguments import (
    Docketed,
    add_limits,
    add_store,
    add_subjects,
    judge_options,
    limits,
    opened_store,
    positive,
    read_subjects,
)
from rubricdsl.cli.run_endings import exit_of, tell_ending, tell_way_on
from rubricdsl.cli.run_manifest import (
    check_resumable,
    header,
    remove_manifest,
    write_manifest,
)
from rubricdsl.cli.stopping import until_stopped
from rubricdsl.diagnostics import fail
from rubricdsl.formats.results import (
    result_lines,
    results_document,
    write_csv,
    write_results,
)
from rubricdsl.formats.tables import ranked, results_table
from rubricdsl.formats.terminal import Style
from rubricdsl.judging.engine import EvaluationResult
from rubricdsl.judging.recording import write_recording
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import Plain
from rubricdsl.model.response import Response
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.runs import evaluation, judge_book

DESCRIPTION = "Judge and score responses with rubrics."
EPILOG = """\
examples:
  rub eval examples/doctor/fever_full.rub --responses examples/doctor/responses.jsonl
  rub eval examples/teacher/misconceptions.rub --responses examples/teacher/responses.jsonl --top 3

A judge SPEC is BACKEND:MODEL?key=value&…, or the name of a backend or of a judge in
rub.toml.  Without one: the rubric's own, else $RUB_JUDGE, else `presence`, which is
embedded.  `rub judges` lists what is installed.

Every verdict is kept in a store and never asked for twice.  A run that was stopped, in
whatever way, goes on where it was when the same command is given again; --resume also
sees to it that it is the same run.

exit codes: 0 done, 1 a score is under --fail-under, 2 bad input, 3 some verdicts
could not be had, 130 interrupted (what was judged is kept)"""  # noqa: E501 - examples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_subjects(parser)
    parser.add_argument("--out", metavar="FILE", help="write results (JSON Lines)")
    parser.add_argument("--record", metavar="FILE", help="write a replay of the run")
    parser.add_argument(
        "--format",
        choices=("table", "json", "jsonl", "csv"),
        default="table",
        help="what stdout shows (default: table)",
    )
    parser.add_argument(
        "--json",
        dest="format",
        action="store_const",
        const="json",
        help=argparse.SUPPRESS,
    )
    parser.add_argument(
        "--top", type=positive, metavar="K", help="show only the K best per prompt"
    )
    parser.add_argument(
        "--fail-under", type=float, metavar="X", help="exit 1 if a score is below X"
    )
    add_store(parser)
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run of --out, if it is the same",
    )
    add_limits(parser)


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    _check_outputs(options)
    subjects = read_subjects(options)
    with opened_store(options, subjects.project) as store:
        ended = asyncio.run(_evaluate(options, subjects, store))
    result = ended.result
    if options.out:
        write_results(options.out, ended.header, result.scorecards)
        remove_manifest(options.out)
    if options.record:
        write_recording(Path(options.record), result.scorecards)
    _show(options, ended.header, result.scorecards, subjects.responses)
    tell_ending(result)
    for what, file in (("results", options.out), ("recording", options.record)):
        if file:
            say(f"{what}: {file}")
    code = exit_of(result.scorecards, lost=subjects.lost, fail_under=options.fail_under)
    if ended.interrupted:
        code = Exit.INTERRUPTED
    if code in {Exit.INCOMPLETE, Exit.INTERRUPTED}:
        tell_way_on(stored=store is not None, out=options.out)
    return code


def _check_outputs(options: argparse.Namespace) -> None:
    """Refuse, before anything is asked, what could not be done in the end."""
    for flag, file in (("--out", options.out), ("--record", options.record)):
        if file is None:
            continue
        folder = Path(file).parent
        if not folder.is_dir() or not os.access(folder, os.W_OK) or Path(file).is_dir():
            fail(
                "D111",
                f"{flag}: {file} cannot be written",
                hint="name a file in a folder that exists and can be written to",
            )
    if options.resume and options.out is None:
        fail(
            "D401",
            "--resume needs the results that it goes on with",
            hint="name them with --out FILE",
        )
    if options.resume and options.no_cache:
        fail(
            "D401",
            "--resume and --no-cache exclude each other: verdicts are in the store",
            hint="leave one of them out",
        )


@frozen
class _Ended:
    """What came of a run, and how it was made."""

    result: EvaluationResult
    header: Mapping[str, Plain]
    interrupted: bool


async def _evaluate(
    options: argparse.Namespace, subjects: Docketed, store: VerdictStore | None
) -> _Ended:
    """Run; Ctrl-C stops sending, a second one drops what is in flight."""
    project = subjects.project
    progress = ProgressView()
    book = judge_book(project, judge_options(options))
    started = datetime.now(UTC)
    try:
        engine = evaluation(
            project,
            subjects.jobs,
            book,
            listener=progress,
            store=store,
            limits=limits(options),
            seed=options.seed,
        )
        run = header(options, project, engine.identity, started)
        if options.resume:
            check_resumable(options.out, engine.identity)
        if options.out:
            write_manifest(options.out, run)
        try:
            result, interrupted = await until_stopped(engine.run(), engine.cancel)
        finally:
            progress.clear()
    finally:
        await book.close()
    run["seconds"] = round(result.seconds, 3)
    run["judge_calls"] = result.judge_calls
    return _Ended(result, run, interrupted)


def _show(
    options: argparse.Namespace,
    header: Mapping[str, Plain],
    scorecards: Sequence[Scorecard],
    responses: Sequence[Response],
) -> None:
    cards = _best(scorecards, options.top) if options.top else scorecards
    if options.format == "json":
        print_json(results_document(header, cards))
    elif options.format == "jsonl":
        for line in result_lines(header, cards):
            sys.stdout.write(line + "\n")
    elif options.format == "csv":
        write_csv(sys.stdout, cards)
    else:
        sources = {
            (r.prompt_id, r.response_id): r.source for r in responses if r.source
        }
        columns = shutil.get_terminal_size((100, 24)).columns
        style = Style(width=columns, encoding=sys.stdout.encoding)
        table = results_table(scorecards, style=style, sources=sources, top=options.top)
        sys.stdout.write(table)


def _best(scorecards: Sequence[Scorecard], top: int) -> list[Scorecard]:
    """Give the best of each prompt and rubric."""
    kept: Counter[tuple[str, str]] = Counter()
    best: list[Scorecard] = []
    for card in ranked(scorecards):
        kept[card.rubric, card.prompt_id] += 1
        if kept[card.rubric, card.prompt_id] <= top:
            best.append(card)
    return best
