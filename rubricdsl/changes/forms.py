"""Whether two rubrics give every verdict vector the same score.

Each node is brought into a form in which all that cannot move the score is gone: info,
weights where only their ratio counts or none does, the order of siblings, passing
marks that nobody reads, and means inside means where flattening is a law (positive
weights, no gate, no bonus, nothing that can be not applicable).  Rubrics of equal form
give equal scores.  The converse holds but for rare coincidences, such as a gate that
can never fire: there a change is reported that no verdict can show.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

import attrs
from attrs import define, field, frozen

from rubricdsl.changes.matching import Matching
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.model.expression import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Logical,
    Name,
    Not,
)
from rubricdsl.model.rubric import Kind, LevelScale
from rubricdsl.scoring.bounds import Bounds, Range
from rubricdsl.scoring.meaning import Branch, Leaf, Part, formula_of

FormNumber: TypeAlias = int
Share: TypeAlias = tuple[Fraction, FormNumber]


_MEANS = ((Kind.MEAN, True), (Kind.MEAN, False))


@frozen
class CriterionForm:
    """A criterion: who it is, what its rulings are worth, what it needs."""

    key: str
    words: frozenset[tuple[Hashable, float | None]]
    levels: tuple[float, float, tuple[float, ...]] | None
    needs: frozenset[tuple[FormNumber, float]]


@frozen
class GroupForm:
    """A group: ``kind`` with its number or formula, and the parts that it reads.

    ``flat`` says that its parts may stand in its place inside another mean.
    """

    kind: Hashable
    parts: tuple[tuple[Fraction | float, FormNumber], ...]
    bonuses: tuple[Share, ...] = ()
    gates: tuple[tuple[float, bool, float, FormNumber], ...] = ()
    flat: bool = field(default=False, kw_only=True)


Form: TypeAlias = CriterionForm | GroupForm


@define
class Forms:
    """The forms met so far, each with a number, so that comparing them is cheap."""

    numbers: dict[Form, FormNumber] = field(factory=dict)
    forms: list[Form] = field(factory=list)

    def number(self, form: Form) -> FormNumber:
        """Give the number of a form."""
        number = self.numbers.setdefault(form, len(self.forms))
        if number == len(self.forms):
            self.forms.append(form)
        return number

    def of(self, snapshot: Snapshot, keys: Mapping[str, str]) -> FormNumber:
        """Give the form of a rubric; ``keys`` say who each criterion is, by path."""
        meaning = snapshot.meaning
        ranges = Bounds(meaning).ranges({})
        found = [0] * len(meaning.nodes)
        for step in meaning.steps:
            if isinstance(step, Leaf):
                form: Form = _criterion_form(step, found, keys[step.path])
                found[step.number] = self.number(form)
            else:
                found[step.number] = self._branch(step, found, ranges)
        return found[0]

    def _branch(
        self, branch: Branch, found: Sequence[FormNumber], ranges: Sequence[Range]
    ) -> FormNumber:
        gates = sorted(
            (gate.cap, gate.fires_when_met, gate.passing, found[gate.number])
            for gate in branch.gates
        )
        if not branch.weighted and not branch.bonuses:
            return self.number(GroupForm("gates", (), (), tuple(gates)))
        single = len(branch.weighted) == 1 and not branch.bonuses and not gates
        if single and _is_its_child(branch):
            return found[branch.weighted[0].number]
        form = GroupForm(
            _kind(branch, found),
            tuple(sorted(self._parts(branch, found))),
            tuple(sorted(self._shares(branch, branch.bonuses, found))),
            tuple(gates),
            flat=branch.group.kind is Kind.MEAN
            and not branch.bonuses
            and not gates
            and all(part.weight > 0 for part in branch.weighted)
            and not any(ranges[part.number].na for part in branch.weighted),
        )
        return self.number(form)

    def _parts(
        self, branch: Branch, found: Sequence[FormNumber]
    ) -> Iterator[tuple[Fraction | float, FormNumber]]:
        match branch.group.kind:
            case Kind.MEAN:
                yield from self._shares(branch, branch.weighted, found)
            case Kind.GEOMEAN:
                total = sum(exact(part.weight) for part in branch.weighted)
                for part in branch.weighted:
                    yield exact(part.weight) / total, found[part.number]
            case Kind.ALL | Kind.ANY | Kind.AT_LEAST:
                for part in branch.weighted:
                    yield part.passing, found[part.number]
            case _:
                for part in branch.weighted:
                    yield 0.0, found[part.number]

    def _shares(
        self, branch: Branch, parts: Sequence[Part], found: Sequence[FormNumber]
    ) -> Iterator[Share]:
        """Give the shares of a mean, those of flat means inside it in their place."""
        weights = [exact(part.weight) for part in branch.weighted]
        positive = [weight for weight in weights if weight > 0]
        # Without any weighted child the group is never applicable.
        total = sum(positive or [-weight for weight in weights]) or Fraction(1)
        flattened = branch.group.kind is Kind.MEAN
        for part in parts:
            share = exact(part.weight) / total
            form = self.forms[found[part.number]]
            if flattened and isinstance(form, GroupForm) and form.flat:
                for inner, number in form.parts:
                    yield share * Fraction(inner), number
            else:
                yield share, found[part.number]

    def flat_mean(self, number: FormNumber) -> Mapping[str, Fraction] | None:
        """Give the shares of a form that is a mean of criteria and nothing else.

        None where there is a gate, a bonus, a need, a group that cannot be
        flattened, or a criterion that can be not applicable.
        """
        form = self.forms[number]
        parts: Sequence[tuple[Fraction | float, FormNumber]] = ((Fraction(1), number),)
        if isinstance(form, GroupForm):
            if form.kind not in _MEANS or form.bonuses or form.gates:
                return None
            parts = form.parts
        shares: dict[str, Fraction] = {}
        for share, inner in parts:
            part = self.forms[inner]
            if isinstance(part, GroupForm) or part.needs:
                return None
            if any(worth is None for _, worth in part.words):
                return None
            shares[part.key] = Fraction(share)
        return shares


def exact(number: float) -> Fraction:
    """Give the decimal number that was written."""
    return Fraction(repr(float(number)))


def same_scores(old: Snapshot, new: Snapshot, matching: Matching) -> bool:
    """Say whether every verdict vector gets the same score from both versions.

    Verdicts carry over between the criteria that ``matching`` pairs.
    """
    old_keys, new_keys = keys_of(old, new, matching)
    forms = Forms()
    return forms.of(old, old_keys) == forms.of(new, new_keys)


def keys_of(
    old: Snapshot, new: Snapshot, matching: Matching
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Say who the nodes of both versions are: by path, equal where they are paired."""
    old_keys = {path: f"-{path}" for path in old.nodes}
    new_keys = {path: f"+{path}" for path in new.nodes}
    for pair in matching.pairs:
        old_keys[pair.old.path] = new_keys[pair.new.path] = f"={pair.new.path}"
    return old_keys, new_keys


def _criterion_form(leaf: Leaf, found: Sequence[FormNumber], key: str) -> CriterionForm:
    scale = leaf.worths.criterion.scale
    levels = None
    if isinstance(scale, LevelScale):
        levels = (scale.low, scale.high, scale.numbers)
    needs = frozenset((found[need.number], need.passing) for need in leaf.needs)
    return CriterionForm(key, frozenset(leaf.worths.words.items()), levels, needs)


def _is_its_child(branch: Branch) -> bool:
    """Say whether a group with one weighted child is worth what that is."""
    if branch.group.kind is Kind.MEAN:
        return branch.weighted[0].weight > 0
    return branch.group.kind in (Kind.WORST, Kind.BEST, Kind.GEOMEAN)


def _kind(branch: Branch, found: Sequence[FormNumber]) -> Hashable:
    """Give what is done with the parts; all and any are ways to count."""
    group = branch.group
    match group.kind:
        case Kind.MEAN:
            return Kind.MEAN, branch.positive
        case Kind.ANY:
            return Kind.AT_LEAST, 1
        case Kind.ALL:
            return Kind.AT_LEAST, len(branch.weighted)
        case Kind.AT_LEAST:
            return Kind.AT_LEAST, min(group.count or 1, len(branch.weighted))
        case Kind.FORMULA:
            operands = {name: str(found[number]) for name, number in branch.operands}
            return Kind.FORMULA, renamed(formula_of(group), operands)
        case kind:
            return kind


def renamed(expression: Expression, names: Mapping[str, str]) -> Expression:
    """Give an expression with other names in it."""
    match expression:
        case Name(name):
            return attrs.evolve(expression, name=names.get(name, name))
        case Constant():
            return expression
        case Not(operand):
            return attrs.evolve(expression, operand=renamed(operand, names))
        case Logical(_, operands):
            return attrs.evolve(
                expression, operands=tuple(renamed(part, names) for part in operands)
            )
        case Compare(_, left, right) | Arithmetic(_, left, right):
            return attrs.evolve(
                expression, left=renamed(left, names), right=renamed(right, names)
            )
        case Call(_, arguments, named):
            return attrs.evolve(
                expression,
                arguments=tuple(renamed(part, names) for part in arguments),
                named=tuple((key, renamed(part, names)) for key, part in named),
            )
