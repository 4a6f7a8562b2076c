"""Strategies for bound rubrics that checking would accept.

Names say where a node stands in the source: criteria are ``c1``, ``c2``, …, groups
``g1``, ``g2``, …, so that a failing example reads like a rubric.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import count

from attrs import evolve, field, frozen
from hypothesis import strategies as st

from rubricdsl.model.digest import digest
from rubricdsl.model.expression import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Name,
)
from rubricdsl.model.rubric import (
    AnswerScale,
    Bonus,
    BoundRubric,
    Cap,
    Criterion,
    Group,
    Include,
    Info,
    Item,
    Kind,
    Level,
    LevelScale,
    Mark,
    Must,
    NaPolicy,
    NaRule,
    Never,
    Node,
    Scale,
    Weight,
)

_SIGNED_KINDS = (Kind.MEAN, Kind.FORMULA)


@frozen(kw_only=True)
class Features:
    """What the rubrics of `bound_rubrics` may use; by default, everything.

    ``na``, ``needs``, ``partial_passing`` (pass marks below 1) and ``odd_formulas``
    (formulas that are not monotone) switch whole features; ``kinds`` and ``marks``
    say which of them may occur, of which weights are always one.  ``negative``
    allows weights below 0.
    """

    kinds: tuple[Kind, ...] = tuple(Kind)
    marks: tuple[type[Mark], ...] = (Weight, Bonus, Must, Never, Cap, Info)
    negative: bool = True
    na: bool = True
    needs: bool = True
    partial_passing: bool = True
    odd_formulas: bool = True
    max_depth: int = 3
    max_children: int = 4


EVERYTHING = Features()
_BOOLEANS = st.booleans()


# --------------------------------------------------------------------- parts


@cache
def weights(*, low: float = 0.1, high: float = 9.9) -> st.SearchStrategy[float]:
    """Generate positive weights with one decimal, small whole ones first."""
    whole = st.integers(max(1, round(low)), max(1, int(high))).map(float)
    tenths = st.integers(round(low * 10), round(high * 10)).map(lambda n: n / 10)
    return st.one_of(whole, tenths)


@cache
def scales() -> st.SearchStrategy[Scale]:
    """Generate yes and no, answers with partly, and levels."""
    answers = st.sampled_from(
        [
            AnswerScale(),
            AnswerScale(("yes", "partly", "no")),
            AnswerScale(("yes", "partly")),
            AnswerScale(("partly", "no")),
        ]
    )
    return st.one_of(answers, level_scales())


@st.composite
def level_scales(draw: st.DrawFn) -> LevelScale:
    """Generate rising levels, their ends stated (and perhaps wider) or not."""
    numbers = sorted(
        draw(st.sets(st.integers(-6, 18).map(lambda n: n / 2), min_size=2, max_size=5))
    )
    levels = tuple(Level(number, None, f"Step {number:g}.") for number in numbers)
    low, high = numbers[0], numbers[-1]
    if not draw(_BOOLEANS):
        return LevelScale(low, high, levels)
    low -= draw(st.integers(0, 2))
    high += draw(st.integers(0, 2))
    return LevelScale(low, high, levels, stated=True)


@cache
def na_rules() -> st.SearchStrategy[NaRule]:
    """Generate what n/a is worth."""
    return st.one_of(st.sampled_from(NaPolicy), _hundredths())


@cache
def _hundredths() -> st.SearchStrategy[float]:
    return st.integers(0, 100).map(lambda n: n / 100)


@cache
def checks() -> st.SearchStrategy[Expression]:
    """Generate a check that gives a truth value, and one that gives a number."""
    words = Call("words", (Name("response"),))
    compare = st.integers(0, 300).map(
        lambda n: Compare(">=", words, Constant(float(n)))
    )
    similar = Call(
        "similarity",
        (Name("response"), Name("prompt")),
        (("metric", Constant("ratio")),),
    )
    return st.one_of(compare, st.just(similar))


@cache
def _optional_na_rules() -> st.SearchStrategy[NaRule | None]:
    return st.one_of(st.none(), na_rules())


@cache
def _optional_checks() -> st.SearchStrategy[Expression | None]:
    return st.one_of(st.none(), st.none(), checks())


@cache
def _marks(features: Features, kind: Kind) -> st.SearchStrategy[Mark]:
    """Generate the marks that may stand in a group of this kind."""
    signed = kind in _SIGNED_KINDS
    choices: list[st.SearchStrategy[Mark]] = [weights().map(Weight)]
    if features.negative and signed:
        choices.append(weights().map(lambda weight: Weight(-weight)))
    if Bonus in features.marks and signed:
        choices.append(weights().map(Bonus))
    if Cap in features.marks:
        choices.append(st.integers(0, 99).map(lambda n: Cap(n / 100)))
    choices += [
        st.just(mark()) for mark in (Must, Never, Info) if mark in features.marks
    ]
    return st.one_of(choices)


@cache
def _sizes(most: int) -> st.SearchStrategy[int]:
    return st.integers(1, most)


@cache
def _passings(features: Features) -> st.SearchStrategy[float]:
    if not features.partial_passing:
        return st.just(1.0)
    return st.one_of(st.just(1.0), st.sampled_from([0.5, 0.0, 0.25, 0.8]))


# --------------------------------------------------------------------- nodes


@frozen
class _Names:
    """Numbers nodes as they are drawn, which is in the order of the source."""

    criteria: Iterator[int] = field(factory=lambda: count(1))
    groups: Iterator[int] = field(factory=lambda: count(1))


@st.composite
def _criteria(
    draw: st.DrawFn, features: Features, mark: Mark, names: _Names
) -> Criterion:
    name = f"c{next(names.criteria)}"
    check = draw(_optional_checks())
    return Criterion(
        name=name,
        mark=mark,
        text=f"States fact {name}.",
        check=check,
        scale=AnswerScale() if check is not None else draw(scales()),
        na=draw(_optional_na_rules()) if features.na else None,
        passing=draw(_passings(features)),
        sees=("prompt", "response"),
    )


@st.composite
def criteria(draw: st.DrawFn, *, features: Features = EVERYTHING) -> Criterion:
    """Generate criteria that may stand in a mean group, each called ``c1``.

    They need no other.  Shrinks towards a question with a weight, yes and no.
    """
    mark = draw(_marks(features, Kind.MEAN))
    return draw(_criteria(features, mark, _Names()))


@st.composite
def _groups(
    draw: st.DrawFn, features: Features, mark: Mark, names: _Names, depth: int
) -> Group:
    name = f"g{next(names.groups)}"
    kind = draw(st.sampled_from(list(features.kinds)))
    items = draw(_children(features, kind, names, depth))
    weighted = [item for item in items if isinstance(item.mark, Weight)]
    monotone = not features.odd_formulas or draw(_BOOLEANS)
    formula = kind is Kind.FORMULA
    return Group(
        name=name,
        mark=mark,
        kind=kind,
        items=items,
        count=draw(st.integers(1, len(weighted))) if kind is Kind.AT_LEAST else None,
        combine=draw(formulas(items, monotone=monotone)) if formula else None,
        monotone=monotone if formula else True,
        passing=draw(_passings(features)),
        sees=("prompt", "response"),
    )


@st.composite
def _children(
    draw: st.DrawFn, features: Features, kind: Kind, names: _Names, depth: int
) -> tuple[Node, ...]:
    """Generate the children of a group, at least one of which can count.

    A bonus needs a weight beside it, to have something to add to.
    """
    child = _nodes(features, kind, names, depth)
    # Hypothesis drops a child by lowering a size: long elements of a list stay.
    size = draw(_sizes(features.max_children))
    items = [draw(child) for _ in range(size)]
    marks = {type(item.mark) for item in items}
    needs_weight = kind in (Kind.AT_LEAST, Kind.FORMULA) or Bonus in marks
    if marks.isdisjoint([Weight] if needs_weight else _COUNTING):
        items[0] = evolve(items[0], mark=Weight(1.0))
    return tuple(items)


@st.composite
def _nodes(
    draw: st.DrawFn, features: Features, kind: Kind, names: _Names, depth: int
) -> Node:
    """Generate a criterion or a group that may stand in a group of this kind."""
    mark = draw(_marks(features, kind))
    if depth > 0 and draw(_ONE_IN_THREE):
        return draw(_groups(features, mark, names, depth - 1))
    return draw(_criteria(features, mark, names))


@st.composite
def formulas(
    draw: st.DrawFn, children: Sequence[Node], *, monotone: bool
) -> Expression:
    """Generate a formula over the weighted children and bonuses of a group.

    One that is ``monotone`` rises with every child, and falls with those of
    negative weight; it stays in [0, 1].  Any other may do as it likes, even divide
    by zero.
    """
    operands = [_operand(c) for c in children if isinstance(c.mark, Weight | Bonus)]
    size = st.integers(1, len(operands) + 1)
    chosen = draw(st.permutations([*operands, operands[0]]))[: draw(size)]
    joints = _MONOTONE_JOINTS if monotone else _ODD_JOINTS
    formula = chosen[0]
    for operand in chosen[1:]:
        formula = draw(st.sampled_from(joints))(formula, operand)
    return formula


def _operand(child: Node) -> Expression:
    if isinstance(child.mark, Weight) and child.mark.value < 0:
        return Arithmetic("-", _ONE, Name(child.name))
    return Name(child.name)


def _damped(left: Expression, right: Expression) -> Expression:
    half = Arithmetic("*", _HALF, right)
    return Arithmetic("*", left, Arithmetic("+", _HALF, half))


_ONE = Constant(1.0)
_HALF = Constant(0.5)
_PASS_MARKS = st.one_of(st.none(), _hundredths())
_ONE_IN_THREE = st.sampled_from([False, False, True])
_COUNTING = (Weight, Must, Never, Cap)
_Joint = Callable[[Expression, Expression], Expression]
_MONOTONE_JOINTS: tuple[_Joint, ...] = (
    lambda a, b: Arithmetic("*", a, b),
    lambda a, b: Arithmetic("/", Arithmetic("+", a, b), Constant(2.0)),
    lambda a, b: Call("min", (a, b)),
    lambda a, b: Call("max", (a, b)),
    _damped,
)
_ODD_JOINTS: tuple[_Joint, ...] = (
    lambda a, b: Arithmetic("-", a, b),
    lambda a, b: Call("abs", (Arithmetic("-", a, b),)),
    lambda a, b: Arithmetic("/", a, b),
    lambda a, b: Arithmetic("/", a, Arithmetic("+", _ONE, b)),
    lambda a, b: Arithmetic("+", a, b),
)


# ------------------------------------------------------------------- rubrics


@st.composite
def bound_rubrics(draw: st.DrawFn, *, features: Features = EVERYTHING) -> BoundRubric:
    """Generate bound rubrics, the root a mean group.

    Shrinks towards few criteria of weight 1, without groups, n/a rules or needs.
    """
    items = draw(_children(features, Kind.MEAN, _Names(), features.max_depth))
    rubric = rubric_of(items)
    if features.needs and draw(_BOOLEANS):
        needs = draw(_needs(rubric))
        rubric = rubric_of(tuple(_with_needs(item, needs) for item in items))
    return evolve(rubric, passing=draw(_PASS_MARKS))


@st.composite
def _needs(draw: st.DrawFn, rubric: BoundRubric) -> Mapping[str, tuple[str, ...]]:
    """Generate what each criterion needs, by name, without circles.

    The criteria are put in some order; each may need those before it, and groups
    whose criteria all stand before it.
    """
    inside = {node.path: frozenset(_criteria_below(node)) for node in rubric.walk()}
    order = draw(st.permutations([c.path for c in rubric.criteria()]))
    needs: dict[str, tuple[str, ...]] = {}
    before: set[str] = set()
    for path in order:
        allowed = [other for other, below in inside.items() if below <= before]
        before.add(path)
        wanted = draw(_BOOLEANS)
        if wanted and allowed:
            chosen = st.lists(
                st.sampled_from(allowed), min_size=1, max_size=2, unique=True
            )
            needs[path.rpartition(".")[2]] = tuple(draw(chosen))
    return needs


def _criteria_below(node: Node) -> Iterator[str]:
    if isinstance(node, Criterion):
        yield node.path
        return
    for child in node.nodes:
        yield from _criteria_below(child)


def _with_needs(item: Item, needs: Mapping[str, tuple[str, ...]]) -> Item:
    if isinstance(item, Criterion):
        return evolve(item, needs=needs.get(item.name, ()))
    if isinstance(item, Group):
        return evolve(item, items=tuple(_with_needs(i, needs) for i in item.items))
    return item


def rubric_of(
    items: Sequence[Item], *, name: str = "generated", passing: float | None = None
) -> BoundRubric:
    """Bind nodes that were built by hand: give them their paths, and a root.

    Only for tests: nothing is checked, and nothing is inherited or filled in.
    """
    placed = tuple(_placed(item, "") for item in items)
    root = Group(name=name, mark=Weight(1.0), items=placed)
    return BoundRubric(
        name=name, root=root, digest=digest(name, repr(root), passing), passing=passing
    )


def _placed(item: Item, above: str) -> Item:
    if isinstance(item, Include):
        raise TypeError(f"{item.target}: a bound rubric has no includes")
    path = f"{above}.{item.name}" if above else item.name
    if isinstance(item, Criterion):
        return evolve(item, path=path)
    return evolve(item, path=path, items=tuple(_placed(i, path) for i in item.items))
