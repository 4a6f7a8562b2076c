"""The correlation of a criterion with the others, within prompts."""

import numpy as np
import pytest

from rubricdsl.analysis.item_rest import item_rest

PROMPTS = ["p"] * 40


def test_it_is_the_correlation_with_the_mean_of_the_others() -> None:
    rng = np.random.default_rng(1)
    table = (rng.random((4, 40)) < 0.5).astype(float)
    for number, found in enumerate(item_rest(PROMPTS, table)):
        rest = np.delete(table, number, 0).mean(axis=0)
        assert found == pytest.approx(np.corrcoef(table[number], rest)[0, 1])


def test_a_turned_criterion_has_the_other_sign() -> None:
    value = np.arange(40) % 2
    found = item_rest(PROMPTS, [value, value, 1 - value, value])
    assert found[0] == pytest.approx(1)
    assert found[2] == pytest.approx(-1)


def test_what_differs_between_prompts_alone_tells_nothing() -> None:
    prompts = ["a"] * 20 + ["b"] * 20
    value = np.repeat([0.0, 1.0], 20)
    assert item_rest(prompts, [value, value]) == (None, None)


def test_too_few_responses_give_none() -> None:
    value = np.where(np.arange(40) < 9, np.arange(40) % 2, np.nan)
    full = np.arange(40) % 2
    assert item_rest(PROMPTS, [value, full, full])[0] is None
    assert item_rest(PROMPTS, [full]) == (None,)
    with pytest.raises(ValueError, match="a row for each criterion"):
        item_rest(PROMPTS, full)
