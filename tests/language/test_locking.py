"""The lock: what it pins, what it reports, and what is no lock."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.loading import load_file
from rubricdsl.language.locking import (
    Import,
    Lock,
    parse_lock,
    read_lock,
    text_digest,
)
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.source import Span

SPAN = Span("main.rub", 2, 1, 2, 9)
PIN = text_digest("rubric s\n")

paths = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
pins = st.dictionaries(paths, st.text().map(text_digest))


@given(pins)
def test_a_lock_is_read_back(pins: dict[str, str]) -> None:
    text = Lock(pins).render()
    lock = parse_lock(text)
    assert lock == Lock(pins)
    assert lock.render() == text
    lines = text.split("\n")
    for path, pin in pins.items():
        assert lines[lock.lines[path] - 1].endswith(f'"{pin}"')


@given(pins, st.randoms(use_true_random=False))
def test_the_order_of_imports_does_not_show(pins: dict[str, str], random) -> None:
    items = list(pins.items())
    random.shuffle(items)
    assert Lock(dict(items)).render() == Lock(pins).render()


def test_a_lock_can_be_read_by_people_and_by_toml() -> None:
    text = Lock({"sub/ü.rub": PIN, "a.rub": PIN}).render()
    assert f'[imports]\n"a.rub" = "{PIN}"\n"sub/ü.rub" = "{PIN}"\n' in text
    assert tomllib.loads(text)["imports"]["sub/ü.rub"] == PIN


def test_imports_of_imports_are_pinned_by_their_real_place(
    tmp_path: Path, functions: FunctionTable
) -> None:
    (tmp_path / "rub.toml").touch()
    (tmp_path / "sub").mkdir()
    base = "rubric b\r\n[1] x: X.\r\n"
    (tmp_path / "sub" / "base.rub").write_bytes(b"\xef\xbb\xbf" + base.encode())
    (tmp_path / "shared.rub").write_text(
        'rubric s\nuse "sub/base.rub" as b\n[1] include b.x\n'
    )
    (tmp_path / "link.rub").symlink_to(tmp_path / "sub" / "base.rub")
    (tmp_path / "main.rub").write_text(
        'rubric m\nuse "shared.rub" as s\nuse "link.rub" as l\n'
        "[1] include s.x\n[1] include l.x as z\n"
    )
    imports = load_file(tmp_path / "main.rub", functions).imports
    assert [(i.path, i.span.line) for i in imports] == [
        ("sub/base.rub", 2), ("shared.rub", 2), ("sub/base.rub", 3),
    ]  # fmt: skip
    # Neither the mark nor the line ends of one system are part of the text.
    assert imports[0].digest == text_digest(base.replace("\r\n", "\n"))


def test_what_is_missing_stale_and_left_over() -> None:
    lock = Lock({"a.rub": PIN, "old.rub": PIN}, {"old.rub": 7})
    imports = [
        Import("a.rub", PIN, SPAN),
        Import("a.rub", text_digest(""), SPAN),
        Import("b.rub", PIN, SPAN),
    ]
    assert [(d.code, d.span) for d in lock.faults(imports)] == [
        ("D305", SPAN), ("D304", SPAN),
    ]  # fmt: skip
    (extra,) = lock.superfluous({"a.rub", "b.rub"}, "sub/rub.lock")
    assert (extra.code, extra.span.file, extra.span.line) == ("D306", "sub/rub.lock", 7)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("version = 1\n<<<<<<< HEAD\n", 2, "no TOML"),
        ('[imports]\n"a.rub" = "sha256:00"\n', 1, "`version` is not 1"),
        ("version = true\n", 1, "`version` is not 1"),
        ("version = 2\n", 1, "`version` is not 1"),
        ("version = 1\nimports = 3\n", 1, "`imports` is no table"),
        ("version = 1\n[import]\n", 1, "there is no `import` in a lock"),
        (f'version = 1\n[imports]\n"a.rub" = "{PIN[:-1]}"\n', 3, "digest of `a.rub`"),
        ('version = 1\n[imports]\n\n"a.rub" = 3\n', 4, "digest of `a.rub`"),
        (f'version = 1\n[imports]\n"a" = "{PIN}"\n"a" = "{PIN}"\n', 4, "no TOML"),
        ("version = 1\nimports = " + "[" * 9_000, 1, "no TOML"),
    ],
)
def test_what_is_no_lock(text: str, line: int, message: str) -> None:
    with pytest.raises(RubricError, match=message) as caught:
        parse_lock(text)
    (found,) = caught.value.diagnostics
    assert (found.code, found.span.line) == ("D303", line)
    assert "rub lock" in found.hint


@given(st.text())
def test_any_text_is_a_lock_or_refused(text: str) -> None:
    codes = set()
    try:
        parse_lock(text)
    except RubricError as error:
        codes = {d.code for d in error.diagnostics}
    assert codes <= {"D303"}


def test_a_lock_that_is_not_there_or_not_to_be_read(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "rub.lock") is None
    (tmp_path / "rub.lock").mkdir()
    with pytest.raises(RubricError, match="D101"):
        read_lock(tmp_path / "rub.lock")
    (tmp_path / "other.lock").write_bytes(b"version = 1 # \xe9\n")
    with pytest.raises(RubricError, match="D303 the file is not UTF-8"):
        read_lock(tmp_path / "other.lock")
    (tmp_path / "huge.lock").write_bytes(b"#" * 10_000_001)
    with pytest.raises(RubricError, match="D303 the file has more than"):
        read_lock(tmp_path / "huge.lock")
