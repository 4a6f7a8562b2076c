"""The expected score is the mean over all verdicts that there could have been."""

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, TypeAlias

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from rubricdsl.model.expression import Arithmetic, Constant, Name
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.rubric import (
    AnswerScale,
    Bonus,
    BoundRubric,
    Cap,
    Criterion,
    Group,
    Info,
    Kind,
    Mark,
    Must,
    NaPolicy,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Failure, Ruling
from rubricdsl.scoring import expected as module
from rubricdsl.scoring.distributions import TooManyStatesError
from rubricdsl.scoring.expected import Expectation, expected_score
from rubricdsl.scoring.meaning import Meaning
from rubricdsl.scoring.needs import Prerequisites
from rubricdsl.testing.strategies import (
    Features,
    bound_rubrics,
    rubric_of,
    rulings_for,
)

PROVENANCE = Provenance(judge="test")
SMALL = Features(max_depth=2, max_children=3)
Verdicts: TypeAlias = dict[str, Verdict]
Case: TypeAlias = tuple[BoundRubric, Verdicts]


def criterion(name: str, mark: Mark, **fields: Any) -> Criterion:
    return Criterion(name=name, mark=mark, text="Is so.", **fields)


def said(ruling: Ruling, probability: float | None, judge: str = "test") -> Verdict:
    return Verdict(
        ruling=ruling,
        probability=probability,
        provenance=evolve(PROVENANCE, judge=judge),
    )


def sure(*probabilities: float, names: str = "abcdefghijkl") -> Verdicts:
    return {
        name: said(YES if p >= 0.5 else NO, p)
        for name, p in zip(names, probabilities, strict=False)
    }


@st.composite
def cases(draw: st.DrawFn, features: Features = SMALL) -> Case:
    """A rubric with a verdict for each criterion, needs followed."""
    rubric = draw(bound_rubrics(features=features))
    probabilities = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 1.0])
    verdicts = {
        path: said(ruling, draw(probabilities))
        for path, ruling in draw(rulings_for(rubric)).items()
    }
    settled = Prerequisites.of(Meaning.of(rubric)).settle(verdicts)
    return rubric, dict(settled.verdicts)


def outcomes(item: Criterion, verdict: Verdict) -> list[tuple[Ruling, float]]:
    """All that one verdict could have been: stated anew, for the brute force."""
    ruling, p = verdict.ruling, verdict.probability
    assert ruling is not None
    asked = item.check is None and verdict.provenance.judge == "test"
    answers = item.scale.answers if isinstance(item.scale, AnswerScale) else ()
    if not asked or ruling == NA or p is None or "yes" not in answers:
        return [(ruling, 1.0)]
    least = next(Ruling.from_record(w) for w in ("no", "partly") if w in answers)
    other = least if ruling == YES else ruling
    return [(YES, p), (other, 1 - p)]


def brute_force(rubric: BoundRubric, verdicts: Mapping[str, Verdict]) -> float | None:
    meaning = Meaning.of(rubric)
    items = list(rubric.criteria())
    choices = [outcomes(item, verdicts[item.path]) for item in items]
    assume(math.prod(map(len, choices)) <= 1 << 10)
    total = mass = 0.0
    for case in product(*choices):
        probability = math.prod(p for _, p in case)
        paths = [item.path for item in items]
        score = meaning.score(dict(zip(paths, (r for r, _ in case), strict=True)))
        if score is not None:
            total += probability * score
            mass += probability
    return total / mass if mass > 0 else None


@given(cases())
def test_it_is_the_mean_over_all_outcomes(case: Case) -> None:
    rubric, verdicts = case
    found = expected_score(Meaning.of(rubric), verdicts)
    mean = brute_force(rubric, verdicts)
    if mean is None:
        assert found is None
    else:
        assert found is not None
        assert found.exact
        assert found.score == pytest.approx(mean, abs=1e-9)


@given(cases(Features(na=False, needs=False, odd_formulas=False)))
def test_it_lies_between_0_and_1(case: Case) -> None:
    rubric, verdicts = case
    found = expected_score(Meaning.of(rubric), verdicts)
    assert found is not None
    assert 0 <= found.score <= 1


@given(cases(Features()))
def test_certain_verdicts_give_the_hard_score(case: Case) -> None:
    rubric, verdicts = case
    certain = {
        path: evolve(verdict, probability=1.0 if verdict.ruling == YES else 0.0)
        for path, verdict in verdicts.items()
    }
    rulings = {path: v.ruling for path, v in verdicts.items() if v.ruling}
    hard = Meaning.of(rubric).score(rulings)
    found = expected_score(Meaning.of(rubric), certain)
    assert (found is None) == (hard is None)
    if found is not None:
        assert found.exact
        assert found.score == pytest.approx(hard)


@given(cases(), st.data())
def test_a_verdict_without_a_probability_leaves_none(
    case: Case, data: st.DataObject
) -> None:
    rubric, verdicts = case
    meaning = Meaning.of(rubric)
    items = [
        leaf.worths.criterion
        for leaf in meaning.bearing()
        if verdicts[leaf.path].provenance.judge == "test"
        and verdicts[leaf.path].ruling in {YES, NO, PARTLY}
        and leaf.worths.criterion.check is None
    ]
    assume(items)
    path = data.draw(st.sampled_from(items)).path
    without = evolve(verdicts[path], probability=None)
    assert expected_score(meaning, {**verdicts, path: without}) is None
    lost = Verdict(failure=Failure("rate_limited", "later"), provenance=PROVENANCE)
    assert expected_score(meaning, {**verdicts, path: lost}) is None
    del verdicts[path]
    assert expected_score(meaning, verdicts) is None


@given(cases(), st.integers(0, 3))
def test_an_estimate_is_within_its_error(case: Case, seed: int) -> None:
    """At 99 %; the seeds are few and fixed, so this does not fail by chance anew."""
    rubric, verdicts = case
    mean = brute_force(rubric, verdicts)
    assume(mean is not None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "DRAWS", 256)
        patch.setattr(Expectation, "_exact", _too_many)
        found = expected_score(Meaning.of(rubric), verdicts, seed=seed)
        assert found == expected_score(Meaning.of(rubric), verdicts, seed=seed)
    assume(found is not None)
    assert found is not None
    assert not found.exact
    assert found.score == pytest.approx(mean, abs=2 * found.error)


def _too_many(*_: object) -> None:
    raise TooManyStatesError


# ------------------------------------------------------------------ examples


def mean_of(items: list[Criterion | Group], verdicts: Verdicts) -> float:
    found = expected_score(Meaning.of(rubric_of(items)), verdicts)
    assert found is not None
    assert found.exact
    return found.score


def test_a_mean_is_linear() -> None:
    items = [criterion(n, Weight(w)) for n, w in zip("abc", (3, 2, 1), strict=True)]
    assert mean_of([*items], sure(0.9, 0.4, 0.5)) == pytest.approx(4.0 / 6)


def test_clipping_is_no_mean_of_clipped_points() -> None:
    items = [criterion("a", Weight(1.0)), criterion("b", Weight(-1.0))]
    assert mean_of([*items], sure(0.5, 0.5)) == pytest.approx(0.25)


def test_a_gate_weighs_all() -> None:
    items = [criterion("a", Must()), criterion("b", Weight(1.0))]
    assert mean_of([*items], sure(0.8, 0.5)) == pytest.approx(0.4)
    capped = [criterion("a", Cap(0.5)), criterion("b", Weight(1.0))]
    assert mean_of([*capped], sure(0.8, 0.5)) == pytest.approx(0.8 * 0.5 + 0.2 * 0.25)


@pytest.mark.parametrize(
    ("kind", "count", "score"),
    [
        (Kind.ALL, None, 0.9 * 0.6 * 0.2),
        (Kind.ANY, None, 1 - 0.1 * 0.4 * 0.8),
        (Kind.AT_LEAST, 2, 0.9 * 0.6 * 0.8 + 0.9 * 0.4 * 0.2 + 0.1 * 0.6 * 0.2 + 0.108),
        (Kind.WORST, None, 0.9 * 0.6 * 0.2),
        (Kind.BEST, None, 1 - 0.1 * 0.4 * 0.8),
        (Kind.GEOMEAN, None, 0.9 * 0.6 * 0.2),
    ],
)
def test_the_kinds(kind: Kind, count: int | None, score: float) -> None:
    items = tuple(criterion(n, Weight(1.0)) for n in "abc")
    group = Group(name="g", mark=Weight(1.0), kind=kind, count=count, items=items)
    verdicts = {f"g.{n}": v for n, v in sure(0.9, 0.6, 0.2).items()}
    assert mean_of([group], verdicts) == pytest.approx(score)


def test_a_formula_and_a_bonus() -> None:
    product_of = Arithmetic("*", Name("a"), Name("b"))
    group = Group(
        name="g",
        mark=Weight(2.0),
        kind=Kind.FORMULA,
        combine=Arithmetic("*", Constant(0.5), product_of),
        items=(criterion("a", Weight(1.0)), criterion("b", Weight(1.0))),
    )
    verdicts = {"g.a": said(YES, 0.5), "g.b": said(NO, 0.4), "extra": said(YES, 0.6)}
    items: list[Criterion | Group] = [group, criterion("extra", Bonus(1.0))]
    assert mean_of(items, verdicts) == pytest.approx(0.5 * 0.5 * 0.4 + 0.5 * 0.6)


def test_a_need_ties_criteria_together() -> None:
    items = [criterion("a", Weight(1.0)), criterion("b", Weight(1.0), needs=("a",))]
    assert mean_of([*items], sure(0.8, 0.5)) == pytest.approx((0.8 + 0.8 * 0.5) / 2)
    decided = {"a": said(NO, 0.4), "b": said(NO, None, "needs")}
    assert mean_of([*items], decided) == pytest.approx(0.2)


def test_what_only_a_need_depends_on_matters_too() -> None:
    items = [criterion("a", Info()), criterion("b", Weight(1.0), needs=("a",))]
    meaning = Meaning.of(rubric_of(items))
    assert mean_of([*items], sure(0.5, 0.5)) == pytest.approx(0.25)
    unsure = {"a": said(YES, None), "b": said(YES, 0.9)}
    assert expected_score(meaning, unsure) is None


def test_what_is_certain() -> None:
    three = AnswerScale(("yes", "partly", "no"))
    partly = [criterion("a", Weight(1.0), scale=three)]
    for ruling, score in [(YES, 0.6), (PARTLY, 0.8), (NO, 0.6)]:
        assert mean_of([*partly], {"a": said(ruling, 0.6)}) == pytest.approx(score)
    skipped = [criterion("a", Weight(1.0), na=NaPolicy.SKIP), *partly]
    skipped[1] = evolve(skipped[1], name="b")
    assert mean_of([*skipped], {"a": said(NA, None), "b": said(NO, 0.3)}) == 0.3
    number = {"a": said(Ruling.of_number(0.7), None)}
    assert mean_of([*partly], number) == 0.7
    empty = {"a": said(NO, None, "engine:degenerate")}
    assert mean_of([*partly], empty) == 0.0


def test_no_score_no_mean() -> None:
    items = [criterion("a", Weight(1.0), na=NaPolicy.SKIP)]
    assert expected_score(Meaning.of(rubric_of(items)), {"a": said(NA, 0.1)}) is None


def weights() -> Iterator[float]:
    """Weights of which no two subsets have the same sum."""
    return (math.sqrt(prime) for prime in _primes())


def _primes() -> Iterator[int]:
    return (n for n in range(2, 1_000) if all(n % d for d in range(2, n)))


def test_large_rubrics_are_exact_or_say_so() -> None:
    many = [
        criterion(f"c{n}", Weight(w))
        for n, w in zip(range(40), weights(), strict=False)
    ]
    verdicts = {item.name: said(YES, 0.3) for item in many}
    assert mean_of([*many], verdicts) == pytest.approx(0.3)
    odd = [*many, criterion("bad", Weight(-1.0))]
    verdicts["bad"] = said(NO, 0.3)
    # Points below 0 have a probability of next to nothing here.
    total = math.fsum(item.mark.value for item in many if isinstance(item.mark, Weight))
    assert mean_of([*odd], verdicts) == pytest.approx(0.3 - 0.3 / total, abs=1e-4)

    inner = Group(name="g", mark=Weight(1.0), items=tuple(many))
    best = Group(
        name="best",
        mark=Weight(1.0),
        kind=Kind.BEST,
        items=(inner, criterion("all", Weight(1.0))),
    )
    lost = {f"best.g.{item.name}": said(YES, 0.3) for item in many}
    lost["best.all"] = said(NO, 0.2)
    estimate = expected_score(Meaning.of(rubric_of([best])), lost)
    assert estimate is not None
    assert not estimate.exact
    assert 0 < estimate.error < 0.05
    assert estimate.score == pytest.approx(0.2 + 0.8 * 0.3, abs=estimate.error)
