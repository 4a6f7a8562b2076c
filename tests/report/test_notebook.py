"""Results in a notebook: a table in which texts are texts."""

import pytest

import rubricdsl
from rubricdsl.api import Scorecards
from rubricdsl.model.edit import Edit, Remove, Reweigh
from rubricdsl.model.refinement import (
    Decision,
    RefinedRubric,
    RoundRecord,
    Stop,
    StopKind,
)
from rubricdsl.model.ruling import YES
from rubricdsl.refining.front import RefinedRubrics
from rubricdsl.report.markup import visible
from tests.report.parsed import Parsed
from tests.report.runs import card, cards, criterion
from tests.report.test_page import HOSTILE


def test_results_of_the_api_show_as_a_table() -> None:
    rubric = rubricdsl.loads(
        "rubric short\n[1] brief: Has at most two words.\n"
        "    check: words(response) <= 2\n"
    )
    found = rubricdsl.evaluate_sync(rubric, ["Yes.", "Not at all so."])
    assert isinstance(found, tuple)
    parsed = Parsed.of(found._repr_html_())
    assert "2 responses, scored 2/2" in parsed.text
    assert "brief" in parsed.text
    assert "1.000" in parsed.text
    assert parsed.text.count("✓") == parsed.text.count("✗") == 1


def test_a_part_of_them_does_too() -> None:
    found = Scorecards(cards({"r1": "y", "r2": "?"}))
    assert "1 response, scored 0/1" in Parsed.of(found[1:]._repr_html_()).text
    assert found[0].response_id == "r1"
    assert [one.response_id for one in found] == ["r1", "r2"]
    assert found == tuple(found)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_texts_are_texts(hostile) -> None:
    one = card([criterion(hostile, YES)], prompt_id=hostile, response_id=hostile)
    parsed = Parsed.of(Scorecards([one])._repr_html_())
    assert parsed.text.count(visible(hostile)) == 3
    assert [tag for tag, _, _ in parsed.raw] == ["style"]
    assert hostile not in parsed.raw[0][2]


def test_of_many_the_best_are_shown() -> None:
    marks = {f"r{number}": "y" if number > 90 else "n" for number in range(100)}
    parsed = Parsed.of(Scorecards(cards(marks))._repr_html_())
    assert "the best 30 are shown" in parsed.text
    assert len(parsed.named("tr")) == 31
    assert parsed.text.count("✓") == 9


@pytest.mark.parametrize("hostile", HOSTILE)
def test_refined_rubrics_show_their_edits_and_why(hostile) -> None:
    rubric = rubricdsl.loads("rubric short\n[1] brief: Is brief.\n")
    edits: list[Edit] = [
        Reweigh(criterion="brief", mark="2", type="t", reason="r"),
        Remove(criterion="brief", type="t", reason="r"),
    ]
    record = RoundRecord(
        number=1,
        strategy="rtd",
        decisions=(
            Decision(edit=edits[0], accepted=True, why=hostile),
            Decision(edit=edits[1], accepted=False, why="ties rise"),
        ),
    )
    one = RefinedRubric(
        name=hostile,
        text="",
        rubric=rubric,
        begin=rubric,
        rounds=(record,),
        stop=Stop(StopKind.ROUNDS_DONE, "done"),
    )
    parsed = Parsed.of(RefinedRubrics([one])._repr_html_())
    assert "1 rubric, 1 edit entered" in parsed.text
    assert parsed.text.count(visible(hostile)) == 3
    assert "reweigh `brief` to [2]" in parsed.text
    assert parsed.text.count("refused") == 1
    assert [tag for tag, _, _ in parsed.raw] == ["style"]
