"""One rubric of several drafts."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.api import open_project
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.rubric import Criterion, Must, Rubric, Weight
from rubricdsl.refinement.drafting.merging import MOST_CRITERIA, asks_the_same, merge
from tests.refinement.drafting.test_reading import READER


def draft(*criteria: tuple[str, float, str]) -> Rubric:
    items = tuple(
        Criterion(name=name, mark=Weight(weight), text=text)
        for name, weight, text in criteria
    )
    return Rubric(name="r", items=items, prompt="?")


def marks(rubric: Rubric) -> dict[str, object]:
    return {
        item.name: item.mark.value if isinstance(item.mark, Weight) else item.mark
        for item in rubric.items
        if isinstance(item, Criterion)
    }


def test_the_same_name_is_the_same_criterion_with_the_median_weight() -> None:
    drafts = [draft(("dose", w, f"Says {w}.")) for w in (1.0, 3.0, 3.0)]
    assert marks(merge(drafts)) == {"dose": 3.0}
    assert marks(merge(drafts[:2])) == {"dose": 2.0}
    assert marks(merge([draft(("dose", w, "Says.")) for w in (2.0, 3.0)])) == {
        "dose": 3.0
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Says to offer drinks often.", "Says to offer drinks, often", True),
        ("Says that the dose goes by the weight of the child.",
         "States that the dose goes by the weight of a child.", True),
        ("Says to wait for 3 days.", "Says to wait for 5 days.", False),
        ("Says that aspirin is safe for a small child.",
         "Says that aspirin is not safe for a small child.", False),
        ("Names a rash.", "Names a stiff neck.", False),
    ],
)  # fmt: skip
def test_what_asks_the_same(one: str, other: str, same: bool) -> None:  # noqa: FBT001
    assert asks_the_same(one, other) is same


def test_what_most_drafts_have_is_kept_then_what_weighs_most() -> None:
    words = [f"w{n:02}x" for n in range(MOST_CRITERIA + 5)]
    lone = [(w, float(1 + n % 3), f"{w} {w}") for n, w in enumerate(words)]
    common = ("both", 1.0, "Is in both.")
    merged = marks(merge([draft(*lone), draft(common), draft(common)]))
    assert len(merged) == MOST_CRITERIA
    assert merged["both"] == 1.0
    assert sum(v == 3.0 for v in merged.values()) == 10
    assert sum(v == 2.0 for v in merged.values()) == 10
    assert list(merged)[:-1] == sorted(list(merged)[:-1])


def test_groups_are_opened_where_there_are_several_drafts() -> None:
    (grouped,) = (
        open_project(Path())
        .load_text(
            "rubric r\n[2] all of g\n    [1] a: Names a.\n        needs: b\n"
            "[must] b: Names b.\n"
        )
        .checked()
    )
    assert merge([grouped]) == grouped
    merged = merge([grouped, draft(("c", 2.0, "Names c."), ("b", 1.0, "Names b."))])
    assert marks(merged) == {"a": 1.0, "b": 1.0, "c": 2.0}
    merged = merge([grouped, grouped, draft(("b", 1.0, "Names b."))])
    assert marks(merged)["b"] == Must()


CRITERIA = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"),
        st.sampled_from([1.0, 2.0, 3.0, -1.0]),
        st.sampled_from(["Names x.", "Names y.", "names x", "Never names z."]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one[0],
)


@given(st.lists(CRITERIA, min_size=1, max_size=4))
def test_what_is_merged_is_sound_and_merging_it_again_changes_nothing(
    drafts: list[list[tuple[str, float, str]]],
) -> None:
    merged = merge([draft(*one) for one in drafts])
    if any(isinstance(v, float) and v > 0 for v in marks(merged).values()):
        assert READER.of(print_rubric(merged)).items == merged.items
    assert merge([merged]) == merged
