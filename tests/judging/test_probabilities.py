"""Probabilities of yes from tokens: aligned, renormalised, or not given."""

import json
import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.backends.probabilities import (
    Token,
    probability_of_yes,
    read_tokens,
)
from rubricdsl.model.judgement import Question
from rubricdsl.model.rubric import Level, LevelScale

PLAIN = Question(text="Is so.")
CHOICES = {"yes": 0.6, "no": 0.2, "Yes": 0.1, "maybe": 0.05}


def token(text: str, choices: Mapping[str, float] | None = None) -> Token:
    listed = {text: 1.0} if choices is None else choices
    return Token(
        text.encode(), tuple((c.encode(), math.log(p)) for c, p in listed.items())
    )


def test_the_choices_at_the_answer_are_renormalised() -> None:
    tokens = [
        token('{"'),
        token("c1"),
        token('":"'),
        token("yes", CHOICES),
        token('"}'),
    ]
    probability = probability_of_yes('{"c1":"yes"}', tokens, "c1", PLAIN)
    assert probability == pytest.approx(0.7 / 0.9)


def test_the_quotation_mark_may_be_part_of_the_token() -> None:
    choices = {' "yes': 0.3, ' "no': 0.6, " yes": 0.1}
    tokens = [token('{"c1":'), token(' "yes', choices), token('"}')]
    probability = probability_of_yes('{"c1": "yes"}', tokens, "c1", PLAIN)
    assert probability == pytest.approx(1 / 3)


def test_a_fence_that_the_server_cut_off_is_skipped() -> None:
    tokens = [
        token("```json\n"),
        token('{"c1":"'),
        token("yes", CHOICES),
        token('"}\n```'),
    ]
    probability = probability_of_yes('{"c1":"yes"}', tokens, "c1", PLAIN)
    assert probability == pytest.approx(0.7 / 0.9)


def test_each_of_several_answers_has_its_own() -> None:
    other = {"yes": 0.1, "no": 0.9}
    tokens = [
        token('{"c1":"'), token("yes", CHOICES), token('","c2":"'), token("no", other),
        token('"}'),
    ]  # fmt: skip
    content = '{"c1":"yes","c2":"no"}'
    assert probability_of_yes(content, tokens, "c2", PLAIN) == pytest.approx(0.1)


def test_an_answer_inside_an_object_is_found() -> None:
    content = '{"c1":{"quote":"\\"c1\\": \\"no","answer":"yes"}}'
    tokens = [token(content[:-6]), token("yes", CHOICES), token('"}}')]
    assert probability_of_yes(content, tokens, "c1", PLAIN) == pytest.approx(0.7 / 0.9)


@pytest.mark.parametrize(
    "choices",
    [
        {"yes": 0.5},  # no may be as likely
        {"The": 0.9},
        {"y": 0.4, "": 0.5},
    ],
)
def test_where_the_choices_do_not_tell_there_is_none(
    choices: Mapping[str, float],
) -> None:
    tokens = [token('{"c1":"'), token("yes", choices), token('"}')]
    assert probability_of_yes('{"c1":"yes"}', tokens, "c1", PLAIN) is None


def test_an_answer_too_unlikely_to_be_listed_does_not_matter() -> None:
    tokens = [token('{"c1":"'), token("yes", {"yes": 0.999}), token('"}')]
    assert probability_of_yes('{"c1":"yes"}', tokens, "c1", PLAIN) == 1.0


def test_levels_and_foreign_tokens_give_none() -> None:
    levels = LevelScale(0.0, 1.0, (Level(0.0, None, "x"), Level(1.0, None, "y")))
    tokens = [token('{"c1":"'), token("yes", CHOICES), token('"}')]
    content = '{"c1":"yes"}'
    assert (
        probability_of_yes(content, tokens, "c1", Question(text="?", scale=levels))
        is None
    )
    assert probability_of_yes(content, tokens[1:], "c1", PLAIN) is None
    assert probability_of_yes(content, [], "c1", PLAIN) is None
    assert probability_of_yes(content, tokens, "c2", PLAIN) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["content", "token", "bytes", "logprob", "top_logprobs"]),
            inner,
        )
    ),
)


@given(
    _JSON,
    st.dictionaries(st.sampled_from(["c1", "c2"]), st.sampled_from(["yes", "no"])),
)
def test_any_logprobs_give_a_probability_or_none(
    logprobs: object, answers: dict[str, str]
) -> None:
    content = json.dumps(answers)
    tokens = read_tokens(logprobs)
    probability = probability_of_yes(content, tokens, "c1", PLAIN)
    assert probability is None or 0 <= probability <= 1


@given(
    st.dictionaries(
        st.sampled_from(["yes", "no", "Yes", "NO", " yes", "x"]), st.floats(1e-6, 1)
    )
)
def test_a_probability_is_in_its_bounds(choices: dict[str, float]) -> None:
    tokens = [token('{"c1":"'), token("yes", choices), token('"}')]
    probability = probability_of_yes('{"c1":"yes"}', tokens, "c1", PLAIN)
    assert probability is None or 0 <= probability <= 1
