"""What is held out depends on ids and seed alone, and nothing is on both sides."""

from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.model.response import Response
from rubricdsl.refinement.pools import key_of, split

keys = st.lists(
    st.tuples(st.sampled_from("pqrstuvw"), st.integers(0, 12)), unique=True, max_size=60
)


def responses(pairs):
    return [
        Response(text=f"{p} {i}", prompt_id=p, response_id=str(i)) for p, i in pairs
    ]


@given(keys, st.floats(0.05, 1), st.integers(0, 5), st.randoms())
def test_a_split_takes_every_response_once_whatever_their_order(
    pairs, share, seed, random
):
    pool = responses(pairs)
    parts = split(pool, share, seed)
    shown, held_out = set(map(key_of, parts.shown)), set(map(key_of, parts.held_out))
    assert not shown & held_out
    assert shown | held_out == set(map(key_of, pool))
    random.shuffle(pool)
    again = split(pool, share, seed)
    assert set(map(key_of, again.held_out)) == held_out


@given(keys, st.floats(0.05, 1), st.integers(0, 5))
def test_enough_is_left_to_show_and_enough_held_out_to_prove(pairs, share, seed):
    parts = split(responses(pairs), share, seed)
    prompts = {p for p, _ in pairs}
    if len(prompts) >= 5:
        # Whole prompts are held out: none is on both sides.
        shown_prompts = {response.prompt_id for response in parts.shown}
        held_prompts = {response.prompt_id for response in parts.held_out}
        assert not shown_prompts & held_prompts
        assert len(shown_prompts) >= 2
        assert len(held_prompts) >= 3
        return
    for prompt in prompts:
        shown = [r for r in parts.shown if r.prompt_id == prompt]
        held = [r for r in parts.held_out if r.prompt_id == prompt]
        assert len(shown) >= 2 or not held
        assert not held or len(held) >= 3


def test_another_seed_holds_others_out():
    pool = responses([("p", i) for i in range(16)])
    drawn = {frozenset(map(key_of, split(pool, 0.25, s).held_out)) for s in range(8)}
    assert len(drawn) > 4
    assert all(len(one) == 4 for one in drawn)


@given(st.integers(6, 40), st.floats(0.1, 0.5), st.integers(0, 5))
def test_good_and_bad_responses_are_held_out_alike(count, share, seed):
    pool = responses([("p", i) for i in range(count)])
    gold = {key_of(response): float(response.response_id) for response in pool}
    parts = split(pool, share, seed, gold)
    ranks = sorted(int(response.response_id) for response in parts.held_out)
    layer = count / len(ranks)
    assert all(
        int(number * layer) <= rank < (number + 1) * layer
        for number, rank in enumerate(ranks)
    )
