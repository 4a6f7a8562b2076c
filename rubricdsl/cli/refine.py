"""``rub refine``: sharpen rubrics on responses that are all good."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.output import print_json, say
from rubricdsl.cli.refine_arguments import (
    add_course,
    add_forecast,
    add_material,
    add_results,
    check_results,
    held_out,
    wishes,
)
from rubricdsl.cli.refine_files import (
    RefinableFile,
    check_targets,
    diffs,
    read_files,
    write_files,
)
from rubricdsl.cli.refine_plan import foretell
from rubricdsl.cli.refine_summary import Rounds, rubric_record, tell
from rubricdsl.cli.run_arguments import (
    Docketed,
    add_limits,
    add_store,
    add_subjects,
    judge_options,
    limits,
    opened_store,
    read_subjects,
)
from rubricdsl.cli.stopping import until_stopped
from rubricdsl.formats.gold import Gold, read_gold
from rubricdsl.formats.responses import read_responses
from rubricdsl.formats.rows import sound
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import Plain
from rubricdsl.model.refinement import RefinedRubric, StopKind
from rubricdsl.refinement.courses import PRESETS
from rubricdsl.refining.sessions import RefinementSession
from rubricdsl.refining.subjects import GoldTable, Proof, Subject, pools
from rubricdsl.runs import assign

DESCRIPTION = "Sharpen rubrics until they tell excellent responses from great ones."
_PRESETS = "\n".join(f"  {name:17}{one.meaning}" for name, one in PRESETS.items())
EPILOG = f"""\
examples:
  rub refine examples/doctor/fever.rub --responses examples/doctor/responses.jsonl --gold examples/doctor/gold.jsonl --held-out 0.5 --proposer scripted:examples/doctor/proposals.jsonl --dry-run
  rub refine examples/teacher/misconceptions.rub --responses examples/teacher/responses.jsonl --gold examples/teacher/gold.jsonl --dry-run

Round by round the pool of responses is scored, two of the best are chosen, a proposer
says by which edits the rubric would tell them apart, and an edit enters only if
held-out responses prove that it helps (--no-gate takes all).  A proposer SPEC is
written like a judge's.  With gold and no proposer, criteria are pruned and weights
fitted, by no model at all.

presets, after the conditions of the paper, which differ in the pool as well:
{_PRESETS}

--plan tells beforehand what is asked: at least the pool and the gate's responses by the
rubric as it is, at most what so many edits a round (--plan-edits) come to if all enter;
which ones, and how many, nobody knows.

What proposers answered is kept: --resume goes on with the same refinement, and asks
nobody the same twice.

exit codes: 0 done, 2 bad input, 3 some rubrics could not be refined to the end, 130
interrupted (what was paid for is kept)"""  # noqa: E501 - examples

_FOLDER = Path(".rub", "refinements")
_UNFINISHED = {StopKind.FAILED, StopKind.BUDGET_EXHAUSTED, StopKind.CANCELLED}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_subjects(parser)
    add_material(parser)
    add_course(parser)
    add_results(parser)
    add_forecast(parser)
    add_store(parser)
    add_limits(parser)


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    check_results(options)
    docketed = read_subjects(options)
    files = read_files(options.paths)
    check_targets(options, files)
    subjects = _subjects(options, docketed, files)
    if options.plan:
        foretell(options, docketed, subjects)
        return Exit.INCOMPLETE if docketed.lost else Exit.FINE
    with _store(options, docketed) as store:
        session = RefinementSession(
            project=docketed.project,
            subjects=subjects,
            wishes=wishes(options),
            store=store,
            judge=judge_options(options),
            proposer=options.proposer,
            limits=limits(options),
            seed=options.seed,
            resume=options.resume,
            listener=Rounds(docketed.project.host, len(subjects)),
        )
        if options.gold is not None and not session.has_gold:
            say(f"note: nothing in {options.gold} is about these responses")
        ended = run_async(_refine(session))
    texts = [file.refined(ended.by_name) for file in files]
    document: dict[str, Plain] = {
        "rubrics": [*_records(ended.results, files)],
        "ledger": session.ledger.record,
    }
    record = session.journal.with_suffix(".json")
    _write_record(record, document)
    if options.json:
        print_json(document)
    if options.out or options.in_place:
        write_files(options, files, texts)
    elif not options.json:
        shown = diffs(files, texts) if options.dry_run else "".join(texts)
        sys.stdout.write(shown)
    tell(ended.results, session.ledger, record)
    if ended.interrupted:
        say("to go on: the same command with --resume")
        return Exit.INTERRUPTED
    unfinished = any(one.stop.kind in _UNFINISHED for one in ended.results)
    return Exit.INCOMPLETE if unfinished or docketed.lost else Exit.FINE


@frozen
class _Ended:
    """What came of it."""

    results: tuple[RefinedRubric, ...]
    interrupted: bool

    @property
    def by_name(self) -> Mapping[str, RefinedRubric]:
        return {one.name: one for one in self.results}


def _subjects(
    options: argparse.Namespace, docketed: Docketed, files: Sequence[RefinableFile]
) -> tuple[Subject, ...]:
    gold = Gold() if options.gold is None else read_gold(options.gold)
    found = pools(
        docketed.jobs,
        proof=None if options.no_gate else _proof(options, docketed),
        gold=GoldTable(scores=gold.means(), preferences=gold.preferences),
        seed=options.seed,
    )
    return tuple(one for file in files for one in file.subjects(found))


def _proof(options: argparse.Namespace, docketed: Docketed) -> Proof:
    chosen = held_out(options)
    if isinstance(chosen, float):
        return Proof(share=chosen)
    others = sound(read_responses(chosen))
    return Proof(others=assign(docketed.project, docketed.rubrics, others))


async def _refine(session: RefinementSession) -> _Ended:
    """Refine; Ctrl-C stops asking, a second one drops what is in flight."""
    return _Ended(*await until_stopped(session.run(), session.cancel))


@contextmanager
def _store(options: argparse.Namespace, docketed: Docketed) -> Iterator[VerdictStore]:
    """Open the verdict store; without one, verdicts are kept till the end of the run.

    Only so is no verdict asked for twice in its rounds.
    """
    with opened_store(options, docketed.project) as store:
        if store is not None:
            yield store
            return
        with TemporaryDirectory() as folder:
            passing = VerdictStore.open(Path(folder, "verdicts.sqlite"))
            with passing:
                yield passing


def _records(
    results: Sequence[RefinedRubric], files: Sequence[RefinableFile]
) -> Iterator[Plain]:
    homes = {one.name: file.path for file in files for one in file.slices}
    for result in results:
        yield rubric_record(result, homes.get(result.name, ""))


def _write_record(path: Path, document: Mapping[str, Plain]) -> None:
    with whole_file(str(path)) as file:
        text = json.dumps(document, ensure_ascii=True, indent=1, allow_nan=False)
        file.write(text.encode() + b"\n")
