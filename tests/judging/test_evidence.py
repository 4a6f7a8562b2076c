"""Which quotes are evidence, and which responses say nothing."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.degenerate import is_plainly_no, says_nothing
from rubricdsl.judging.quotes import QuoteSource, normalized
from rubricdsl.model.judgement import Question
from rubricdsl.model.rubric import AnswerScale, Level, LevelScale

RESPONSE = "Take “Tdap” in week\n 27 \u2013 it protects the baby. What is the dose?"
SOURCE = QuoteSource({"prompt": "What is the dose?", "response": RESPONSE})


@pytest.mark.parametrize(
    "quote",
    [
        "it protects the baby",
        'Take "Tdap" in week 27 - it protects',
        "“it protects the baby.”",
        "  it  protects\tthe baby ",
        "week 27",
    ],
)
def test_quotes_that_are_found(quote: str) -> None:
    assert SOURCE.fault(quote, "Names the vaccine.") is None


@pytest.mark.parametrize(
    ("quote", "reason"),
    [
        (None, "no quote"),
        ("", "no quote"),
        ("“”", "no quote"),
        ("it protects the mother", "not in the response"),
        ("IT PROTECTS THE BABY", "not in the response"),
        ("Take … the baby", "not in the response"),
        ("baby", "too short"),
        ("What is the dose?", "in the prompt"),
        ("protects the baby", "in the criterion"),
    ],
)
def test_quotes_that_prove_nothing(quote: str | None, reason: str) -> None:
    fault = SOURCE.fault(quote, "Says that it protects the baby.")
    assert fault is not None
    assert reason in fault


def test_the_whole_of_a_short_response_is_evidence() -> None:
    assert QuoteSource({"response": "Yes."}).fault("Yes.", "Agrees.") is None


def test_quotes_come_from_whatever_is_judged() -> None:
    source = QuoteSource(
        {"report": "The run took five hours.", "reference": "six hours"}
    )
    assert source.fault("took five hours", "Says how long.") is None
    assert source.fault("six hours", "Says how long.") is not None


@given(st.text(min_size=1), st.integers(0, 20), st.integers(1, 40))
def test_a_long_enough_piece_is_always_found(text: str, start: int, size: int) -> None:
    quote = text[start : start + size]
    source = QuoteSource({"response": text})
    fault = source.fault(quote, "…")
    stable = unicodedata.is_normalized("NFKC", text)
    if stable and sum(map(str.isalnum, normalized(quote))) >= 6:
        assert fault is None


@pytest.mark.parametrize(
    "text", ["", " \n", "...", ":", "—", "\u200b\ufeff", "```", "**"]
)
def test_texts_that_say_nothing(text: str) -> None:
    assert says_nothing(text)


@pytest.mark.parametrize("text", ["4", "yes", "…no", "👍", "ж", "是"])
def test_texts_that_say_something(text: str) -> None:
    assert not says_nothing(text)


@pytest.mark.parametrize(
    "text",
    [
        "States that the dose is given in week 27.",
        "The response names the vaccine.",
        "Explains why antibodies protect the baby.",
        "Gives {{audience}} a dose that is above the maximum in the reference.",
    ],
)
def test_statements_that_are_plainly_false_of_nothing(text: str) -> None:
    assert is_plainly_no(Question(text=text))


@pytest.mark.parametrize(
    "text",
    [
        "Does not mention the dose.",
        "States nothing that is wrong.",
        "Never names a brand.",
        "Avoids jargon.",
        "Is under 200 words long.",
        "Contains no code.",
        "Gives at most three steps.",
        "Mentions only the vaccine.",
        "Uses words that a child would understand.",
        "Nennt den Impfstoff.",
        "Doesn't name a brand.",
        "Omits the dose.",
    ],
)
def test_other_statements_are_asked(text: str) -> None:
    assert not is_plainly_no(Question(text=text))


def test_other_answers_are_asked_for() -> None:
    text = "States the dose."
    levels = LevelScale(0.0, 1.0, (Level(0.0, None, "x"), Level(1.0, None, "y")))
    assert not is_plainly_no(Question(text=text, scale=levels))
    assert not is_plainly_no(Question(text=text, may_abstain=True))
    assert not is_plainly_no(Question(text=text, scale=AnswerScale(("yes", "partly"))))
