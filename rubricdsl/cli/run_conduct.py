"""One run of a command that judges, from its outputs checked to its results written."""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen

from rubricdsl.cli.inputs import find_files
from rubricdsl.cli.output import print_json, say
from rubricdsl.cli.progress import ProgressView
from rubricdsl.cli.run_arguments import Docketed, judge_options, limits
from rubricdsl.cli.run_manifest import (
    check_resumable,
    header,
    remove_manifest,
    write_manifest,
)
from rubricdsl.cli.stopping import until_stopped
from rubricdsl.cli.telemetry import add_telemetry, check_telemetry, telemetry
from rubricdsl.diagnostics import fail
from rubricdsl.formats.results import (
    result_lines,
    results_document,
    write_csv,
    write_results,
)
from rubricdsl.formats.tables import results_table
from rubricdsl.formats.terminal import Style
from rubricdsl.formats.whole_files import same_file
from rubricdsl.judging.engine import EvaluationResult
from rubricdsl.judging.listening import Audience, Listener
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.recording import write_recording
from rubricdsl.judging.sequential import Precision
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import Plain
from rubricdsl.model.response import Response
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.runs import evaluation, judge_book


@frozen
class Ended:
    """What came of a run, and how it was made."""

    result: EvaluationResult
    header: Mapping[str, Plain]
    interrupted: bool


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Declare where results go, and that a run may go on."""
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
        help="print one JSON document: the same as --format json",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run of --out, if it is the same",
    )
    add_telemetry(parser)


def check_outputs(options: argparse.Namespace) -> None:
    """Refuse, before anything is asked, what could not be done in the end."""
    check_telemetry(options)
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
        for what, other in _needed(options, flag):
            _spare(flag, file, what, other)
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


def _spare(flag: str, file: str, what: str, other: str) -> None:
    """Refuse, with D111, to write ``file`` over another."""
    if same_file(file, other):
        fail(
            "D111",
            f"{flag}: {file} is {what}, and would be overwritten",
            hint="name another file",
        )


def _needed(options: argparse.Namespace, flag: str) -> Iterator[tuple[str, str]]:
    """Give the files of a run that what ``flag`` writes may not replace."""
    for rubric in find_files(options.paths):
        yield "a rubric of this run", rubric.path
    yield "the file of responses", options.responses
    if options.store is not None:
        yield "the verdict store", options.store
    if flag == "--record" and options.out is not None:
        yield "the file of results", options.out


def conduct(
    options: argparse.Namespace,
    subjects: Docketed,
    store: VerdictStore | None,
    *,
    top: int | None = None,
    precision: Precision | None = None,
) -> Ended:
    """Judge, and write what came of it where the options say.

    With ``top``, only the best so many responses to each prompt are looked for; with
    a ``precision``, what wavers is asked again until scores, or with both the best, are
    known so well.
    """
    with telemetry(options, subjects.project.environ) as told:
        ended = run_async(
            _evaluate(options, subjects, store, told=told, top=top, precision=precision)
        )
    if options.out:
        write_results(options.out, ended.header, ended.result.scorecards)
        remove_manifest(options.out)
    if options.record:
        write_recording(Path(options.record), ended.result.scorecards)
    return ended


async def _evaluate(  # noqa: PLR0913 - what a run needs, by name
    options: argparse.Namespace,
    subjects: Docketed,
    store: VerdictStore | None,
    *,
    told: Sequence[Listener],
    top: int | None,
    precision: Precision | None,
) -> Ended:
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
            listener=Audience([progress, *told]) if told else progress,
            store=store,
            limits=limits(options),
            seed=options.seed,
            top=top,
            precision=precision,
        )
        # Who judges is only known now.
        for flag, file in (("--out", options.out), ("--record", options.record)):
            for other in book.files if file else ():
                _spare(flag, file, "what a judge of this run reads", other)
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
    return Ended(result, run, interrupted)


def show_rows(
    options: argparse.Namespace,
    run: Mapping[str, Plain],
    scorecards: Sequence[Scorecard],
) -> None:
    """Print results for programs, in the format chosen."""
    if options.format == "json":
        print_json(results_document(run, scorecards))
    elif options.format == "jsonl":
        for line in result_lines(run, scorecards):
            sys.stdout.write(line + "\n")
    else:
        write_csv(sys.stdout, scorecards)


def show_table(
    scorecards: Sequence[Scorecard], responses: Sequence[Response], top: int | None
) -> None:
    """Print results for people, the best ``top`` of each prompt."""
    sources = {(r.prompt_id, r.response_id): r.source for r in responses if r.source}
    columns = shutil.get_terminal_size((100, 24)).columns
    style = Style(width=columns, encoding=sys.stdout.encoding)
    sys.stdout.write(results_table(scorecards, style=style, sources=sources, top=top))


def tell_files(options: argparse.Namespace) -> None:
    """Say where results were written."""
    for what, file in (("results", options.out), ("recording", options.record)):
        if file:
            say(f"{what}: {file}")
