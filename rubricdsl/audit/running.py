"""An audit from the first question to the findings, whoever judges.

The pool is judged, then what probes and mutations make of its best responses.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeAlias, TypeVar

from attrs import evolve, field, frozen

from rubricdsl.audit.credits import credits_of
from rubricdsl.audit.drawing import Base, Made, bases, junk, mutants
from rubricdsl.audit.findings import Findings, for_yardstick, has_to_lose
from rubricdsl.audit.kills import killers, mutation_results
from rubricdsl.audit.remedies import Bench, Evidence, best_responses, remedies
from rubricdsl.audit.tops import Top, tops
from rubricdsl.audit.trials import Judged, probe_results
from rubricdsl.diagnostics import fail
from rubricdsl.model.audit import MutationOffer, ProbeOffer, Yardstick
from rubricdsl.model.execution import EvaluationResult, Job
from rubricdsl.model.rubric import Rubric
from rubricdsl.plugins.host import Offered, PluginHost

TOP = 0.1
"""The share of a pool that is its top, unless another is wanted."""
MUTANTS = 3
"""So many mutants are made at most by each mutation of a response."""

Judging: TypeAlias = Callable[[Sequence[Job]], Awaitable[tuple[EvaluationResult, bool]]]
"""Judges jobs, and tells whether somebody asked to stop."""

_NO_GOLD: Mapping[tuple[str, str], float] = {}
_Offer = TypeVar("_Offer")


@frozen(kw_only=True)
class Attack:
    """What rubrics are attacked with, and what counts as the ``top`` of a pool.

    At most ``most_mutants`` are made by each mutation of a response; ``seed`` decides
    what is drawn.
    """

    probes: Sequence[ProbeOffer]
    mutations: Sequence[MutationOffer] = ()
    top: float = TOP
    most_mutants: int = MUTANTS
    seed: int = 0


def offered_probes(
    host: PluginHost, names: Iterable[str] | None, *, origin: str
) -> Sequence[ProbeOffer]:
    """Give the probes of these names, or all.

    Raises RubricError (D401) for a name that no probe has; ``origin`` is where it
    stands, such as ``--probes``.
    """
    if names is None:
        return _offers(host.probes)
    return [_named(name, host.probes, origin) for name in dict.fromkeys(names)]


def offered_mutations(host: PluginHost) -> Sequence[MutationOffer]:
    """Give all mutations."""
    return _offers(host.mutations)


def _offers(offered: Mapping[str, Offered[_Offer]]) -> list[_Offer]:
    return [one.offer for one in offered.values()]


def _named(name: str, offered: Mapping[str, Offered[_Offer]], origin: str) -> _Offer:
    if name not in offered:
        close = get_close_matches(name, offered, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"has: {', '.join(offered)}"
        fail("D401", f"{origin}: there is no probe `{name}`", hint=hint)
    return offered[name].offer


# ---------------------------------------------------------------------- judging


@frozen(kw_only=True)
class AuditRun:
    """What was judged: the pool, and what was made of it.

    One that was ``interrupted`` lacks what was not judged any more.
    """

    jobs: tuple[Job, ...] = field(repr=False)
    pool: EvaluationResult
    tops: tuple[Top, ...] = ()
    bases: tuple[Base, ...] = ()
    junk: Made = Made()
    mutants: Made = Made()
    attempts: EvaluationResult | None = None
    interrupted: bool = False

    @property
    def total(self) -> EvaluationResult:
        """Both runs of the engine as one."""
        if self.attempts is None:
            return self.pool
        return self.pool + self.attempts

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


async def run_audit(
    jobs: Sequence[Job],
    attack: Attack,
    judge: Judging,
    gold: Mapping[tuple[str, str], float] = _NO_GOLD,
) -> AuditRun:
    """Judge a pool, then what is made of its best responses.

    These are the best by ``gold``, by the ids of prompt and response, else by score.
    """
    pool, interrupted = await judge(jobs)
    run = AuditRun(
        jobs=tuple(jobs),
        pool=pool,
        tops=tops(pool.scorecards, attack.top),
        bases=bases(
            [job.rubric for job in jobs],
            [job.response for job in jobs],
            pool.scorecards,
            gold,
        ),
        interrupted=interrupted,
    )
    if interrupted:
        return run
    run = evolve(
        run,
        junk=_junk(attack, run),
        mutants=mutants(
            attack.mutations,
            [base for base in run.bases if has_to_lose(base)],
            attack.seed,
            attack.most_mutants,
        ),
    )
    made = (*run.junk.attempts, *run.mutants.attempts)
    if not made:
        return run
    attempts, interrupted = await judge(
        [Job(attempt.base.rubric, attempt.response) for attempt in made]
    )
    return evolve(run, attempts=attempts, interrupted=interrupted)


def _junk(attack: Attack, run: AuditRun) -> Made:
    """Have junk made where there is something to hold it against."""
    by_key = {top.key: top for top in run.tops}
    held = {
        yardstick: for_yardstick(yardstick, run.bases, by_key)
        for yardstick in Yardstick
    }
    made = [
        junk([probe], held[probe.yardstick], attack.seed) for probe in attack.probes
    ]
    return Made(
        attempts=tuple(one for some in made for one in some.attempts),
        not_made=tuple(one for some in made for one in some.not_made),
    )


# --------------------------------------------------------------------- findings


def findings(
    run: AuditRun, attack: Attack, rubrics: Iterable[Rubric], bench: Bench
) -> Findings:
    """Say what came of an audit; remedies are for ``rubrics``, the unbound ones."""
    judged = run.judged()
    bound = tuple({job.rubric.name: job.rubric for job in run.jobs}.values())
    probes = probe_results(attack.probes, judged, run.junk.not_made, run.tops)
    credits_found = credits_of(bound, probes)
    mutations = mutation_results(attack.mutations, judged, run.mutants.not_made)
    best = best_responses(
        [job.response for job in run.jobs], run.pool.scorecards, run.tops
    )
    best_of = {
        rubric.name: [one for key in best if key[0] == rubric.name for one in best[key]]
        for rubric in bound
    }
    sources = {rubric.name: rubric for rubric in rubrics}
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
        top=attack.top,
        rubrics=bound,
        pool=run.pool.scorecards,
        tops=run.tops,
        bases=run.bases,
        probes=probes,
        credits=credits_found,
        remedies=tuple(found),
        mutations=mutations,
        killers=killers(bound, mutations),
    )
