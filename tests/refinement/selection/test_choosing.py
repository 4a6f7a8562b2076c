"""From which responses a pair is chosen, and to which prompt."""

from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.model.refinement import Candidate, Pair, SelectionRequest
from rubricdsl.model.response import Response
from rubricdsl.refinement.selection import OFFERS
from rubricdsl.refinement.selection.choosing import Choice, choose
from rubricdsl.refinement.selection.top2 import Top2
from rubricdsl.testing.strategies.pools import candidates, scorecard_of

SELECTORS = {
    offer.name: offer.create({"policy": "policy"} if "policy" in offer.options else {})
    for offer in OFFERS
}
selectors = st.sampled_from(list(SELECTORS.values()))
seeds = st.integers(0, 3)


def candidate(
    name: str, score: float | None, *, prompt: str = "p", text: str | None = None
) -> Candidate:
    response = Response(
        text=f"Text of {name}." if text is None else text,
        prompt_id=prompt,
        response_id=name,
    )
    return Candidate(response=response, scorecard=scorecard_of(response, score))


def chosen(pool: Sequence[Candidate], **circumstances: Any) -> Choice:
    return choose(
        **{
            "selector": Top2(),
            "candidates": pool,
            "used": (),
            "round": 1,
            "seed": 0,
            **circumstances,
        }
    )


def ids(pool: Sequence[Candidate], **circumstances: Any) -> tuple[str, str]:
    """Give the ids of the pair that has to be there."""
    pair = chosen(pool, **circumstances).pair
    assert pair is not None
    return pair.ids


def prompt_of(pool: Sequence[Candidate], **circumstances: Any) -> str:
    """Give the prompt of the pair that has to be there."""
    pair = chosen(pool, **circumstances).pair
    assert pair is not None
    return pair.first.response.prompt_id


@frozen
class Seen:
    """Chooses nothing, and keeps what it was asked."""

    requests: list[SelectionRequest] = field(factory=list)

    def select(self, request: SelectionRequest) -> None:
        """Keep the request."""
        self.requests.append(request)

    def prompts(self) -> list[str]:
        """Give the prompts that it was asked about, in order."""
        return [one.candidates[0].response.prompt_id for one in self.requests]


# ------------------------------------------------------------------------ laws


@given(st.data(), candidates(prompts=3), selectors, seeds)
def test_only_what_may_be_chosen_is(data, pool, selector, seed):
    keys = [one.key for one in pool]
    used = data.draw(st.sets(st.sampled_from(keys))) if keys else set()
    choice = chosen(pool, selector=selector, used=used, seed=seed)
    assert choice.why
    if choice.pair is None:
        return
    first, second = choice.pair.first, choice.pair.second
    assert first in pool
    assert second in pool
    assert first.response.prompt_id == second.response.prompt_id
    assert first.score is not None
    assert second.score is not None
    texts = {first.response.text.strip(), second.response.text.strip()}
    assert len(texts) == 2
    assert not {first.key, second.key} & used
    spent = {
        one.response.text.strip()
        for one in pool
        if one.key in used and one.response.prompt_id == first.response.prompt_id
    }
    assert not texts & spent


@given(st.data(), candidates(prompts=3), selectors, seeds)
def test_the_order_of_the_input_decides_nothing(data, pool, selector, seed):
    shuffled = data.draw(st.permutations(pool))
    there = {"selector": selector, "seed": seed, "round": 2, "prompts_used": ["p2"]}
    assert chosen(pool, **there) == chosen(shuffled, **there)


@given(candidates(prompts=3), selectors, seeds)
def test_a_pool_is_used_up_pair_by_pair(pool, selector, seed):
    used: set[tuple[str, str]] = set()
    rounds = 0
    choice = chosen(pool, selector=selector, seed=seed)
    while choice.pair is not None:
        rounds += 1
        used |= {choice.pair.first.key, choice.pair.second.key}
        assert len(used) == 2 * rounds
        choice = chosen(pool, selector=selector, used=used, seed=seed, round=rounds)


@given(candidates(prompts=3), seeds)
def test_exhausted_means_that_no_prompt_has_two_left(pool, seed):
    choice = chosen(pool, seed=seed)
    texts: dict[str, set[str]] = {}
    for one in pool:
        if one.score is not None:
            inside = texts.setdefault(one.response.prompt_id, set())
            inside.add(one.response.text.strip())
    assert choice.exhausted == all(len(found) < 2 for found in texts.values())
    assert choice.exhausted == (choice.pair is None)


# ------------------------------------------------------------------- responses


def test_what_has_no_score_and_what_was_not_scored_is_left_out():
    unscored = evolve(candidate("d", 1.0), scorecard=None)
    pool = [candidate("a", 0.2), candidate("b", None), candidate("c", 0.1), unscored]
    assert ids(pool) == ("a", "c")


def test_of_equal_texts_only_one_is_offered():
    pool = [candidate("a", 0.9, text="Same."), candidate("b", 0.8, text="Same.\n")]
    choice = chosen(pool)
    assert choice.pair is None
    assert choice.exhausted
    pool.append(candidate("c", 0.1))
    assert ids(pool) in {("a", "c"), ("b", "c")}


def test_which_of_equal_texts_is_offered_is_drawn():
    pool = [candidate("a", 0.9, text="Same."), candidate("b", 0.8, text="Same.")]
    pool.append(candidate("c", 0.1))
    found = {ids(pool, seed=seed) for seed in range(20)}
    assert found == {("a", "c"), ("b", "c")}


def test_a_copy_of_a_used_response_is_used_even_where_that_has_no_score():
    used = evolve(candidate("a", 0.9, text="Same."), scorecard=None)
    pool = [used, candidate("b", 0.8, text="Same."), candidate("c", 0.1)]
    assert chosen(pool, used={("p", "a")}).exhausted
    pool.append(candidate("d", 0.2))
    assert ids(pool, used={("p", "a")}) == ("d", "c")


def test_a_selector_sees_all_that_has_a_score():
    pool = [candidate("a", 0.9), candidate("b", 0.8), candidate("c", 0.1)]
    pool.append(candidate("d", None))
    seen = Seen()
    chosen(pool, selector=seen, used={("p", "a")})
    (request,) = seen.requests
    assert [one.response.response_id for one in request.scored] == ["a", "b", "c"]
    assert [one.response.response_id for one in request.candidates] == ["b", "c"]


@pytest.mark.parametrize("name", ["same", "other"])
def test_a_selector_that_chooses_what_it_was_not_offered_is_refused(name):
    pool = [candidate("a", 0.9), candidate("b", 0.8), candidate("c", None)]
    second = pool[0] if name == "same" else pool[2]

    @frozen
    class Wrong:
        def select(self, request: SelectionRequest) -> Pair | None:
            return Pair(first=request.candidates[0], second=second, why="")

    with pytest.raises(RubricError) as caught:
        chosen(pool, selector=Wrong())
    assert caught.value.diagnostics[0].code == "D302"


# --------------------------------------------------------------------- prompts


def two(prompt: str, first: float, second: float) -> list[Candidate]:
    return [
        candidate("a", first, prompt=prompt),
        candidate("b", second, prompt=prompt),
    ]


def order(pool: list[Candidate], *, used: tuple[str, ...] = ()) -> list[str]:
    """Give the prompts in the order in which a selector is asked about them."""
    seen = Seen()
    choice = chosen(pool, selector=seen, prompts_used=used)
    assert choice.pair is None
    assert not choice.exhausted
    return seen.prompts()


def test_a_tie_at_the_top_comes_first_and_then_the_smallest_margin():
    pool = [*two("far", 0.9, 0.1), *two("near", 0.5, 0.4), *two("tie", 0.2, 0.2)]
    assert order(pool) == ["tie", "near", "far"]


def test_scores_that_differ_by_rounding_tie():
    pool = [*two("near", 0.5, 0.4999), *two("tie", 0.1 + 0.2, 0.3)]
    assert order(pool) == ["tie", "near"]


def test_of_prompts_as_close_those_used_least_come_first():
    pool = [*two("x", 0.5, 0.5), *two("y", 0.7, 0.7), *two("z", 0.9, 0.9)]
    assert order(pool, used=("x", "z", "z")) == ["y", "x", "z"]
    margins = [*two("x", 0.3, 0.1), *two("y", 0.4, 0.2)]
    assert order(margins, used=("x",)) == ["y", "x"]
    assert order(margins, used=("y",)) == ["x", "y"]


def test_prompts_that_are_equal_are_drawn():
    pool = [*two("x", 0.5, 0.5), *two("y", 0.7, 0.7)]
    found = {prompt_of(pool, seed=seed) for seed in range(20)}
    assert found == {"x", "y"}


def test_a_prompt_for_which_nothing_is_found_gives_way_to_the_next():
    @frozen
    class Picky:
        def select(self, request: SelectionRequest) -> Pair | None:
            found = Top2().select(request)
            assert found is not None
            return found if found.first.response.prompt_id == "far" else None

    pool = [*two("far", 0.9, 0.1), *two("tie", 0.2, 0.2)]
    assert prompt_of(pool, selector=Picky()) == "far"
    choice = chosen(two("tie", 0.2, 0.2), selector=Picky())
    assert (choice.pair, choice.exhausted) == (None, False)
    assert "worth telling apart" in choice.why
