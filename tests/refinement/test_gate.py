"""The gate: what proves itself enters, and nothing else does."""

import asyncio
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.model.edit import Add, Part, Remove, Rename, Reweigh, Reword, Split
from rubricdsl.model.refinement import Preference
from rubricdsl.refinement.gate import AcceptanceGate, junk_for, take_all
from rubricdsl.refinement.gate.measures import (
    TailPair,
    change_of_accuracy,
    measure,
    tail_pairs,
)
from rubricdsl.refinement.pools import Key, Pool
from tests.refinement.benches import KeywordBench, manuscript, response

TEXT = """\
rubric pets
[2] cats: Mentions cats.
[1] dogs: Mentions dogs.
"""
HELD_OUT = (
    response("a", "cats dogs birds long"),
    response("b", "cats dogs fish"),
    response("c", "cats dogs pretty"),
    response("d", "cats pretty"),
)
GOLD = {("p", "a"): 4.0, ("p", "b"): 3.0, ("p", "c"): 2.0, ("p", "d"): 1.0}
JUNK = (response("j1", "pretty cats"), response("j2", "pretty"))


def decide(edits, *, text=TEXT, pool=None, failed=lambda _: frozenset(), bench=None):
    pool = pool or Pool(responses=(), held_out=HELD_OUT, junk=JUNK, gold=GOLD)
    gate = AcceptanceGate(pool, bench or KeywordBench(), failed)
    return asyncio.run(gate.decide(manuscript(text), edits))


def test_what_ranks_held_out_responses_better_enters():
    said = decide([Add(name="birds", text="Mentions birds.", mark="1")])
    (decision,) = said.decisions
    assert decision.accepted
    assert "[1] birds: Mentions birds." in said.manuscript.text
    assert decision.before is not None
    assert decision.after is not None
    # Of a, b, c all three pairs were tied; a is now over both.
    assert decision.before.accuracy == pytest.approx(0.5)
    assert decision.after.accuracy == pytest.approx(5 / 6)
    assert decision.after.ties == pytest.approx(1 / 3)


def test_what_ranks_them_worse_does_not():
    said = decide([Add(name="pretty", text="Mentions pretty.", mark="1")])
    assert not said.decisions[0].accepted
    assert said.manuscript.text == TEXT


def test_what_junk_meets_as_well_is_only_looks():
    # By itself it breaks a tie in the right direction: c is worse than a and b.
    edit = Add(name="ugly", text="Mentions dogs.", mark="1")
    pool = Pool(
        responses=(),
        held_out=(*HELD_OUT, response("e", "cats dogs birds fish dear")),
        junk=(response("j1", "dear"), response("j2", "dear")),
        gold={**GOLD, ("p", "e"): 5.0},
    )
    said = decide([Add(name="dear", text="Mentions dear.", mark="1")], pool=pool)
    assert not said.decisions[0].accepted
    assert "only for looks" in said.decisions[0].why
    assert decide([edit], pool=pool).manuscript.text == TEXT


def test_a_penalty_that_hits_junk_enters_if_it_keeps_junk_from_the_top():
    text = "rubric pets\n[2] cats: Mentions cats.\n"
    pool = Pool(
        responses=(),
        held_out=(response("a", "cats x"), response("b", "cats y"), response("c", "z")),
        junk=(response("j", "cats pretty"),),
        gold={("p", "a"): 3.0, ("p", "b"): 2.0, ("p", "c"): 1.0},
    )
    edit = Add(name="pretty", text="Mentions pretty.", mark="-1")
    said = decide([edit], text=text, pool=pool)
    assert said.decisions[0].accepted
    assert "junk" in said.decisions[0].why
    assert said.decisions[0].before.leak == 1.0
    assert said.decisions[0].after.leak == 0.0


def test_what_breaks_a_test_in_the_rubric_does_not_enter():
    def failed(rubric):
        broken = any(item.name == "birds" for item in rubric.items)
        return frozenset({"cats are enough"}) if broken else frozenset()

    edit = Add(name="birds", text="Mentions birds.", mark="1")
    said = decide([edit], failed=failed)
    assert not said.decisions[0].accepted
    assert "cats are enough" in said.decisions[0].why


def test_what_does_not_apply_is_refused_with_its_diagnostic_and_the_rest_stands():
    said = decide(
        [
            Remove(criterion="nobody"),
            Add(name="cats", text="Mentions birds.", mark="1"),
            Add(name="birds", text="Mentions birds.", mark="1"),
        ]
    )
    assert [one.accepted for one in said.decisions] == [False, False, True]
    assert "E304" in said.decisions[0].why
    assert "E301" in said.decisions[1].why


@pytest.mark.parametrize(
    "edit",
    [
        Rename(criterion="cats", to="felines"),
        Reweigh(criterion="cats", mark="2"),
        Reword(criterion="cats", text="Does mention cats."),
    ],
)
def test_what_changes_no_ranking_does_not_enter(edit):
    said = decide([edit])
    assert not said.decisions[0].accepted
    assert (
        "changes nothing" in said.decisions[0].why or "looks" in said.decisions[0].why
    )
    assert said.manuscript.text == TEXT


def test_each_edit_is_judged_on_top_of_those_accepted_before_it():
    birds = Add(name="birds", text="Mentions birds.", mark="1")
    again = Add(name="birds_too", text="Mentions birds.", mark="1")
    said = decide([birds, again])
    assert [one.accepted for one in said.decisions] == [True, False]


# Of the best four, a and b are over c and d, and tied with each other, as c and d are.
PLAIN = "rubric pets\n[2] dogs: Mentions dogs.\n"
EIGHT = tuple(response(name, f"dogs {name}") for name in "ab") + tuple(
    response(name, f"nothing {name}") for name in "cdefgh"
)
WORTH = {("p", name): 8.0 - place for place, name in enumerate("abcdefgh")}


def decide_over_eight(name, mark="1", *, junk="dust"):
    pool = Pool(
        responses=(),
        held_out=EIGHT,
        junk=(response("j", junk),) if junk else (),
        gold=WORTH,
    )
    edit = Add(name="new", text=f"Mentions {name}.", mark=mark)
    (decision,) = decide([edit], text=PLAIN, pool=pool).decisions
    return decision


def test_what_noise_explains_is_no_loss_if_the_best_are_told_from_junk():
    decision = decide_over_eight("b")
    assert decision.after.accuracy == pytest.approx(decision.before.accuracy - 0.5 / 6)
    assert decision.accepted
    assert "from junk (0%)" in decision.why


def test_a_loss_that_noise_does_not_explain_speaks_against_an_edit():
    decision = decide_over_eight("nothing", "3")
    assert not decision.accepted
    assert "ranked worse: 0.833 to 0.167, give or take 0.000" in decision.why


def test_what_loses_by_noise_needs_something_that_speaks_for_it():
    assert not decide_over_eight("b", junk="b").accepted
    assert not decide_over_eight("b", junk="").accepted


def test_a_penalty_that_hits_nobody_near_the_top_and_no_junk_does_not_enter():
    decision = decide_over_eight("h", "-1")
    assert not decision.accepted
    assert "changes nothing" in decision.why


def test_what_all_held_out_responses_meet_tells_none_of_them_apart():
    held_out = tuple(response(one.response_id, f"{one.text} cats") for one in EIGHT)
    pool = Pool(
        responses=(), held_out=held_out, junk=(response("j", "none"),), gold=WORTH
    )
    edit = Add(name="new", text="Mentions cats.", mark="1")
    (decision,) = decide([edit], text=PLAIN, pool=pool).decisions
    assert not decision.accepted
    assert "changes nothing" in decision.why


def test_nothing_is_asked_twice_and_only_what_is_new_is_asked():
    bench = KeywordBench()
    edits = [
        Add(name="birds", text="Mentions birds.", mark="1"),
        Split(
            criterion="dogs",
            into=(
                Part(name="small", text="Mentions fish."),
                Part(name="large", text="Mentions dogs."),
            ),
        ),
    ]
    decide(edits, bench=bench)
    texts = {text for text, _ in bench.asked}
    assert texts == {
        *("Mentions cats.", "Mentions dogs.", "Mentions birds.", "Mentions fish.")
    }
    assert len(bench.asked) == 4 * (len(HELD_OUT) + len(JUNK))


def test_a_verdict_that_cannot_be_had_never_helps():
    edit = Add(name="birds", text="Mentions birds.", mark="1")
    said = decide([edit], bench=KeywordBench(fails=frozenset("abcd")))
    assert not said.decisions[0].accepted
    why = "could not be judged by it (judge_unparseable: it said nothing of use)"
    assert why in said.decisions[0].why


def test_without_gold_an_edit_enters_where_it_breaks_ties():
    pool = Pool(responses=(), held_out=HELD_OUT, junk=JUNK)
    said = decide([Add(name="fish", text="Mentions fish.", mark="1")], pool=pool)
    assert said.decisions[0].accepted
    assert "tied" in said.decisions[0].why
    assert said.decisions[0].after.accuracy is None


def test_without_a_gate_all_that_applies_enters():
    edits = [Remove(criterion="dogs"), Remove(criterion="nobody")]
    said = take_all(manuscript(TEXT), edits)
    assert [one.accepted for one in said.decisions] == [True, False]
    assert said.manuscript.text == "rubric pets\n[2] cats: Mentions cats.\n"


def test_junk_is_the_same_for_the_same_rubric_and_answers_nothing():
    bound = manuscript(TEXT).bound
    like = response("a", "cats")
    junk = junk_for(bound, like)
    assert junk == junk_for(bound, like)
    assert len({one.text for one in junk}) == len(junk) >= 5
    assert {one.prompt_id for one in junk} == {"p"}
    assert all(one.response_id.startswith("junk_") for one in junk)


# ------------------------------------------------------------------- measures

scores = st.dictionaries(
    st.tuples(st.sampled_from("pq"), st.sampled_from("abcdef")),
    st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    min_size=2,
)


@given(scores)
def test_ranks_that_equal_gold_are_right_and_their_reverse_is_wrong(gold):
    pairs = tail_pairs(list(gold), gold, (), {})
    found = measure(pairs, gold, {})
    assert found.accuracy in {None, 1.0}
    assert (found.accuracy is None) == (not pairs)
    reverse = measure(pairs, {key: -value for key, value in gold.items()}, {})
    assert reverse.accuracy in {None, 0.0}


@given(scores, st.data())
def test_accuracy_counts_pairs_prompt_by_prompt(gold, data):
    given_scores = {k: data.draw(st.sampled_from([0.0, 0.5, 1.0])) for k in gold}
    pairs = tail_pairs(list(gold), gold, (), {})
    found = measure(pairs, given_scores, {})
    shares = []
    for prompt in sorted({pair.prompt_id for pair in pairs}):
        worth = [
            Fraction(1, 2)
            if given_scores[pair.first] == given_scores[pair.second]
            else Fraction(given_scores[pair.first] > given_scores[pair.second])
            for pair in pairs
            if pair.prompt_id == prompt
        ]
        shares.append(sum(worth) / len(worth))
    if not shares:
        assert found.accuracy is None
        return
    assert found.accuracy == pytest.approx(float(sum(shares) / len(shares)))


def scored(prompt, *values):
    return {(prompt, name): value for name, value in zip("abcd", values, strict=False)}


def ordered_pairs(keys):
    """Give all pairs within a prompt, of which the first by name is the better."""
    return tuple(
        TailPair(one[0], one, other, known=True)
        for one, other in combinations(sorted(keys), 2)
        if one[0] == other[0]
    )


def test_the_error_of_a_change_is_that_of_a_jackknife_over_responses():
    before = scored("p", 1.0, 1.0, 0.0, 0.0)
    after = {**before, ("p", "b"): 2.0}
    pairs = ordered_pairs(before)
    found = change_of_accuracy(pairs, before, after)
    assert found is not None
    assert found.by == pytest.approx(-0.5 / 6)
    # Without c or d, one of three pairs is lost; without a or b, none is.
    left_out = [0.0, 0.0, -0.5 / 3, -0.5 / 3]
    squares = sum((by - found.by) ** 2 for by in left_out)
    assert found.error == pytest.approx((3 / 4 * squares) ** 0.5)
    assert not found.is_loss


def test_with_enough_prompts_they_are_what_a_change_is_known_by():
    before: dict[Key, float] = {}
    after: dict[Key, float] = {}
    for prompt in "pqrst":
        before |= scored(prompt, 1.0, 0.0)
        after |= scored(prompt, *((1.0, 0.0) if prompt == "p" else (0.0, 1.0)))
    found = change_of_accuracy(ordered_pairs(before), before, after)
    assert found is not None
    assert found.by == pytest.approx(-0.8)
    # The standard error of a mean of five.
    assert found.error == pytest.approx((0.8 * 0.2 / 4) ** 0.5)
    assert found.is_loss


@given(scores, st.data())
def test_a_change_is_the_difference_of_two_accuracies(gold, data):
    pairs = tail_pairs(list(gold), gold, (), {})
    before, after = (
        {key: data.draw(st.sampled_from([0.0, 0.5, 1.0])) for key in gold}
        for _ in range(2)
    )
    found = change_of_accuracy(pairs, before, after)
    if not pairs:
        assert found is None
        return
    was, now = (measure(pairs, one, {}).accuracy for one in (before, after))
    assert found is not None
    assert was is not None
    assert now is not None
    assert found.by == pytest.approx(now - was)
    assert found.error >= 0.0
    same = change_of_accuracy(pairs, before, dict(before))
    assert same is not None
    assert (same.by, same.error, same.is_any) == (0.0, 0.0, False)


def test_a_pair_without_a_score_tells_of_no_change():
    before, after = scored("p", 1.0, 0.0), scored("p", 0.0)
    assert change_of_accuracy(ordered_pairs(before), before, after) is None


def test_preferences_stand_for_gold_where_there_is_none():
    keys = [("p", name) for name in "abc"]
    preferences = (Preference(prompt_id="p", better="b", worse="a"),)
    (pair,) = tail_pairs(keys, {}, preferences, {})
    assert (pair.first, pair.second, pair.known) == (("p", "b"), ("p", "a"), True)


def test_only_the_top_of_a_prompt_counts():
    keys = [("p", str(i)) for i in range(10)]
    gold = {key: float(key[1]) for key in keys}
    pairs = tail_pairs(keys, gold, (), {})
    assert {key[1] for pair in pairs for key in (pair.first, pair.second)} == set(
        "56789"
    )
    assert len(pairs) == 10


def test_a_criterion_may_go_if_that_changes_nothing():
    text = TEXT + "[1] dragons: Mentions dragons.\n"
    said = decide([Remove(criterion="dragons"), Remove(criterion="dogs")], text=text)
    assert [one.accepted for one in said.decisions] == [True, False]
    assert "no held-out pair" in said.decisions[0].why
    assert said.manuscript.text == TEXT


@pytest.mark.parametrize(("right", "accepted"), [(6, True), (4, False)])
def test_weights_move_only_by_more_than_noise(right, accepted):
    """Of six prompts, so many prefer cats; the others prefer dogs."""
    text = "rubric pets\n[1] cats: Mentions cats.\n[1] dogs: Mentions dogs.\n"
    prompts = [f"p{n}" for n in range(6)]
    held_out = [
        response(name, words, prompt=prompt)
        for prompt in prompts
        for name, words in (("a", "cats"), ("b", "dogs"))
    ]
    gold = {
        (prompt, name): float((name == "a") == (n < right))
        for n, prompt in enumerate(prompts)
        for name in "ab"
    }
    pool = Pool(responses=(), held_out=tuple(held_out), gold=gold)
    said = decide([Reweigh(criterion="cats", mark="2")], text=text, pool=pool)
    assert said.decisions[0].accepted == accepted


def test_weights_that_help_only_together_enter_together():
    """Neither of the two orders every prompt rightly; with both, all are."""
    text = (
        "rubric pets\n[2] cats: Mentions cats.\n[1] dogs: Mentions dogs.\n"
        "[2] birds: Mentions birds.\n[1] fish: Mentions fish.\n"
    )
    held_out = [
        response(name, words, prompt=f"p{n}")
        for n in range(6)
        for name, words in (
            ("a", "dogs fish" if n % 2 else "dogs birds"),
            ("b", "cats"),
        )
    ]
    gold = {(f"p{n}", name): float(name == "a") for n in range(6) for name in "ab"}
    pool = Pool(responses=(), held_out=tuple(held_out), gold=gold)
    edits = [Reweigh(criterion="cats", mark="1"), Reweigh(criterion="dogs", mark="2")]
    said = decide(edits, text=text, pool=pool)
    assert [one.accepted for one in said.decisions] == [True, True]
    assert said.decisions[0].after == said.decisions[1].after
    assert "[1] cats" in said.manuscript.text
    assert "[2] dogs" in said.manuscript.text
