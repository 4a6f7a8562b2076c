"""``rub audit``: attack rubrics with known reward hacks, and test them by mutants."""

import argparse
from collections.abc import Mapping, Sequence

from rubricdsl.audit.remedies import Bench
from rubricdsl.audit.running import (
    MUTANTS,
    TOP,
    Attack,
    AuditRun,
    findings,
    offered_mutations,
    offered_probes,
    run_audit,
)
from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.cli.audit_record import record
from rubricdsl.cli.audit_report import write_report
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.numbers import positive, share
from rubricdsl.cli.output import print_json
from rubricdsl.cli.progress import ProgressView
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
from rubricdsl.cli.run_endings import tell_ending, tell_way_on
from rubricdsl.cli.run_findings import RunFindings
from rubricdsl.cli.stopping import until_stopped
from rubricdsl.formats.gold import read_gold
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.execution import EvaluationResult, Job
from rubricdsl.plugins.host import PluginHost
from rubricdsl.refinement.ledger import Ledger
from rubricdsl.runs import evaluation, judge_book

DESCRIPTION = """\
Attack rubrics and their judge with known reward hacks: which of them score as the best
responses do, which criteria are fooled, and which edit would close the hole."""
EPILOG = """\
examples:
  rub audit examples/doctor/fever_full.rub --responses examples/doctor/responses.jsonl --probes padding,self_praise
  rub audit examples/teacher/misconceptions.rub --responses examples/teacher/responses.jsonl --probes empty,copied_prompt --mutate --json

The pool is scored as by `rub eval`, from the store as far as it is there, and so is what
the probes make of each prompt, its rubric and the best response to it (by --gold, else
by score).  Junk gets through if it scores as the best X of the pool do (--top), and a
good response whose numbers were made wrong if it loses nothing by that.  Beside k of n
stands what share may get through at most, at 95 %: 3/n after none, else the exact bound.

--mutate makes the best responses worse in small ways (a sentence less, one negated, two
numbers exchanged, …) and says which criteria notice.  Mutants change no exit code.

The lines that are proposed are to be looked over.  `rub plugins --offers` lists probes
and mutations.  That these probes fail says nothing of an attacker who searches: for that
see `rub refine --strategy attack_patch`.

exit codes: 0 nothing got through, 1 junk got through, 2 bad input, 3 some verdicts
could not be had, or nothing could be measured, 130 interrupted (what was judged is
kept)"""  # noqa: E501 - examples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_subjects(parser)
    parser.add_argument(
        "--probes", metavar="NAMES", help="only these, with commas between (all)"
    )
    parser.add_argument(
        "--mutate", action="store_true", help="test by mutants of good responses, too"
    )
    parser.add_argument(
        "--mutants",
        type=positive,
        default=MUTANTS,
        metavar="N",
        help=f"at most N by each mutation of a response ({MUTANTS})",
    )
    parser.add_argument(
        "--top",
        type=share,
        default=TOP,
        metavar="X",
        help=f"the share of the pool that is its top ({TOP})",
    )
    parser.add_argument(
        "--gold", metavar="FILE", help="which responses are good, as people said"
    )
    add_store(parser)
    add_limits(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    gold = read_gold(options.gold).means() if options.gold else {}
    subjects = read_subjects(options)
    attack = _attack(options, subjects.project.host)
    with opened_store(options, subjects.project) as store:
        audited = run_async(_audited(options, subjects, store, attack, gold))
    project = subjects.project
    bench = Bench(
        functions=project.host.check_functions,
        facts=lambda response: ResponseFacts(response, project.root),
    )
    found = findings(audited, attack, subjects.rubrics, bench)
    if options.json:
        print_json(record(found, audited.total, seed=options.seed))
    else:
        write_report(found)
    told = RunFindings.of(audited.total.scorecards)
    tell_ending(audited.total, told)
    if audited.interrupted:
        code = Exit.INTERRUPTED
    elif subjects.lost or not found.is_complete:
        code = Exit.INCOMPLETE
    else:
        code = Exit.NO if found.through else Exit.FINE
    if code in {Exit.INCOMPLETE, Exit.INTERRUPTED}:
        tell_way_on(told, stored=store is not None, out=None)
    return code


def _attack(options: argparse.Namespace, host: PluginHost) -> Attack:
    """Find what was named, before anything is asked; raises RubricError (D401)."""
    names = None
    if options.probes is not None:
        names = [name.strip() for name in options.probes.split(",")]
    return Attack(
        probes=offered_probes(host, names, origin="--probes"),
        mutations=offered_mutations(host) if options.mutate else (),
        top=options.top,
        most_mutants=options.mutants,
        seed=options.seed,
    )


async def _audited(
    options: argparse.Namespace,
    subjects: Docketed,
    store: VerdictStore | None,
    attack: Attack,
    gold: Mapping[tuple[str, str], float],
) -> AuditRun:
    """Run the audit, within one budget for all that is asked."""
    ledger = Ledger(limits(options))
    book = judge_book(subjects.project, judge_options(options))

    async def judge(jobs: Sequence[Job]) -> tuple[EvaluationResult, bool]:
        progress = ProgressView()
        engine = evaluation(
            subjects.project,
            jobs,
            book,
            listener=progress,
            store=store,
            limits=ledger.left,
            seed=options.seed,
        )
        try:
            result, interrupted = await until_stopped(engine.run(), engine.cancel)
        finally:
            progress.clear()
        ledger.add_judging(result.judge_calls, result.usage, result.seconds)
        return result, interrupted

    try:
        return await run_audit(subjects.jobs, attack, judge, gold)
    finally:
        await book.close()
