"""What cannot move a score is left out, and what can move it most comes first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.model.rubric import Cap, Criterion, Group, Info, Kind, Mark, Must, Weight
from rubricdsl.model.ruling import NO, YES, Ruling
from rubricdsl.scoring.bounds import Bounds
from rubricdsl.scoring.meaning import Meaning
from rubricdsl.scoring.relevance import Relevance
from rubricdsl.testing.strategies import bound_rubrics, rubric_of, rulings_for


def criterion(name: str, mark: Mark, needs: tuple[str, ...] = ()) -> Criterion:
    return Criterion(name=name, mark=mark, text="Is so.", needs=needs)


@given(st.data())
def test_what_does_not_bear_never_moves_the_score(data: st.DataObject) -> None:
    rubric = data.draw(bound_rubrics())
    rulings = data.draw(rulings_for(rubric))
    others = data.draw(rulings_for(rubric))
    known = data.draw(st.sets(st.sampled_from(sorted(rulings))))
    meaning = Meaning.of(rubric)
    ranges = Bounds(meaning).ranges({path: rulings[path] for path in known})
    bearing = Relevance.of(meaning).bearing(ranges)
    changed = {
        path: ruling if path in bearing or path in known else others[path]
        for path, ruling in rulings.items()
    }
    assert meaning.score(changed) == meaning.score(rulings)


@given(st.data())
def test_while_a_score_is_open_something_unjudged_bears_on_it(
    data: st.DataObject,
) -> None:
    rubric = data.draw(bound_rubrics())
    rulings = data.draw(rulings_for(rubric))
    known = data.draw(st.sets(st.sampled_from(sorted(rulings))))
    meaning = Meaning.of(rubric)
    ranges = Bounds(meaning).ranges({path: rulings[path] for path in known})
    bearing = Relevance.of(meaning).bearing(ranges)
    assert bool(bearing - known) is not ranges[0].known


def bearing(rubric_items: list[Criterion | Group], **rulings: bool) -> set[str]:
    meaning = Meaning.of(rubric_of(rubric_items))
    known = {name: YES if met else NO for name, met in rulings.items()}
    ranges = Bounds(meaning).ranges(known)
    return set(Relevance.of(meaning).bearing(ranges)) - known.keys()


def test_nothing_bears_once_a_gate_has_fired() -> None:
    items: list[Criterion | Group] = [
        criterion("gate", Must()),
        criterion("a", Weight(1.0)),
    ]
    assert bearing(items, gate=True) == {"a"}
    assert bearing(items, gate=False) == set()


@pytest.mark.parametrize(
    ("kind", "deciding"), [(Kind.ALL, NO), (Kind.ANY, YES), (Kind.WORST, NO)]
)
def test_nothing_bears_on_a_group_that_is_decided(kind: Kind, deciding: Ruling) -> None:
    parts = tuple(criterion(name, Weight(1.0)) for name in ("a", "b"))
    items: list[Criterion | Group] = [
        Group(name="g", mark=Weight(1.0), kind=kind, items=parts),
        criterion("c", Weight(1.0)),
    ]
    meaning = Meaning.of(rubric_of(items))
    for ruling in (YES, NO):
        ranges = Bounds(meaning).ranges({"g.a": ruling})
        left = Relevance.of(meaning).bearing(ranges) - {"g.a"}
        assert left == ({"c"} if ruling == deciding else {"g.b", "c"})


def test_a_need_bears_as_long_as_what_needs_it_does() -> None:
    items: list[Criterion | Group] = [
        criterion("asked", Weight(1.0), needs=("first",)),
        criterion("other", Weight(1.0)),
        criterion("first", Info()),
        criterion("gate", Must()),
    ]
    assert bearing(items) == {"asked", "other", "first", "gate"}
    assert bearing(items, first=False) == {"other", "gate"}
    assert bearing(items, gate=False) == set()


def test_influence_puts_gates_and_needs_before_weights_before_small_ones() -> None:
    items: list[Criterion | Group] = [
        criterion("small", Weight(1.0)),
        criterion("heavy", Weight(3.0)),
        criterion("negative", Weight(-2.0)),
        criterion("first", Weight(1.0)),
        criterion("needing", Weight(3.0), needs=("first",)),
        criterion("cap", Cap(0.9)),
        criterion("gate", Must()),
    ]
    influence = Relevance.of(Meaning.of(rubric_of(items))).influence
    assert sorted(influence, key=lambda path: -influence[path]) == [
        "gate",
        "first",
        "heavy",
        "needing",
        "negative",
        "small",
        "cap",
    ]
