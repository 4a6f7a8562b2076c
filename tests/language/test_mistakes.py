"""Every mistake gets its code, at its line, and nothing else does.

The cases are in `mistakes.txt`; those whose characters would not survive an editor
stand here.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.diagnostics.codes import CODES
from rubricdsl.language.characters import Source
from rubricdsl.language.loading import Loaded, load_file, load_text
from rubricdsl.model.protocols import FunctionTable

Load = Callable[[str], Loaded]

# Codes that need more than one file (test_imports) or a run of the tests in a rubric.
ELSEWHERE = {"E306", "E501", "E502"}

_DEEP = "".join(f"{'  ' * depth}[1] mean of g{depth}\n" for depth in range(40))
SPECIAL: dict[str, tuple[str, str]] = {
    "tab in the indentation of a field": (
        "rubric r\n[3] a: Names Ottawa.\n\tnote: be strict\n",
        "E101@3",
    ),
    "tabs after blanks, in several lines": (
        "rubric r\n[3] a: Names Ottawa.\n    note: x\n  \twhy: y\n\tsince: 1\n",
        "E101@4 E101@5",
    ),
    "children indented by tabs": (
        "rubric r\n[1] mean of g\n\t[1] a: One.\n\t[1] b: Two.\n",
        "E101@3 E101@4",
    ),
    "NUL, bidi override and zero-width space": (
        "rubric r\n[1] a: One\x00.\n[1] b: T\u202ewo.\n[1] c: Th\u200bree.\n",
        "E105@2 E105@3 E105@4",
    ),
    "hidden character in a name": ("rubric r\n[1] a\u200bb: One.\n", "E105@2"),
    "carriage return alone": ("rubric r\n[1] a: One.\rTwo.\n", "E105@2"),
    "byte order mark in the middle": ("rubric r\n[1] a: O\ufeffne.\n", "E105@2"),
    "isolate in a comment": ("rubric r\n# a \u2066b\n[1] a: X.\n", "E105@2"),
    "control character in a string": (
        'rubric r\n[1] a: X.\n    check: contains(response, "\x07")\n',
        "E105@3",
    ),
    "joiner beside ASCII": ("rubric r\n[1] a: o\u200dne.\n", "E105@2"),
    "half of a surrogate pair": ("rubric r\n[1] a: \ud800.\n", "E105@2"),
    "overlong line": (f"rubric r\n[1] a: {'x' * 100_001}\n", "E108@2"),
    "half a line at the end": ("rubric r\n[3] a: Names Ottawa.\n[1", "E207@3"),
    "last criterion without text": ("rubric r\n[1] b: X.\n[3] a:", "E208@3"),
    "empty file": ("", "E213@1"),
    "byte order mark alone": ("\ufeff", "E213@1"),
    "blank lines and comments only": ("\n# nothing\n\n", "E213@1"),
    "nested too deep": (f"rubric r\n{_DEEP}{'  ' * 40}[1] a: X.\n", "E214@35"),
    "names that look alike": (
        (
            "rubric r\n[1] Paris: X.\n[1] paris: Y.\n[1] cop: X.\n[1] \u0441op: Y.\n"
            "[1] \uff41bc: X.\n[1] abc: Y.\n"
        ),
        "E311@3 E311@5 E311@7",
    ),
}


def _cases() -> dict[str, tuple[str, str]]:
    text = Path(__file__).with_name("mistakes.txt").read_text("utf-8")
    cases = dict(SPECIAL)
    for case in text.split("\n=== ")[1:]:
        description, expected, source = case.split("\n", 2)
        assert description not in cases
        codes = expected.removeprefix("--- ")
        cases[description] = (source, "" if codes == "nothing" else codes)
    return cases


CASES = _cases()


@pytest.mark.parametrize("description", CASES)
def test_a_mistake_is_reported_once_where_it_is(load: Load, description: str) -> None:
    source, expected = CASES[description]
    diagnostics = load(source).diagnostics
    assert _summary(diagnostics) == expected
    for diagnostic in diagnostics:
        assert_helpful(diagnostic, source)


def test_every_code_of_the_language_has_a_case() -> None:
    shown = {code[:4] for _, expected in CASES.values() for code in expected.split()}
    assert shown | ELSEWHERE == {code for code in CODES if code.startswith("E")}


def test_other_line_ends_change_nothing(load: Load) -> None:
    for source, expected in CASES.values():
        if "\r" not in source:
            windows = source.replace("\n", "\r\n")
            assert _summary(load(windows).diagnostics) == expected


def test_conformance(conformance: Path, functions: FunctionTable) -> None:
    table = (conformance / "bad" / "EXPECTED.tsv").read_text("utf-8")
    expected = dict(line.split("\t") for line in table.splitlines())
    got = {
        name: _summary(load_file(conformance / "bad" / name, functions).diagnostics)
        for name in expected
    }
    assert {n: set(g.split()) for n, g in got.items()} == {
        n: set(e.split()) for n, e in expected.items()
    }


def test_good_examples_are_clean(conformance: Path, functions: FunctionTable) -> None:
    good = sorted(conformance.glob("good/*.rub"))
    assert good
    for path in good:
        assert load_file(path, functions).diagnostics == (), path.name


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"rubric r\n[1] a: caf\xe9.\n[1] b: na\xefve.\n", "E108@2 E108@3"),
        (b"rubric r\n[1] caf\xe9: X.\n", "E108@2"),
        ("rubric r\n[1] a: X.\n".encode("utf-16"), "E108@1"),
        (b"rubric r\n[1] a: " + b"x" * 10_000_000, "E108@1"),
        (b"\xef\xbb\xbfrubric r\r\n[1] a: X.\r\n", ""),
    ],
)
def test_bytes_that_are_no_text(
    tmp_path: Path, functions: FunctionTable, data: bytes, expected: str
) -> None:
    path = tmp_path / "r.rub"
    path.write_bytes(data)
    assert _summary(load_file(path, functions).diagnostics) == expected


def test_text_that_is_too_large(functions: FunctionTable, tmp_path: Path) -> None:
    text = "rubric r\n" + "[1] a: X.\n" * 1_000_001
    loaded = load_text(text, functions, folder=tmp_path)
    assert _summary(loaded.diagnostics) == "E108@1"


def test_suggestions(load: Load) -> None:
    hints = {
        "rubric r\ntitel: x\n[1] a: X.\n": "did you mean `title`?",
        "rubric r\n[1] window: X.\n[1] b: Y.\n    needs: windwo\n": (
            "did you mean `window`?"
        ),
        "rubric r\n[3] Names the capital of Canada.\n": (
            "write `[3] names_capital_canada: Names the capital of Canada.`"
        ),
        "rubric r\n[1] a: X.\n    weights: 1 to 3\n": (
            "`weights` is a field of a rubric"
        ),
        "rubric r\n[2] a: Works.\n    [1] b: X.\n": (
            "make it a group: `[2] mean of a: …`"
        ),
        'rubric r\n[1] a: X.\ntest "t"\n    given a: maybe\n    expect score: 1\n': (
            "expected `level N` or a number or n/a or no or partly or yes"
        ),
    }
    for source, hint in hints.items():
        assert [d.hint for d in load(source).diagnostics] == [hint]


def assert_helpful(diagnostic: Diagnostic, source: str) -> None:
    """Check that a diagnostic says something, of a place inside the source."""
    lines = Source.of(source).lines or ("",)
    span = diagnostic.span
    assert diagnostic.code in CODES
    assert diagnostic.message
    assert diagnostic.hint
    assert 1 <= span.line <= span.end_line <= len(lines)
    assert 1 <= span.column <= len(lines[span.line - 1]) + 1
    assert span.end_column <= len(lines[span.end_line - 1]) + 2
    assert span.end_line > span.line or span.end_column > span.column


def _summary(diagnostics: tuple[Diagnostic, ...]) -> str:
    return " ".join(f"{d.code}@{d.span.line}" for d in diagnostics)
