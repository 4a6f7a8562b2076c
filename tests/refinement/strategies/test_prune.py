"""Pruning takes out what is dead, redundant or misaligned, and nothing else."""

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.binding import bind
from rubricdsl.model.edit import Remove
from rubricdsl.model.rubric import Group, Weight
from rubricdsl.refinement.strategies.places import Layout, Removals
from rubricdsl.refinement.strategies.prune import PRUNE
from tests.refinement.benches import FUNCTIONS, KeywordBench
from tests.refinement.strategies.stage import (
    Stage,
    load,
    planted,
    preferences_by,
    responses_of,
)

RUBRIC = """rubric r
[3] good: Shows good.
[2] inverted: Shows inverted.
[2] noise: Shows noise.
[1] copy: Shows copy.
[1] always: Shows always.
[must] safe: Shows safe.
[-1] rude: Shows rude.
"""


def _stage(**changes) -> Stage:
    table, gold = planted({"good": 2, "inverted": -2, "noise": 0}, 240, 1)
    table |= {"copy": table["noise"], "always": np.ones(240), "safe": np.ones(240)}
    table["rude"] = np.zeros(240)
    responses = responses_of(table, 20)
    stage = Stage(RUBRIC, responses, gold)
    if "preferred" in changes:
        return Stage(RUBRIC, responses, None, preferences_by(gold, responses))
    return Stage(RUBRIC, responses, None) if "blind" in changes else stage


def _removed(edits) -> dict[str, str]:
    assert all(isinstance(edit, Remove) for edit in edits)
    return {edit.criterion: edit.reason for edit in edits}


def test_gold_tells_what_is_misaligned_redundant_and_dead() -> None:
    stage = _stage()
    proposed = stage.play(PRUNE)
    removed = _removed(proposed.edits)
    assert list(removed) == ["inverted", "copy", "always"]
    assert "difference -0." in removed["inverted"]
    assert "phi 1.00 over 240 responses" in removed["copy"]
    assert "`noise`" in removed["copy"]
    assert "mean value there is 1.00" in removed["always"]
    left = [item.name for item in stage.after(proposed.edits).rubric.items]
    assert left == ["good", "noise", "safe", "rude"]


def test_preferences_tell_as_much() -> None:
    assert list(_removed(_stage(preferred=True).play(PRUNE).edits)) == [
        "inverted",
        "copy",
        "always",
    ]


def test_with_neither_nothing_is_misaligned() -> None:
    assert list(_removed(_stage(blind=True).play(PRUNE).edits)) == ["copy", "always"]


def test_few_responses_prove_nothing() -> None:
    table, gold = planted({"good": 2, "inverted": -9}, 9, 2)
    text = "rubric r\n[1] good: Shows good.\n[1] inverted: Shows inverted.\n"
    proposed = Stage(text, responses_of(table, 1), gold).play(PRUNE)
    assert proposed.edits == ()
    assert proposed.notices == ("9 responses have a score, and 10 are needed",)


def test_the_lighter_of_two_goes() -> None:
    table, gold = planted({"a": 1}, 60, 3)
    table["b"] = table["a"]
    responses = responses_of(table, 6)
    for weights, gone in (((1, 2), "a"), ((2, 1), "b"), ((1, 1), "b")):
        text = "rubric r\n" + "".join(
            f"[{weight}] {name}: Shows {name}.\n"
            for weight, name in zip(weights, "ab", strict=True)
        )
        assert list(_removed(Stage(text, responses, gold).play(PRUNE).edits)) == [gone]


def test_what_others_lean_on_stays() -> None:
    table, gold = planted({"good": 2}, 60, 4)
    table |= {"always": np.ones(60), "part": np.ones(60), "last": np.ones(60)}
    text = """rubric r
[2] good: Shows good.
[1] always: Shows always.
[1] part: Shows part.
    needs: always
[1] all of strict
    [1] last: Shows last.
[1] formula of mixed
    combine: even
    [1] even: Shows always.
"""
    removed = _removed(Stage(text, responses_of(table, 6), gold).play(PRUNE).edits)
    assert list(removed) == ["part"]


def test_a_response_whose_verdict_failed_is_left_out() -> None:
    """Failures that counted as no would make `always` vary."""
    failing = frozenset(f"r{n:04}" for n in range(0, 240, 10))
    stage = attrs.evolve(_stage(), bench=KeywordBench(fails=failing))
    removed = _removed(stage.play(PRUNE).edits)
    assert "always" in removed
    assert "over 216 responses" in removed["copy"]


def test_options_are_read() -> None:
    proposed = _stage().play(PRUNE, {"phi": "1", "tail": "0.8"})
    assert "copy" in _removed(proposed.edits)
    with pytest.raises(RubricError, match="`phi`"):
        PRUNE.create({"phi": "2"})
    with pytest.raises(RubricError, match="`tail`"):
        PRUNE.create({"tail": "x"})


# ------------------------------------------------------- nothing is left empty

_GROUPED = """rubric r
[1] a: Shows a.
[-1] b: Shows b.
[2] mean of m
    [1] c: Shows c.
    [1] d: Shows d.
    [must] e: Shows e.
[1] at least 2 of n
    [1] f: Shows f.
    [1] g: Shows g.
    [1] h: Shows h.
"""


@given(st.permutations(list("abcdefgh")))
def test_removals_leave_every_group_something_to_count(order) -> None:
    rubric = load(_GROUPED)
    layout = Layout.of(rubric, bind(rubric, FUNCTIONS))
    places = {place.node.name: place for place in layout.places.values()}
    removals = Removals()
    gone = [name for name in order if removals.take(places[name])]
    edits = [Remove(criterion=name) for name in gone]
    left = Stage(_GROUPED, []).after(edits).rubric
    groups = [item for item in left.items if isinstance(item, Group)]
    assert [group.name for group in groups] == ["m", "n"]
    for items in (left.items, *(group.items for group in groups)):
        weights = [i.mark.value for i in items if isinstance(i.mark, Weight)]
        assert any(weight > 0 for weight in weights)
    assert len(groups[1].items) >= 2
    # As much goes as can: of a and the groups in the root, of c and d, of f, g and h.
    assert {"a", "b", "e"} <= set(gone)
    assert len(gone) == 5


@settings.get_profile("costly")
@given(st.integers(0, 10_000))
def test_whatever_is_proposed_applies(seed) -> None:
    generator = np.random.default_rng(seed)
    table, gold = planted({name: generator.normal(0, 2) for name in "abcdefgh"}, 40, 9)
    for name in "dh":
        if generator.random() < 0.5:
            table[name] = table["c"]
    stage = Stage(_GROUPED, responses_of(table, 4), gold)
    stage.after(stage.play(PRUNE, {"phi": "0.6"}).edits)
