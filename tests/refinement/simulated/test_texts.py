"""The simulated world in words: what is written is what is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.language.binding import bind
from rubricdsl.language.loading import load_text
from rubricdsl.refinement.simulated.texts import Wording

WORDING = Wording(skills=60, hacks=4)

criteria = st.dictionaries(st.integers(0, 69), st.integers(1, 3), min_size=1)
features = st.lists(st.booleans(), min_size=64, max_size=64)


@given(criteria)
def test_a_rubric_weighs_what_was_written(tmp_path_factory, weights):
    text = WORDING.source("prompt_001", weights.items())
    folder = tmp_path_factory.getbasetemp()
    (rubric,) = load_text(text, {}, folder=folder).checked()
    assert WORDING.weights(bind(rubric, {})) == weights
    assert [item.name for item in rubric.items] == [
        WORDING.name(one) for one in weights
    ]


@given(features)
def test_a_response_shows_what_was_written(shown):
    response = WORDING.response("prompt_001", "great", 3, shown)
    assert WORDING.shown(response.text) == shown
    assert (response.prompt_id, response.response_id) == ("prompt_001", "great_3")


@given(features, st.integers(0, 5), st.integers(0, 5))
def test_no_two_samples_are_the_same_text(shown, one, other):
    texts = {WORDING.response("p", "great", n, shown).text for n in (one, other)}
    assert len(texts) == (1 if one == other else 2)


@given(st.integers(0, 200))
def test_criteria_are_known_by_their_text(number):
    assert WORDING.number(WORDING.text(number)) == number


@pytest.mark.parametrize("text", ["Covers skill.", "Is good.", "Covers skill 07"])
def test_what_the_world_does_not_know_is_no_criterion(text):
    with pytest.raises(ValueError, match="no criterion of the simulated world"):
        WORDING.number(text)


@pytest.mark.parametrize(
    "item", ["[must] a: Covers skill 07.", "[info] a: Covers skill 07."]
)
def test_only_weights_are_read(item, tmp_path):
    text = f"rubric r\n[1] b: Covers skill 08.\n{item}\n"
    (rubric,) = load_text(text, {}, folder=tmp_path).checked()
    with pytest.raises(ValueError, match="`a` is no weighted criterion"):
        WORDING.weights(bind(rubric, {}))
