"""Verdicts beside those of people: figures by hand, laws, and what is left out."""

from collections.abc import Mapping
from random import Random

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.analysis.agreement.cells import (
    LabelledCell,
    Scale,
    majority,
    scale_of,
    value_on,
)
from rubricdsl.analysis.agreement.records import VerdictAgreement
from rubricdsl.analysis.agreement.verdicts import verdict_agreement
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Ruling

LEVELS = [Ruling.level(n) for n in range(1, 5)]
RULINGS = st.sampled_from([YES, NO, PARTLY, NA])


def cell(
    number: int,
    ruling: Ruling | None,
    *,
    path: str = "a",
    probability: float | None = None,
    prompt: str | None = None,
    **labels: Ruling,
) -> LabelledCell:
    return LabelledCell(
        rubric="r",
        path=path,
        prompt_id=prompt or f"p{number % 10}",
        response_id=f"r{number}",
        ruling=ruling,
        probability=probability,
        labels=labels,
    )


def analysed(cells: list[LabelledCell]) -> VerdictAgreement:
    found = verdict_agreement(cells)
    assert found is not None
    return found


def test_by_hand() -> None:
    """Of 40 verdicts, 8 of 10 yes are found and 3 of 30 no are taken for one."""
    said = [YES] * 8 + [NO] * 2 + [YES] * 3 + [NO] * 27
    gold = [YES] * 10 + [NO] * 30
    found = analysed(
        [cell(n, s, ana=g) for n, (s, g) in enumerate(zip(said, gold, strict=True))]
    )
    assert (found.annotators, found.resampled) == (("ana",), "prompts")
    (criterion,) = found.criteria
    (judge,) = criterion.judge
    assert (criterion.scale, judge.reference) == (Scale.BINARY, "ana")
    assert judge.raters.agreement.value == pytest.approx(35 / 40)
    assert judge.tpr.value == pytest.approx(0.8)
    assert judge.fpr.value == pytest.approx(0.1)
    assert judge.prevalence.value == pytest.approx(0.25)
    assert judge.judge_prevalence.value == pytest.approx(11 / 40)
    by_chance = (11 * 10 + 29 * 30) / 1600
    kappa = judge.raters.kappa
    assert kappa.value == pytest.approx((35 / 40 - by_chance) / (1 - by_chance))
    assert kappa.low is not None
    assert kappa.high is not None
    assert kappa.low < (kappa.value or 0) < kappa.high
    assert judge.table == ((27, 2), (3, 8))
    # One criterion: all three ways to put criteria together are the same.
    (overall,) = found.overall
    assert overall.micro.raters.kappa.value == kappa.value
    assert overall.macro.kappa.value == kappa.value
    assert found.people is None
    assert judge.chances.auc.reason == "the judge gave no probabilities"


def test_what_is_missing_is_counted_and_never_a_no() -> None:
    cells = [
        cell(0, None, ana=YES),
        cell(1, NA, ana=NA),
        cell(2, NA, ana=YES),
        cell(3, YES, ana=NA),
        cell(4, YES, ana=YES),
        cell(5, NO, ana=NO),
    ]
    counts = analysed(cells).criteria[0].judge[0].counts
    assert (counts.labelled, counts.measured, counts.compared) == (6, 5, 2)
    assert (counts.both_na, counts.judge_na, counts.reference_na) == (1, 1, 1)
    assert analysed(cells).criteria[0].judge[0].raters.agreement.value == 1.0


def test_levels_are_compared_by_their_order() -> None:
    near = [cell(n, LEVELS[n % 3 + 1], ana=LEVELS[n % 3]) for n in range(30)]
    far = [cell(n, LEVELS[3 - n % 4], ana=LEVELS[n % 4]) for n in range(30)]
    unlike = [*near, cell(30, NO, ana=LEVELS[0])]
    judges = [analysed(cells).criteria[0].judge[0] for cells in (near, far, unlike)]
    assert judges[0].raters.agreement.value == 0.0
    weighted = [judge.raters.weighted_kappa.value or 0.0 for judge in judges]
    assert weighted[0] > 0.3
    assert weighted[1] < 0
    assert judges[0].tpr.reason == "levels have no yes"
    assert judges[2].counts.unlike == 1
    # Levels are in the macro figures, and not among the words of the micro ones.
    found = analysed([*near, cell(31, YES, path="b", ana=YES)])
    assert (found.overall[0].criteria, found.overall[0].micro.counts.compared) == (1, 1)
    assert found.overall[0].macro.agreement.items == 2


def test_numbers_have_an_alpha_and_no_categories() -> None:
    numbers = [Ruling.of_number(n / 10) for n in range(10)]
    cells = [cell(n, numbers[n], ana=numbers[max(0, n - 1)]) for n in range(10)]
    (judge,) = analysed(cells).criteria[0].judge
    assert judge.raters.kappa.reason == "numbers have no categories"
    assert judge.raters.alpha.value == pytest.approx(0.96, abs=0.02)
    assert judge.answers == ()


def test_several_annotators() -> None:
    cells = [
        *(cell(n, YES, ana=YES, ben=YES, cleo=NO) for n in range(10)),
        *(cell(n, NO, ana=NO, ben=NO, cleo=NO) for n in range(10, 20)),
        cell(20, YES, ana=YES, ben=NO),
    ]
    found = analysed(cells)
    assert [o.reference for o in found.overall] == ["majority", "ana", "ben", "cleo"]
    majority_, ana, _, cleo = found.criteria[0].judge
    assert majority_.counts.tied == 1
    assert majority_.raters.kappa.value == 1.0
    assert ana.raters.kappa.value == 1.0
    assert cleo.raters.agreement.value == 0.5
    people_ = found.criteria[0].people
    assert people_ is not None
    assert [(p.annotator, p.reference) for p in people_.pairs] == [
        ("ana", "ben"),
        ("ana", "cleo"),
        ("ben", "cleo"),
    ]
    assert people_.pairs[0].compared == 21
    assert people_.alpha.value is not None
    assert people_.ceiling.value is not None
    assert people_.ceiling.value < 1


def test_probabilities_by_hand() -> None:
    said = [(0.9, YES), (0.8, NO), (0.7, YES), (0.2, NO), (0.2, NO), (0.1, PARTLY)] * 2
    cells = [
        cell(n, YES if p > 0.5 else NO, probability=p, ana=gold)
        for n, (p, gold) in enumerate(said)
    ]
    chances = analysed(cells).criteria[0].judge[0].chances
    # Of 2 x 4 pairs of a yes and a no, one is in the wrong order.
    assert chances.auc.value == pytest.approx(7 / 8)
    squares = 0.01 + 0.64 + 0.09 + 0.04 + 0.04 + 0.01
    assert chances.brier.value == pytest.approx(squares / 6)
    assert chances.parts is not None
    assert chances.parts.brier == pytest.approx(squares / 6)
    assert chances.ece.value == pytest.approx((0.1 + 0.8 + 0.3 + 0.2 * 2 + 0.1) / 6)
    assert sum(b.count for b in chances.bins) == 12


def test_what_never_varies_has_no_kappa_and_no_interval() -> None:
    found = analysed([cell(n, YES, ana=YES) for n in range(20)])
    raters = found.criteria[0].judge[0].raters
    assert raters.agreement.value == 1.0
    assert raters.agreement.low is None
    assert raters.agreement.reason == "no interval: nearly all draws have the same"
    assert raters.kappa.value is None
    assert raters.kappa.reason == "both say the same of everything"
    assert found.criteria[0].judge[0].fpr.reason == "the reference always says yes"


@settings.get_profile("costly")
@given(
    st.lists(
        st.tuples(RULINGS, RULINGS, RULINGS, st.sampled_from("ab")),
        min_size=1,
        max_size=25,
    ),
    st.randoms(use_true_random=False),
)
def test_no_order_makes_a_difference(
    rows: list[tuple[Ruling, Ruling, Ruling, str]], random: Random
) -> None:
    cells = [
        cell(n, judge, path=path, ana=ana, ben=ben)
        for n, (judge, ana, ben, path) in enumerate(rows)
    ]
    shuffled = random.sample(cells, k=len(cells))
    one, other = analysed(cells), analysed(shuffled)
    assert one.overall == other.overall
    assert one.people == other.people
    by_path = {criterion.path: criterion for criterion in other.criteria}
    assert all(criterion == by_path[criterion.path] for criterion in one.criteria)


@settings.get_profile("costly")
@given(st.lists(st.tuples(RULINGS, RULINGS), min_size=1, max_size=25))
def test_judge_and_reference_may_change_places(
    rows: list[tuple[Ruling, Ruling]],
) -> None:
    there = [cell(n, one, ana=other) for n, (one, other) in enumerate(rows)]
    back = [
        evolve(c, ruling=c.labels["ana"], labels={"ana": c.ruling or NO}) for c in there
    ]
    one = analysed(there).criteria[0].judge[0]
    other = analysed(back).criteria[0].judge[0]
    for name in ("agreement", "kappa", "weighted_kappa", "alpha"):
        found = getattr(one.raters, name).value
        assert getattr(other.raters, name).value == pytest.approx(found)
        assert found is None or found <= 1 + 1e-12
    assert one.prevalence.value == other.judge_prevalence.value
    assert one.counts.judge_na == other.counts.reference_na


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ({"a": YES}, YES),
        ({"a": YES, "b": NO}, None),
        ({"a": YES, "b": NO, "c": PARTLY}, PARTLY),
        ({"a": NA, "b": NO, "c": YES}, None),
        ({"a": NA, "b": NA, "c": YES}, NA),
        ({"a": LEVELS[0], "b": LEVELS[3], "c": LEVELS[1]}, LEVELS[1]),
        ({}, None),
    ],
)
def test_majorities(said: Mapping[str, Ruling], most: Ruling | None) -> None:
    rulings = list(said.values())
    assert majority(scale_of(r for r in rulings if r != NA), rulings) == most


def test_places_on_scales() -> None:
    assert scale_of([YES, NO]) is Scale.BINARY
    assert scale_of([YES, PARTLY]) is Scale.GRADED
    assert scale_of([NO, LEVELS[0]]) is Scale.LEVELS
    assert scale_of([NO, Ruling.of_number(0.5)]) is Scale.NUMBERS
    assert value_on(Scale.LEVELS, NO) is None
    assert value_on(Scale.NUMBERS, YES) == 1.0
    assert value_on(Scale.BINARY, NA) is None


def test_nothing_labelled_is_nothing_known() -> None:
    assert verdict_agreement([]) is None
