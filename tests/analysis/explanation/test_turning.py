"""Changes of weights turn an order, and no smaller ones do, by the reference."""

from collections.abc import Mapping

import pytest
from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rubricdsl.analysis.explanation.means import MeanNode, mean_tree
from rubricdsl.analysis.explanation.reweighing import SmallestChange, smallest_change
from rubricdsl.analysis.explanation.turning import weight_turns
from rubricdsl.model.rubric import BoundRubric, Kind, Weight
from rubricdsl.model.ruling import Ruling
from rubricdsl.scoring.meaning import Meaning
from rubricdsl.testing.strategies import Features, bound_rubrics, rulings_for
from tests.analysis.explanation.cards import reweighed

MEANS = Features(kinds=(Kind.MEAN,), marks=(Weight,), needs=False, max_depth=2)
# Apart by more than rounding, and than a step over the place where scores meet.
_CLEAR = 1e-6

Pair = tuple[BoundRubric, Mapping[str, Ruling], Mapping[str, Ruling]]


@st.composite
def pairs(draw: st.DrawFn, features: Features | None = None) -> Pair:
    """Generate a rubric and the rulings of two responses, of which one is ahead."""
    rubric = draw(bound_rubrics(features=features or Features()))
    one, other = draw(rulings_for(rubric)), draw(rulings_for(rubric))
    ahead = difference(rubric, one, other)
    assume(ahead is not None and abs(ahead) > _CLEAR)
    return rubric, one, other


def difference(
    rubric: BoundRubric, one: Mapping[str, Ruling], other: Mapping[str, Ruling]
) -> float | None:
    meaning = Meaning.of(rubric)
    first, second = meaning.score(one), meaning.score(other)
    return None if first is None or second is None else first - second


def tree_of(pair: Pair) -> MeanNode:
    rubric, one, other = pair
    return mean_tree(Meaning.of(rubric), one, other)


@given(pairs())
def test_the_tree_scores_as_the_reference_does(pair: Pair) -> None:
    rubric, one, other = pair
    tree, meaning = tree_of(pair), Meaning.of(rubric)
    assert tree.value(0) == pytest.approx(meaning.score(one), abs=1e-12)
    assert tree.value(1) == pytest.approx(meaning.score(other), abs=1e-12)


@settings.get_profile("costly")
@given(pairs(), st.integers(-300, 300))
def test_one_weight_turns_the_order_and_no_smaller_change_does(
    pair: Pair, hundredths: int
) -> None:
    rubric, one, other = pair
    ahead = difference(rubric, one, other)
    assert ahead is not None
    tree = tree_of(pair)
    turns = {turn.path: turn for turn in weight_turns(tree)}
    for node in tree.walk():
        turn = turns.get(node.path)
        if turn is not None:
            beyond = turn.meets + turn.change * 1e-4
            if abs(turn.change) > _CLEAR and beyond * node.weight > 0:
                now = difference(reweighed(rubric, node.path, beyond), one, other)
                assert now is not None
                assert now * ahead < 0
            if turn.whole is not None:
                now = difference(
                    reweighed(rubric, node.path, float(turn.whole)), one, other
                )
                assert now is not None
                assert now * ahead < 0
        # Any change that is smaller, and any at all where there is no turn.
        reach = 3 * abs(node.weight) if turn is None else abs(turn.change)
        weight = node.weight + reach * hundredths / 300 * 0.999
        if weight * node.weight > 0:
            now = difference(reweighed(rubric, node.path, weight), one, other)
            assert now is None or now * ahead > -1e-9


@settings.get_profile("costly")
@given(
    pairs(MEANS), st.lists(st.floats(-1, 1), min_size=64, max_size=64), st.floats(0, 1)
)
def test_no_other_change_of_effective_weights_is_smaller(
    pair: Pair, ways: list[float], size: float
) -> None:
    rubric, one, other = pair
    ahead = difference(rubric, one, other)
    assert ahead is not None
    found = smallest_change(tree_of(pair))
    terms = _terms(pair)
    if found is None:
        # Either the scores are no such sums, or all that differs speaks for one.
        summed = sum(share * away for share, away in terms.values())
        is_sum = summed == pytest.approx(ahead, abs=1e-9)
        if is_sum and not _may_be_clipped(pair):
            assert all(share * away * ahead >= 0 for share, away in terms.values())
        return
    for step in found.steps:
        assert step.before * step.after >= 0
    assert found.steps[-1].after * found.steps[-1].before > 0
    weights = {path: share for path, (share, _) in terms.items()}
    moved = weights | {step.path: step.after for step in found.steps}
    assert found.total == pytest.approx(
        sum(abs(moved[path] - weight) for path, weight in weights.items())
    )
    apart = {path: away for path, (_, away) in terms.items()}
    met = sum(moved[path] * apart[path] for path in terms)
    assert met == pytest.approx(0, abs=1e-9)
    # Any way to spend less leaves the order, signs kept.
    chosen = dict(zip(terms, ways, strict=False))
    spent = sum(map(abs, chosen.values()))
    assume(spent > 0)
    scale = 0.999 * size * found.total / spent
    tried = {
        path: max(0.0, weights[path] + way * scale)
        if weights[path] > 0
        else min(0.0, weights[path] + way * scale)
        for path, way in chosen.items()
    }
    assert sum(tried[path] * apart[path] for path in tried) * ahead > 0


def _may_be_clipped(pair: Pair) -> bool:
    """Say whether a weight is negative, or something n/a for just one of the two."""
    rubric, one, other = pair
    meaning = Meaning.of(rubric)
    both = [meaning.values(rulings) for rulings in (one, other)]
    negative = any(
        isinstance(node.mark, Weight) and node.mark.value < 0 for node in rubric.walk()
    )
    unlike = any((x is None) is not (y is None) for x, y in zip(*both, strict=True))
    return negative or unlike


def _terms(pair: Pair) -> dict[str, tuple[float, float]]:
    """Give the effective weight of each criterion, and how far the two are apart."""
    rubric, one, other = pair
    terms: dict[str, tuple[float, float]] = {}
    meaning = Meaning.of(rubric)
    both = [meaning.evaluate(one).values, meaning.evaluate(other).values]

    def walk(path: str, share: float) -> None:
        node = meaning.structure.places[meaning.structure.numbers[path]].node
        children = getattr(node, "nodes", ())
        if not children:
            values = [values[path] for values in both]
            if values[0] is not None and values[1] is not None:
                terms[path] = share, values[0] - values[1]
            return
        there = [c for c in children if both[0][c.path] is not None]
        marked = {c.path: c.mark.value for c in there if isinstance(c.mark, Weight)}
        positive = any(
            isinstance(c.mark, Weight) and c.mark.value > 0 for c in children
        )
        total = sum(abs(w) for w in marked.values() if w > 0 or not positive)
        # Where only penalties apply, there is nothing to take a share of.
        for child, weight in marked.items() if total else ():
            walk(child, share * weight / total)

    walk("", 1.0)
    return terms


# --------------------------------------------------------------------- by hand


def flat(weights: Mapping[str, float], **values: tuple[float, float]) -> MeanNode:
    children = [
        MeanNode(path=path, weight=weight, values=values[path])
        for path, weight in weights.items()
    ]
    return MeanNode(path="", weight=1.0, children=tuple(children))


def change_of(tree: MeanNode) -> SmallestChange:
    found = smallest_change(tree)
    assert found is not None
    return found


def test_one_weight_by_hand() -> None:
    tree = flat({"a": 3, "b": 2, "c": 1}, a=(1, 0), b=(0, 1), c=(1, 1))
    up, down = sorted(weight_turns(tree), key=lambda turn: turn.path, reverse=True)
    assert (up.path, up.weight, up.meets, up.whole) == ("b", 2, 3.0, 4)
    assert (down.path, down.weight, down.meets, down.whole) == ("a", 3, 2.0, 1)
    found = change_of(tree)
    (step,) = found.steps
    assert step.path == "b"
    assert step.after == pytest.approx(0.5)
    assert found.total == pytest.approx(1 / 6)
    assert found.whole is not None
    assert [(s.path, s.before, s.after) for s in found.whole] == [("b", 2, 4)]


def test_several_weights_where_one_alone_costs_more() -> None:
    """Taking away what differs by 1 does more than adding to what differs by half."""
    tree = flat({"a": 1, "b": 1, "c": 1}, a=(1, 0), b=(1, 0), c=(0, 0.5))
    found = change_of(tree)
    assert [step.path for step in found.steps] == ["a", "b"]
    assert found.total == pytest.approx(1.5 / 3)
    assert [turn.path for turn in weight_turns(tree)] == ["c"]
    assert weight_turns(tree)[0].meets == pytest.approx(4)


def test_what_is_better_in_everything_stays_ahead() -> None:
    tree = flat({"a": 3, "b": 2}, a=(1, 0), b=(1, 1))
    assert weight_turns(tree) == ()
    assert smallest_change(tree) is None


def test_what_a_gate_holds_at_0_stays_there() -> None:
    tree = evolve(flat({"a": 3, "b": 2}, a=(1, 0), b=(0, 1)), caps=(1.0, 0.0))
    assert weight_turns(tree) == ()
    assert smallest_change(tree) is None


def test_a_cap_bounds_what_weights_can_do() -> None:
    # The second may reach 0.5 at most, and the first falls under that past 3 to 3.
    tree = evolve(flat({"a": 3, "b": 1}, a=(1, 0), b=(0, 1)), caps=(1.0, 0.5))
    turns = {turn.path: turn.meets for turn in weight_turns(tree)}
    assert turns == {"a": pytest.approx(1), "b": pytest.approx(3)}
    tree = evolve(tree, caps=(1.0, 0.0))
    assert weight_turns(tree) == ()


def test_equal_scores_have_no_order_to_turn() -> None:
    tree = flat({"a": 1, "b": 1}, a=(1, 0), b=(0, 1))
    assert weight_turns(tree) == ()
    assert smallest_change(tree) is None
