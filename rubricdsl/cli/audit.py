"""``rub audit``: attack rubrics with known reward hacks, and test them by mutants."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

import attrs
from attrs import frozen

from rubricdsl.audit.credits import credits_of
from rubricdsl.audit.drawing import Base, Made, bases, junk, mutants
from rubricdsl.audit.findings import Findings, for_yardstick, has_to_lose
from rubricdsl.audit.kills import killers, mutation_results
from rubricdsl.audit.remedies import Bench, Evidence, best_responses, remedies
from rubricdsl.audit.tops import Top, tops
from rubricdsl.audit.trials import Judged, probe_results
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
from rubricdsl.diagnostics import fail
from rubricdsl.formats.gold import read_gold
from rubricdsl.judging.book import JudgeBook
from rubricdsl.judging.engine import EvaluationResult, Job
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.audit import MutationOffer, ProbeOffer, Yardstick
from rubricdsl.plugins.host import Offered, PluginHost
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

_TOP = 0.1
_MUTANTS = 3
_NO_GOLD: Mapping[tuple[str, str], float] = {}
_Offer = TypeVar("_Offer")


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
        default=_MUTANTS,
        metavar="N",
        help=f"at most N by each mutation of a response ({_MUTANTS})",
    )
    parser.add_argument(
        "--top",
        type=share,
        default=_TOP,
        metavar="X",
        help=f"the share of the pool that is its top ({_TOP})",
    )
    parser.add_argument(
        "--gold", metavar="FILE", help="which responses are good, as people said"
    )
    add_store(parser)
    add_limits(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    gold = read_gold(options.gold).means() if options.gold else _NO_GOLD
    subjects = read_subjects(options)
    attack = _attack(options, subjects.project.host)
    with opened_store(options, subjects.project) as store:
        siege = run_async(_besiege(options, subjects, store, attack, gold))
    findings = _findings(options, subjects, attack, siege)
    if options.json:
        print_json(record(findings, siege.total, seed=options.seed))
    else:
        write_report(findings)
    told = RunFindings.of(siege.total.scorecards)
    tell_ending(siege.total, told)
    if siege.interrupted:
        code = Exit.INTERRUPTED
    elif subjects.lost or not findings.is_complete:
        code = Exit.INCOMPLETE
    else:
        code = Exit.NO if findings.through else Exit.FINE
    if code in {Exit.INCOMPLETE, Exit.INTERRUPTED}:
        tell_way_on(told, stored=store is not None, out=None)
    return code


# ---------------------------------------------------------------------- offers


@frozen(kw_only=True)
class _Attack:
    """What a rubric is attacked with."""

    probes: Sequence[ProbeOffer]
    mutations: Sequence[MutationOffer]


def _attack(options: argparse.Namespace, host: PluginHost) -> _Attack:
    """Find what was named, before anything is asked; raises RubricError (D401)."""
    probes = _offers(host.probes)
    if options.probes is not None:
        names = [name.strip() for name in options.probes.split(",")]
        probes = [_named(name, host.probes) for name in dict.fromkeys(names)]
    return _Attack(
        probes=probes, mutations=_offers(host.mutations) if options.mutate else []
    )


def _offers(offered: Mapping[str, Offered[_Offer]]) -> list[_Offer]:
    return [one.offer for one in offered.values()]


def _named(name: str, offered: Mapping[str, Offered[_Offer]]) -> _Offer:
    if name not in offered:
        close = get_close_matches(name, offered, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"has: {', '.join(offered)}"
        fail("D401", f"--probes: there is no probe `{name}`", hint=hint)
    return offered[name].offer


# ---------------------------------------------------------------------- judging


@frozen(kw_only=True)
class _Siege:
    """What was judged: the pool, and what was made of it."""

    pool: EvaluationResult
    tops: tuple[Top, ...] = ()
    bases: tuple[Base, ...] = ()
    junk: Made = Made()
    mutants: Made = Made()
    attempts: EvaluationResult | None = None
    interrupted: bool = False

    @property
    def total(self) -> EvaluationResult:
        """Both runs as one."""
        if self.attempts is None:
            return self.pool
        return _together(self.pool, self.attempts)

    def judged(self) -> list[Judged]:
        """Give all attempts with their scorecards."""
        if self.attempts is None:
            return []
        attempts = (*self.junk.attempts, *self.mutants.attempts)
        cards = self.attempts.scorecards
        return [
            Judged(attempt=attempt, card=card)
            for attempt, card in zip(attempts, cards, strict=True)
        ]


async def _besiege(
    options: argparse.Namespace,
    subjects: Docketed,
    store: VerdictStore | None,
    attack: _Attack,
    gold: Mapping[tuple[str, str], float],
) -> _Siege:
    """Judge the pool, then what is made of its best responses."""
    ledger = Ledger(limits(options))
    book = judge_book(subjects.project, judge_options(options))
    judges = _Judges(options, subjects, store, book, ledger)
    try:
        pool, interrupted = await judges.judge(subjects.jobs)
        siege = _Siege(
            pool=pool,
            tops=tops(pool.scorecards, options.top),
            bases=bases(
                [job.rubric for job in subjects.jobs],
                [job.response for job in subjects.jobs],
                pool.scorecards,
                gold,
            ),
            interrupted=interrupted,
        )
        if interrupted:
            return siege
        siege = attrs.evolve(
            siege,
            junk=_junk(attack.probes, siege, options.seed),
            mutants=mutants(
                attack.mutations,
                [base for base in siege.bases if has_to_lose(base)],
                options.seed,
                options.mutants,
            ),
        )
        made = (*siege.junk.attempts, *siege.mutants.attempts)
        jobs = [Job(attempt.base.rubric, attempt.response) for attempt in made]
        if not jobs:
            return siege
        attempts, interrupted = await judges.judge(jobs)
        return attrs.evolve(siege, attempts=attempts, interrupted=interrupted)
    finally:
        await book.close()


@frozen
class _Judges:
    """Whoever judges, within one budget for all that is asked."""

    options: argparse.Namespace
    subjects: Docketed
    store: VerdictStore | None
    book: JudgeBook
    ledger: Ledger

    async def judge(self, jobs: Sequence[Job]) -> tuple[EvaluationResult, bool]:
        """Judge jobs; tells whether the user asked to stop."""
        progress = ProgressView()
        engine = evaluation(
            self.subjects.project,
            jobs,
            self.book,
            listener=progress,
            store=self.store,
            limits=self.ledger.left,
            seed=self.options.seed,
        )
        try:
            result, interrupted = await until_stopped(engine.run(), engine.cancel)
        finally:
            progress.clear()
        self.ledger.add_judging(result.judge_calls, result.usage, result.seconds)
        return result, interrupted


def _junk(probes: Iterable[ProbeOffer], siege: _Siege, seed: int) -> Made:
    """Have junk made where there is something to hold it against."""
    by_key = {top.key: top for top in siege.tops}
    held = {
        yardstick: for_yardstick(yardstick, siege.bases, by_key)
        for yardstick in Yardstick
    }
    made = [junk([probe], held[probe.yardstick], seed) for probe in probes]
    return Made(
        attempts=tuple(one for some in made for one in some.attempts),
        not_made=tuple(one for some in made for one in some.not_made),
    )


def _together(one: EvaluationResult, other: EvaluationResult) -> EvaluationResult:
    return attrs.evolve(
        one,
        scorecards=one.scorecards + other.scorecards,
        judge_calls=one.judge_calls + other.judge_calls,
        retries=one.retries + other.retries,
        cached=one.cached + other.cached,
        usage=one.usage + other.usage,
        seconds=one.seconds + other.seconds,
        notices=tuple(dict.fromkeys((*one.notices, *other.notices))),
        peaks={**one.peaks, **other.peaks},
        cancelled=one.cancelled or other.cancelled,
    )


# --------------------------------------------------------------------- findings


def _findings(
    options: argparse.Namespace, subjects: Docketed, attack: _Attack, siege: _Siege
) -> Findings:
    judged = siege.judged()
    bound = tuple({job.rubric.name: job.rubric for job in subjects.jobs}.values())
    probes = probe_results(attack.probes, judged, siege.junk.not_made, siege.tops)
    credits_found = credits_of(bound, probes)
    mutations = mutation_results(attack.mutations, judged, siege.mutants.not_made)
    best = best_responses(
        [job.response for job in subjects.jobs], siege.pool.scorecards, siege.tops
    )
    project = subjects.project
    bench = Bench(
        functions=project.host.check_functions,
        facts=lambda response: ResponseFacts(response, project.root),
    )
    best_of = {
        rubric.name: [one for key in best if key[0] == rubric.name for one in best[key]]
        for rubric in bound
    }
    sources = {rubric.name: rubric for rubric in subjects.rubrics}
    found = [
        remedy
        for rubric in bound
        for remedy in remedies(
            Evidence(
                rubric=sources[rubric.name],
                bound=rubric,
                best=best_of[rubric.name],
                results=probes,
                credits=[one for one in credits_found if one.rubric == rubric.name],
            ),
            bench,
        )
    ]
    return Findings(
        top=options.top,
        rubrics=bound,
        pool=siege.pool.scorecards,
        tops=siege.tops,
        bases=siege.bases,
        probes=probes,
        credits=credits_found,
        remedies=tuple(found),
        mutations=mutations,
        killers=killers(bound, mutations),
    )
