"""How a score is made: the reference that every other evaluator must agree with.

The value of a node is a number in [0, 1], or None where it is not applicable.  A
node is *met* when its value reaches its pass mark (1, unless it says otherwise).

A criterion is worth what its ruling is worth; where something that it needs is not
met, the ruling is no.  A group is worth what its kind makes of its applicable
weighted children and bonuses, but no more than the cap of a gate that fired.  The
score is the value of the root.
"""

from collections.abc import Callable, Mapping, Sequence
from math import fsum, prod
from typing import Protocol, TypeAlias

from attrs import field, frozen

from rubricdsl.diagnostics import CheckError
from rubricdsl.expressions.evaluation import evaluate
from rubricdsl.model.collector import collector_paused
from rubricdsl.model.expression import Expression, Value
from rubricdsl.model.rubric import (
    Bonus,
    BoundRubric,
    Cap,
    Group,
    Info,
    Kind,
    Must,
    Never,
    Weight,
)
from rubricdsl.model.ruling import Ruling, RulingWord
from rubricdsl.scoring.formulas import call_function, names_in
from rubricdsl.scoring.leaves import TOLERANCE, RulingWorths, Worth, met
from rubricdsl.scoring.structure import Place, Structure


class Values(Protocol):
    """The values of nodes by number: a list, or a dict of those that are needed."""

    def __getitem__(self, number: int, /) -> Worth:
        """Give the value of a node."""
        ...


class MissingVerdictError(KeyError):
    """A criterion without a ruling: no score, only bounds, can be given."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} has no ruling: judge it, or ask for the bounds instead"


# -------------------------------------------------------------------- leaves


@frozen(eq=False)
class Need:
    """A node that must be met before a criterion is asked."""

    number: int
    passing: float


@frozen(eq=False)
class Leaf:
    """The meaning of a criterion."""

    number: int
    path: str
    needs: tuple[Need, ...]
    worths: RulingWorths

    def value(self, values: Values, rulings: Mapping[str, Ruling]) -> Worth:
        """Give the value, once those of all needs stand in ``values``."""
        for need in self.needs:
            if not met(values[need.number], need.passing):
                return 0.0
        ruling = rulings.get(self.path)
        if ruling is None:
            raise MissingVerdictError(self.path)
        return self.worths.worth(ruling)


# -------------------------------------------------------------------- groups


@frozen(eq=False)
class Part:
    """A weighted child, or a bonus."""

    number: int
    weight: float
    passing: float


@frozen(eq=False)
class GatePart:
    """A gate; ``cap`` is the most that the group is worth once it fired."""

    number: int
    cap: float
    passing: float
    fires_when_met: bool

    def fires(self, values: Values) -> bool:
        """Say whether the gate fires; one that is not applicable does nothing."""
        value = values[self.number]
        if value is None:
            return False
        return (value >= self.passing - TOLERANCE) is self.fires_when_met


@frozen(eq=False)
class Branch:
    """The meaning of a group, its children parted by their marks.

    ``operands`` are the children that a formula names, whatever their marks, and
    ``counted`` all that can move the value: every child but info.  ``divisor`` is
    that of a mean to which all children apply.
    """

    number: int
    group: Group
    gates: tuple[GatePart, ...]
    weighted: tuple[Part, ...]
    bonuses: tuple[Part, ...]
    operands: tuple[tuple[str, int], ...]
    rule: "Rule" = field(init=False, repr=False)
    positive: bool = field(init=False)
    divisor: float = field(init=False)
    counted: tuple[int, ...] = field(init=False)
    # Of what has a weight, the number and the weight.
    _terms: tuple[tuple[int, float], ...] = field(init=False)

    @rule.default
    def _rule_of_kind(self) -> "Rule":
        return _RULES[self.group.kind]

    @_terms.default
    def _terms_of_the_sum(self) -> tuple[tuple[int, float], ...]:
        parts = (*self.weighted, *self.bonuses)
        return tuple((part.number, part.weight) for part in parts)

    @positive.default
    def _text_has_positive_weight(self) -> bool:
        return any(part.weight > 0 for part in self.weighted)

    @divisor.default
    def _divisor_of_all(self) -> float:
        return self.total(self.weighted)

    @counted.default
    def _all_but_info(self) -> tuple[int, ...]:
        numbers = {gate.number for gate in self.gates}
        numbers.update(part.number for part in (*self.weighted, *self.bonuses))
        numbers.update(number for _, number in self.operands)
        return tuple(sorted(numbers))

    def value(self, values: Values, _: Mapping[str, Ruling]) -> Worth:
        """Give the value, once those of all children stand in ``values``."""
        value = self.combined(values)
        for gate in self.gates:
            if gate.fires(values):
                value = gate.cap if value is None else min(value, gate.cap)
        return value

    def combined(self, values: Values) -> Worth:
        """Give the value before gates.

        Not applicable where no weighted child applies, bonuses or not; but a group
        of nothing but gates (and info) is worth 1 where one of them applies.
        """
        applicable = self.applicable(values)
        if applicable:
            return self.rule(self, applicable, values)
        if self.weighted or self.bonuses:
            return None
        gate_applies = any(values[gate.number] is not None for gate in self.gates)
        return 1.0 if gate_applies else None

    def applicable(self, values: Values) -> Sequence[Part]:
        """Give the weighted children that apply."""
        return [part for part in self.weighted if values[part.number] is not None]

    def total(self, parts: Sequence[Part]) -> float:
        """Sum the weights that the points are divided by.

        The positive ones; where the *text* has none, all of them as positive.  So
        it is the text, and never a verdict, that decides how a mean is divided.
        """
        if self.positive:
            return fsum([part.weight for part in parts if part.weight > 0])
        return fsum([-part.weight for part in parts])

    def points(self, values: Values) -> float:
        """Sum weight times value over what applies, bonuses included."""
        return fsum(
            [
                weight * value
                for number, weight in self._terms
                if (value := values[number]) is not None
            ]
        )


Rule: TypeAlias = Callable[[Branch, Sequence[Part], Values], Worth]


def _mean(branch: Branch, applicable: Sequence[Part], values: Values) -> Worth:
    points = branch.points(values)
    total = branch.divisor
    if len(applicable) < len(branch.weighted):
        total = branch.total(applicable)
    if not branch.positive:
        return clip(1 + points / total)
    if total > 0:
        return clip(points / total)
    # All positive weights are skipped: the limit of the mean as they vanish.
    if abs(points) <= TOLERANCE:
        return None
    return 1.0 if points > 0 else 0.0


def _enough_met(branch: Branch, applicable: Sequence[Part], values: Values) -> Worth:
    passing = [part.passing for part in applicable]
    count = sum(map(met, _worths(applicable, values), passing))
    match branch.group.kind, branch.group.count:
        case Kind.ANY, _:
            enough = 1
        case Kind.AT_LEAST, int(wanted):
            enough = min(wanted, len(applicable))
        case _:
            enough = len(applicable)
    return 1.0 if count >= enough else 0.0


def _worst(_: Branch, applicable: Sequence[Part], values: Values) -> Worth:
    return min(_worths(applicable, values))


def _best(_: Branch, applicable: Sequence[Part], values: Values) -> Worth:
    return max(_worths(applicable, values))


def _geomean(_: Branch, applicable: Sequence[Part], values: Values) -> Worth:
    weights = [part.weight for part in applicable]
    total = fsum(weights)
    worths = zip(_worths(applicable, values), weights, strict=True)
    return float(prod([worth ** (weight / total) for worth, weight in worths]))


def _worths(applicable: Sequence[Part], values: Values) -> list[float]:
    """Give the values of children that apply."""
    worths = [values[part.number] for part in applicable]
    return [worth for worth in worths if worth is not None]


def _formula(branch: Branch, _: Sequence[Part], values: Values) -> Worth:
    operands: dict[str, Value] = {}
    for name, number in branch.operands:
        value = values[number]
        if value is None:
            return None
        operands[name] = value
    try:
        result = evaluate(formula_of(branch.group), operands, call_function)
    except CheckError:
        # Division by zero, which only a formula with `monotone: no` can come to.
        return None
    return clip(float(result))


_RULES: Mapping[Kind, Rule] = {
    Kind.MEAN: _mean,
    Kind.ALL: _enough_met,
    Kind.ANY: _enough_met,
    Kind.AT_LEAST: _enough_met,
    Kind.WORST: _worst,
    Kind.BEST: _best,
    Kind.GEOMEAN: _geomean,
    Kind.FORMULA: _formula,
}


def formula_of(group: Group) -> Expression:
    """Give the expression of a formula group; ValueError if it has none."""
    if group.combine is None:
        raise ValueError(f"{group.path}: a formula group without combine")
    return group.combine


def clip(number: float) -> float:
    """Bring a number into [0, 1]."""
    if number < 0:
        return 0.0
    return 1.0 if number > 1 else number


# ------------------------------------------------------------------- rubrics


@frozen(eq=False)
class Evaluation:
    """The value of every node by path, the root's under ``""``, and the points.

    ``points`` is the sum at the root before it is divided and clipped.
    """

    values: Mapping[str, Worth]
    points: float

    @property
    def score(self) -> Worth:
        """The score; None where all that counts is n/a."""
        return self.values[""]


# A criterion that needs no other: its path, its number, and what rulings are worth.
_Free: TypeAlias = tuple[str, int, Mapping[RulingWord, Worth], RulingWorths]


@frozen(eq=False)
class Meaning:
    """The meaning of one rubric, worked out once and used for every response.

    ``steps`` are in an order in which each comes after all it depends on, ``nodes``
    the same by number, in the order of the source.
    """

    structure: Structure
    steps: tuple[Leaf | Branch, ...]
    nodes: tuple[Leaf | Branch, ...]
    root: Branch
    _free: tuple[_Free, ...] = field(init=False)
    _tied: tuple[Leaf | Branch, ...] = field(init=False)

    @_free.default
    def _without_needs(self) -> tuple[_Free, ...]:
        steps = (step for step in self.steps if isinstance(step, Leaf))
        return tuple(
            (leaf.path, leaf.number, leaf.worths.words, leaf.worths)
            for leaf in steps
            if not leaf.needs
        )

    @_tied.default
    def _all_others(self) -> tuple[Leaf | Branch, ...]:
        free = {number for _, number, _, _ in self._free}
        return tuple(step for step in self.steps if step.number not in free)

    @classmethod
    def of(cls, rubric: BoundRubric) -> "Meaning":
        """Work out what does not depend on verdicts.

        Raises ValueError for what checking a rubric would have refused: a need or
        an operand that is not there, a circle, a formula without ``combine``.
        """
        with collector_paused():
            structure = Structure.of(rubric)
            steps = tuple([_step(place, structure) for place in structure.order])
            nodes = tuple(sorted(steps, key=lambda step: step.number))
            root = _branch(structure.places[0], rubric.root, structure)
            return cls(structure, steps, nodes, root)

    def values(self, rulings: Mapping[str, Ruling]) -> Sequence[Worth]:
        """Give the values of all nodes, by their number in the structure.

        ``rulings`` are by path; one for every criterion whose needs are met.
        Raises MissingVerdictError, and IllegalRulingError for a ruling that is not
        legal for its criterion.
        """
        values: list[Worth] = [None] * len(self.steps)
        # Most criteria depend on nothing, and most rulings are words.
        for path, number, words, worths in self._free:
            ruling = rulings.get(path)
            if ruling is None:
                raise MissingVerdictError(path)
            word = ruling.word
            values[number] = words[word] if word in words else worths.worth(ruling)
        for step in self._tied:
            values[step.number] = step.value(values, rulings)
        return values

    def bearing(self, number: int = 0) -> tuple[Leaf, ...]:
        """Give the criteria that can move the value of a node, in source order.

        Those that it only needs, and info, are not among them.
        """
        found: list[Leaf] = []
        stack = [number]
        while stack:
            step = self.nodes[stack.pop()]
            if isinstance(step, Leaf):
                found.append(step)
            else:
                stack.extend(reversed(step.counted))
        return tuple(found)

    def score(self, rulings: Mapping[str, Ruling]) -> Worth:
        """Give the score alone; like `values` in all else."""
        return self.values(rulings)[0]

    def points(self, values: Values) -> float:
        """Give the sum at the root before it is divided and clipped."""
        return self.root.points(values)

    def evaluate(self, rulings: Mapping[str, Ruling]) -> Evaluation:
        """Give the values by path, and the points; like `values` in all else."""
        values = self.values(rulings)
        by_path = {p.node.path: values[p.number] for p in self.structure.places}
        return Evaluation(by_path, self.points(values))


def _step(place: Place, structure: Structure) -> Leaf | Branch:
    node = place.node
    if isinstance(node, Group):
        return _branch(place, node, structure)
    needs = tuple(Need(n, structure.places[n].node.passing) for n in place.needs)
    return Leaf(place.number, node.path, needs, RulingWorths.of(node))


def _branch(place: Place, group: Group, structure: Structure) -> Branch:
    gates: list[GatePart] = []
    weighted: list[Part] = []
    bonuses: list[Part] = []
    for number in place.children:
        child = structure.places[number].node
        match child.mark:
            case Weight(weight):
                weighted.append(Part(number, weight, child.passing))
            case Bonus(weight):
                bonuses.append(Part(number, weight, child.passing))
            case Must():
                gates.append(GatePart(number, 0.0, child.passing, fires_when_met=False))
            case Never():
                gates.append(GatePart(number, 0.0, child.passing, fires_when_met=True))
            case Cap(cap):
                gates.append(GatePart(number, cap, child.passing, fires_when_met=False))
            case Info():
                pass
    return Branch(
        place.number,
        group,
        tuple(gates),
        tuple(weighted),
        tuple(bonuses),
        _operands(place, group, structure),
    )


def _operands(
    place: Place, group: Group, structure: Structure
) -> tuple[tuple[str, int], ...]:
    if group.kind is not Kind.FORMULA:
        return ()
    names = names_in(formula_of(group))
    children = {structure.places[n].node.name: n for n in place.children}
    for name in names - children.keys():
        raise ValueError(f"{group.path}: the formula names {name}, which is no child")
    return tuple((name, number) for name, number in children.items() if name in names)


def score(rubric: BoundRubric, rulings: Mapping[str, Ruling]) -> Worth:
    """Score one response: None where all that counts is n/a.

    For many responses to one rubric, keep a `Meaning`.
    """
    return Meaning.of(rubric).score(rulings)
