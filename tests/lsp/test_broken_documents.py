"""Whatever a document holds, every question about it has an answer."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from rubricdsl.language.printing import print_rubric
from rubricdsl.lsp.completing import completions
from rubricdsl.lsp.definitions import definition
from rubricdsl.lsp.diagnosing import diagnostics
from rubricdsl.lsp.documents import Library, Reading
from rubricdsl.lsp.hovering import hover
from rubricdsl.lsp.renaming import RenameRefusedError, renamable, rename
from rubricdsl.lsp.rewriting import code_actions, formatting
from rubricdsl.lsp.symbols import document_symbols
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.testing.strategies.sources import source_rubrics

EXAMPLE = """\
# A comment.
rubric trip
version: 1.2.0
weights: essential = 5, minor = 1
judge: careful
use "other.rub" as other
param n: number = 3

prompt
    user: Write {{n}} lines.

[must] runs: Says something.
    check: words(response) >= n and not contains(response, "x, y")
[essential] mean of facts: The facts are right.
    [1] window: Names the window 😀.
        needs: runs
        example yes: From May to June.
    [1] include other.plain as plain (n = 2)
[minor] formula of mix
    combine: clear * 0.5
    [1] clear: How clear?
        levels: 0 to 4
        level 0 "none": Not.
        level 4: Very.
judge careful
    model: "a/b"
    instructions: \"\"\"
        Quote {{n}}.
        \"\"\"
history
    round 1: by = "me"
test "order"
    with: n = 1
    response good: Dear friend.
    response bad: No.
    given facts.window: no
    expect order: good > bad by 0.2
    expect good.runs: yes
"""
PIECES = (
    '"', "'", '"""', "[", "]", ":", "|", "#", "(", ")", "=", ",", ".", "\t", "    ",
    "\n", "\r", "\r\n", "\x00", "\u2028", "\u202e", "\ufeff", "😀", "n/a", "-", "{{",
    "9" * 400, "mean of g", "[1] ", "rubric ", "judge ", "level ", "expect ", "given ",
    "{{x}}", "use ", "include other", "to", "\ud800",
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Put pieces into the example, and take stretches out."""
    text = EXAMPLE
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 12))
        text = text[:at] + draw(st.sampled_from(PIECES)) + text[at + length :]
    return text


def ask_everything(
    library: Library, reading: Reading, positions: list[types.Position]
) -> None:
    diagnostics(library, reading)
    document_symbols(reading)
    formatting(reading)
    asked = types.CodeActionParams(
        types.TextDocumentIdentifier(reading.document.uri),
        reading.places.whole,
        types.CodeActionContext([]),
    )
    code_actions(library, reading, asked)
    for position in positions:
        hover(reading, position)
        definition(library, reading, position)
        completions(reading, position)
        if renamable(reading, position) is not None:
            with suppress(RenameRefusedError):
                rename(library, reading, position, "renamed")


POSITIONS = st.lists(
    st.builds(types.Position, st.integers(0, 45), st.integers(0, 70)), max_size=8
)


@settings(max_examples=150)
@given(text=mutated(), positions=POSITIONS, path=st.sampled_from(["a.rub", None]))
def test_edited_documents(
    functions: FunctionTable,
    tmp_path_factory: pytest.TempPathFactory,
    text: str,
    positions: list[types.Position],
    path: str | None,
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "other.rub").write_text(
        "rubric other\nparam n: number\n[1] plain: X.\n    check: n > 1\n", "utf-8"
    )
    library = Library(functions)
    uri = "untitled:Untitled-1" if path is None else (folder / path).as_uri()
    library.put(uri, text)
    reading = library.read(uri)
    assert reading is not None
    ask_everything(library, reading, positions)


@settings(max_examples=30)
@given(text=st.text(max_size=60), positions=POSITIONS)
def test_any_text(
    functions: FunctionTable, text: str, positions: list[types.Position]
) -> None:
    library = Library(functions)
    library.put("untitled:x", text)
    reading = library.read("untitled:x")
    assert reading is not None
    ask_everything(library, reading, positions)


def test_everywhere_in_the_example(functions: FunctionTable, tmp_path: Path) -> None:
    library = Library(functions)
    uri = (tmp_path / "a.rub").as_uri()
    library.put((tmp_path / "other.rub").as_uri(), "rubric other\n[1] plain: X.\n")
    library.put(uri, EXAMPLE)
    reading = library.read(uri)
    assert reading is not None
    positions = [
        types.Position(line, character)
        for line, row in enumerate(EXAMPLE.split("\n"))
        for character in range(0, len(row) + 1, 3)
    ]
    ask_everything(library, reading, positions)


@pytest.mark.parametrize(
    "uri", ["untitled:a", "file:///%00.rub", "file:///no/such/a.rub", "git:/a", "x"]
)
def test_any_uri(functions: FunctionTable, uri: str) -> None:
    library = Library(functions)
    library.put(uri, EXAMPLE)
    reading = library.read(uri)
    assert reading is not None
    ask_everything(library, reading, [types.Position(14, 10)])
    library.close(uri)
    assert library.read(uri) is None


@settings(max_examples=20)
@given(rubric=source_rubrics())
def test_every_item_of_a_sound_rubric_can_be_renamed(functions, rubric) -> None:
    library = Library(functions)
    library.put("untitled:a", print_rubric(rubric))
    reading = library.read("untitled:a")
    assert reading is not None
    for named in reading.scope(reading.loaded.rubrics[0]).own[:3]:
        position = reading.places.range(named.item.span).start
        edit = rename(library, reading, position, "entirely_new")
        library.put("untitled:b", _after(reading, edit))
        after = library.read("untitled:b")
        assert after is not None
        assert after.loaded.sound
        (found,) = after.loaded.rubrics
        path = ".".join([*named.path.split(".")[:-1], "entirely_new"])
        renamed = after.scope(found).find(path)
        assert renamed is not None
        assert named.path.rpartition(".")[2] in getattr(renamed.item, "was", ())


def _after(reading: Reading, edit: types.WorkspaceEdit) -> str:
    text = reading.document.text
    assert edit.changes is not None
    for change in reversed(edit.changes[reading.document.uri]):
        start = reading.places.offset_of(change.range.start)
        end = reading.places.offset_of(change.range.end)
        text = text[:start] + change.new_text + text[end:]
    return text
