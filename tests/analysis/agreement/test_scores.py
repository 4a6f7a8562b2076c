"""Scores beside what people gave and preferred."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.analysis.agreement.cells import RatedResponse
from rubricdsl.analysis.agreement.scores import ScoreAgreement, score_agreement


def response(
    prompt: int, number: int, score: float | None, **ratings: float
) -> RatedResponse:
    return RatedResponse(
        prompt_id=f"p{prompt}",
        response_id=f"r{number}",
        score=score,
        ratings=ratings,
    )


def analysed(responses: list[RatedResponse]) -> ScoreAgreement:
    found = score_agreement(responses, ())
    assert found is not None
    return found


def test_macro_and_micro_may_say_opposite_things() -> None:
    """Within each prompt the worse scores more; prompts that score more are better."""
    found = analysed(
        [
            response(prompt, n, prompt / 20 + n / 100, ana=prompt * 10.0 - n)
            for prompt in range(10)
            for n in range(4)
        ]
    )
    (one,) = found.references
    assert (one.reference, one.rated, one.compared) == ("ana", 40, 40)
    assert one.macro.spearman.value == pytest.approx(-1)
    assert one.macro.spearman.items == 10
    assert one.micro.spearman.value is not None
    assert one.micro.spearman.value > 0.9
    assert one.micro.kendall.value is not None
    assert one.micro.kendall.value > 0.8
    assert one.pairs.half.value == 0.0
    assert one.pairs.accuracy.pairs == 60
    assert found.people is None


def test_scores_that_are_missing_are_counted() -> None:
    found = analysed(
        [response(n % 8, n, None if n < 8 else n / 40, ana=float(n)) for n in range(40)]
    )
    (one,) = found.references
    assert (one.rated, one.compared) == (40, 32)
    assert one.pairs.accuracy.unscored == 8 * 4
    assert one.macro.kendall.value == pytest.approx(1)


def test_people_are_the_ceiling() -> None:
    generator = np.random.default_rng(3)
    responses = []
    for n in range(120):
        good = generator.standard_normal()
        noise = generator.standard_normal(3) * 0.7
        ratings = dict(zip(("ana", "ben", "cleo"), good + noise, strict=True))
        responses.append(response(n % 12, n, 0.5, **ratings))
    found = analysed(responses)
    assert [r.reference for r in found.references] == ["mean", "ana", "ben", "cleo"]
    assert found.references[0].macro.spearman.value is None
    assert found.references[0].pairs.half.value == 0.5
    assert found.people is not None
    # Variance 1 of what is good, and 0.49 of noise.
    assert found.people.alpha.value == pytest.approx(1 / 1.49, abs=0.1)
    assert found.people.ceiling.value == pytest.approx(0.72, abs=0.1)
    assert found.people.ceiling.low is not None
    assert [one.reference for one in found.people.with_others] == ["ana", "ben", "cleo"]


def test_preferences() -> None:
    responses = [response(p, n, n / 10) for p in range(9) for n in range(3)]
    preferences = [((f"p{p}", "r2"), (f"p{p}", "r0")) for p in range(9)]
    preferences += [(("p0", "r0"), ("p0", "r1"))]
    found = score_agreement(responses, preferences)
    assert found is not None
    assert found.references == ()
    assert found.preferences is not None
    assert found.preferences.accuracy.pairs == 10
    assert found.preferences.half.value == pytest.approx((0.5 + 8) / 9)
    with pytest.raises(ValueError, match="two responses to one prompt"):
        score_agreement(responses, [(("p0", "r0"), ("p1", "r1"))])


def test_nothing_said_is_nothing_known() -> None:
    assert score_agreement([response(0, 0, 0.5)], ()) is None


@settings.get_profile("costly")
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 4)),
        min_size=1,
        max_size=20,
    ),
    st.randoms(use_true_random=False),
)
def test_no_order_of_responses_makes_a_difference(
    rows: list[tuple[int, int, int]], random: Random
) -> None:
    responses = [
        response(prompt, n, score / 4, ana=float(gold))
        for n, (prompt, score, gold) in enumerate(rows)
    ]
    assert analysed(responses) == analysed(random.sample(responses, k=len(responses)))
