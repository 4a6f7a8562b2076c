"""``rub plan``: say what an evaluation would cost, before it runs."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.numbers import amount
from rubricdsl.cli.output import plural, print_json
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
from rubricdsl.judging.efforts import Effort, Estimate, Learnt
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.sequential import Precision
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import Plain
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
        print_json(_document(plan, options.latency))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(plan, options.latency))
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


def _document(plan: Estimate, latency: float | None) -> dict[str, Plain]:
    document = _effort(plan.most, latency)
    document["responses"] = plan.responses
    least = _effort(plan.least, latency)
    for name in ("questions", "checks", "calls", "tokens"):
        document[f"{name}_least"] = least[name]
    document["judges"] = [
        {
            "judge": load.judge,
            "calls": load.calls,
            "concurrency": load.concurrency,
            "learnt": _learnt(load.learnt),
        }
        for load in plan.most.loads
    ]
    document["unmeasured"] = dict(plan.unmeasured)
    return document


def _learnt(learnt: Learnt | None) -> dict[str, Plain] | None:
    if learnt is None:
        return None
    return {
        "calls": learnt.calls,
        "completion": learnt.completion_tokens,
        "timed": learnt.timed,
        "seconds": learnt.seconds,
    }


def _effort(effort: Effort, latency: float | None) -> dict[str, Plain]:
    usage = effort.usage
    return {
        "questions": effort.questions,
        "cached": effort.cached,
        "checks": effort.checks,
        "calls": effort.calls,
        "tokens": {
            "prompt": None if usage is None else usage.prompt_tokens,
            "completion": None if usage is None else usage.completion_tokens,
        },
        "cost": None if usage is None else usage.cost,
        "seconds": effort.seconds(latency),
    }


def _lines(plan: Estimate, latency: float | None) -> Iterator[str]:
    most, least = plan.most, plan.least
    yield f"{plural(plan.responses, 'response')}"
    yield f"  questions  {_range(least.questions, most.questions)}"
    yield f"  cached     {_range(least.cached, most.cached)}"
    yield f"  checks     {_range(least.checks, most.checks)}"
    yield f"  calls      {_range(least.calls, most.calls)}"
    for load in most.loads:
        if len(most.loads) > 1:
            yield f"    {load.judge}: {load.calls:,}"
    if most.usage is None or least.usage is None:
        yield "  tokens     not known: a judge cannot tell"
    else:
        prompt = _range(least.usage.prompt_tokens, most.usage.prompt_tokens)
        completion = _range(least.usage.completion_tokens, most.usage.completion_tokens)
        yield f"  tokens     {prompt} to read, {completion} to write{_written(most)}"
        if most.usage.cost is not None:
            yield f"  cost       {most.usage.cost:.4g} at most"
    seconds = most.seconds(latency)
    if seconds is not None and (latency is not None or most.calls):
        timed = sum(load.learnt.timed for load in most.loads if load.learnt)
        source = f" (as in {plural(timed, 'earlier call')})" * (latency is None)
        yield f"  seconds    {seconds:,.1f} at most{source}"
    if not plan.is_exact:
        yield "How much is asked depends on verdicts."
    for kind, count in plan.unmeasured.items():
        yield f"{plural(count, 'verdict')} cannot be had as it stands: {kind}"


def _written(effort: Effort) -> str:
    """Say of how many calls was learnt what a judge writes."""
    learnt = [load.learnt for load in effort.loads if load.learnt is not None]
    calls = sum(one.calls for one in learnt if one.completion_tokens is not None)
    return f" (as in {plural(calls, 'earlier call')})" if calls else ""


def _range(least: int, most: int) -> str:
    return f"{most:,}" if least == most else f"{least:,} to {most:,}"
