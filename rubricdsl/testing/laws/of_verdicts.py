"""Laws about whatever judges may say: no response and no judge is needed.

Each goes through the verdicts that are legal in the rubric, simplest first
(`rubricdsl.testing.laws.verdict_space`).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from attrs import frozen

from rubricdsl.model.rubric import Bound, Cap, Expect, Info, Node
from rubricdsl.scoring.leaves import TOLERANCE
from rubricdsl.scoring.meaning import Branch, GatePart
from rubricdsl.testing.laws.counterexamples import (
    Broken,
    ceiling,
    refuse,
    threshold,
    verdict_test,
)
from rubricdsl.testing.laws.verdict_space import Axis, Point, VerdictSpace, groups
from rubricdsl.testing.subjects import RubricLike, Subject

_Law: TypeAlias = Callable[[VerdictSpace, Point], Broken | None]


def bounded(rubric: RubricLike, *, low: float = 0.0, high: float = 1.0) -> None:
    """Assert that every response gets a score, from ``low`` to ``high``.

    The engine keeps every score from 0 to 1; what breaks this law is a score that is
    undefined, because all that counts was n/a, or narrower limits.

    Raises:
        AssertionError: with a test that fails in the rubric.
        RubricError: for a rubric that is not sound.
    """
    __tracebackhide__ = True

    def law(space: VerdictSpace, point: Point) -> Broken | None:
        score = space.score(point)
        if score is None:
            message = "the score is undefined where all that counts is n/a"
            bound = Bound(">=", low)
        elif score < low - TOLERANCE:
            message = f"the score can be {score:.4g}, which is less than {low:g}"
            bound = Bound(">=", threshold(score, low))
        elif score > high + TOLERANCE:
            message = f"the score can be {score:.4g}, which is more than {high:g}"
            bound = Bound("<=", ceiling(high, score))
        else:
            return None
        title = f"the score is from {low:g} to {high:g}"
        test = verdict_test(space, point, title=title, expect=Expect("score", bound))
        return Broken(message=message, test=test)

    _check(rubric, law, neighbours=_none)


def monotone(rubric: RubricLike) -> None:
    """Assert that a better verdict on one criterion never lowers the score.

    Better is what its marks say: for a negative weight or ``never`` (its own, or of
    a group around it) the lower verdict, otherwise the higher.  All other verdicts
    stay as they are, n/a too; an undefined score is neither better nor worse
    (`bounded` is about that).  Formulas with ``monotone: no`` break this law, and
    so do penalties that are only asked for once something good was found
    (``needs``).

    Raises:
        AssertionError: with a test that fails in the rubric.
        RubricError: for a rubric that is not sound.
    """
    __tracebackhide__ = True

    def law(space: VerdictSpace, point: Point) -> Broken | None:
        before = space.score(point)
        for number, axis in enumerate(space.axes):
            better = _better(axis, point[number])
            if better is None or before is None:
                continue
            raised = space.moved(point, number, better)
            after = space.score(raised)
            if after is None or after >= before - TOLERANCE:
                continue
            name, old, new = (
                axis.path,
                axis.rulings[point[number]],
                axis.rulings[better],
            )
            test = verdict_test(
                space,
                raised,
                title=f"{new} on {name} is worth no less than {old}",
                expect=Expect("score", Bound(">=", threshold(after, before))),
            )
            message = (
                f"`{name}` going from {old} to {new} should not lower the score, "
                f"and takes it from {before:.4g} to {after:.4g}"
            )
            return Broken(message=message, test=test)
        return None

    _check(rubric, law, neighbours=_moves)


def gates_dominate(rubric: RubricLike) -> None:
    """Assert that whoever fails a gate scores no more than it allows, whatever else.

    A gate is failed when it fires, and also when its verdict is as bad as it can be
    without firing it (a ``must`` with a low ``passing``).  All gates are meant, also
    those of groups: a ``must`` inside one caps that group and not the score, which
    is what most often breaks this law.  A gate under an ``info`` group is none, and
    one that is n/a is not failed.

    Raises:
        AssertionError: with a test that fails in the rubric.
        RubricError: for a rubric that is not sound.
        ValueError: for a rubric without gates, of which the law says nothing.
    """
    __tracebackhide__ = True
    subject = Subject.of(rubric)
    gates = tuple(_gates(subject))
    if not gates:
        raise ValueError(
            f"{subject.label} has no gate: mark a criterion [must], [never] or "
            "[cap …], or leave the law out"
        )

    def law(space: VerdictSpace, point: Point) -> Broken | None:
        values = space.meaning.values(space.rulings(point))
        score = values[0]
        for gate in gates:
            if score is None or score <= gate.part.cap + TOLERANCE:
                continue
            if not gate.is_failed(values[gate.part.number]):
                continue
            cap = gate.part.cap
            test = verdict_test(
                space,
                point,
                title=f"{gate.node.path} dominates",
                expect=Expect("score", Bound("<=", ceiling(cap, score))),
            )
            message = (
                f"the gate `{gate.node.path}` ({gate.mark}) is failed, and the score "
                f"is {score:.4g}, more than {cap:g}"
            )
            return Broken(message=message, test=test)
        return None

    _search(VerdictSpace.of(subject), law, neighbours=0)


def no_single_criterion_decides(rubric: RubricLike, *, most: float = 0.4) -> None:
    """Assert that no one verdict moves the score by more than ``most``.

    Gates, and all that stands under one, are left out: they are meant to decide.
    What a criterion moves through others that need it counts as its own.  Where the
    other criteria can be n/a, the one that is left decides alone, which breaks this
    law as well.

    Raises:
        AssertionError: with a test that fails in the rubric.
        RubricError: for a rubric that is not sound.
    """
    __tracebackhide__ = True
    subject = Subject.of(rubric)
    gates = tuple(gate.node.path for gate in _gates(subject))

    def law(space: VerdictSpace, point: Point) -> Broken | None:
        low = space.score(point)
        for number, axis in enumerate(space.axes):
            if low is None or _is_at_or_below(axis.path, gates):
                continue
            for other in range(len(axis.rulings)):
                high = space.score(space.moved(point, number, other))
                if high is None or high - low <= most + TOLERANCE:
                    continue
                said, instead = axis.rulings[point[number]], axis.rulings[other]
                least = threshold(low, high - most)
                test = verdict_test(
                    space,
                    point,
                    title=f"{axis.path} does not decide alone",
                    expect=Expect("score", Bound(">=", least)),
                )
                message = (
                    f"`{axis.path}` alone moves the score by {high - low:.4g}, more "
                    f"than {most:g}: {instead} gives {high:.4g}, {said} {low:.4g}"
                )
                return Broken(message=message, test=test)
        return None

    space = VerdictSpace.of(subject)
    _search(space, law, neighbours=_moves(space))


def na_never_pays(rubric: RubricLike) -> None:
    """Assert that n/a on a criterion never scores more than its worst verdict.

    A judge that says n/a to whatever it dislikes can then raise no score.  Under
    ``n/a: skip`` this law is broken: what is skipped lowers what is divided by.

    Raises:
        AssertionError: with a test that fails in the rubric.
        RubricError: for a rubric that is not sound.
    """
    __tracebackhide__ = True

    def law(space: VerdictSpace, point: Point) -> Broken | None:
        with_na = space.score(point)
        for number, axis in enumerate(space.axes):
            if not axis.has_na or point[number] in axis.steps:
                continue
            worst = space.score(space.moved(point, number, axis.worst))
            if worst is None or with_na is None or with_na <= worst + TOLERANCE:
                continue
            test = verdict_test(
                space,
                point,
                title=f"n/a on {axis.path} does not pay",
                expect=Expect("score", Bound("<=", ceiling(worst, with_na))),
            )
            message = (
                f"n/a on `{axis.path}` scores {with_na:.4g}, and "
                f"{axis.rulings[axis.worst]} only {worst:.4g}"
            )
            return Broken(message=message, test=test)
        return None

    _check(rubric, law, neighbours=_moves)


# -------------------------------------------------------------------- searching


def _none(_: VerdictSpace) -> int:
    return 0


def _moves(space: VerdictSpace) -> int:
    return space.moves


def _check(
    rubric: RubricLike, law: _Law, *, neighbours: Callable[[VerdictSpace], int]
) -> None:
    __tracebackhide__ = True
    space = VerdictSpace.of(Subject.of(rubric))
    _search(space, law, neighbours=neighbours(space))


def _search(space: VerdictSpace, law: _Law, *, neighbours: int) -> None:
    """Look for a point that breaks a law, and raise for the simplest like it."""
    __tracebackhide__ = True
    for point in space.points(neighbours=neighbours):
        if law(space, point) is None:
            continue
        simplest = space.shrunk(point, lambda other: law(space, other) is not None)
        broken = law(space, simplest)
        if broken is not None:
            refuse(space.subject, broken)


def _better(axis: Axis, ruling: int) -> int | None:
    """Give the next better ruling, if there is one."""
    better = ruling + (1 if axis.raises else -1)
    return better if ruling in axis.steps and better in axis.steps else None


# ------------------------------------------------------------------------ gates


@frozen(eq=False)
class _Gate:
    node: Node
    part: GatePart

    @property
    def mark(self) -> str:
        match self.node.mark:
            case Cap(limit):
                return f"cap {limit:g}"
            case mark:
                return type(mark).__name__.lower()

    def is_failed(self, value: float | None) -> bool:
        """Say whether a value fires the gate, or is the worst that it can have."""
        if value is None:
            return False
        met = value >= self.part.passing - TOLERANCE
        if self.part.fires_when_met:
            return met or value >= 1 - TOLERANCE
        return not met or value <= TOLERANCE


def _gates(subject: Subject) -> Iterator[_Gate]:
    """Give the gates that can have an effect on the score."""
    meaning = subject.scorer.meaning
    nodes = {place.number: place.node for place in meaning.structure.places}
    unscored = [
        group.path for group in groups(subject.bound) if isinstance(group.mark, Info)
    ]
    for step in meaning.nodes:
        if not isinstance(step, Branch):
            continue
        for part in step.gates:
            node = nodes[part.number]
            if not _is_at_or_below(node.path, unscored):
                yield _Gate(node, part)


def _is_at_or_below(path: str, others: Iterable[str]) -> bool:
    return any(path == other or path.startswith(f"{other}.") for other in others)
