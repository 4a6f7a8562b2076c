"""What each rule of selection chooses, and what all of them have in common."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.model.refinement import Candidate, Pair, SelectionRequest
from rubricdsl.model.response import Response
from rubricdsl.plugins.host import PluginHost
from rubricdsl.refinement.selection import OFFERS
from rubricdsl.refinement.selection.distances import distance, shingles
from rubricdsl.refinement.selection.ordering import ranked
from rubricdsl.testing.strategies.pools import candidates, scorecard_of

BY_NAME = {offer.name: offer for offer in OFFERS}
POLICY = {"policy": "policy"}


def candidate(
    name: str,
    score: float,
    *,
    text: str | None = None,
    source: str | None = None,
    gold: float | None = None,
) -> Candidate:
    response = Response(
        text=name if text is None else text,
        prompt_id="p",
        response_id=name,
        source=source,
    )
    card = scorecard_of(response, score)
    return Candidate(response=response, scorecard=card, gold=gold)


def select(  # noqa: PLR0913 - a request has its parts
    name: str,
    pool: Sequence[Candidate],
    options: Mapping[str, str] = MappingProxyType({}),
    *,
    seed: int = 0,
    round: int = 1,  # noqa: A002 - as the language calls it
    scored: tuple[Candidate, ...] = (),
) -> Pair | None:
    request = SelectionRequest(
        candidates=tuple(pool), scored=scored, round=round, seed=seed
    )
    return BY_NAME[name].create(options).select(request)


def ids(
    name: str,
    pool: Sequence[Candidate],
    options: Mapping[str, str] = MappingProxyType({}),
    **circumstances: Any,
) -> tuple[str, str]:
    """Give the ids of the pair that has to be there."""
    pair = select(name, pool, options, **circumstances)
    assert pair is not None
    return pair.ids


def options_of(name: str) -> dict[str, str]:
    return POLICY if name == "reachable_tail" else {}


every = st.sampled_from(sorted(BY_NAME))


# ------------------------------------------------------------------------ laws


def test_all_come_through_the_hook():
    assert set(BY_NAME) == set(PluginHost.installed().pair_selectors)
    assert len(BY_NAME) == len(OFFERS) == 6


@given(st.data(), every, candidates(clean=True), st.integers(0, 3))
def test_the_order_of_the_input_decides_nothing(data, name, pool, seed):
    shuffled = data.draw(st.permutations(pool))
    options = options_of(name)
    found = select(name, pool, options, seed=seed)
    assert found == select(name, shuffled, options, seed=seed)
    assert found == select(name, pool, options, seed=seed)


@given(every, candidates(clean=True), st.integers(0, 3))
def test_a_pair_is_of_two_that_were_offered(name, pool, seed):
    pair = select(name, pool, options_of(name), seed=seed)
    if pair is not None:
        assert pair.first in pool
        assert pair.second in pool
        assert pair.first.key != pair.second.key
        assert pair.why


@pytest.mark.parametrize("name", sorted({*BY_NAME} - {"contrast_gold"}))
@given(candidates(clean=True))
def test_there_is_a_pair_where_there_are_two(name, pool):
    if name == "reachable_tail":
        # The policy's own are within its reach.
        assume(sum(one.response.source == "policy" for one in pool) >= 2)
    pair = select(name, pool, options_of(name))
    assert (pair is None) == (len(pool) < 2)


@given(candidates())
def test_what_has_no_score_has_no_rank(pool):
    ranking = ranked(SelectionRequest(candidates=pool, round=1, seed=0))
    assert len(ranking) == sum(one.score is not None for one in pool)
    for above, below in pairwise(ranking):
        assert below.level - above.level in {0, 1}
        assert above.score > below.score - 1e-9
        assert (above.level == below.level) == (above.score - below.score < 1e-9)


@pytest.mark.parametrize("name", ["top2", "tie_first", "random_top_k"])
def test_those_that_tie_are_as_likely(name):
    pool = [candidate(letter, 0.5) for letter in "abcd"]
    found = [ids(name, pool, seed=seed) for seed in range(240)]
    pairs = {frozenset(ids) for ids in found}
    assert len(pairs) == 6
    for pair in pairs:
        # 40 are expected; 25 off is more than four standard deviations.
        assert abs(sum(frozenset(ids) == pair for ids in found) - 40) < 25


def test_another_round_draws_anew():
    pool = [candidate(letter, 0.5) for letter in "abcdefgh"]
    for name in ("top2", "tie_first", "random_top_k", "top2_far"):
        found = {ids(name, pool, round=number) for number in range(8)}
        assert len(found) > 1, name


# ------------------------------------------------------------------- each rule


def test_top2():
    pool = [candidate("c", 0.2), candidate("b", 0.9), candidate("a", 0.5)]
    assert ids("top2", pool) == ("b", "a")
    pair = select("top2", pool)
    assert pair is not None
    assert pair.why == "the two best of 3: 0.9 and 0.5"
    assert select("top2", pool[:1]) is None


def test_tie_first_takes_the_highest_score_that_is_shared():
    pool = [candidate("a", 0.9), candidate("b", 0.1), candidate("c", 0.1)]
    pool += [candidate("d", 0.1 + 0.2), candidate("e", 0.3)]
    assert set(ids("tie_first", pool)) == {"d", "e"}


def test_tie_first_falls_back_on_the_two_best():
    pool = [candidate("a", 0.9), candidate("b", 0.1), candidate("c", 0.5)]
    assert ids("tie_first", pool) == ("a", "c")


def test_top2_far_prefers_other_sources_to_other_texts():
    near = "It is Ottawa in Canada."
    pool = [
        candidate("a", 0.9, text=near, source="x"),
        candidate("b", 0.8, text=f"{near} Yes.", source="y"),
        candidate("c", 0.7, text="Nothing in common at all", source="x"),
        candidate("d", 0.6, text="Something else again, quite", source=None),
        candidate("e", 0.5, text="Far too low to matter", source="z"),
    ]
    assert ids("top2_far", pool) == ("b", "c")
    assert ids("top2_far", pool, {"k": "2"}) == ("a", "b")
    assert set(ids("top2_far", pool, {"k": "5"})) <= {"a", "b", "c", "e"}


def test_top2_far_takes_the_most_distant_texts():
    pool = [
        candidate("a", 0.9, text="one two three four"),
        candidate("b", 0.8, text="one two three five"),
        candidate("c", 0.7, text="six seven eight nine"),
    ]
    assert ids("top2_far", pool) == ("a", "c")


def test_random_top_k_draws_from_the_best_only():
    pool = [candidate(letter, 1 - at / 10) for at, letter in enumerate("abcdef")]
    found = {ids("random_top_k", pool, {"k": "3"}, seed=s) for s in range(60)}
    assert found == {("a", "b"), ("a", "c"), ("b", "c")}


def test_reachable_tail_leaves_out_what_the_policy_does_not_reach():
    pool = [
        candidate("a", 0.95, source="great"),
        candidate("b", 0.9, source="great"),
        candidate("c", 0.7, source="great"),
        candidate("d", 0.6, source="policy"),
        candidate("e", 0.2, source="policy"),
    ]
    assert ids("reachable_tail", pool, POLICY) == ("c", "d")
    assert ids("reachable_tail", pool, {**POLICY, "margin": "0"}) == ("d", "e")
    assert ids("reachable_tail", pool, {**POLICY, "margin": "0.5"}) == ("a", "b")
    assert select("reachable_tail", pool, {"policy": "nobody"}) is None


def test_reachable_tail_remembers_what_was_used():
    left = (candidate("b", 0.5, source="great"), candidate("c", 0.4, source="great"))
    used = candidate("a", 0.6, source="policy")
    assert select("reachable_tail", left, POLICY) is None
    found = ids("reachable_tail", left, POLICY, scored=(used, *left))
    assert found == ("b", "c")


def test_contrast_gold_takes_the_worst_mistake_at_the_top():
    pool = [
        candidate("a", 0.9, gold=2.0),
        candidate("b", 0.8, gold=3.0),
        candidate("c", 0.8, gold=1.0),
        candidate("d", 0.7, gold=2.5),
        candidate("e", 0.2, gold=9.0),
        candidate("f", 0.1, gold=0.0),
        candidate("g", 1.0),
    ]
    pair = select("contrast_gold", pool)
    assert pair is not None
    assert pair.ids == ("b", "c")
    assert pair.why == "tied, though 2 gold apart: 0.8 and 0.8"
    whole = select("contrast_gold", pool, {"top": "1"})
    assert whole is not None
    assert whole.ids == ("e", "c")
    assert whole.why == "in the wrong order, though 8 gold apart: 0.2 and 0.8"


def test_contrast_gold_has_no_pair_where_the_rubric_is_right():
    pool = [candidate("a", 0.9, gold=3.0), candidate("b", 0.5, gold=1.0)]
    assert select("contrast_gold", pool) is None
    tied = [candidate("a", 0.9, gold=3.0), candidate("b", 0.9, gold=3.0)]
    assert select("contrast_gold", tied) is None
    assert select("contrast_gold", [candidate("a", 0.1), candidate("b", 0.2)]) is None


def test_contrast_gold_counts_all_that_tie_with_the_last_of_the_top():
    pool = [candidate(str(n), 1.0, gold=float(n)) for n in range(6)]
    assert ids("contrast_gold", pool, {"top": "0"}) == ("5", "0")


# -------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("top2", {"k": "4"}, "has no option `k`"),
        ("tie_first", {"k": "4"}, "the pair selector `tie_first` has no option `k`"),
        ("top2_far", {"l": "4"}, "no option `l`"),
        ("top2_far", {"k": "1"}, "`k` of the pair selector `top2_far` must be a whole"),
        ("top2_far", {"k": "4.5"}, "a whole number from 2 to 1000"),
        ("random_top_k", {"k": "many"}, "a whole number from 2 to 1000"),
        ("random_top_k", {"k": "9" * 5_000}, "a whole number from 2 to 1000"),
        ("random_top_k", {"k": "-4"}, "a whole number from 2 to 1000"),
        ("reachable_tail", {}, "the option `policy`"),
        ("reachable_tail", {"policy": " "}, "must be given"),
        ("reachable_tail", {**POLICY, "margin": "nan"}, "a number from 0 to 1"),
        ("reachable_tail", {**POLICY, "margin": "x"}, "a number from 0 to 1"),
        ("contrast_gold", {"top": "1.5"}, "a number from 0 to 1"),
    ],
)
def test_options_that_make_no_sense(name: str, options: dict[str, str], says: str):
    with pytest.raises(RubricError) as caught:
        BY_NAME[name].create(options)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "D401"
    assert says in diagnostic.message
    assert diagnostic.hint


def test_an_option_that_holds_a_key_is_not_repeated():
    key = "sk-" + "a1B2c3D4" * 5
    for options in ({"k": key}, {key: "4"}):
        with pytest.raises(RubricError) as caught:
            BY_NAME["top2_far"].create(options)
        (diagnostic,) = caught.value.diagnostics
        assert key not in f"{diagnostic.message} {diagnostic.hint}"


# ------------------------------------------------------------------- distances

some_text = st.one_of(st.text(), st.lists(st.sampled_from("ab c.")).map("".join))


@given(some_text, some_text, some_text)
def test_the_distance_of_texts_is_one(first, second, third):
    a, b, c = map(shingles, (first, second, third))
    assert distance(a, a) == 0.0
    assert distance(a, b) == distance(b, a)
    assert 0.0 <= distance(a, b) <= 1.0
    assert (distance(a, b) == 0.0) == (a == b)
    assert distance(a, c) <= distance(a, b) + distance(b, c) + 1e-12


def test_distances_of_texts():
    text = "Ottawa is the capital of Canada."
    near, far = "Ottawa is the capital of France.", "Nobody knows that today!"
    assert 0 < distance(shingles(text), shingles(near)) < 0.7
    assert distance(shingles(text), shingles(far)) == 1.0
    assert distance(shingles(text), shingles(text.replace(" ", "\n "))) == 0.0
    assert distance(shingles("你好吗"), shingles("你好啊")) < 1.0
    assert distance(shingles(""), shingles(" \n")) == 0.0
