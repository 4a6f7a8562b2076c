"""One run of a command that judges, from its outputs checked to its results written."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen

from rubricdsl.cli.inputs import find_files
from rubricdsl.cli.output import print_json, say
from rubricdsl.cli.progress import ProgressView
from rubricdsl.cli.run_arguments import Docketed, judge_options, limits
from rubricdsl.cli.run_findings import RunFindings
from rubricdsl.cli.run_manifest import (
    check_resumable,
    header,
    remove_manifest,
    write_manifest,
)
from rubricdsl.cli.stopping import until_stopped
from rubricdsl.cli.streamed_subjects import StreamedSubjects
from rubricdsl.cli.telemetry import add_telemetry, check_telemetry, telemetry
from rubricdsl.diagnostics import fail
from rubricdsl.formats.results import (
    PARTITIONS,
    ResultsWriter,
    is_column_name,
    result_lines,
    result_rows,
    results_document,
    results_writer,
    scorecard_row,
    write_csv,
    write_results,
)
from rubricdsl.formats.tables import results_table
from rubricdsl.formats.terminal import Style
from rubricdsl.formats.whole_files import same_file, unwritable
from rubricdsl.judging.executor import LOCAL
from rubricdsl.judging.listening import Audience
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.recording import recording, write_recording
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import Plain
from rubricdsl.model.events import Listener
from rubricdsl.model.execution import EvaluationResult, Execution, Precision
from rubricdsl.model.response import Response
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.runs import evaluation, executed, judge_book

# Endings that look like columns, in which results are not written.
_NO_RESULTS = (".arrow", ".feather", ".parquet.gz")


@frozen
class Ended:
    """What came of a run, and how it was made."""

    result: EvaluationResult
    header: Mapping[str, Plain]
    interrupted: bool


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Declare where results go, and that a run may go on."""
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="write results: JSON Lines, Parquet (.parquet) or a folder of Parquet (/)",
    )
    parser.add_argument(
        "--partition-by",
        choices=PARTITIONS,
        metavar="COLUMN",
        help=f"of a folder: {' or '.join(PARTITIONS)} (default: {PARTITIONS[0]})",
    )
    parser.add_argument("--record", metavar="FILE", help="write a replay of the run")
    parser.add_argument(
        "--format",
        choices=("table", "json", "jsonl", "csv", "none"),
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
        is_folder = flag != "--out" and (Path(file).is_dir() or file.endswith("/"))
        if not folder.is_dir() or not os.access(folder, os.W_OK) or is_folder:
            fail(
                "D111",
                f"{flag}: {file} cannot be written",
                hint="name a file in a folder that exists and can be written to",
            )
        for what, other in _needed(options, flag):
            _spare(flag, file, what, other)
    _check_columns(options)
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


def _check_columns(options: argparse.Namespace) -> None:
    """See that results can be written in the form that the name of --out asks for."""
    out = options.out
    is_column = out is not None and is_column_name(out)
    if out is not None and out.lower().endswith(_NO_RESULTS):
        fail(
            "D108",
            f"--out: results are not written as {out}",
            hint="name it .jsonl or .parquet, or a folder: with / at the end",
        )
    is_folder = is_column and (out.endswith("/") or Path(out).is_dir())
    if options.partition_by is not None and not is_folder:
        fail(
            "D401",
            "--partition-by is of use only where --out is a folder",
            hint="name one, with / at the end",
        )
    if is_column:
        from rubricdsl.formats.column_results import check_results_folder
        from rubricdsl.formats.parquet import import_arrow

        import_arrow(out)
        check_results_folder(out)


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
        write_results(
            options.out,
            ended.header,
            ended.result.scorecards,
            partition_by=_partition(options),
        )
        remove_manifest(options.out)
    if options.record:
        write_recording(Path(options.record), ended.result.scorecards)
    return ended


def conduct_stream(
    options: argparse.Namespace,
    subjects: StreamedSubjects,
    store: VerdictStore | None,
    findings: RunFindings,
    *,
    precision: Precision | None = None,
) -> Ended:
    """Judge responses as they come, and write results as they are there.

    What they come to is added to the ``findings``.
    """
    outlet = _ResultsOutlet(options, findings)
    with telemetry(options, subjects.project.environ) as told:
        ended = run_async(
            _evaluate(
                options,
                subjects,
                store,
                told=told,
                top=None,
                precision=precision,
                outlet=outlet,
            )
        )
    remove_manifest(options.out)
    return ended


class _ResultsOutlet:
    """Writes results, and a recording, as they come."""

    backlog = 0

    def __init__(self, options: argparse.Namespace, findings: RunFindings) -> None:
        self._options = options
        self._findings = findings
        self._writer: ResultsWriter | None = None
        self._record: Callable[[Scorecard], None] | None = None

    @contextmanager
    def opened(self, run: dict[str, Plain]) -> Iterator[None]:
        """Open the files; in the end, they say of the run what ``run`` is by then."""
        options = self._options
        with ExitStack() as stack:
            writer = results_writer(options.out, run, partition_by=_partition(options))
            self._writer = stack.enter_context(writer)
            if options.record:
                record = recording(Path(options.record))
                self._record = stack.enter_context(record)
            yield
            self._writer.finish(run)

    def deliver(self, scorecard: Scorecard) -> None:
        """Write a result."""
        if self._writer is not None:
            self._writer.add(scorecard)
        if self._record is not None:
            try:
                self._record(scorecard)
            except OSError as error:
                unwritable(self._options.record, error)
        self._findings.add(scorecard)


def _partition(options: argparse.Namespace) -> str:
    return options.partition_by or PARTITIONS[0]


async def _evaluate(  # noqa: PLR0913 - what a run needs, by name
    options: argparse.Namespace,
    subjects: Docketed | StreamedSubjects,
    store: VerdictStore | None,
    *,
    told: Sequence[Listener],
    top: int | None,
    precision: Precision | None,
    outlet: _ResultsOutlet | None = None,
) -> Ended:
    """Run; Ctrl-C stops sending, a second one drops what is in flight."""
    project = subjects.project
    progress = ProgressView()
    heard: Listener = Audience([progress, *told]) if told else progress
    judges, bounds = judge_options(options), limits(options)
    book = judge_book(project, judges)
    started = datetime.now(UTC)
    try:
        engine = evaluation(
            project,
            subjects.jobs,
            book,
            outlet=outlet,
            listener=heard,
            store=store,
            limits=bounds,
            seed=options.seed,
            top=top,
            precision=precision,
        )
        execution: Execution = engine
        # A stream is for this process alone: `may_stream` sees to it.
        if isinstance(subjects, Docketed):
            execution = executed(
                project,
                engine,
                getattr(options, "executor", LOCAL),
                jobs=subjects.jobs,
                judges=judges,
                book=book,
                listener=heard,
                store=store,
                limits=bounds,
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
        with nullcontext() if outlet is None else outlet.opened(run):
            try:
                result, interrupted = await until_stopped(
                    execution.run(), execution.cancel
                )
            finally:
                progress.clear()
            run["seconds"] = round(result.seconds, 3)
            run["judge_calls"] = result.judge_calls
    finally:
        await book.close()
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
    elif options.format == "csv":
        write_csv(sys.stdout, scorecards)


def show_written(options: argparse.Namespace) -> None:
    """Print the results that were written, in the format chosen."""
    if options.format == "jsonl":
        run, rows = result_rows(options.out)
        cards = map(scorecard_row, rows)
        written = (card for card in cards if isinstance(card, Scorecard))
        for line in result_lines(run, written):
            sys.stdout.write(line + "\n")


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
