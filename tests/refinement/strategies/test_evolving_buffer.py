"""The criteria that vary most stay; a constant one never does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.scopes import item_name
from rubricdsl.model.edit import Remove
from rubricdsl.model.rubric import Criterion, Group, Weight
from rubricdsl.refinement.strategies.evolving_buffer import EVOLVING_BUFFER
from tests.refinement.strategies.stage import Stage, responses_of

RUBRIC = """rubric r
[1] a: Shows a.
[2] b: Shows b.
[-1] c: Shows c.
[must] safe: Shows safe.
[3] mean of m
    [1] d: Shows d.
    [1] e: Shows e.
[1] mean of g
    [1] f: Shows f.
    [never] bad: Shows bad.
[1] any of o
    [1] h: Shows h.
    [1] i: Shows i.
"""
WORDS = "abcdefhi"


def _kept(rubric) -> set[str]:
    """Name what is left of the summands."""
    found: set[str] = set()
    for item in rubric.items:
        if isinstance(item, Group) and item.name in "mg":
            found |= {item_name(i) for i in item.items if isinstance(i.mark, Weight)}
        elif isinstance(item.mark, Weight):
            found.add(item_name(item))
    return found


@settings.get_profile("costly")
@given(st.dictionaries(st.sampled_from(WORDS), st.integers(0, 19)), st.integers(1, 9))
def test_what_is_left_varies_and_is_no_more_than_k(met, k) -> None:
    """A word is met by as many of 20 responses as is drawn: by all, or by none."""
    table = {word: [n < met.get(word, 0) for n in range(20)] for word in WORDS}
    table |= {"safe": [True] * 20, "bad": [False] * 20}
    stage = Stage(RUBRIC, responses_of(table, 1))
    proposed = stage.play(EVOLVING_BUFFER, {"k": str(k)})
    spreads = {word: float(np.std(table[word])) for word in WORDS}
    spreads["o"] = float(np.std(np.array(table["h"]) | np.array(table["i"])))
    candidates = [name for name in "abcdefo" if spreads[name] > 0]
    ranked = sorted(candidates, key=lambda name: -spreads[name])[:k]
    least = min((spreads[name] for name in ranked), default=0)
    sure = {name for name in ranked if spreads[name] > least and name != "c"}
    if proposed.notices:
        assert proposed.edits == ()
        assert not sure
        return
    left = stage.after(proposed.edits).rubric
    kept = _kept(left)
    assert kept <= set(candidates)
    assert len(kept) == min(k, len(candidates))
    assert sure <= kept
    # Gates stay, with their group or without.
    assert "safe" in {item.name for item in left.items}
    assert "g" in {item.name for item in left.items}


def test_what_varies_only_between_prompts_is_constant() -> None:
    table = {"a": [n % 4 < 2 for n in range(40)], "b": [n < 20 for n in range(40)]}
    text = "rubric r\n[1] a: Shows a.\n[1] b: Shows b.\n"
    stage = Stage(text, responses_of(table, 4))
    (edit,) = stage.play(EVOLVING_BUFFER).edits
    assert isinstance(edit, Remove)
    assert edit.criterion == "a"
    assert "standard deviation over 40 responses is 0.000" in (edit.reason or "")


def test_where_nothing_varies_nothing_is_removed() -> None:
    stage = Stage("rubric r\n[1] a: Shows a.\n", responses_of({"a": [1] * 12}, 1))
    proposed = stage.play(EVOLVING_BUFFER)
    assert proposed.edits == ()
    assert "nothing would be left" in proposed.notices[0]


def test_what_others_need_stays() -> None:
    text = "rubric r\n[1] a: Shows a.\n[1] b: Shows b.\n    needs: a\n"
    table = {"a": [1] * 12, "b": [0, 1] * 6}
    stage = Stage(text, responses_of(table, 1))
    assert stage.play(EVOLVING_BUFFER).edits == ()
    left = stage.after(()).rubric.items
    assert all(isinstance(item, Criterion) for item in left)


def test_k_is_a_whole_number() -> None:
    for k in ("0", "1.5", "-1", "many"):
        with pytest.raises(RubricError, match="`k`"):
            EVOLVING_BUFFER.create({"k": k})
