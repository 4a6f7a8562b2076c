"""Who became whom, and what of it changed."""

from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.changes.comparing import difference
from rubricdsl.changes.differences import Aspect
from rubricdsl.changes.matching import Tie, match
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.changes.wording import compare_words, mark_words
from rubricdsl.testing.strategies import bound_rubrics

BASE = "[3] a: Names Ottawa.\n[1] b: Is short.\n[info] c: Is green.\n"


def names(nodes):
    return [node.name for node in nodes]


def ties(old, new):
    return {p.old.path: (p.new.path, p.tie) for p in match(old, new).pairs}


def test_was_renames(read):
    new = read(BASE.replace("a: Names Ottawa.", "z: Says Ottawa.\n    was: a"))
    assert ties(read(BASE), new)["a"] == ("z", Tie.WAS)


def test_equal_text_suggests_a_rename_unless_it_is_ambiguous(read):
    assert ties(read(BASE), read(BASE.replace("[3] a", "[3] z")))["a"] == (
        "z",
        Tie.TEXT,
    )
    twice = BASE.replace("[3] a", "[3] z").replace("Is green", "Names Ottawa")
    compared = difference(read(BASE + "[1] d: D.\n"), read(twice.replace("] c", "] y")))
    assert names(compared.removed) == ["a", "c", "d"]
    assert names(compared.added) == ["z", "y"]


def test_an_earlier_was_does_no_harm(read):
    text = "[1] a: A.\n    was: b\n[1] b: B.\n"
    compared = difference(read(text), read(text))
    assert compared.same
    assert not compared.matching.splits
    assert not compared.matching.mergers


def test_a_split_that_keeps_the_name_and_one_that_does_not(read):
    kept = read(BASE + "[1] z: In Ontario.\n    was: a\n")
    (split,) = match(read(BASE), kept).splits
    assert (split.old.name, names(split.parts)) == ("a", ["a", "z"])
    parts = "[2] y: Y.\n    was: a\n[1] z: Z.\n    was: a\n"
    new = read(BASE.replace("[3] a: Names Ottawa.\n", parts))
    (split,) = match(read(BASE), new).splits
    assert (split.old.name, names(split.parts)) == ("a", ["y", "z"])


def test_a_merger(read):
    new = read("[4] z: Names Ottawa briefly.\n    was: a, b\n[info] c: Is green.\n")
    (merger,) = match(read(BASE), new).mergers
    assert (names(merger.parts), merger.new.name) == (["a", "b"], "z")
    into = read("[4] a: Names Ottawa briefly.\n    was: b\n[info] c: Is green.\n")
    (merger,) = match(read(BASE), into).mergers
    assert (names(merger.parts), merger.new.name) == (["a", "b"], "a")


def test_children_follow_a_group_that_is_renamed(read):
    old = read("[1] a: A.\n[2] mean of g\n    [1] x: X.\n    [1] y: Y.\n")
    new = read("[1] a: A.\n[2] mean of h\n    was: g\n    [1] x: X.\n    [1] y: Y.\n")
    compared = difference(old, new)
    assert ties(old, new)["g.x"] == ("h.x", Tie.NAME)
    assert names(n.node for n in compared.changed) == ["h"]
    guessed = read("[1] a: A.\n[2] mean of h\n    [1] x: X.\n    [1] y: Y.\n")
    assert ties(old, guessed)["g"] == ("h", Tie.TEXT)


def test_shares_before_and_after(read):
    compared = difference(read(BASE), read(BASE.replace("[3]", "[1]")))
    shares = {n.node.name: (n.old_share, n.new_share) for n in compared.changed}
    assert shares == {"a": (0.75, 0.5), "b": (0.25, 0.5)}
    assert names(n.node for n in compared.reweighted) == ["a"]


def test_moved_and_reworded(read):
    new = read("[1] a: Says Ottawa.\n[1] mean of g\n    [1] b: Is short.\n")
    compared = difference(read(BASE), new)
    assert names(n.node for n in compared.moved) == ["b"]
    assert names(n.node for n in compared.reworded) == ["a"]
    assert {n.node.name: n.aspects for n in compared.changed if n.changes} == {
        "a": {Aspect.TEXT, Aspect.WEIGHT},
        "b": {Aspect.PLACE},
    }


@given(bound_rubrics())
def test_nothing_differs_from_itself(rubric):
    assert difference(Snapshot(rubric), Snapshot(rubric)).same


@given(bound_rubrics(), bound_rubrics())
def test_every_node_is_accounted_for_once(before, after):
    old, new = Snapshot(before), Snapshot(after)
    matching = match(old, new)
    olds = [*(p.old.path for p in matching.pairs), *(n.path for n in matching.removed)]
    news = [*(p.new.path for p in matching.pairs), *(n.path for n in matching.added)]
    assert sorted(olds) == sorted(old.nodes)
    assert sorted(news) == sorted(new.nodes)


TEXTS = st.lists(st.sampled_from(["a", "b", "word", " ", ". ", "-", "\n"])).map("".join)


@given(TEXTS, TEXTS)
def test_passages_make_up_both_texts(before, after):
    passages = compare_words(before, after)
    assert "".join(p.text for p in passages if p.fate != "added") == before
    assert "".join(p.text for p in passages if p.fate != "removed") == after
    assert all(p.text for p in passages)


def test_words_are_marked_as_a_reader_would():
    told = mark_words("Names the capital city.", "Names the seat of power.")
    assert told == "Names the [-capital city-]{+seat of power+}."


def test_a_very_long_text_is_replaced_as_a_whole():
    long = "word " * 4_000
    assert [p.fate for p in compare_words(long, "short")] == ["removed", "added"]
