"""Limits: what lies just inside is read, what lies just outside is refused by name."""

import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rubricdsl.language.binding import bind
from rubricdsl.language.formatting import format_text
from rubricdsl.language.loading import Loaded, load_file, load_text
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Criterion

Load = Callable[[str], Loaded]

MEGABYTE = 1_000_000


def codes(loaded: Loaded) -> list[str]:
    return [diagnostic.code for diagnostic in loaded.diagnostics]


# ------------------------------------------------------------------------ size


def test_a_hundred_thousand_criteria(load: Load) -> None:
    text = "rubric r\n" + "".join(
        f"[{n % 3 + 1}] c{n}: Text {n}.\n" for n in range(100_000)
    )
    (rubric,) = load(text).checked()
    assert len(rubric.items) == 100_000


def _lines_of(size: int) -> Iterator[str]:
    """Give the lines of a sound file of so many bytes; few, so that it is quick."""
    head = "rubric r\n"
    yield head
    left, number = size - len(head), 0
    while left:
        start = f"[1] c{number}: "
        room = min(left, MEGABYTE // 20)
        if left - room < 100:
            room = left
        yield f"{start}{'x' * (room - len(start) - 1)}\n"
        left, number = left - room, number + 1


@pytest.mark.parametrize(("more", "expected"), [(0, []), (1, ["E108"])])
def test_a_file_of_ten_megabytes_and_one_of_a_byte_more(
    tmp_path: Path, functions: FunctionTable, more: int, expected: list[str]
) -> None:
    path = tmp_path / "big.rub"
    path.write_text("".join(_lines_of(10 * MEGABYTE + more)), "ascii")
    assert path.stat().st_size == 10 * MEGABYTE + more
    loaded = load_file(path, functions)
    assert codes(loaded) == expected
    assert bool(loaded.rubrics) is not bool(expected)


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f469"])
def test_a_line_of_a_hundred_thousand_characters_and_one_more(
    load: Load, letter: str
) -> None:
    start = "[1] a: "
    longest = letter * (100_000 - len(start))
    assert load(f"rubric r\n{start}{longest}\n").sound
    (found,) = load(f"rubric r\n{start}{longest}{letter}\n").diagnostics
    assert (found.code, found.span.line) == ("E108", 2)
    assert "100,001 characters" in found.message


# ----------------------------------------------------------------------- shape


def test_every_line_wrong(load: Load) -> None:
    text = "rubric r\n" + "[1 a: X.\n" * 3_000
    assert len(load(text).diagnostics) == 3_000


def test_every_line_of_one_entry_wrong(load: Load) -> None:
    text = "rubric r\n[1] mean of g\n" + "    level 1: X.\n" * 3_000
    assert {d.code for d in load(text).diagnostics} <= {"E202", "E205"}


def test_a_long_chain_of_needs(load: Load) -> None:
    text = "rubric r\n" + "".join(
        f"[1] c{n}: X.\n    needs: c{n + 1}\n" for n in range(3_000)
    )
    assert load(f"{text}[1] c3000: X.\n").sound
    circle = load(f"{text}[1] c3000: X.\n    needs: c0\n").diagnostics
    assert [d.code for d in circle] == ["E307"] * 3_001


@pytest.mark.parametrize("operator", [" + ", " and ", " - "])
def test_a_long_expression(load: Load, operator: str) -> None:
    chain = operator.join(["words(response)"] * 4_000)
    codes = {
        d.code for d in load(f"rubric r\n[1] a: X.\n    check: {chain}\n").diagnostics
    }
    assert codes <= {"E214", "E409"}


def test_groups_as_deep_as_allowed(load: Load) -> None:
    def nested(depth: int) -> str:
        groups = "".join(f"{' ' * d}[1] mean of g{d}\n" for d in range(depth))
        return f"rubric r\n{groups}{' ' * depth}[1] a: X.\n"

    assert load(nested(32)).sound
    assert [d.code for d in load(nested(33)).diagnostics] == ["E214"]
    assert [d.code for d in load(nested(1_000)).diagnostics] == ["E214"]


# ------------------------------------------------------------------ characters

MARKS = "\u0301\u0308\u20dd\u0488\u0940"
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def test_text_of_every_script_and_plane_survives(load: Load) -> None:
    """A text with each kind of character that can be seen, from all of Unicode."""
    seen: dict[tuple[str, int], str] = {}
    for code in range(0x20, 0x110000, 7):
        character = chr(code)
        category = unicodedata.category(character)
        if category[0] not in "CZ":
            seen.setdefault((category, code >> 8), character)
    assert len(seen) > 500
    text = "rubric r\n" + "".join(
        f"[1] c{n}: a{character}{MARKS} b\n"
        for n, character in enumerate(seen.values())
    )
    (rubric,) = load(text).checked()
    for item, character in zip(rubric.items, seen.values(), strict=True):
        assert isinstance(item, Criterion)
        assert item.text == f"a{character}{MARKS} b"
    assert load(print_rubric(rubric)).checked() == (rubric,)
    assert format_text(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "été",
        "e\u0301te\u0301",
        "Straße",
        "हिन्दी",
        "名前",
        "שלום",
        "ชื่อ",
        "ʕʔ",
        "\U0001d4b3x",
        "_1",
    ],
)
def test_names_of_every_script(load: Load, functions: FunctionTable, name: str) -> None:
    text = f"rubric r\n[1] {name}: X.\n[1] b: Y.\n    needs: {name}\n"
    (rubric,) = load(text).checked()
    assert [node.path for node in bind(rubric, functions).walk()] == [name, "b"]
    assert load(print_rubric(rubric)).checked() == (rubric,)


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x85", *BIDI[1:]])
def test_what_cannot_be_seen_is_an_error_wherever_it_stands(
    load: Load, character: str
) -> None:
    for text in (
        f"rubric r\n[1] a: O{character}ne.\n",
        f"rubric r{character}\n[1] a: One.\n",
        f"rubric r\n# no{character}te\n[1] a: One.\n",
        f'rubric r\n[1] a: One.\n    check: contains(response, "{character}")\n',
        f"rubric r\nnote:\n    | a\n    | {character}b\n[1] a: One.\n",
        f'rubric r\nnote: """\n    {character}\n    """\n[1] a: One.\n',
    ):
        assert "E105" in codes(load(text)), text


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_the_byte_order_mark_and_the_last_line_change_nothing(
    tmp_path: Path,
    functions: FunctionTable,
    ends: str,
    mark: str,
    last: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    text = (
        'rubric r\nnote: """\n    a\n\n      b\n    """\n[1] a:\n    | X\n    |  Y\n'
        '[1] b: Z.\n    check: contains(response, "x")\n'
    )
    path = tmp_path / "r.rub"
    path.write_text(text, "utf-8")
    expected = load_file(path, functions).checked()
    changed = mark + (text if last else text.rstrip("\n")).replace("\n", ends)
    path.write_bytes(changed.encode("utf-8"))
    assert load_file(path, functions).checked() == expected


# ----------------------------------------------------- other files


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "rub.toml").touch()
    return tmp_path


def write(path: Path, *uses: str, name: str = "r", size: int = 0) -> None:
    lines = [f'use "{use}" as u{n}\n' for n, use in enumerate(uses)]
    text = "".join([f"rubric {name}\n", *lines, "[1] a: X.\n"])
    rest = "".join(f"# {'x' * 90_000}\n" for _ in range(size // 100_000))
    text += rest
    text += "#" * max(size - len(text) - 1, 0) + "\n" if size else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "ascii")


def refused(loaded: Loaded) -> list[str]:
    """Give where an import was refused for being one too many."""
    too_far = [d for d in loaded.diagnostics if "too deep, too many" in d.message]
    assert {d.code for d in too_far} <= {"E305"}
    assert all(d.hint == "the most is 32 deep, 1,000 files, 10 MB" for d in too_far)
    return [f"{Path(d.span.file).name}:{d.span.line}" for d in too_far]


@pytest.mark.parametrize(("depth", "expected"), [(32, []), (33, ["r32.rub:2"])])
def test_imports_as_deep_as_allowed_and_one_more(
    project: Path, functions: FunctionTable, depth: int, expected: list[str]
) -> None:
    write(project / f"r{depth}.rub", name=f"r{depth}")
    for n in range(depth):
        write(project / f"r{n}.rub", f"r{n + 1}.rub", name=f"r{n}")
    loaded = load_file(project / "r0.rub", functions)
    assert refused(loaded) == expected
    text = (project / "r0.rub").read_text()
    as_text = load_text(text, functions, folder=project)
    assert refused(as_text) == expected


@pytest.mark.parametrize(("number", "expected"), [(1_000, []), (1_001, ["r.rub:1002"])])
def test_as_many_imports_as_allowed_and_one_more(
    project: Path, functions: FunctionTable, number: int, expected: list[str]
) -> None:
    names = [f"s{n}.rub" for n in range(number)]
    for name in names:
        write(project / name)
    # What was read already is no new file.
    write(project / "r.rub", *names[:1], *names)
    loaded = load_file(project / "r.rub", functions)
    assert refused(loaded) == [w.replace("1002", "1003") for w in expected]


@pytest.mark.parametrize(("more", "expected"), [(0, []), (1, ["r.rub:6"])])
def test_imports_as_large_as_allowed_and_one_byte_more(
    project: Path, functions: FunctionTable, more: int, expected: list[str]
) -> None:
    names = [f"s{n}.rub" for n in range(5)]
    for n, name in enumerate(names):
        write(project / name, size=2 * MEGABYTE + (more if n == 0 else 0))
    write(project / "r.rub", *names)
    total = sum((project / name).stat().st_size for name in names)
    assert total == 10 * MEGABYTE + more
    assert refused(load_file(project / "r.rub", functions)) == expected


def test_a_circle_of_imports_is_printed_as_a_chain(
    project: Path, functions: FunctionTable
) -> None:
    write(project / "a.rub", "lib/b.rub", name="a")
    write(project / "lib" / "b.rub", "../a.rub", name="b")
    first, second = load_file(project / "a.rub", functions).diagnostics
    assert {first.code, second.code} == {"E306"}
    chain = "the imports run in a circle: a.rub → lib/b.rub → a.rub"
    assert first.message == second.message == chain


@pytest.mark.parametrize(
    "use",
    [
        "../x.rub", "lib/../../x.rub", "/etc/x.rub", "file:///x.rub",
        "https://x.org/x.rub", "link.rub", "folder/x.rub", "lib/link.rub",
    ],
)  # fmt: skip
def test_nothing_outside_the_project_is_imported(
    tmp_path: Path, functions: FunctionTable, use: str
) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    (project / "lib").mkdir(parents=True)
    (project / "rub.toml").touch()
    write(outside / "x.rub")
    write(tmp_path / "x.rub")
    (project / "link.rub").symlink_to(outside / "x.rub")
    (project / "lib" / "link.rub").symlink_to(Path("..", "..", "x.rub"))
    (project / "folder").symlink_to(outside)
    write(project / "r.rub", use)
    loaded = load_file(project / "r.rub", functions)
    (found,) = loaded.diagnostics
    assert (found.code, found.span.line) == ("E305", 2)
    assert "outside the project" in found.message or "relative path" in found.message
    assert str(tmp_path) not in found.message + found.hint
    assert loaded.imports == ()


def test_links_inside_the_project_are_followed(
    tmp_path: Path, functions: FunctionTable
) -> None:
    project = tmp_path / "project"
    write(project / "lib" / "x.rub", "y.rub", name="x")
    write(project / "lib" / "y.rub", name="y")
    (project / "rub.toml").touch()
    (project / "link.rub").symlink_to(Path("lib", "x.rub"))
    (project / "folder").symlink_to(project / "lib")
    (tmp_path / "way").symlink_to(project)
    write(project / "r.rub", "link.rub", "folder/x.rub", "lib/../lib/x.rub")
    # The project may itself be reached by a link.
    for root in (project, tmp_path / "way"):
        loaded = load_file(root / "r.rub", functions)
        assert loaded.diagnostics == ()
        assert {each.path for each in loaded.imports} == {"lib/x.rub", "lib/y.rub"}


def test_a_link_to_a_file_is_of_the_project_where_the_file_is(
    tmp_path: Path, functions: FunctionTable
) -> None:
    """A rubric that is itself a link imports from beside the real file."""
    write(tmp_path / "real" / "r.rub", "x.rub")
    write(tmp_path / "real" / "x.rub", name="x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "r.rub").symlink_to(tmp_path / "real" / "r.rub")
    assert load_file(tmp_path / "other" / "r.rub", functions).diagnostics == ()
