"""What an evaluation would take, before anything is asked.

It is walked through as the engine would go, with the same dockets, stages and
batches, only that nobody is asked: checks are run, verdicts known before are taken,
and every question that a judge would get is counted.  Where criteria need others, how
much is asked depends on verdicts; then one walk takes those that lead furthest, and
one those that lead nowhere, and what happens lies between.  So it is where questions
are asked again until scores are known well enough: at most all that may be, as often
as they may, and at least none.

What a model writes, and how long it takes, nobody can tell from its prompt.  Where the
store knows of earlier requests to the same judge, asked in the same way, both are taken
to be as they were then, on average.
"""

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs
from attrs import field

from rubricdsl.judging.batches import Batch
from rubricdsl.judging.clerk import FactsOf, Surroundings
from rubricdsl.judging.dockets import Bundle, Inquiry, Sheet
from rubricdsl.judging.efforts import Effort, Estimate, Learnt, Load
from rubricdsl.judging.intake import WholeIntake
from rubricdsl.judging.listening import Silence
from rubricdsl.judging.memory import Memory
from rubricdsl.judging.outlets import KeepingTray
from rubricdsl.judging.panels import Judge
from rubricdsl.judging.planning import Judges, RubricPlan
from rubricdsl.judging.proceedings import Proceedings
from rubricdsl.judging.redaction import Redactor
from rubricdsl.judging.requests import asked_of, request_of
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.spending import Spending
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.judging.suppositions import Supposition, is_open
from rubricdsl.model.events import Listener, Progress, VerdictReached
from rubricdsl.model.execution import Job, Precision
from rubricdsl.model.judgement import Usage, Verdict
from rubricdsl.model.protocols import (
    CheckFunction,
    EstimatingBackend,
    PricingBackend,
)
from rubricdsl.model.scorecard import Standing


def estimate(  # noqa: PLR0913 - what a run needs, by name
    jobs: Sequence[Job],
    judges: Judges,
    *,
    functions: Mapping[str, CheckFunction],
    facts: FactsOf,
    store: VerdictStore | None = None,
    seed: int = 0,
    precision: Precision | None = None,
    listener: Listener | None = None,
) -> Estimate:
    """Work out what an evaluation would take; nothing is asked, nothing is kept.

    The ``listener`` hears how far it is.

    Raises:
        RubricError: where a judge cannot be had.
    """
    rubrics = {id(job.rubric): job.rubric for job in jobs}
    plans = {
        identity: RubricPlan.of(rubric, judges, functions)
        for identity, rubric in rubrics.items()
    }

    started = time.monotonic()
    has_range = precision is not None or any(map(is_open, plans.values()))
    total = len(jobs) * (2 if has_range else 1)

    def walk(supposition: Supposition, *, before: int = 0) -> _Walk:
        recollection, checks = _Recollection(store), _CheckCount()
        around = Surroundings(
            functions=functions,
            facts=facts,
            clock=_no_time,
            stopwatch=_no_time,
            redactor=Redactor(),
            listener=checks,
            memory=recollection,
        )
        proceedings = _Unscored(
            WholeIntake(jobs, supposition), KeepingTray(0), plans, around, supposition
        )
        done = _Walk(supposition, proceedings, recollection, checks, seed)
        for gone in done.go():
            if listener is not None:
                seconds = time.monotonic() - started
                listener.progressed(_progress(before + gone, total, seconds))
        return done

    furthest = nowhere = walk(Supposition(furthest=True, precision=precision))
    if has_range:
        nowhere = walk(Supposition(furthest=False), before=len(jobs))
    return Estimate(
        responses=len(jobs),
        most=furthest.effort(),
        least=nowhere.effort(),
        unmeasured=dict(furthest.proceedings.tally.failures),
    )


def _no_time() -> float:
    return 0.0


def _progress(gone: int, jobs: int, seconds: float) -> Progress:
    """Say how far it is: a run of which nothing is sent."""
    return Progress(
        sent=0,
        in_flight=0,
        waiting=0,
        retries=0,
        verdicts=0,
        cached=0,
        failures={},
        tokens=0,
        cost=None,
        scored=gone,
        jobs=jobs,
        seconds=seconds,
    )


class _Unscored(Proceedings):
    """Proceedings of which nobody wants the scores."""

    def close(self, sheet: Sheet, standing: Standing | None) -> None:
        """Count the sheet as done."""
        del sheet, standing
        self.scored += 1


class _Recollection(Memory):
    """What was judged before, with a count of what was made use of; keeps nothing."""

    def __init__(self, store: VerdictStore | None) -> None:
        super().__init__(store)
        self.used: set[tuple[str, str, str]] = set()

    def known(self, seen: str) -> Mapping[tuple[str, str], Verdict]:
        """Give the verdicts on what has this digest, and note those looked up."""
        return _Noting(seen, super().known(seen), self.used)

    def claim(
        self, inquiries: Iterable[Inquiry], bundles: Iterable[Bundle] = ()
    ) -> frozenset[VerdictKey]:
        """Claim nothing: nobody will be asked."""
        del inquiries, bundles
        return frozenset()

    def keep(self, inquiry: Inquiry, verdict: Verdict) -> None:
        """Keep nothing: it was made up."""


class _Noting(Mapping[tuple[str, str], Verdict]):
    """A mapping that notes which of its verdicts were looked up."""

    def __init__(
        self,
        seen: str,
        verdicts: Mapping[tuple[str, str], Verdict],
        used: set[tuple[str, str, str]],
    ) -> None:
        self._seen = seen
        self._verdicts = verdicts
        self._used = used

    def __getitem__(self, key: tuple[str, str]) -> Verdict:
        verdict = self._verdicts[key]
        self._used.add((self._seen, *key))
        return verdict

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._verdicts)

    def __len__(self) -> int:
        return len(self._verdicts)


class _CheckCount(Silence):
    """Counts the verdicts of checks."""

    def __init__(self) -> None:
        self.count = 0

    def verdict_reached(self, event: VerdictReached) -> None:
        """Count it, if it is one."""
        self.count += event.criterion.check is not None and _was_run(event.verdict)


def _was_run(verdict: Verdict) -> bool:
    return verdict.provenance.judge == "check"


# -------------------------------------------------------------------- a walk


@attrs.define(eq=False)
class _Walk:
    """A run without judges.

    ``usage`` is by judge, and no good once one could not tell: no more
    ``is_estimated``.  ``seats`` are the identities under which judges were asked.
    """

    supposition: Supposition
    proceedings: Proceedings
    recollection: _Recollection
    checks: _CheckCount
    seed: int
    questions: int = 0
    is_estimated: bool = True
    usage: dict[Judge, Usage] = field(factory=dict)
    priced: bool = True
    calls: Counter[Judge] = field(factory=Counter)
    backends: dict[Judge, EstimatingBackend | None] = field(factory=dict)
    seats: dict[Judge, set[str]] = field(factory=dict)

    def go(self) -> Iterator[int]:
        """Go through all dockets; gives how many jobs are done after each."""
        while (batches := self.proceedings.open_next()) is not None:
            self._count_parts(batches, is_first=True)
            queue = deque(batches)
            while queue:
                following = list(self._after(queue.popleft()))
                self._count_parts(following, is_first=False)
                queue.extend(following)
            yield self.proceedings.scored

    def effort(self) -> Effort:
        """Give what was counted."""
        cached = len(self.recollection.used)
        learnt = self._learnt()
        usage: Usage | None = None
        if self.is_estimated:
            parts = (self._usage(judge, learnt.get(judge)) for judge in self.usage)
            usage = sum(parts, Usage())
            if not self.priced:
                usage = attrs.evolve(usage, cost=None)
        return Effort(
            questions=self.questions + cached,
            cached=cached,
            checks=self.checks.count,
            calls=self.calls.total(),
            usage=usage,
            loads=tuple(
                Load(
                    judge=judge.name,
                    calls=calls,
                    concurrency=judge.concurrency,
                    learnt=learnt.get(judge),
                )
                for judge, calls in self.calls.items()
            ),
        )

    def _count(self, batch: Batch) -> None:
        self.questions += len(batch.inquiries)
        self.calls[batch.judge] += 1
        seats = self.seats.setdefault(batch.judge, set())
        seats.add(batch.inquiries[0].seat.identity)
        backend = self._backend_of(batch.judge)
        if backend is None:
            self.is_estimated = False
            return
        asked = asked_of(batch, seed=self.seed)
        usage = backend.estimate(request_of(batch, asked))
        is_model = batch.judge.backend.capabilities.is_model
        self.priced &= usage.cost is not None or not is_model
        self.usage[batch.judge] = self.usage.get(batch.judge, Usage()) + usage

    def _learnt(self) -> Mapping[Judge, Learnt]:
        """Give what earlier requests took, by judge; of a model also in tokens."""
        known = self.recollection.spending()
        found: dict[Judge, Learnt] = {}
        for judge, seats in self.seats.items():
            spent = sum((known.get(seat, Spending()) for seat in seats), Spending())
            if not spent.requests:
                continue
            tokens = None
            if judge.backend.capabilities.is_model and spent.completion_tokens:
                tokens = spent.completion_tokens / spent.requests
            seconds = spent.seconds / spent.timed if spent.timed else None
            found[judge] = Learnt(
                calls=spent.requests,
                completion_tokens=tokens,
                timed=spent.timed,
                seconds=seconds,
            )
        return found

    def _usage(self, judge: Judge, learnt: Learnt | None) -> Usage:
        """Give what a judge's requests would take, by what they took before."""
        usage = self.usage[judge]
        if learnt is None or learnt.completion_tokens is None:
            return usage
        tokens = round(learnt.completion_tokens * self.calls[judge])
        usage = attrs.evolve(usage, completion_tokens=tokens)
        if isinstance(judge.backend, PricingBackend):
            cost = judge.backend.price(usage.prompt_tokens, tokens)
            usage = usage if cost is None else attrs.evolve(usage, cost=cost)
        return usage

    def _backend_of(self, judge: Judge) -> EstimatingBackend | None:
        """Give a judge's backend, if it can tell what a request takes."""
        if judge not in self.backends:
            # Looking at a class for a protocol's methods takes its time.
            backend = judge.backend
            self.backends[judge] = (
                backend if isinstance(backend, EstimatingBackend) else None
            )
        return self.backends[judge]

    def _after(self, batch: Batch) -> Iterator[Batch]:
        """Go on as if a request had been answered, and give what is asked then."""
        for inquiry in batch.inquiries:
            ruling = self.supposition.ruling(inquiry)
            verdict = Verdict(
                ruling=ruling,
                probability=self.supposition.probability(ruling),
                provenance=self.proceedings.clerk.provenance(
                    inquiry.seat, inquiry.seen
                ),
            )
            yield from self.proceedings.settle(inquiry, verdict)

    def _count_parts(self, batches: Iterable[Batch], *, is_first: bool) -> None:
        """Count the requests that a stage may come to at most."""
        for batch in batches:
            together = []
            for inquiry in batch.inquiries:
                if self.supposition.may_part(inquiry, is_first=is_first):
                    self._count(batch.alone(inquiry, repeats=0))
                else:
                    together.append(inquiry)
            if together:
                self._count(attrs.evolve(batch, inquiries=together))
