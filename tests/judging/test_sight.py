"""What a judge and a check see of a response."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import FactMissingError
from rubricdsl.judging.sight import EVERYTHING, check_names, look
from rubricdsl.model.digest import Plain, digest, digest_of_texts
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Group, Turn, Weight

BARE = BoundRubric(name="r", root=Group(name="r", mark=Weight(1.0)), digest="0")
RUBRIC = evolve(BARE, prompt="From the rubric?", reference="It is so.")
RESPONSE = Response(text="Yes.", prompt_id="p", response_id="r")


def test_the_prompt_and_the_response_come_first() -> None:
    response = evolve(RESPONSE, artifacts={"log": "ok"})
    texts = look(("log", "reference", "response", "prompt"), RUBRIC, response).texts
    assert list(texts.items()) == [
        ("prompt", "From the rubric?"),
        ("response", "Yes."),
        ("log", "ok"),
        ("reference", "It is so."),
    ]


def test_the_responses_own_texts_come_before_the_rubrics() -> None:
    response = evolve(RESPONSE, prompt="From the row?", reference="")
    texts = look(EVERYTHING, RUBRIC, response).texts
    assert texts["prompt"] == "From the row?"
    assert texts["reference"] == ""
    assert check_names(RUBRIC, response) == {
        "response": "Yes.",
        "prompt": "From the row?",
        "reference": "",
    }


def test_a_conversation_is_shown_turn_by_turn() -> None:
    turns = (Turn("system", "Be kind."), Turn("user", "Hello?"))
    response = evolve(RESPONSE, conversation=turns, prompt="Hello?")
    shown = "system: Be kind.\n\nuser: Hello?"
    assert look(("prompt",), RUBRIC, response).texts["prompt"] == shown
    response = evolve(response, prompt="And now?")
    shown += "\n\nuser: And now?"
    assert look(("prompt",), RUBRIC, response).texts["prompt"] == shown


def test_what_nobody_has_is_left_out_unless_it_is_asked_for_by_name() -> None:
    assert list(look(EVERYTHING, BARE, RESPONSE).texts) == ["response"]
    assert check_names(BARE, RESPONSE) == {"response": "Yes."}
    for sees in (("response", "reference"), ("report",)):
        with pytest.raises(FactMissingError):
            look(sees, BARE, RESPONSE)


def test_the_digest_is_of_names_and_texts() -> None:
    digests = {
        look(sees, RUBRIC, response).digest
        for sees in (("response",), ("prompt",), EVERYTHING)
        for response in (RESPONSE, evolve(RESPONSE, text="No."))
    }
    assert len(digests) == 5


TEXTS = st.text(st.characters(codec=None) | st.characters(categories=["Cs"]))


@given(st.dictionaries(TEXTS, TEXTS))
def test_the_digest_of_texts_is_that_of_their_list(texts: dict[str, str]) -> None:
    pairs: list[Plain] = [[name, text] for name, text in texts.items()]
    assert digest_of_texts(texts) == digest(pairs)
