"""Our tokens and entry-wise parsing give what Lark's own machinery gives.

The reference is the whole grammar with Lark's contextual lexer and its Indenter, on
the whole file at once.
"""

import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from lark import Lark, Token, Tree
from lark.indenter import Indenter

from rubricdsl.language import grammar
from rubricdsl.language.building import build
from rubricdsl.language.characters import Source
from rubricdsl.language.entries import tree_of
from rubricdsl.language.layout import Line
from rubricdsl.language.parsing import RubricTree, parse
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.rubric import Group, Item, Rubric
from rubricdsl.testing.strategies.drawn import drawn_files
from rubricdsl.testing.strategies.sources import source_rubrics


class _Indentation(Indenter):
    """Four blanks a level, as Lark's documentation has it."""

    NL_type = "_NL"
    OPEN_PAREN_types: list[str] = []  # noqa: RUF012 - Lark's own way
    CLOSE_PAREN_types: list[str] = []  # noqa: RUF012
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 4


@pytest.fixture(scope="session")
def reference() -> Lark:
    """Give Lark's own parser of the grammar."""
    return Lark(
        grammar.grammar_file().read_text("utf-8"),
        parser="lalr",
        postlex=_Indentation(),
        start="start",
        maybe_placeholders=True,
    )


def _theirs(reference: Lark, text: str) -> list[Tree[Token]]:
    """Parse a file; lines are counted from the blank one that the grammar wants."""
    ended = text if text.endswith("\n") else f"{text}\n"
    whole = reference.parse(f"\n{ended}")
    return [part for part in whole.children if isinstance(part, Tree)]


def _flat(node: object, lines: int = 0) -> Iterator[object]:
    """Walk through a tree: rule names, and tokens with their places."""
    if isinstance(node, Tree):
        yield str(node.data), len(node.children)
        for child in node.children:
            yield from _flat(child, lines)
    elif isinstance(node, Token):
        line, column = (node.line or 0) - lines, node.column
        text = str(node)
        if node.type == "BAR":
            text = text.rstrip("\n")
        if node.type == "BLOCK" and text.startswith('"""'):
            *body, last = text[3:-3].split("\n")[1:]
            body += [last] if last.strip() else []
            text = textwrap.dedent("\n".join(body))
        yield node.type, text, line, column
    else:
        yield node


def _tree(source: Source, entry: Tree[Token] | Line) -> Tree[Token]:
    """Give the tree of an entry, also of one that needs none because it is plain."""
    tree = tree_of(source, entry) if isinstance(entry, Line) else entry
    assert tree is not None
    return tree


def _agree(reference: Lark, text: str) -> None:
    source = Source.of(text)
    syntax = parse(source)
    assert not syntax.diagnostics
    theirs = _theirs(reference, text)
    assert len(theirs) == len(syntax.rubrics)
    for ours, tree in zip(syntax.rubrics, theirs, strict=True):
        header, *entries = (c for c in tree.children if isinstance(c, Tree))
        assert header.children == [ours.name]
        assert len(ours.entries) == len(entries)
        for mine, other in zip(ours.entries, entries, strict=True):
            assert list(_flat(_tree(source, mine))) == list(_flat(other, 1))


@given(source_rubrics(uses=("shared",)))
def test_generated_rubrics_parse_as_lark_parses_them(
    reference: Lark, rubric: Rubric
) -> None:
    _agree(reference, print_rubric(rubric))


@given(source_rubrics())
def test_plain_lines_mean_what_the_grammar_says(
    reference: Lark, rubric: Rubric
) -> None:
    text = print_rubric(rubric)
    (ours,) = parse(Source.of(text)).rubrics
    (tree,) = _theirs(reference, text)
    header, *entries = (c for c in tree.children if isinstance(c, Tree))
    line = Line(1, 0, f"rubric {rubric.name}")
    whole = RubricTree(line, str(header.children[0]), list(entries))
    expected, got = build("<text>", whole).rubric, build("<text>", ours).rubric
    assert got == expected == rubric
    assert list(_places(got.items)) == list(_places(expected.items, 1))


def _places(items: Iterable[Item], lines: int = 0) -> Iterator[tuple[int, ...]]:
    for item in items:
        span = item.span
        yield span.line - lines, span.column, span.end_line - lines, span.end_column
        if isinstance(item, Group):
            yield from _places(item.items, lines)


@given(drawn_files())
def test_whatever_the_grammar_allows_parses_as_lark_parses_it(
    reference: Lark, text: str
) -> None:
    _agree(reference, text)


def test_good_examples_parse_as_lark_parses_them(
    reference: Lark, conformance: Path
) -> None:
    for path in sorted(conformance.glob("good/*.rub")):
        _agree(reference, path.read_text("utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "rubric r\n# x\n\n[3] a: B # c\n  # deep\n\n[+1.50] b:c\n",
        'rubric r\n[1] a: """\n  x\n    y\n  """\n    note: """ z\n',
        'rubric r\n[1] a:"""\nx\n"""\n[1] b :"""  \n"""\n',
        "rubric r\n[1] include s.a as to (to = 1 to 3, b = to)\n",
        (
            "rubric r\n[ 3 ] a : x\n[bonus  2] b: x\n[1]  at  least  2  of  g :\n"
            "        | x\n        |  y\n        [1] to: z\n        [1] by: z\n"
        ),
        "rubric r\n[must] title: level 1: x\n    n/a : skip\n    tags : a , b = c\n",
        "rubric r\n[1] a: x\n    check:  not(words( response )>=3 or 2<1)\n",
        "rubric r\nprompt\n  user: a\n\n  # c\n  user:\n   | b\nrubric s\n[1] a: x",
    ],
)
def test_free_layouts_parse_as_lark_parses_them(reference: Lark, text: str) -> None:
    _agree(reference, text)


def test_the_grammar_has_no_conflicts_and_no_collisions() -> None:
    """Lark's strict mode needs interegular, whose import slows Lark: not in here."""
    program = """
        import sys
        from lark import Lark
        from lark.indenter import Indenter
        class Indentation(Indenter):
            NL_type = "_NL"
            OPEN_PAREN_types = CLOSE_PAREN_types = []
            INDENT_type, DEDENT_type, tab_len = "_INDENT", "_DEDENT", 4
        Lark(
            sys.stdin.read(), parser="lalr", strict=True, postlex=Indentation(),
            start=["start", "header", "entry"],
        )
    """
    pytest.importorskip("interegular")
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        input=grammar.grammar_file().read_text("utf-8"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_a_table_gives_the_parser_that_it_was_made_from() -> None:
    text = grammar.grammar_file().read_text("utf-8")
    loaded = grammar.load_table(grammar.build_table(text), text)
    assert loaded is not None
    tokens = [
        Token("RUBRIC", "rubric"),
        Token("NAME", "r"),
        Token("_NL", "\n"),
    ]
    again = [*tokens]
    parsed = loaded.parse(iter(tokens), start="header")
    assert parsed == grammar.parse_tokens(again, "header")


def test_a_table_for_another_grammar_is_refused() -> None:
    text = grammar.grammar_file().read_text("utf-8")
    table = grammar.build_table(text)
    assert grammar.load_table(table, f"{text}\n// another\n") is None


def test_the_table_beside_the_grammar_is_up_to_date() -> None:
    text = grammar.grammar_file().read_text("utf-8")
    grammar.parser()
    table = grammar.grammar_file(grammar.TABLE).read_text("utf-8")
    assert grammar.load_table(table, text) is not None


def test_a_missing_file_is_named() -> None:
    with pytest.raises(grammar.GrammarMissingError, match=r"no\.lark"):
        grammar.grammar_file("no.lark")
