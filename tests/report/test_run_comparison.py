"""Two runs are matched by ids; what moved is told, and what cannot be compared is."""

import attrs

from rubricdsl.model.ruling import NO, YES
from rubricdsl.report.page import Material, report
from rubricdsl.report.run_comparison import run_comparison
from tests.report.parsed import check_sound
from tests.report.runs import card, cards, criterion, results

BEFORE = {"r1": "yn", "r2": "nn", "r3": "y?", "gone": "yy"}
AFTER = {"r2": "yn", "r1": "yn", "r3": "yn", "new": "nn"}


def test_scores_verdicts_and_criteria() -> None:
    found = run_comparison(cards(BEFORE), cards(AFTER))
    assert [(one.response_id, one.difference, one.changed) for one in found.pairs] == [
        ("r1", 0.0, 0),
        ("r2", 0.5, 1),
        ("r3", None, 1),
    ]
    assert (found.only_first, found.only_second) == (1, 1)
    assert found.verdicts == 6
    assert [(one.response_id, one.path) for one in found.changed] == [
        ("r2", "first"),
        ("r3", "second"),
    ]
    assert (found.changed[1].before, found.changed[1].after) == (None, NO)
    first, second = found.criteria
    assert (first.both, first.rose, first.fell, first.lost) == (3, 1, 0, 0)
    assert (second.both, second.rose, second.lost, second.won) == (2, 0, 0, 1)
    assert first.before == 2 / 3
    assert first.after == 1.0
    assert found.mean is not None
    assert found.mean.estimate == 0.25


def test_more_of_a_penalty_is_worse() -> None:
    before = [card([criterion("rude", NO, weight=-1.0)])]
    after = [card([criterion("rude", YES, weight=-1.0)])]
    (move,) = run_comparison(before, after).criteria
    assert (move.before, move.after, move.rose, move.fell) == (1.0, 0.0, 0, 1)


def test_responses_judged_by_several_rubrics_are_matched_by_them_too() -> None:
    def run(mark):
        return [*cards({"r1": "y"}, rubric="a"), *cards({"r1": mark}, rubric="b")]

    found = run_comparison(run("y"), run("n"))
    assert [one.difference for one in found.pairs] == [0.0, -1.0]


def test_a_renamed_rubric_is_compared_all_the_same() -> None:
    found = run_comparison(
        cards({"r1": "y"}, rubric="old"), cards({"r1": "n"}, rubric="new")
    )
    assert [one.difference for one in found.pairs] == [-1.0]


def test_criteria_that_only_one_run_has() -> None:
    before = [card([criterion("kept", YES), criterion("old", YES)])]
    after = [card([criterion("kept", YES), criterion("fresh", NO)])]
    found = run_comparison(before, after)
    assert (found.gone, found.new) == (("old",), ("fresh",))
    assert found.verdicts == 1
    assert found.changed == ()


def test_the_section_shows_it() -> None:
    found = run_comparison(cards(BEFORE), cards(AFTER), names=("<a>", "b.jsonl"))
    html = report(Material(runs=[results(cards(AFTER))], comparison=found))
    check_sound(html)
    start = html.index('<section id="comparison"')
    shown = html[start : html.index("</section>", start)]
    assert "&lt;a&gt;" in shown
    assert "not measured → no" in shown
    assert "Responses of another score, 2" in shown
    same = run_comparison(cards(BEFORE), cards(BEFORE))
    unchanged = report(Material(runs=[results(cards(BEFORE))], comparison=same))
    assert "No score is another." in unchanged
    assert "No verdict is another." in unchanged
    assert attrs.evolve(same, pairs=()).differences == ()
