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

import rubricdsl
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.inputs import load_sound
from rubricdsl.cli.output import plural, print_json, report, say
from rubricdsl.cli.progress import ProgressLine
from rubricdsl.cli.stopping import until_stopped
from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.formats.responses import read_responses
from rubricdsl.formats.results import (
    result_lines,
    results_document,
    write_csv,
    write_results,
)
from rubricdsl.formats.rows import RowProblem
from rubricdsl.formats.tables import ranked, results_table
from rubricdsl.formats.terminal import Style
from rubricdsl.judging.engine import EvaluationResult, Job
from rubricdsl.judging.recording import write_recording
from rubricdsl.model.digest import Plain
from rubricdsl.model.response import Response
from rubricdsl.model.scorecard import Scorecard, Status
from rubricdsl.project import Project
from rubricdsl.runs import JudgeOptions, assign, evaluation, judge_book

_MOST_REASONS = 10

DESCRIPTION = "Judge and score responses with rubrics."
EPILOG = """\
examples:
  rub eval examples/doctor/fever_full.rub --responses examples/doctor/responses.jsonl
  rub eval examples/teacher/misconceptions.rub --responses examples/teacher/responses.jsonl --top 3

A judge SPEC is BACKEND:MODEL?key=value&…, or the name of a backend or of a judge in
rub.toml.  Without one: the rubric's own, else $RUB_JUDGE, else `presence`, which is
embedded.  `rub judges` lists what is installed.

exit codes: 0 done, 1 a score is under --fail-under, 2 bad input, 3 some verdicts
could not be had, 130 interrupted (what was judged is kept)"""  # noqa: E501 - examples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="file, folder or -")
    parser.add_argument(
        "--responses",
        required=True,
        metavar="FILE",
        help="JSON Lines, JSON, CSV or Parquet (perhaps .gz), or - for standard input",
    )
    parser.add_argument(
        "--judge",
        action="append",
        default=[],
        metavar="[NAME=]SPEC",
        help="who judges everything, or in place of the judge block NAME",
    )
    parser.add_argument(
        "--concurrency",
        type=_concurrency,
        metavar="N",
        help="requests in flight, or `auto` (default): as each judge says",
    )
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
        "--top", type=_positive, metavar="K", help="show only the K best per prompt"
    )
    parser.add_argument(
        "--fail-under", type=float, metavar="X", help="exit 1 if a score is below X"
    )
    parser.add_argument(
        "--keep-going", action="store_true", help="pass over rows that cannot be read"
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _concurrency(text: str) -> int | None:
    return None if text == "auto" else _positive(text)


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    _check_outputs(options)
    rubrics, project = load_sound(options.paths)
    responses, lost = _read(options)
    jobs = assign(project, rubrics, responses)
    started = datetime.now(UTC)
    judges = JudgeOptions(specs=tuple(options.judge), concurrency=options.concurrency)
    result, interrupted = asyncio.run(_evaluate(project, jobs, judges))
    header = _header(options, project, result, started)
    if options.out:
        write_results(options.out, header, result.scorecards)
    if options.record:
        write_recording(Path(options.record), result.scorecards)
    _show(options, header, result.scorecards, responses)
    _tell(options, result)
    if interrupted:
        return Exit.INTERRUPTED
    return _exit(options, result.scorecards, lost)


def _check_outputs(options: argparse.Namespace) -> None:
    """Refuse, before anything is asked, what could not be written in the end."""
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


def _read(options: argparse.Namespace) -> tuple[list[Response], int]:
    """Read the responses, and count the rows that could not be read."""
    responses: list[Response] = []
    problems: list[Diagnostic] = []
    for row in read_responses(options.responses):
        if isinstance(row, RowProblem):
            problems.append(row.diagnostic)
        else:
            responses.append(row)
    if problems and not options.keep_going:
        raise RubricError(problems)
    report(problems)
    return responses, len(problems)


async def _evaluate(
    project: Project, jobs: Sequence[Job], judges: JudgeOptions
) -> tuple[EvaluationResult, bool]:
    """Run; Ctrl-C stops sending, a second one drops what is in flight."""
    progress = ProgressLine() if ProgressLine.wanted() else None
    book = judge_book(project, judges)
    try:
        engine = evaluation(project, jobs, book, listener=progress)
        try:
            return await until_stopped(engine.run(), engine.cancel)
        finally:
            if progress:
                progress.clear()
    finally:
        await book.close()


def _header(
    options: argparse.Namespace,
    project: Project,
    result: EvaluationResult,
    started: datetime,
) -> Mapping[str, Plain]:
    """Tell how the results were made."""
    judges = sorted(
        {
            criterion.verdict.provenance.judge
            for card in result.scorecards
            for criterion in card.criteria
        }
    )
    plugins: list[Plain] = [
        f"{record.name} {record.distribution} {record.version}"
        for record in project.host.records
        if record.problem is None
    ]
    return {
        "versions": {
            "rubricdsl": rubricdsl.__version__,
            "python": ".".join(map(str, sys.version_info[:3])),
            "plugins": plugins,
        },
        "judges": [*judges],
        "options": {
            "rubrics": list(options.paths),
            "responses": options.responses,
            "judge": list(options.judge),
            "concurrency": options.concurrency or "auto",
        },
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(result.seconds, 3),
        "judge_calls": result.judge_calls,
    }


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


def _tell(options: argparse.Namespace, result: EvaluationResult) -> None:
    """Say beside the results what happened, what failed, and where they are."""
    for notice in result.notices:
        say(f"note: {notice}")
    _tell_failures(result.scorecards)
    calls = plural(result.judge_calls, "judge call")
    say(
        f"{plural(len(result.scorecards), 'response')}, {calls}, {result.seconds:.1f} s"
    )
    if options.out:
        say(f"results: {options.out}")
    if options.record:
        say(f"recording: {options.record}")


def _tell_failures(scorecards: Sequence[Scorecard]) -> None:
    """Say which verdicts are missing and why, the most frequent reason first."""
    missing: dict[tuple[str, str], list[str]] = {}
    for card in scorecards:
        for criterion in card.criteria:
            failure = criterion.verdict.failure
            if failure is not None:
                cause = (failure.kind, failure.reason)
                missing.setdefault(cause, []).append(criterion.path)
    if not missing:
        return
    say(f"{plural(sum(map(len, missing.values())), 'verdict')} could not be had:")
    ordered = sorted(missing.items(), key=lambda entry: -len(entry[1]))
    for (kind, reason), paths in ordered[:_MOST_REASONS]:
        names = list(dict.fromkeys(paths))
        shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")  # noqa: PLR2004
        say(f"  {len(paths):>5} {kind} ({shown}): {reason}")
    if len(ordered) > _MOST_REASONS:
        say(f"  and {plural(len(ordered) - _MOST_REASONS, 'more reason')}")


def _exit(options: argparse.Namespace, cards: Sequence[Scorecard], lost: int) -> Exit:
    if lost or any(c.status in {Status.INCOMPLETE, Status.SUSPECT} for c in cards):
        return Exit.INCOMPLETE
    limit = options.fail_under
    if limit is not None:
        scores = [card.score for card in cards]
        if any(score is None or score < limit - 1e-9 for score in scores):
            return Exit.NO
    return Exit.FINE
