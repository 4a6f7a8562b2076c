"""What each edit does to a file, and when it is refused."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.binding import bind
from rubricdsl.language.edit import (
    EditedSource,
    apply,
    apply_each,
)
from rubricdsl.model.edit import (
    Add,
    Edit,
    Merge,
    Move,
    Part,
    Remove,
    Rename,
    Reweigh,
    Reword,
    Split,
)
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Level
from rubricdsl.model.ruling import NO, YES
from rubricdsl.scoring.meaning import score

Apply = Callable[..., EditedSource]

TRIP = """\
# A trip.
rubric trip
weights: -3 to 5

# The window matters.
[3]  window:  Names the window.
    why: It is short.   # stays text
    # inside window
[2] cost: States the cost.
    needs: window
    n/a: skip

[1] mean of style: Is written well.
  # about plain
  [1] plain: Uses plain words.
  [1] short:
     | Is short,
     | very short.
[1] formula of mix
    combine: left * 0.5
    [1] left: L.
[-1] padding: Repeats itself.

test "arithmetic"
    given all: yes
    given cost : no
    given style.plain: no
    expect cost: no
    expect style: 0.5

# Only about cost.
test "cost"
    response good: It costs 3.
    expect good.cost: yes
"""


@pytest.fixture
def edit_trip(functions: FunctionTable, tmp_path: Path) -> Apply:
    def run(*edits: Edit, text: str = TRIP) -> EditedSource:
        return apply(text, "", edits, functions=functions, folder=tmp_path)

    return run


def changed(result: EditedSource, before: str = TRIP) -> tuple[list[str], list[str]]:
    """Give the rows that are gone, and those that are new."""
    old, new = before.split("\n"), result.text.split("\n")
    gone = [row for row in old if old.count(row) > new.count(row)]
    come = [row for row in new if new.count(row) > old.count(row)]
    return gone, come


# ------------------------------------------------------------------- one by one


def test_reweigh_changes_the_bracket(edit_trip):
    result = edit_trip(Reweigh(criterion="window", mark="2.50"))
    assert changed(result) == (
        ["[3]  window:  Names the window."],
        ["[2.5]  window:  Names the window."],
    )


def test_reword_changes_the_text_and_leaves_reasons(edit_trip):
    result = edit_trip(
        Reword(criterion="window", text="Names it.", since=2, why="x"),
        Reword(criterion="style.short", text="Is short."),
        Reword(criterion="mix", text="Mixes."),
    )
    gone, come = changed(result)
    assert "     | very short." in gone
    assert come == [
        "[3]  window: Names it.",
        "    why: x",
        "    since: 2",
        "  [1] short: Is short.",
        "[1] formula of mix: Mixes.",
    ]
    assert "    # inside window" in result.text


def test_reword_to_several_lines_uses_bars(edit_trip):
    result = edit_trip(Reword(criterion="cost", text="One.\n\n two"))
    assert (
        "[2] cost:\n    | One.\n    |\n    |  two\n    needs: window\n" in result.text
    )


def test_rename_follows_references_and_keeps_the_old_name(edit_trip):
    result = edit_trip(
        Rename(criterion="window", to="months"),
        Rename(criterion="style", to="tone"),
        Rename(criterion="left", to="right"),
    )
    _, come = changed(result)
    assert come == [
        "[3]  months:  Names the window.",
        "    was: window",
        "    needs: months",
        "[1] mean of tone: Is written well.",
        "  was: style",
        "    combine: right * 0.5",
        "    [1] right: L.",
        "        was: left",
        "    given tone.plain: no",
        "    expect tone: 0.5",
    ]


def test_remove_takes_references_and_tests_along(edit_trip):
    result = edit_trip(Remove(criterion="cost"))
    gone, come = changed(result)
    assert come == []
    assert [row for row in gone if row] == [
        "[2] cost: States the cost.",
        "    needs: window",
        "    n/a: skip",
        "    given cost : no",
        "    expect cost: no",
        "# Only about cost.",
        'test "cost"',
        "    response good: It costs 3.",
        "    expect good.cost: yes",
    ]
    assert "\n\n\n" not in result.text
    assert result.text.endswith("expect style: 0.5\n")


def test_remove_takes_the_comments_of_a_criterion_along(edit_trip):
    result = edit_trip(Remove(criterion="window"))
    assert "# The window matters." not in result.text
    assert "# inside window" not in result.text
    assert "# about plain" in result.text
    assert [node.name for node in bound(result)][:1] == ["cost"]


def bound(result: EditedSource):
    return list(bind(result.rubric, {}).walk())


def test_split_stands_where_the_criterion_stood(edit_trip):
    into = (
        Part(name="price", text="A.", why="p"),
        Part(name="fees", text="B."),
        Part(name="cost", text="C."),
    )
    result = edit_trip(Split(criterion="cost", into=into, since=4))
    wanted = dedent("""\
            # inside window
        [0.67] price: A.
            needs: window
            n/a: skip
            why: p
            since: 4
            was: cost
        [0.67] fees: B.
            needs: window
            n/a: skip
            since: 4
            was: cost
        [0.66] cost: C.
            needs: window
            n/a: skip
            since: 4

        [1] mean of style""")
    assert wanted in result.text
    lines = "    given price : no\n    given fees: no\n    given cost: no\n"
    assert lines in result.text
    assert "expect cost: no" not in result.text
    assert "    expect good.price: yes\n    expect good.fees: yes\n" in result.text


@pytest.mark.parametrize("verdict", [YES, NO])
def test_a_split_keeps_the_score_while_the_parts_agree(edit_trip, functions, verdict):
    into = (Part(name="one", text="A."), Part(name="two", text="B."))
    before = bind(edit_trip().rubric, functions)
    after = bind(edit_trip(Split(criterion="cost", into=into)).rubric, functions)
    rulings = {c.path: YES for c in after.criteria()}
    rulings |= {"cost": verdict, "one": verdict, "two": verdict, "padding": NO}
    assert score(before, rulings) == pytest.approx(score(after, rulings))


@pytest.mark.parametrize("verdict", [YES, NO])
def test_a_rename_keeps_the_score(edit_trip, functions, verdict):
    before = bind(edit_trip().rubric, functions)
    after = bind(edit_trip(Rename(criterion="style", to="tone")).rubric, functions)
    rulings = {c.path: YES for c in before.criteria()} | {"style.plain": verdict}
    renamed = {path.replace("style", "tone"): r for path, r in rulings.items()}
    assert score(before, rulings) == score(after, renamed)


def test_merge_adds_weights_up_and_keeps_the_first(edit_trip):
    result = edit_trip(
        Merge(criterion="window", others=("plain",), name="clear", text="Both.")
    )
    _, come = changed(result)
    assert come == [
        "[4]  clear: Both.",
        "    was: window, plain",
        "    needs: clear",
    ]
    assert "style.plain" not in result.text
    assert "# about plain" not in result.text


def test_move_takes_comments_along_and_follows_paths(edit_trip):
    result = edit_trip(Move(criterion="plain"), Move(criterion="window", after="short"))
    wanted = dedent("""\
        [1] mean of style: Is written well.
          [1] short:
             | Is short,
             | very short.
          # The window matters.
          [3]  window:  Names the window.
              why: It is short.   # stays text
              # inside window
        [1] formula of mix
            combine: left * 0.5
            [1] left: L.
        [-1] padding: Repeats itself.
        # about plain
        [1] plain: Uses plain words.
        """)
    assert wanted in result.text
    assert "    given plain: no\n" in result.text


def test_a_text_in_triple_quotes_moves_whole(edit_trip):
    text = (
        "rubric r\r\n[1] mean of g\r\n\t\n".replace("\t", "")
        + '    [1] a: """\r\n  left\r\n      """\r\n    [1] b: B.\r\n[1] c: C.'
    )
    before = edit_trip(text=text).rubric
    result = edit_trip(Move(criterion="a", after="c"), text=text)
    assert '[1] c: C.\r\n[1] a: """\r\n  left\r\n      """' in result.text
    back = edit_trip(Move(criterion="a", parent="g"), text=result.text)
    (old,) = [i for i in before.items if i.mark and getattr(i, "name", "") == "g"]
    assert old.items[0].text == back.rubric.items[0].items[-1].text == "left"


def test_add_stands_at_the_end_or_after(edit_trip):
    levels = (Level(0.0, None, "No."), Level(2.0, "full", "Yes."))
    result = edit_trip(
        Add(name="a", text="A.", mark="1", parent="style", since=1, why="w"),
        Add(name="b", text="B.", mark="must", after="window", levels=levels),
        Add(name="c", text="C.", mark="bonus 1"),
    )
    style = "     | very short.\n  [1] a: A.\n    why: w\n    since: 1\n[1] formula"
    assert style in result.text
    gate = (
        '# inside window\n[must] b: B.\n    level 0: No.\n    level 2 "full": Yes.\n[2]'
    )
    assert gate in result.text
    assert "[-1] padding: Repeats itself.\n[bonus 1] c: C.\n\ntest" in result.text


def test_other_rubrics_of_a_file_are_left_alone(functions, tmp_path):
    text = "rubric one\n[1] a: A.\n# of two\nrubric two\n[1] a: A.\n[1] b: B.\n"
    rename: list[Edit] = [
        Rename(criterion="a", to="c"),
        Add(name="d", text="D.", mark="2"),
    ]
    result = apply(text, "one", rename, functions=functions, folder=tmp_path)
    assert result.text == text.replace(
        "[1] a: A.\n#", "[1] c: A.\n    was: a\n[2] d: D.\n#"
    )
    with pytest.raises(RubricError, match="D401"):
        apply(text, "", rename, functions=functions, folder=tmp_path)


# --------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("edit", "code", "says"),
    [
        (Reword(criterion="windw", text="X."), "E304", "windw"),
        (Reword(criterion="cost", text=" \n"), "E208", "empty"),
        (Rename(criterion="cost", to="plain"), "E301", "already"),
        (Rename(criterion="cost", to="mean"), "E308", "reserved"),
        (Rename(criterion="cost", to="a-b"), "E107", "a-b"),
        (Rename(criterion="cost", to="a.b"), "E107", "a.b"),
        (Rename(criterion="cost", to="cost"), "D112", "already"),
        (Add(name="x", text="X.", mark="three"), "E209", "three"),
        (Add(name="x", text="X.", mark="1", parent="cost"), "D112", "no group"),
        (
            Add(name="x", text="X.", mark="1", parent="style", after="cost"),
            "D112",
            "does not stand in",
        ),
        (Add(name="x", text="X.", mark="1", since=-1), "E421", "round"),
        (Move(criterion="style", parent="style"), "D112", "itself"),
        (Move(criterion="style", after="plain"), "D112", "itself"),
        (Split(criterion="cost", into=(Part(name="x", text="X."),)), "D112", "1 cri"),
        (
            Split(criterion="style", into=(Part(name="x", text="X."),) * 2),
            "D112",
            "no criterion",
        ),
        (
            Split(criterion="cost", into=(Part(name="x", text="X."),) * 2),
            "E301",
            "already",
        ),
        (
            Split(
                criterion="cost",
                into=(Part(name="x", text="X.", mark="2"), Part(name="y", text="Y.")),
            ),
            "D112",
            "nothing",
        ),
        (Merge(criterion="cost", others=(), name="x", text="X."), "D112", "two"),
        (
            Merge(criterion="cost", others=("cost",), name="x", text="X."),
            "D112",
            "two",
        ),
    ],
)
def test_what_an_edit_cannot_be_is_said_with_its_number(edit_trip, edit, code, says):
    first = Reweigh(criterion="window", mark="1")
    with pytest.raises(RubricError) as caught:
        edit_trip(first, edit)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert says in diagnostic.message
    assert diagnostic.hint
    assert (diagnostic.span.file, diagnostic.span.line) == ("<edits>", 2)


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (Reweigh(criterion="window", mark="6"), "E401"),
        (Reweigh(criterion="window", mark="0"), "E412"),
        (Reweigh(criterion="window", mark="cap 2"), "E407"),
        (Reword(criterion="cost", text="Names {{x}}."), "E303"),
        (Reword(criterion="cost", text="hidden \u200b"), "E105"),
        (Remove(criterion="left"), "E205"),
        (Rename(criterion="cost", to="PLAIN"), "E311"),
        (Split(criterion="left", into=(Part(name="x", text="X."),
                                       Part(name="y", text="Y."))), "E304"),
        (Add(name="x", text="X.", mark="1",
             levels=(Level(2.0, None, "a"), Level(1.0, None, "b"))), "E404"),
    ],
)  # fmt: skip
def test_what_would_not_be_sound_is_not_applied(edit_trip, edit, code):
    with pytest.raises(RubricError) as caught:
        edit_trip(edit)
    assert code in {d.code for d in caught.value.diagnostics}


def test_only_the_result_has_to_be_sound(edit_trip):
    removed = Remove(criterion="left")
    with pytest.raises(RubricError):
        edit_trip(removed)
    low = Reweigh(criterion="window", mark="9")
    assert edit_trip(low, Reweigh(criterion="window", mark="3")).text == TRIP


def test_each_that_can_be_applied_is(functions, tmp_path):
    edits = (
        Reweigh(criterion="window", mark="9"),
        Reweigh(criterion="window", mark="1"),
        Remove(criterion="nowhere"),
        Remove(criterion="padding"),
    )
    result = apply_each(TRIP, "trip", edits, functions=functions, folder=tmp_path)
    assert result.applied == edits[1::2]
    assert [r.edit for r in result.refused] == [edits[0], edits[2]]
    assert [r.diagnostics[0].code for r in result.refused] == ["E401", "E304"]
    assert changed(result)[1] == ["[1]  window:  Names the window."]


def test_a_file_with_errors_is_not_edited(edit_trip):
    with pytest.raises(RubricError, match="E204"):
        edit_trip(text="rubric r\n[1] a: X.\n    [1] b: Y.\n")


def test_includes_can_be_moved_renamed_reweighed_and_removed(functions, tmp_path):
    (tmp_path / "shared.rub").write_text("rubric s\n[1] part: P.\n[1] rest: R.\n")
    text = (
        'rubric r\nuse "shared.rub" as s\n[1] a: A.\n    needs: all_of_it.part\n'
        "[ 2 ] include s as all_of_it\n"
    )

    def run(*edits: Edit) -> EditedSource:
        return apply(text, "", edits, functions=functions, folder=tmp_path)

    renamed = run(Rename(criterion="all_of_it", to="both"))
    assert "needs: both.part\n[2] include s as both\n" in renamed.text
    moved = run(Move(criterion="a"), Reweigh(criterion="all_of_it", mark="must"))
    assert "[must] include s as all_of_it\n[1] a: A.\n" in moved.text
    assert run(Remove(criterion="all_of_it")).text.endswith("[1] a: A.\n")
    for edit in (
        Reword(criterion="all_of_it", text="X."),
        Reweigh(criterion="all_of_it", mark="1", why="x"),
        Remove(criterion="all_of_it.part"),
        Move(criterion="a", parent="all_of_it"),
    ):
        with pytest.raises(RubricError, match="D112"):
            run(edit)


# ------------------------------------------------------- the paper's worked example


def test_the_worked_example_of_refinement(functions, tmp_path):
    """Weights 3,3,3,3,2,2,2,1,1 become 3,3,3,3,2,2,2,2,2,1,1,3 in one step."""
    weights = (3, 3, 3, 3, 2, 2, 2, 1, 1)
    text = "rubric health\nweights: 1 to 3\n\n" + "".join(
        f"[{w}] c{n}: States fact {n}.\n" for n, w in enumerate(weights, 1)
    )
    edits: tuple[Edit, ...] = (
        Reweigh(criterion="c8", mark="2"),
        Reweigh(criterion="c9", mark="2"),
        *(
            Add(name=f"c{n}", text=f"States fact {n}.", mark=str(w), since=1)
            for n, w in ((10, 1), (11, 1), (12, 3))
        ),
    )
    before = apply(text, "", (), functions=functions, folder=tmp_path)
    after = apply(text, "", edits, functions=functions, folder=tmp_path)
    old, new = (bind(each.rubric, functions) for each in (before, after))
    assert [getattr(c.mark, "value", 0) for c in new.criteria()] == [
        3,
        3,
        3,
        3,
        2,
        2,
        2,
        2,
        2,
        1,
        1,
        3,
    ]
    all_met = {c.path: YES for c in new.criteria()}
    assert score(old, {**all_met, "c7": NO}) == pytest.approx(18 / 20)
    assert score(new, {**all_met, "c9": NO}) == pytest.approx(25 / 27)
    missed = {"c7": NO, "c9": NO, "c11": NO}
    assert score(new, {**all_met, **missed}) == pytest.approx(22 / 27)
