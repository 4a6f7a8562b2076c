"""Asking again only where it tells, and stopping when enough is known."""

import math
from collections.abc import Mapping
from random import Random

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from rubricdsl.judging.sequential import (
    Prior,
    SequentialPolicy,
    Votes,
    over_half,
    repeatable,
)
from rubricdsl.model.execution import Precision
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.rubric import (
    AnswerScale,
    Bonus,
    BoundRubric,
    Cap,
    Criterion,
    Group,
    Kind,
    Mark,
    Must,
    VoteRule,
    Weight,
)
from rubricdsl.model.ruling import NO, YES, Ruling
from rubricdsl.scoring.expected import Expectation
from rubricdsl.scoring.meaning import Meaning
from rubricdsl.testing.strategies import rubric_of

PROVENANCE = Provenance(judge="test")
RULES = st.sampled_from([VoteRule.MAJORITY, VoteRule.MEAN])
COUNTS = st.integers(1, 6).flatmap(
    lambda n: st.builds(
        Votes, yes=st.integers(0, n).map(float), asked=st.just(n), rule=RULES
    )
)


def policy(
    rubric: BoundRubric,
    *,
    within: float = 0.05,
    most: int = 7,
    flip_rate: float = 0.25,
) -> SequentialPolicy:
    precision = Precision(within=within, most=most, flip_rate=flip_rate)
    return SequentialPolicy.of(Expectation(Meaning.of(rubric)), precision)


def plain(*marks: Mark) -> BoundRubric:
    return rubric_of(
        [
            Criterion(name=f"c{n}", mark=mark, text="Is so.")
            for n, mark in enumerate(marks, 1)
        ]
    )


def verdicts(votes: Mapping[str, Votes]) -> dict[str, Verdict]:
    return {
        path: Verdict(
            ruling=YES if 2 * said.yes > said.asked else NO, provenance=PROVENANCE
        )
        for path, said in votes.items()
    }


@st.composite
def voted(draw: st.DrawFn) -> tuple[BoundRubric, dict[str, Votes]]:
    """A rubric of questions answered yes or no, some in a group, and their votes."""
    marks: st.SearchStrategy[Mark] = st.sampled_from(
        [*map(Weight, (-2.0, 1.0, 3.0, 5.0)), Must(), Cap(0.5), Bonus(1.0)]
    )
    items: list[Criterion | Group] = [
        Criterion(name=f"c{n}", mark=mark, text="Is so.")
        for n, mark in enumerate(draw(st.lists(marks, max_size=4)))
    ]
    size = draw(st.integers(1, 3))
    inner = tuple(
        Criterion(name=f"d{n}", mark=Weight(1.0), text="Is so.") for n in range(size)
    )
    kind = draw(st.sampled_from([Kind.MEAN, Kind.ALL, Kind.ANY, Kind.WORST]))
    items.append(Group(name="g", mark=Weight(2.0), kind=kind, items=inner))
    rubric = rubric_of(items)
    return rubric, {c.path: draw(COUNTS) for c in rubric.criteria()}


# --------------------------------------------------------------------- beliefs


@given(st.integers(1, 60), st.integers(1, 60))
def test_the_probability_of_over_half_for_whole_counts(a: int, b: int) -> None:
    """It is then a sum of binomial terms."""
    n = a + b - 1
    terms = sum(math.comb(n, k) for k in range(a)) / 2**n
    assert over_half(a, b) == pytest.approx(terms, abs=1e-11)


@given(st.floats(0.01, 50), st.floats(0.01, 50))
def test_over_half_is_symmetric_and_rises_with_yes(yes: float, no: float) -> None:
    assert over_half(yes, no) + over_half(no, yes) == pytest.approx(1)
    assert over_half(yes + 1, no) >= over_half(yes, no) - 1e-12


def test_the_prior_of_a_flip_rate() -> None:
    """Two answers differ as often as it says, on average over theta."""
    for rate in (0.02, 0.1, 0.25, 0.4):
        prior = Prior.of_flip_rate(rate)
        a, b = prior.yes, prior.no
        assert 2 * a * b / ((a + b) * (a + b + 1)) == pytest.approx(rate)
    assert Prior.of_flip_rate(0.25) == Prior()
    for rate in (0.0, 0.5, -1.0):
        with pytest.raises(ValueError, match="flip rate"):
            Prior.of_flip_rate(rate)


# --------------------------------------------------------------------- choices


@given(voted())
def test_an_estimate_is_a_score(case: tuple[BoundRubric, dict[str, Votes]]) -> None:
    rubric, votes = case
    found = policy(rubric).estimate(verdicts(votes), votes)
    assert found is not None
    assert 0 <= found.score <= 1
    assert found.half_width >= 0


@given(voted())
def test_what_is_asked_may_be_asked(case: tuple[BoundRubric, dict[str, Votes]]) -> None:
    rubric, votes = case
    chosen = policy(rubric, within=1e-9, most=4)
    path = chosen.next(verdicts(votes), votes)
    assert path is None or votes[path].asked < 4


@given(voted())
def test_enough_is_enough(case: tuple[BoundRubric, dict[str, Votes]]) -> None:
    rubric, votes = case
    known = policy(rubric).estimate(verdicts(votes), votes)
    assume(known is not None)
    assert known is not None
    loose = policy(rubric, within=known.half_width + 1e-9)
    assert loose.next(verdicts(votes), votes) is None
    strict = policy(rubric, within=1e-9, most=7)
    asked_out = {path: evolve(said, asked=7) for path, said in votes.items()}
    assert strict.next(verdicts(asked_out), asked_out) is None
    closed = {path: evolve(said, closed=True) for path, said in votes.items()}
    assert strict.next(verdicts(closed), closed) is None


def test_the_half_width_of_a_mean_by_hand() -> None:
    rubric = plain(Weight(3.0), Weight(1.0))
    votes = {
        "c1": Votes(2.0, 3, VoteRule.MEAN),
        "c2": Votes(1.0, 1, VoteRule.MEAN),
    }
    found = policy(rubric).estimate(verdicts(votes), votes)
    assert found is not None
    means = [2.5 / 4, 1.5 / 2]
    spreads = [m * (1 - m) / (n + 2) for m, n in zip(means, (3, 1), strict=True)]
    assert found.score == pytest.approx((3 * means[0] + means[1]) / 4)
    variance = (9 * spreads[0] + spreads[1]) / 16
    assert found.half_width == pytest.approx(1.959964 * math.sqrt(variance))


def test_what_weighs_and_wavers_is_asked_again() -> None:
    rubric = plain(Weight(5.0), Weight(1.0), Weight(5.0))
    votes = {"c1": Votes(3.0, 3), "c2": Votes(1.0, 2), "c3": Votes(1.0, 2)}
    assert policy(rubric).next(verdicts(votes), votes) == "c3"


def test_behind_a_gate_that_is_shut_nothing_is_asked_but_the_gate() -> None:
    rubric = plain(Must(), Weight(1.0), Weight(1.0))
    shut = {"c1": Votes(0.0, 5), "c2": Votes(1.0, 2), "c3": Votes(1.0, 2)}
    chosen = policy(rubric, within=1e-3, most=9, flip_rate=0.02)
    assert chosen.next(verdicts(shut), shut) == "c1"
    certain = verdicts(shut)
    del shut["c1"]
    checked = policy(rubric, within=1e-3, most=9)
    certain["c1"] = Verdict(ruling=NO, provenance=Provenance(judge="check"))
    assert checked.next(certain, shut) is None


def test_probabilities_count_as_parts_of_a_vote() -> None:
    rubric = plain(Weight(1.0))
    sure = {"c1": Votes(0.99, 1)}
    torn = {"c1": Votes(0.55, 1)}
    chosen = policy(rubric)
    one, other = (chosen.estimate(verdicts(v), v) for v in (sure, torn))
    assert one is not None
    assert other is not None
    assert one.half_width < other.half_width


def test_a_missing_verdict_leaves_nothing_known() -> None:
    rubric = plain(Weight(1.0), Weight(1.0))
    votes = {"c1": Votes(1.0, 1)}
    assert policy(rubric).estimate(verdicts(votes), votes) is None
    assert policy(rubric).next(verdicts(votes), votes) is None


def test_what_cannot_be_asked_again_is_taken_at_its_word() -> None:
    rubric = plain(Weight(1.0), Weight(1.0))
    votes = {"c1": Votes(1.0, 1)}
    both = verdicts({"c1": Votes(1.0, 1), "c2": Votes(0.0, 1)})
    found = policy(rubric).estimate(both, votes)
    assert found is not None
    assert found.score == pytest.approx(over_half(1.5, 0.5) / 2)


def test_each_judge_of_a_panel_has_as_many_votes() -> None:
    rubric = plain(Weight(1.0))
    votes = {"c1": Votes(2.0, 4, judges=2)}
    assert policy(rubric, most=2).next(verdicts(votes), votes) is None
    assert policy(rubric, most=3).next(verdicts(votes), votes) == "c1"


@pytest.mark.parametrize(
    ("within", "most", "flip_rate"), [(0.0, 5, 0.1), (0.1, 0, 0.1), (0.1, 5, 0.5)]
)
def test_what_makes_no_sense_is_refused(
    within: float, most: int, flip_rate: float
) -> None:
    with pytest.raises(ValueError, match=r"over 0|at least once|flip rate"):
        Precision(within=within, most=most, flip_rate=flip_rate)


@pytest.mark.parametrize(
    ("scale", "rule", "is_so"),
    [
        (AnswerScale(("yes", "no")), VoteRule.MAJORITY, True),
        (AnswerScale(("yes", "no")), VoteRule.MEAN, True),
        (AnswerScale(("yes", "no")), VoteRule.ANY, False),
        (AnswerScale(("yes", "no")), VoteRule.UNANIMOUS, False),
        (AnswerScale(("yes", "partly", "no")), VoteRule.MAJORITY, False),
    ],
)
def test_what_can_be_judged_sequentially(
    scale: AnswerScale, rule: VoteRule, *, is_so: bool
) -> None:
    assert repeatable(scale, rule) is is_so


# ------------------------------------------------------------------ simulation


def test_it_saves_questions_at_the_same_accuracy() -> None:
    """Against five votes for everything; tests/benchmarks/sequential.py shows more."""
    random = Random(1)  # noqa: S311 - no secret
    rubric = plain(*(Weight(w) for w in (5.0, 3.0, 3.0, 2.0, 1.0, 1.0, 1.0, -2.0)))
    meaning = Meaning.of(rubric)
    paths = [criterion.path for criterion in rubric.criteria()]
    prior = Prior.of_flip_rate(0.1)
    chosen = policy(rubric, within=0.09, most=15, flip_rate=0.1)
    asked, fixed_error, own_error = 0, 0.0, 0.0
    rounds = 60
    for _ in range(rounds):
        thetas = {p: random.betavariate(prior.yes, prior.no) for p in paths}
        truth = score(meaning, thetas)
        five = {p: sum(random.random() < thetas[p] for _ in range(5)) for p in paths}
        votes = {
            p: Votes(float(random.random() < thetas[p]), 1, VoteRule.MEAN)
            for p in paths
        }
        while path := chosen.next(verdicts(votes), votes):
            said = votes[path]
            yes = random.random() < thetas[path]
            votes[path] = evolve(said, yes=said.yes + yes, asked=said.asked + 1)
        asked += sum(said.asked for said in votes.values())
        fixed_error += (
            score(meaning, {p: k / 5 for p, k in five.items()}) - truth
        ) ** 2
        own = {p: said.yes / said.asked for p, said in votes.items()}
        own_error += (score(meaning, own) - truth) ** 2
    assert asked < 0.7 * rounds * len(paths) * 5
    assert own_error <= fixed_error


def score(meaning: Meaning, numbers: Mapping[str, float]) -> float:
    return meaning.score({p: Ruling.of_number(n) for p, n in numbers.items()}) or 0.0
