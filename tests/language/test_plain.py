"""What patterns read of plain lines is what the grammar reads, to the letter.

Each text is loaded twice: as it is, and with every line handed to the grammar.
"""

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.language import parsing
from rubricdsl.language.characters import Source
from rubricdsl.language.layout import Line
from rubricdsl.language.loading import Loaded, load_text
from rubricdsl.language.plain import EXAMPLE, ITEM, LEVEL, VALUE_KEYS, VALUES
from rubricdsl.language.printing import print_rubric
from rubricdsl.language.words import TEXT_KEYS
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Rubric
from rubricdsl.testing.strategies.sources import source_rubrics

HEAD = """\
rubric r
weights: high = 5, low = 1
param n: number = 3
judge strict
    votes: 3

"""
KEYWORDS = [
    *("must", "never", "info", "bonus", "cap", "mean", "all", "any", "at", "least"),
    *("worst", "best", "geomean", "formula", "of", "include", "as", "to", "by"),
    *("level", "example", "check", "combine", "yes", "no", "partly", "n/a", "and"),
    *("or", "not", "order", "high", "low", "r", "c1", "strict", "expert", "skip"),
]
# What may be put anywhere in a line to see whether both still read it alike.
MARKS = [*"[]():,.=#|\"'{}+-/\\ \t0²٣ßé·", "  ", '"""', "{{n}}", "{{x}}"]
PIECES = [*MARKS, *KEYWORDS]


def _no_form(line: Line) -> None:
    return None


def _by_grammar(text: str, functions: FunctionTable) -> Loaded:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parsing, "form_of", _no_form)
        return load_text(text, functions, folder=Path())


def _assert_same(text: str, functions: FunctionTable) -> Loaded:
    plain = load_text(text, functions, folder=Path())
    by_grammar = _by_grammar(text, functions)
    assert plain.diagnostics == by_grammar.diagnostics
    assert plain.rubrics == by_grammar.rubrics
    # Equality leaves places out.
    places = [
        [attrs.asdict(rubric) for rubric in loaded.rubrics]
        for loaded in (plain, by_grammar)
    ]
    assert places[0] == places[1]
    return plain


def _items() -> st.SearchStrategy[str]:
    return st.from_regex(ITEM, fullmatch=True).map(_on_one_line)


def _lines_below() -> st.SearchStrategy[str]:
    patterns = (LEVEL, EXAMPLE, re.compile(r"\S.*"))
    level, example, text = (st.from_regex(p, fullmatch=True) for p in patterns)
    values = st.from_regex(VALUES, fullmatch=True)
    fields = [
        st.tuples(st.sampled_from(sorted(keys)), content).map(": ".join)
        for keys, content in ((TEXT_KEYS, text), (VALUE_KEYS, values))
    ]
    below = st.sampled_from(sorted(TEXT_KEYS)).map("{}:".format)
    return st.one_of(level, example, *fields, below).map(_on_one_line)


def _on_one_line(text: str) -> str:
    return text.replace("\r", " ").rstrip()


@st.composite
def _texts(draw: st.DrawFn) -> str:
    """Generate criteria and groups whose lines fit the patterns, or nearly do."""
    rows = [HEAD.rstrip("\n")]
    for number in range(draw(st.integers(1, 3))):
        rows.append(draw(_items()))
        for _ in range(draw(st.integers(0, 3))):
            rows.append("    " + draw(_lines_below()))
            if draw(st.booleans()):
                rows.append(f"        | text {number}")
        if draw(st.booleans()):
            rows.append("    " + draw(_items()))
    return "\n".join([*rows, ""])


@given(_texts())
def test_lines_that_fit_the_patterns(functions: FunctionTable, text: str) -> None:
    _assert_same(text, functions)


@given(source_rubrics())
def test_printed_rubrics(functions: FunctionTable, rubric: Rubric) -> None:
    assert _assert_same(print_rubric(rubric), functions).rubrics == (rubric,)


@given(rubric=source_rubrics(), seed=st.integers(0, 2**32), edits=st.integers(1, 4))
def test_rubrics_with_pieces_put_in(
    functions: FunctionTable, rubric: Rubric, seed: int, edits: int
) -> None:
    rng = random.Random(seed)  # noqa: S311 - no secret
    text = print_rubric(rubric)
    for _ in range(edits):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(PIECES) + text[at + rng.choice((0, 0, 1, 4)) :]
    _assert_same(text, functions)


def _variants(line: str) -> Iterator[str]:
    for at in range(len(line) + 1):
        for piece in MARKS:
            yield line[:at] + piece + line[at:]
        yield line[:at] + line[at + 1 :]
    words = re.findall(r"\w+|\W", line)
    for at in range(len(words)):
        for word in KEYWORDS:
            yield "".join([*words[:at], word, *words[at + 1 :]])


@pytest.mark.parametrize(
    "line",
    [
        "[3] c1: Is so.",
        "[cap 0.5] c1: Is so.",
        "[high] c1: Is so.",
        "[1] at least 2 of c1: Is so.",
        "    tags: axis = a.b, 3, 1 to 2",
        '    was: old, "older"',
        "    n/a: skip",
        "    title: So",
        '    level 3 "good": So.',
        "    example level 2: So.",
    ],
)
def test_every_line_near_a_plain_one(functions: FunctionTable, line: str) -> None:
    """Each piece at each place of each line, all in one file to be quick."""
    head = "" if line.startswith("[") else "[1] head: Is so.\n"
    texts = [f"{head}{variant}\n" for variant in _variants(line)]
    rows = "".join(f"rubric r{n}\n{text}\n" for n, text in enumerate(texts))
    _assert_same(rows, functions)


def test_examples(functions: FunctionTable, conformance: Path) -> None:
    for path in sorted(conformance.glob("*/*.rub")):
        text = path.read_bytes().decode("utf-8", "replace")
        _assert_same(text, functions)


def test_common_rubrics_need_no_tree() -> None:
    text = """\
rubric r
title: A title
tags: axis = accuracy, expert
[3] plain: Is so.
    n/a: skip
    level 0 "none": Not so.
    level 4:
        | Wholly
        | so.
    example level 4: Yes, so.
[high] at least 1 of some: Some of these.
    note: Of a note.
    [must] first:
        | In two
        | lines.
    [bonus 2] mean of inner
        [-1] second: Is so.
"""
    (rubric,) = parsing.parse(Source.of(text)).rubrics
    assert len(rubric.entries) == 4
    assert all(isinstance(entry, Line) for entry in rubric.entries)
    assert not rubric.trees


def test_plain_rubrics_are_read_without_the_grammar() -> None:
    program = (
        "import sys; from pathlib import Path; "
        "from rubricdsl.language.loading import load_text; "
        "text = 'rubric r\\ntitle: T\\n[2] a: Is so.\\n    n/a: skip\\n'; "
        "load_text(text, {}, folder=Path()).checked(); sys.exit('lark' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_one_unusual_item_leaves_its_neighbours_plain() -> None:
    text = """\
rubric r
[1] mean of some
    [1] first: Is so.
    [1] second: Has words.
        check: words(response) > 3
    [1] third: Is so.
"""
    (rubric,) = parsing.parse(Source.of(text)).rubrics
    assert [isinstance(entry, Line) for entry in rubric.entries] == [True]
    assert list(rubric.trees) == [4]
