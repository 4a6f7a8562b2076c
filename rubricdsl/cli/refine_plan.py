"""``rub refine --plan``: what a refinement would cost; nothing is asked."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

from rubricdsl.cli.output import plural, print_json
from rubricdsl.cli.plan_report import effort_record, plan_document, plan_lines
from rubricdsl.cli.refine_arguments import wishes
from rubricdsl.cli.run_arguments import Docketed, judge_options, opened_store
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import Plain
from rubricdsl.refining.forecasts import Forecast, forecast
from rubricdsl.refining.sessions import planned_course
from rubricdsl.refining.subjects import Subject
from rubricdsl.runs import judge_book


def foretell(
    options: argparse.Namespace, docketed: Docketed, subjects: Sequence[Subject]
) -> None:
    """Print what a refinement would cost; nothing is asked, and nothing written."""
    file = Path(options.store or docketed.project.store_file)
    # To look into a store would make it.
    looks = options.no_cache or file.exists()
    opened = opened_store(options, docketed.project) if looks else nullcontext()
    with opened as store:
        told = run_async(_forecast(options, docketed, subjects, store))
    if options.json:
        print_json(_document(told))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(told))


async def _forecast(
    options: argparse.Namespace,
    docketed: Docketed,
    subjects: Sequence[Subject],
    store: VerdictStore | None,
) -> Forecast:
    project = docketed.project
    book = judge_book(project, judge_options(options), asked=False)
    course = planned_course(
        project, subjects, wishes(options), proposer=options.proposer
    )
    try:
        return forecast(
            project,
            subjects,
            course,
            book,
            edits=options.plan_edits,
            store=store,
            seed=options.seed,
        )
    finally:
        await book.close()


def _document(told: Forecast) -> dict[str, Plain]:
    """Give the keys of ``rub plan``, and what is of refinement alone."""
    document = plan_document(told.whole, None)
    document["refinement"] = {
        "rubrics": told.rubrics,
        "rounds": told.rounds,
        "edits": told.edits,
        "proposals": told.proposals,
        "begin": effort_record(told.begin.most, None),
        "gate": effort_record(told.gate, None),
        "later": effort_record(told.later, None),
    }
    return document


def _lines(told: Forecast) -> Iterator[str]:
    rounds = f"{plural(told.rubrics, 'rubric')}, {plural(told.rounds, 'round')} at most"
    yield f"{rounds}, with {plural(told.edits, 'edit')} in each"
    yield from plan_lines(told.whole, None, "verdicts, and on what is proposed")
    yield f"  begin      {plural(told.begin.most.calls, 'call')} before any edit"
    yield f"  gate       {plural(told.gate.calls, 'call')} to prove edits, at most"
    yield f"  later      {plural(told.later.calls, 'call')} for what is left, at most"
    yield f"  proposer   {plural(told.proposals, 'call')} at most, if all can be read"
