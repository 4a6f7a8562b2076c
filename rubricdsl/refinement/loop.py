"""The loop: rounds of scoring, selecting, proposing, editing and accepting.

One `Refinement` is that of one rubric.  Many run at once and share a bench, which
brings together what they ask; whatever happens to one of them touches no other.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

from attrs import define, field, frozen

from rubricdsl.diagnostics import RubricError
from rubricdsl.model.edit import Split
from rubricdsl.model.refinement import (
    Attacker,
    Bench,
    Candidate,
    Occasion,
    Pair,
    Proposed,
    Proposer,
    RefinedRubric,
    RoundRecord,
    Stop,
    StopKind,
)
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Round, Rubric
from rubricdsl.model.ruling import FailureKind
from rubricdsl.model.scorecard import CriterionResult, Scorecard
from rubricdsl.refinement.courses import Course, Stage
from rubricdsl.refinement.gate import AcceptanceGate, take_all
from rubricdsl.refinement.gate.acceptance import FailedTests
from rubricdsl.refinement.listening import RoundListener
from rubricdsl.refinement.manuscripts import Manuscript, accounted
from rubricdsl.refinement.pools import Key, Pool, draw, key_of
from rubricdsl.refinement.selection.choosing import choose

_NOT_A_JUDGE = frozenset({"check", "needs"})
_SPENT = frozenset({FailureKind.BUDGET_EXHAUSTED.value})
_CANCELLED = frozenset({FailureKind.CANCELLED.value})


@frozen(kw_only=True)
class Means:
    """What refinements are made with, the same for all rubrics of a run.

    ``failed_tests`` gives the titles of a rubric's tests that fail, ``listener`` hears
    of every round.
    """

    bench: Bench
    proposer: Proposer | None = None
    attacker: Attacker | None = None
    failed_tests: FailedTests = field(default=lambda _: frozenset())
    listener: RoundListener | None = None
    seed: int = 0


class _StopError(Exception):
    """The refinement of a rubric ends here."""

    def __init__(self, kind: StopKind, reason: str) -> None:
        super().__init__(reason)
        self.stop = Stop(kind, reason)


@define(eq=False)
class Refinement:
    """The refinement of one rubric."""

    manuscript: Manuscript
    pool: Pool
    course: Course
    means: Means
    _begin: Rubric = field(init=False)
    _rounds: list[RoundRecord] = field(factory=list, init=False)
    _used: dict[Key, Candidate] = field(factory=dict, init=False)
    _prompts: list[str] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self._begin = self.manuscript.rubric

    async def run(self) -> RefinedRubric:
        """Refine; what goes wrong ends this refinement, and keeps what was accepted."""
        try:
            stop = await self._stages()
        except _StopError as error:
            stop = error.stop
        except RubricError as error:
            stop = Stop(StopKind.FAILED, error.diagnostics[0].message)
        return self.ended(stop)

    def ended(self, stop: Stop) -> RefinedRubric:
        """Give what was reached when the refinement ended so."""
        return RefinedRubric(
            name=self.manuscript.rubric.name,
            text=self.manuscript.text,
            rubric=self.manuscript.rubric,
            begin=self._begin,
            rounds=tuple(self._rounds),
            stop=stop,
        )

    async def _stages(self) -> Stop:
        """Follow the strategies in order; the last says how it ended."""
        stop = Stop(StopKind.ROUNDS_DONE, "there was no round to make")
        for stage in self.course.stages:
            try:
                stop = await self._stage(stage)
            except _StopError as error:
                # What one strategy has no more to work with, the next may have.
                if error.stop.kind in _FINAL:
                    raise
                stop = error.stop
        return stop

    async def _stage(self, stage: Stage) -> Stop:
        patience = min(self.course.patience, stage.rounds)
        barren = 0
        for _ in range(stage.rounds):
            barren = 0 if await self._round(stage) else barren + 1
            if barren >= patience:
                return _no_gain(self._rounds[-barren:])
        return Stop(StopKind.ROUNDS_DONE, f"{_rounds(stage.rounds)} made")

    # ------------------------------------------------------------------ a round

    async def _round(self, stage: Stage) -> bool:
        """Make one round: score, select, propose, edit, accept.

        Tells whether anything entered.
        """
        counting = _Counting(self.means.bench)
        candidates = await self._candidates(stage, counting)
        pair = self._pair(candidates) if stage.strategy.needs.pair else None
        proposed = await self._propose(stage, counting, candidates, pair)
        if proposed.failure is not None and proposed.failure.kind in _SPENT:
            raise _StopError(StopKind.BUDGET_EXHAUSTED, proposed.failure.reason)
        if proposed.failure is not None and proposed.failure.kind in _CANCELLED:
            raise _StopError(StopKind.CANCELLED, "it was interrupted")
        number = self.manuscript.next_round
        edits = accounted(proposed.edits, number)
        if self.course.gate and edits:
            gate = AcceptanceGate(self.pool, counting, self.means.failed_tests)
            verdicts = await gate.decide(self.manuscript, edits)
        else:
            verdicts = take_all(self.manuscript, edits)
        counting.check()
        record = RoundRecord(
            number=len(self._rounds) + 1,
            strategy=stage.name,
            prompt_id=None if pair is None else pair.first.response.prompt_id,
            pair=None if pair is None else pair.ids,
            decisions=verdicts.decisions,
            unread=proposed.unread,
            verdicts=counting.verdicts,
            judge_calls=counting.calls,
            proposer_calls=proposed.calls,
            usage=proposed.usage,
            failure=proposed.failure,
            notices=proposed.notices,
        )
        if record.accepted:
            entry = self._entry(number, stage, pair, record)
            self.manuscript = verdicts.manuscript.recorded(entry)
        self._rounds.append(record)
        if pair is not None and proposed.failure is None:
            self._used |= {one.key: one for one in (pair.first, pair.second)}
            self._prompts.append(pair.first.response.prompt_id)
        if self.means.listener is not None:
            self.means.listener.round_finished(self.manuscript.rubric.name, record)
        return bool(record.accepted)

    async def _candidates(
        self, stage: Stage, bench: "_Counting"
    ) -> tuple[Candidate, ...]:
        """Give what is left of the pool, scored if that is wanted."""
        excluded = self._excluded if stage.strategy.needs.pair else {}
        left = [one for one in self.pool.responses if key_of(one) not in excluded]
        cards: Sequence[Scorecard | None] = [None] * len(left)
        if self.course.scores or stage.strategy.needs.scores:
            scored = await bench.score(self.manuscript.rubric, left)
            bench.check()
            _check_judged(scored)
            cards = scored
        return tuple(
            Candidate(
                response=one, scorecard=card, gold=self.pool.gold.get(key_of(one))
            )
            for one, card in zip(left, cards, strict=True)
        )

    @property
    def _excluded(self) -> Mapping[Key, Candidate]:
        """Responses that are not shown again, as they were when they were."""
        return self._used if self.course.excludes_used else {}

    def _pair(self, candidates: Sequence[Candidate]) -> Pair:
        if not self.course.scores:
            return _blind_pair(candidates, len(self._rounds) + 1, self.means.seed)
        # Those used are there to be known: copies of them count as used, too, and a
        # rule may ask how good responses of their source are.
        choice = choose(
            self.course.selector,
            (*candidates, *self._excluded.values()),
            used=self._excluded.keys(),
            round=len(self._rounds) + 1,
            seed=self.means.seed,
            prompts_used=self._prompts,
        )
        if choice.pair is None:
            kind = StopKind.POOL_EXHAUSTED if choice.exhausted else StopKind.NO_GAIN
            raise _StopError(kind, choice.why)
        return choice.pair

    async def _propose(
        self,
        stage: Stage,
        bench: Bench,
        candidates: tuple[Candidate, ...],
        pair: Pair | None,
    ) -> Proposed:
        return await stage.strategy.propose(
            Occasion(
                rubric=self.manuscript.rubric,
                bound=self.manuscript.bound,
                round=len(self._rounds) + 1,
                seed=self.means.seed,
                candidates=candidates,
                pair=pair,
                preferences=self.pool.preferences,
                proposer=self.means.proposer,
                attacker=self.means.attacker,
                shows_weights=self.course.shows_weights,
                shows_verdicts=self.course.shows_verdicts,
                functions=self.manuscript.functions,
                bench=bench,
            )
        )

    def _entry(
        self, number: int, stage: Stage, pair: Pair | None, record: RoundRecord
    ) -> Round:
        """Give the line of the rubric's history that tells of a round."""
        split = tuple(e.criterion for e in record.accepted if isinstance(e, Split))
        refused = len(record.decisions) - len(record.accepted)
        facts: dict[str, tuple[str, ...]] = {
            "by": (self.course.author or stage.name,),
            "on": (self.course.on,),
            "compared": () if pair is None else pair.ids,
            "split": split,
            "strategy": (stage.name,) if self.course.author else (),
            "accepted": (str(len(record.accepted)),),
            "rejected": (str(refused),) if refused else (),
        }
        return Round(
            number,
            tuple((name, values) for name, values in facts.items() if any(values)),
        )


_FINAL = frozenset({StopKind.BUDGET_EXHAUSTED, StopKind.CANCELLED, StopKind.FAILED})


@define(eq=False)
class _Counting:
    """A bench that counts the verdicts that judges were asked for in a round."""

    bench: Bench
    calls: int = field(default=0, init=False)
    _asked: set[tuple[str, ...]] = field(factory=set, init=False)
    _failed: set[str] = field(factory=set, init=False)

    @property
    def verdicts(self) -> int:
        return len(self._asked)

    async def score(
        self, rubric: Rubric, responses: Sequence[Response]
    ) -> Sequence[Scorecard]:
        """Score, and count."""
        cards = await self.bench.score(rubric, responses)
        for card in cards:
            self.calls += card.judge_calls
            for result in card.criteria:
                self._count(result)
        return cards

    def _count(self, result: CriterionResult) -> None:
        verdict = result.verdict
        if verdict.failure is not None:
            self._failed.add(verdict.failure.kind)
        origin = verdict.provenance
        if verdict.asked and not verdict.cached and origin.judge not in _NOT_A_JUDGE:
            question = result.question or result.path
            self._asked.add((origin.settings, question, origin.response))

    def check(self) -> None:
        """End the refinement where nothing more may be asked."""
        if self._failed & _CANCELLED:
            raise _StopError(StopKind.CANCELLED, "it was interrupted")
        if self._failed & _SPENT:
            raise _StopError(StopKind.BUDGET_EXHAUSTED, "the budget is spent")


def _check_judged(cards: Sequence[Scorecard]) -> None:
    """End the refinement where nothing of what there is could be judged.

    A pool is not used up because its judge was away.
    """
    verdicts = (result.verdict for card in cards for result in card.criteria)
    failures = [one.failure for one in verdicts if one.failure is not None]
    if len(cards) > 1 and failures and all(card.score is None for card in cards):
        reason = f"no response could be judged: {failures[0].reason}"
        raise _StopError(StopKind.FAILED, reason)


def _blind_pair(candidates: Sequence[Candidate], number: int, seed: int) -> Pair:
    """Draw two different responses to one prompt, whatever they are worth."""
    by_prompt: dict[str, list[Candidate]] = {}
    for one in candidates:
        by_prompt.setdefault(one.response.prompt_id, []).append(one)
    drawn = [
        (draw(seed, number, *first.key, *second.key), first, second)
        for group in by_prompt.values()
        for first, second in combinations(
            sorted(group, key=lambda one: draw(seed, number, *one.key))[:_BLIND], 2
        )
        if first.response.text != second.response.text
    ]
    if not drawn:
        reason = "no two different responses to one prompt are left"
        raise _StopError(StopKind.POOL_EXHAUSTED, reason)
    _, first, second = min(drawn, key=lambda one: one[0])
    return Pair(first=first, second=second, why="drawn blind")


# Among so many responses to a prompt, two are different unless hardly any are.
_BLIND = 8


def _no_gain(rounds: Sequence[RoundRecord]) -> Stop:
    """Say why rounds brought nothing."""
    failures = [one.failure for one in rounds if one.failure is not None]
    if len(failures) == len(rounds):
        reason = f"nothing could be had from the proposer: {failures[-1].reason}"
        return Stop(StopKind.FAILED, reason)
    last = f"the last {_rounds(len(rounds))}" if len(rounds) > 1 else "the round"
    if not any(one.decisions for one in rounds):
        return Stop(StopKind.NOTHING_PROPOSED, f"{last} brought no edit")
    return Stop(StopKind.NO_GAIN, f"no edit of {last} was accepted")


def _rounds(count: int) -> str:
    return "1 round" if count == 1 else f"{count} rounds"
