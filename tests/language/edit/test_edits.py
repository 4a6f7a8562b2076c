"""Laws of edits: the source follows the meaning, and nothing else changes."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.characters import Source
from rubricdsl.language.edit import (
    EditedSource,
    apply,
    apply_each,
    edit_record,
    edited,
    read_edits,
)
from rubricdsl.language.edit.marks import share_out
from rubricdsl.language.layout import Line, lay_out
from rubricdsl.language.printing import print_rubric
from rubricdsl.language.reading import read_models
from rubricdsl.language.scopes import Scope, item_name
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
from rubricdsl.model.rubric import Criterion, Group, Level, Rubric, Weight
from rubricdsl.testing.strategies.layouts import rough_layouts
from rubricdsl.testing.strategies.sources import source_rubrics
from rubricdsl.testing.strategies.texts import texts

HERE = Path(__file__).parent
NEW = ("neu", "new_1", "élan", "x", "y_2")


# ----------------------------------------------------------------- strategies


def marks(rubric: Rubric) -> st.SearchStrategy[str]:
    classes = [name for name, _ in rubric.weights.classes]
    return st.sampled_from(["1", "3", "2.5", "must", "info", "bonus 1", *classes])


@st.composite
def edits_of(draw: st.DrawFn, rubric: Rubric) -> Edit:
    """Generate an edit that names what is there; it may be refused all the same."""
    own = Scope.of(rubric).own
    names = [item_name(named.item) for named in own]
    groups = [n.path for n in own if isinstance(n.item, Group)]
    criteria = [n.item.name for n in own if isinstance(n.item, Criterion)]
    name = st.sampled_from([*names, *(named.path for named in own)])
    criterion = st.sampled_from(criteria or names)
    text, new = texts(rubric.params).filter(str.strip), st.sampled_from(NEW)
    mark = marks(rubric)
    place = {
        "parent": st.sampled_from([None, *groups]),
        "after": st.sampled_from([None, None, *names]),
    }
    why, since = st.one_of(st.none(), text), st.one_of(st.none(), st.integers(0, 9))
    account = {"why": why, "since": since}
    levels = st.sampled_from([(), (Level(0.0, None, "Not."), Level(2.0, "all", "Y."))])
    parts = st.builds(
        Part, name=new, text=text, mark=st.one_of(st.none(), mark), why=why
    )
    into = st.lists(parts, min_size=2, max_size=3, unique_by=lambda part: part.name)
    strategies: Sequence[st.SearchStrategy[Edit]] = [
        st.builds(
            Add, name=new, text=text, mark=mark, levels=levels, **place, **account
        ),
        st.builds(Remove, criterion=name),
        st.builds(Reword, criterion=name, text=text, **account),
        st.builds(Reweigh, criterion=name, mark=mark, **account),
        st.builds(Split, criterion=criterion, into=into.map(tuple), since=since),
        st.builds(
            Merge,
            criterion=criterion,
            others=st.lists(criterion, min_size=1, max_size=2, unique=True).map(tuple),
            name=st.one_of(new, criterion),
            text=text,
            mark=mark,
            since=since,
        ),
        st.builds(Move, criterion=name, **place),
        st.builds(Rename, criterion=name, to=new),
    ]
    return draw(st.one_of(strategies))


@st.composite
def sources(draw: st.DrawFn) -> str:
    """Generate files with one sound rubric, as people lay them out."""
    return draw(rough_layouts(print_rubric(draw(source_rubrics()))))


def read(text: str) -> Rubric:
    (rubric,) = read_models(Source.of(text))
    return rubric


def rows(text: str) -> list[str]:
    return text.removeprefix("\ufeff").split("\n")


# ----------------------------------------------------------------------- laws


@settings.get_profile("costly")
@given(st.data(), sources())
def test_the_source_follows_the_meaning(functions, data, text):
    edits = [data.draw(edits_of(read(text))) for _ in range(3)]
    result = apply_each(text, "", edits, functions=functions, folder=HERE)
    for refusal in result.refused:
        assert refusal.diagnostics
        assert "D113" not in {d.code for d in refusal.diagnostics}, refusal
    for edit in result.applied:
        event(edit.op)
    meant = read(text)
    for edit in result.applied:
        meant = edited(meant, edit)
    assert result.rubric == meant
    assert read(result.text) == meant
    if result.applied:
        whole = apply(text, "", result.applied, functions=functions, folder=HERE)
        assert whole.text == result.text
    assert len(result.applied) + len(result.refused) == len(edits)


@settings.get_profile("costly")
@given(st.data(), sources())
def test_lines_that_an_edit_does_not_touch_keep_their_bytes(functions, data, text):
    edit = data.draw(edits_of(read(text)))
    (result,) = applied(text, [edit], functions)
    untouched = [
        row
        for number, row in enumerate(rows(text), 1)
        if number not in touched(text, edit) and row.strip()
    ]
    left = iter(rows(result.text))
    last = rows(text)[-1]
    for row in untouched:
        # Where the last line had no end, it has one as soon as another follows.
        same = {row, row.rstrip("\r"), *({f"{row}\r"} if row == last else ())}
        assert any(other in same for other in left), row
    assert result.text.startswith("\ufeff") == text.startswith("\ufeff")
    assert result.text.endswith("\n") == text.endswith("\n")
    if "\r\n" in text:
        assert "\n" not in result.text.replace("\r\n", "")


def applied(
    text: str, edits: Sequence[Edit], functions: FunctionTable
) -> Iterator[EditedSource]:
    """Give the result of edits, if they can be applied."""
    try:
        result = apply(text, "", edits, functions=functions, folder=HERE)
    except RubricError:
        assume(False)  # noqa: FBT003 - Hypothesis's own
        raise
    return iter((result,))


def touched(text: str, edit: Edit) -> set[int]:
    """Give the rows that an edit may change: by name, without looking at spans.

    These are the blocks of the items that it names, comments beside them, and other
    lines that mention the name of one of the items that go or change.
    """
    rubric, source = read(text), Source.of(text)
    scope = Scope.of(rubric)
    named = [getattr(edit, "criterion", "")]
    named += [*getattr(edit, "others", ())]
    found = [scope.find(name) for name in named if name]
    paths = tuple(one.path for one in found if one is not None)
    names = {
        item_name(one.item)
        for one in scope.own
        for path in paths
        if one.path == path or one.path.startswith(f"{path}.")
    }
    blocks: set[int] = set()
    for top in lay_out(source).lines:
        for line in top.walk():
            if words(line.text.partition(":")[0]) & names or mentions(line, names):
                blocks.update(range(line.number, last(line) + 1))
    return with_comments(source, blocks)


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\s.\[\]():,=<>*/+-]+", text))


def mentions(line: Line, names: set[str]) -> bool:
    """Say whether a line refers to one of the names, or is in a test that does."""
    if line.text.startswith(("needs", "combine")):
        return bool(words(line.text) & names)
    return line.text.startswith("test ") and any(
        mentions_target(child, names) for child in line.children
    )


def mentions_target(line: Line, names: set[str]) -> bool:
    is_target = line.text.startswith(("given", "expect"))
    return is_target and bool(words(line.text.partition(":")[0]) & names)


def last(line: Line) -> int:
    return max(inner.last for inner in line.walk())


def with_comments(source: Source, numbers: set[int]) -> set[int]:
    """Add the comments that touch the rows."""
    comments = {comment.line for comment in lay_out(source).comments}
    grown = set(numbers)
    for number in numbers:
        for step in (-1, 1):
            near = number + step
            while near in comments:
                grown.add(near)
                near += step
    return grown


@settings.get_profile("costly")
@given(st.data(), sources())
def test_what_is_added_and_removed_leaves_no_trace(functions, data, text):
    rubric = read(text)
    groups = [n.path for n in Scope.of(rubric).own if isinstance(n.item, Group)]
    names = [item_name(n.item) for n in Scope.of(rubric).own]
    add = Add(
        name="neu",
        text=data.draw(texts().filter(str.strip)),
        mark=str(int(rubric.weights.low or 1)),
        **data.draw(
            st.sampled_from(
                [{}, *({"parent": g} for g in groups), *({"after": n} for n in names)]
            )
        ),
        since=data.draw(st.sampled_from([None, 2])),
        why=data.draw(st.sampled_from([None, "two\nlines"])),
    )
    (there,) = applied(text, [add], functions)
    assert "neu" in there.text
    both: list[Edit] = [add, Remove(criterion="neu")]
    assert next(applied(text, both, functions)).text == text


@settings.get_profile("costly")
@given(st.data(), sources())
def test_what_is_renamed_there_and_back_only_keeps_the_other_name(
    functions, data, text
):
    rubric = read(text)
    named = data.draw(st.sampled_from(Scope.of(rubric).own))
    name = item_name(named.item)
    edits = [Rename(criterion=named.path, to="neu"), Rename(criterion="neu", to=name)]
    (result,) = applied(text, edits, functions)
    there = Scope.of(result.rubric).find(name)
    assert there is not None
    assert isinstance(there.item, Criterion | Group)
    assert isinstance(named.item, Criterion | Group)
    assert there.item.was == (*(w for w in named.item.was if w != name), "neu")
    kept, before = (
        [re.sub(r"\s", "", row) for row in rows(each) if not is_rewritten(row)]
        for each in (result.text, text)
    )
    assert kept == before


def is_rewritten(row: str) -> bool:
    return re.match(r"\s*(was|needs|combine) *:", row) is not None


@given(st.integers(1, 9999), st.integers(0, 3), st.integers(2, 9), st.booleans())
def test_shares_come_to_the_weight(units, decimals, count, negative):
    total = (-1 if negative else 1) * units / 10**decimals
    shares = share_out(Weight(total), [None] * count)
    values = [share.value for share in shares if isinstance(share, Weight)]
    assert len(values) == count
    assert sum(Fraction(str(v)) for v in values) == Fraction(str(total))
    assert all(v * total > 0 for v in values)
    written = -int(Decimal(repr(total)).normalize().as_tuple().exponent)
    step = 10.0 ** -(max(0, written) + 2)
    assert max(values) - min(values) <= step * 1.01 or units < count


@settings.get_profile("costly")
@given(st.data(), source_rubrics())
def test_parts_stand_where_the_criterion_stood(data, rubric):
    own = Scope.of(rubric).own
    old = data.draw(st.sampled_from([n for n in own if isinstance(n.item, Criterion)]))
    assert isinstance(old.item, Criterion)
    into = tuple(Part(name=f"part_{n}", text=f"{n}.", mark="1") for n in range(3))
    new = Scope.of(edited(rubric, Split(criterion=old.path, into=into))).own
    at = own.index(old)
    paths = [named.path for named in own]
    above = old.path.rpartition(".")[0]
    parts = [f"{above}.{part.name}" if above else part.name for part in into]
    assert [n.path for n in new] == paths[:at] + parts + paths[at + 1 :]
    assert all(
        isinstance(n.item, Criterion) and old.item.name in n.item.was
        for n in new[at : at + 3]
    )


@given(st.data(), source_rubrics())
@settings.get_profile("costly")
def test_edits_survive_as_json(data, rubric):
    edit = data.draw(edits_of(rubric))
    record = edit_record(edit)
    assert read_edits({"edits": [record]}) == (edit,)
    assert read_edits([record, {**record, "reason": "r"}])[1].reason == "r"
