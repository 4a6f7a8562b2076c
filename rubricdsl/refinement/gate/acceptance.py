"""Whether an edit enters: decided on responses that no proposer has seen.

What speaks against an edit is that a test in the rubric would fail, that more junk
gets to the top, that held-out responses are ranked worse by more than noise explains,
or that what is new asks only for good looks.  What speaks for it is that held-out
responses are ranked better, that fewer of them are tied, or that less junk gets to
the top; and where they are too few to tell, that all that is new tells them apart, and
the best of them from junk.  An edit enters if something speaks for it, and nothing
against.  A criterion may also go if that changes nothing: one fewer is to be judged.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from math import fsum

from attrs import define, evolve, frozen

from rubricdsl.diagnostics import RubricError
from rubricdsl.model.edit import Edit, Merge, Remove, Reweigh
from rubricdsl.model.judgement import Question
from rubricdsl.model.refinement import Bench, Decision, TailMeasure
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import (
    Bonus,
    BoundRubric,
    Criterion,
    Info,
    Never,
    Rubric,
    Weight,
)
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.refinement.gate.measures import (
    Change,
    TailPair,
    change_of_accuracy,
    measure,
    order,
    tail_pairs,
)
from rubricdsl.refinement.manuscripts import Manuscript
from rubricdsl.refinement.pools import Key, Pool, key_of
from rubricdsl.scoring.leaves import TOLERANCE

FailedTests = Callable[[Rubric], frozenset[str]]


@frozen
class Verdicts:
    """What the gate said: the rubric with what was accepted, and why or why not."""

    manuscript: Manuscript
    decisions: tuple[Decision, ...]


def take_all(manuscript: Manuscript, edits: Iterable[Edit]) -> Verdicts:
    """Let every edit enter that applies: refinement without a gate."""
    decisions: list[Decision] = []
    for edit in edits:
        try:
            manuscript = manuscript.after(edit)
        except RubricError as error:
            decisions.append(_refused(edit, error))
        else:
            why = "it applies, and there is no gate"
            decisions.append(Decision(edit=edit, accepted=True, why=why))
    return Verdicts(manuscript, tuple(decisions))


@frozen
class AcceptanceGate:
    """Decides over edits of one rubric, by its pool's held-out responses and junk.

    ``failed_tests`` gives the titles of a rubric's tests that fail.
    """

    pool: Pool
    bench: Bench
    failed_tests: FailedTests

    async def decide(self, manuscript: Manuscript, edits: Sequence[Edit]) -> Verdicts:
        """Decide over edits in order, each on top of those accepted before it.

        An edit is asked about no one: all that is asked is what its criteria come to
        for held-out responses and junk, if that is not known.
        """
        standing = await self._standing(manuscript)
        pairs = tail_pairs(
            [key_of(response) for response in self.pool.held_out],
            self.pool.gold,
            self.pool.preferences,
            standing.scores,
        )
        begin = manuscript
        # All at once, so that each in turn waits for nobody.
        ahead = await asyncio.gather(*(self._try(begin, edit) for edit in edits))
        decisions: list[Decision] = []
        for group in _together(edits):
            bundle = await self._bundle(manuscript, group)
            if bundle is not None:
                found = _Comparison(group[0], pairs, standing, bundle.standing)
                said = found.decision()
                if said.accepted:
                    decisions += [evolve(said, edit=edit) for edit in group]
                    manuscript, standing = bundle.manuscript, bundle.standing
                    continue
            for edit in group:
                first = ahead[len(decisions)]
                if manuscript is not begin:
                    first = await self._try(manuscript, edit)
                if isinstance(first, RubricError):
                    decisions.append(_refused(edit, first))
                    continue
                said = _Comparison(edit, pairs, standing, first.standing).decision()
                decisions.append(said)
                if said.accepted:
                    manuscript, standing = first.manuscript, first.standing
        return Verdicts(manuscript, tuple(decisions))

    async def _bundle(
        self, manuscript: Manuscript, edits: Sequence[Edit]
    ) -> "_Trial | None":
        """Give what comes of several edits at once, if they apply; None for one."""
        if len(edits) < 2:  # noqa: PLR2004 - one is no bundle
            return None
        try:
            for edit in edits:
                manuscript = manuscript.after(edit)
        except RubricError:
            return None
        return _Trial(manuscript, await self._standing(manuscript))

    async def _try(self, manuscript: Manuscript, edit: Edit) -> "_Trial | RubricError":
        """Give what comes of an edit, or why it does not apply."""
        try:
            edited = manuscript.after(edit)
        except RubricError as error:
            return error
        return _Trial(edited, await self._standing(edited))

    async def _standing(self, manuscript: Manuscript) -> "_Standing":
        held_out, junk = self.pool.held_out, self.pool.junk
        cards = await self.bench.score(manuscript.rubric, (*held_out, *junk))
        return _Standing(
            bound=manuscript.bound,
            held_out=_by_key(held_out, cards[: len(held_out)]),
            junk=_by_key(junk, cards[len(held_out) :]),
            failed_tests=self.failed_tests(manuscript.rubric),
        )


@frozen(kw_only=True)
class _Standing:
    """What a rubric comes to for held-out responses, junk and its own tests."""

    bound: BoundRubric
    held_out: Mapping[Key, Scorecard]
    junk: Mapping[Key, Scorecard]
    failed_tests: frozenset[str]

    @property
    def scores(self) -> dict[Key, float]:
        return _scores(self.held_out)

    def measure(self, pairs: Sequence[TailPair]) -> TailMeasure:
        return measure(pairs, self.scores, _scores(self.junk))

    def questions(self) -> dict[str, Criterion]:
        """Give what is asked, or checked, with the criterion that does."""
        return {
            Question.of(criterion).digest + repr(criterion.check): criterion
            for criterion in self.bound.criteria()
        }


@frozen
class _Trial:
    """A rubric with one more edit, and what it comes to."""

    manuscript: Manuscript
    standing: _Standing


@define
class _Comparison:
    """An edit, and what the rubric came to before and after it."""

    edit: Edit
    pairs: Sequence[TailPair]
    old: _Standing
    new: _Standing

    def decision(self) -> Decision:
        before, after = self.old.measure(self.pairs), self.new.measure(self.pairs)
        change = change_of_accuracy(self.pairs, self.old.scores, self.new.scores)
        criteria = self._new_criteria()
        objection = (
            self._test_objection()
            or self._missing_objection(before, after)
            or _measured_objection(before, after, change)
            or _first(one.objection for one in criteria)
        )
        why = objection or self._gain(before, after, change, criteria)
        return Decision(
            edit=self.edit,
            accepted=objection is None and why is not None,
            why=why or "it changes nothing for the better about held-out responses",
            before=before,
            after=after,
        )

    def _gain(
        self,
        before: TailMeasure,
        after: TailMeasure,
        change: Change | None,
        criteria: Sequence["_Substance"],
    ) -> str | None:
        """Say what speaks for the edit, if anything does."""
        if _rises(before.accuracy, after.accuracy) and change is not None:
            # Weights that are moved, and criteria that go, show no merit of their own.
            needs_proof = change.by_prompts or not criteria
            if change.is_gain or not needs_proof:
                told = _change(before.accuracy, after.accuracy)
                return f"held-out responses are ranked better: {told}"
        elif not _rises(after.accuracy, before.accuracy):
            if _rises(after.ties, before.ties):
                told = _change(before.ties, after.ties)
                return f"fewer held-out pairs are tied: {told}"
            if not _rises(before.ties, after.ties):
                if _rises(after.leak, before.leak):
                    told = _change(before.leak, after.leak)
                    return f"less junk gets to the top: {told}"
                if isinstance(self.edit, Remove | Merge) and not self._moves():
                    return "no held-out pair is ranked otherwise without it"
        return _merit(criteria) if change is not None and change.is_any else None

    def _moves(self) -> bool:
        """Tell whether any pair is ranked otherwise."""
        old, new = self.old.scores, self.new.scores
        return any(
            order(old[pair.first] - old[pair.second])
            != order(new[pair.first] - new[pair.second])
            for pair in self.pairs
            if set(pair.keys) <= old.keys() & new.keys()
        )

    def _test_objection(self) -> str | None:
        broken = sorted(self.new.failed_tests - self.old.failed_tests)
        if not broken:
            return None
        more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        return f"the test “{broken[0]}”{more} would fail"

    def _missing_objection(self, before: TailMeasure, after: TailMeasure) -> str | None:
        if after.pairs >= max(1, before.pairs):
            return None
        failures = (
            result.verdict.failure
            for card in self.new.held_out.values()
            for result in card.criteria
            if result.verdict.failure is not None
        )
        failure = next(failures, None)
        why = "" if failure is None else f" ({failure.kind}: {failure.reason})"
        return f"held-out responses could not be judged by it{why}"

    def _new_criteria(self) -> list["_Substance"]:
        """Say of all that is asked anew who meets it."""
        known = self.old.questions()
        tail = {key for pair in self.pairs for key in pair.keys}
        found: list[_Substance] = []
        for question, criterion in self.new.questions().items():
            wanted = _wanted(criterion)
            if question in known or wanted is None:
                continue
            good = _values(self.new.held_out, criterion.path, tail)
            junk = _values(self.new.junk, criterion.path, self.new.junk.keys())
            rest = _values(self.new.held_out, criterion.path, self.new.held_out.keys())
            if good and junk:
                found.append(
                    _Substance(
                        name=criterion.name,
                        wanted=wanted,
                        good=_mean(good),
                        junk=_mean(junk),
                        tells_apart=max(rest) > min(rest) + TOLERANCE,
                    )
                )
        return found


@frozen(kw_only=True)
class _Substance:
    """A new criterion: the share of the best held-out responses, and of junk, met.

    A few held-out responses seldom prove that one criterion ranks them better, even
    if it does.  That it asks for more than looks they do prove, beside junk.
    ``wanted`` says that meeting it is good, ``tells_apart`` that some held-out
    responses meet it and some do not.
    """

    name: str
    wanted: bool
    good: float
    junk: float
    tells_apart: bool

    @property
    def objection(self) -> str | None:
        if self.wanted and self.good <= TOLERANCE:
            return f"none of the best held-out responses meets `{self.name}`"
        if self.wanted and self.junk >= self.good - TOLERANCE:
            return (
                f"`{self.name}` asks only for looks: junk meets it in "
                f"{self.junk:.0%}, the best held-out responses in {self.good:.0%}"
            )
        if not self.wanted and self.good > self.junk + TOLERANCE:
            return (
                f"`{self.name}` is held against the best held-out responses "
                f"({self.good:.0%}) more than against junk ({self.junk:.0%})"
            )
        return None

    @property
    def merit(self) -> str | None:
        apart = abs(self.good - self.junk) > TOLERANCE
        if not self.tells_apart or not apart or self.objection is not None:
            return None
        return (
            f"`{self.name}` tells held-out responses apart, and the best of them "
            f"({self.good:.0%}) from junk ({self.junk:.0%})"
        )


def _measured_objection(
    before: TailMeasure, after: TailMeasure, change: Change | None
) -> str | None:
    if _rises(before.leak, after.leak):
        return f"more junk gets to the top: {_change(before.leak, after.leak)}"
    if change is not None and change.is_loss:
        return (
            "held-out responses are ranked worse: "
            f"{_change(before.accuracy, after.accuracy)}, give or take "
            f"{change.error:.3f}"
        )
    return None


def _merit(criteria: Sequence[_Substance]) -> str | None:
    """Say why new criteria are worth having, if all of them are."""
    merits = [one.merit for one in criteria]
    return None if None in merits else _first(merits)


def _together(edits: Sequence[Edit]) -> list[tuple[Edit, ...]]:
    """Give the edits in order, those together that mean little one by one.

    Weights are shares: moved one by one, they may each do harm on the way to a set
    that is better.
    """
    groups = groupby(enumerate(edits), lambda one: _bundle_key(*one))
    return [tuple(edit for _, edit in group) for _, group in groups]


def _bundle_key(number: int, edit: Edit) -> int:
    return -1 if isinstance(edit, Reweigh) else number


def _first(reasons: Iterable[str | None]) -> str | None:
    return next((reason for reason in reasons if reason is not None), None)


def _rises(before: float | None, after: float | None) -> bool:
    return before is not None and after is not None and after > before + TOLERANCE


def _change(before: float | None, after: float | None) -> str:
    return " to ".join("?" if one is None else f"{one:.3f}" for one in (before, after))


def _wanted(criterion: Criterion) -> bool | None:
    """Tell whether meeting a criterion is good; None where it counts for nothing."""
    match criterion.mark:
        case Info():
            return None
        case Never():
            return False
        case Weight(value=value) | Bonus(value=value):
            return value > 0
        case _:
            return True


def _values(
    cards: Mapping[Key, Scorecard], path: str, keys: Iterable[Key]
) -> list[float]:
    return [
        result.value
        for key in keys
        if key in cards
        for result in cards[key].criteria
        if result.path == path and result.value is not None
    ]


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def _by_key(
    responses: Sequence[Response], cards: Sequence[Scorecard]
) -> dict[Key, Scorecard]:
    return dict(zip(map(key_of, responses), cards, strict=True))


def _scores(cards: Mapping[Key, Scorecard]) -> dict[Key, float]:
    return {key: card.score for key, card in cards.items() if card.score is not None}


def _refused(edit: Edit, error: RubricError) -> Decision:
    first = error.diagnostics[0]
    why = f"it does not apply: {first.code} {first.message}"
    return Decision(edit=edit, accepted=False, why=why)
