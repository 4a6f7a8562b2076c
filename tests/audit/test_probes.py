"""What junk is made of."""

import pytest

from rubricdsl.api import open_project
from rubricdsl.audit.probes import PROBES, keywords
from rubricdsl.audit.stock import FOREIGN
from rubricdsl.model.audit import Yardstick
from rubricdsl.refinement.gate import junk_for
from tests.audit.conftest import GOOD, response

BY_NAME = {probe.name: probe for probe in PROBES}


@pytest.mark.parametrize("name", BY_NAME)
def test_each_makes_something_and_the_same_again(probing, name):
    made = list(BY_NAME[name].make(probing()))
    assert made
    assert made == list(BY_NAME[name].make(probing()))
    assert len(set(made)) == len(made)
    assert GOOD not in made


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_each_says_what_it_is_and_what_it_attacks(probe):
    assert probe.description
    assert probe.attacks
    assert len(probe.description) < 70


def test_probes_and_mutations_come_through_the_same_door_as_those_of_others():
    host = open_project().host
    assert set(BY_NAME) <= set(host.probes)
    assert {"drop_fact", "pad"} <= set(host.mutations)


def test_padding_is_longer_than_what_is_good(probing):
    long = GOOD * 20
    (text,) = BY_NAME["padding"].make(probing(long))
    assert len(text.split()) >= 2 * len(long.split())
    assert BY_NAME["padding"].make(probing(seed=1)) != BY_NAME["padding"].make(
        probing()
    )


def test_only_what_helps_is_read_back(probing):
    claims, bare = BY_NAME["rubric_echo"].make(probing())
    for text in (claims, bare):
        assert "Recommends small drinks every five minutes." in text
        assert "Explains that most fevers are harmless." in text
        assert "vinegar" not in text
        assert "Threatens" not in text
        assert "60 words" not in text


def test_wrong_numbers_leave_all_else_as_it_was(probing):
    (tripled,) = BY_NAME["wrong_numbers_x3"].make(probing("Wait 3 days."))
    (third,) = BY_NAME["wrong_numbers_d3"].make(probing("Wait 3 days."))
    assert (tripled, third) == ("Wait 9 days.", "Wait 1 days.")
    for name in ("wrong_numbers_x3", "wrong_numbers_d3"):
        assert BY_NAME[name].yardstick is Yardstick.ORIGINAL
        assert list(BY_NAME[name].make(probing("Wait."))) == []


def test_keywords_are_those_of_what_helps(rubric):
    words = keywords(rubric).split(", ")
    assert "drinks" in words
    assert "vinegar" not in words
    assert len(words) == len(set(words))


def test_the_language_of_the_rubric_is_no_other(rubric, probing):
    assert len(BY_NAME["language_switch"].make(probing())) == len(FOREIGN)


def test_the_gate_takes_its_junk_from_here(rubric, probing):
    texts = {one.response_id: one.text for one in junk_for(rubric, response())}
    assert texts["junk_rubric_echo"] == BY_NAME["rubric_echo"].make(probing())[0]
    assert "junk_empty" not in texts
