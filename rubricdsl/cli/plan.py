"""``rub plan``: say what an evaluation would cost, before it runs."""

import argparse
import sys
from pathlib import Path

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.numbers import amount
from rubricdsl.cli.output import print_json
from rubricdsl.cli.plan_report import plan_document, plan_lines
from rubricdsl.cli.progress import ProgressView
from rubricdsl.cli.run_arguments import (
    Docketed,
    add_precision,
    add_store,
    add_subjects,
    judge_options,
    opened_store,
    precision,
    read_subjects,
)
from rubricdsl.judging.efforts import Estimate
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.execution import Precision
from rubricdsl.runs import estimated, judge_book

DESCRIPTION = "Say what an evaluation would cost, before it runs.  Nothing is asked."
EPILOG = """\
examples:
  rub plan examples/doctor/fever_full.rub --responses examples/doctor/responses.jsonl
  rub plan examples/teacher/misconceptions.rub --responses examples/teacher/responses.jsonl --json

Questions, cached verdicts, checks and calls are exact: `rub eval` with the same
arguments sends just so many requests, if none fails and no answer is left out.  Where
criteria need others, and with --until-within, they are the most, and beside them stands
the least.  `rub rank` asks no more questions than that, with --until-within or without;
how many fewer depends on verdicts, and asked together they may take more requests.
Tokens are exact for `presence` and estimated for chat models.  What a model writes and
how long it takes are as in earlier calls of the same judge, asked in the same way, where
the store knows of any (`learnt` says of how many); else what it thinks before it answers
comes on top, and time takes --latency, which counts in any case.  Money takes prices in
rub.toml.  No key is needed.

exit codes: 0 done, 2 bad input"""  # noqa: E501 - examples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_subjects(parser)
    add_precision(parser)
    add_store(parser)
    parser.add_argument(
        "--latency",
        type=amount,
        metavar="S",
        help="seconds that a request takes, to tell how long all will take",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    wanted = precision(options)
    subjects = read_subjects(options)
    store_file = Path(options.store or subjects.project.store_file)
    if not (options.no_cache or store_file.exists()):
        # To look into a store would make it.
        plan = run_async(_plan(options, subjects, None, wanted))
    else:
        with opened_store(options, subjects.project) as store:
            plan = run_async(_plan(options, subjects, store, wanted))
    if options.json:
        print_json(plan_document(plan, options.latency))
    else:
        sys.stdout.writelines(f"{line}\n" for line in plan_lines(plan, options.latency))
    return Exit.INCOMPLETE if subjects.lost else Exit.FINE


async def _plan(
    options: argparse.Namespace,
    subjects: Docketed,
    store: VerdictStore | None,
    wanted: Precision | None,
) -> Estimate:
    project = subjects.project
    book = judge_book(project, judge_options(options), asked=False)
    progress = ProgressView()
    try:
        return estimated(
            project,
            subjects.jobs,
            book,
            store=store,
            seed=options.seed,
            precision=wanted,
            listener=progress,
        )
    finally:
        progress.clear()
        await book.close()
