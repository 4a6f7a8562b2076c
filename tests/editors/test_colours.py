"""Every word of the language is coloured, by Pygments and by the TextMate grammar.

What is asked of both is taken from the language's own tables and from its grammar,
and what each token is from the language's own lexer.
"""

import re
from collections.abc import Callable, Iterator

import lark
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename, guess_lexer
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, String

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.editors.pygments_lexer import TYPES, RubricLexer
from rubricdsl.editors.textmate import GRAMMAR, grammar, text
from rubricdsl.editors.vocabulary import WORDS, WordKind
from rubricdsl.language.characters import Source
from rubricdsl.language.grammar import grammar_file
from rubricdsl.language.layout import lay_out
from rubricdsl.language.lexing import LineLexer
from rubricdsl.language.words import (
    FIELD_KEYS,
    KIND_WORDS,
    MARK_WORDS,
    RULING_WORDS,
    SPEAKERS,
    TEXT_KEYS,
)

LARK = lark.Lark(grammar_file().read_text("utf-8"), parser="lalr", start="start")
LITERALS = {
    terminal.pattern.value: terminal.name
    for terminal in LARK.terminals
    if isinstance(terminal.pattern, lark.lexer.PatternStr)
}


FUNCTIONS = sorted(each.signature.name for each in builtin_functions())


def _everything() -> str:
    """Write a file with every word of the tables, each where it has its meaning."""
    texts = sorted(TEXT_KEYS)
    fields = sorted(FIELD_KEYS - TEXT_KEYS)
    numbered = {"bonus", "cap"}
    lines = [
        "# A comment.",
        "rubric everything",
        'use "a.rub" as a',
        "param p: number = 3",
        *(f"{key}: value, 1 to 2, name = 3, 1.2.0, 2026-01-02, n/a" for key in fields),
        *(f"{key}: Free {{{{p}}}} text." for key in texts),
        "prompt",
        *(f"    {speaker}: Text." for speaker in sorted(SPEAKERS)),
        *(f"[{m}{' 0.5' if m in numbered else ''}] x: Y." for m in sorted(MARK_WORDS)),
        *(f"[1] {kind} of g: Text." for kind in sorted(KIND_WORDS - {"at"})),
        "[-2] at least 2 of g",
        "[essential] include a.b.c as d (p = 3)",
        "[1] text:",
        "    | A bar.",
        '[1] c: """',
        "    Text {{p}}: x.",
        '    """',
        "    level 2: Text.",
        '    level 0.5 "a: b": Text.',
        *(f"    example {verdict}: Text." for verdict in sorted(RULING_WORDS)),
        "    example n/a: Text.",
        "    combine: a * (0.5 + b) / 2 - c",
        *(
            f"    check: {name}(response, n = \"x\") >= 3 and not p or 'r'"
            for name in FUNCTIONS
        ),
        "judge j",
        "history",
        "    round 1: by = me",
        'test "title"',
        "    response: Text.",
        "    response good: Text.",
        *(f"    given x: {verdict}" for verdict in sorted(RULING_WORDS)),
        "    given x.y: n/a",
        "    expect x: level 2",
        "    expect score: about 0.5",
        "    expect score: >= 0.5",
        "    expect order: good > bad by 0.2",
    ]
    return "\n".join(lines) + "\n"


EVERYTHING = _everything()
_TYPES_OF_WORDS = {
    word.upper(): kind
    for kind in WordKind
    if kind is not WordKind.FIELD
    for word in WORDS[kind]
}


def cut(text: str) -> Iterator[tuple[int, int, str, WordKind | str, str]]:
    """Cut a text as the language does: place, text, what it is, the line's first."""
    source = Source.of(text)
    lexer = LineLexer(source)
    for top in lay_out(source).lines:
        for line in top.walk():
            tokens = lexer.tokens(line)[:-1]
            for number, token in enumerate(tokens):
                column = (token.column or 1) - 1
                if token.type == "BLOCK":
                    column = source.lines[line.number - 1].rindex('"""')
                what: WordKind | str = _TYPES_OF_WORDS.get(token.type, token.type)
                key = number == 0 and len(tokens) > 1 and tokens[1].type == "COLON"
                if key and str(token) in FIELD_KEYS:
                    what = WordKind.FIELD
                elif token.type == "LEVEL" and number:
                    what = WordKind.VERDICT
                yield line.number - 1, column, str(token), what, tokens[0].type


# ------------------------------------------------------------- nothing is missing


def test_the_sample_holds_every_word_of_the_grammar():
    words = {word for word in LITERALS if word[0].isalpha()}
    found = {token for _, _, token, _, _ in cut(EVERYTHING)}
    assert words <= found
    known = {word for kind in WordKind for word in WORDS[kind]}
    assert words <= known
    assert found >= FIELD_KEYS | set(FUNCTIONS)


def test_every_terminal_of_the_grammar_has_a_style():
    layout = {"_NL", "_INDENT", "_DEDENT", "PLAIN", "__IGNORE_0"}
    terminals = {terminal.name for terminal in LARK.terminals}
    assert terminals - layout <= set(TYPES)
    assert set(TYPES) <= terminals | {"MORETHAN"}


def test_the_textmate_grammar_is_the_one_that_is_made():
    """Make it anew with `python -m rubricdsl.editors.textmate`."""
    assert grammar_file(GRAMMAR).read_text("utf-8") == text()


# ----------------------------------------------------------------------- TextMate

SCOPES: dict[str, str | tuple[str, ...]] = {
    WordKind.LINE: "keyword.control.",
    WordKind.MARK: "keyword.other.mark.",
    WordKind.KIND: "storage.type.kind.",
    WordKind.JOINING: "keyword.other.",
    WordKind.VERDICT: "constant.language.verdict.",
    WordKind.OPERATOR: "keyword.operator.logical.",
    WordKind.FIELD: "entity.other.attribute-name.",
    "NAME": ("entity.", "variable.", "support.", "constant.other."),
    "TEXT": ("string.unquoted.text.", "variable.parameter.interpolation."),
    "BAR": "punctuation.definition.string.begin.",
    "BLOCK": "punctuation.definition.string.begin.",
    "STRING": "string.quoted.double.",
    "RAW": "string.quoted.single.",
    "SIGNED": "constant.numeric.",
    "VERSION": "constant.other.",
    "DATE": "constant.other.",
    "NA": "constant.language.verdict.",
    "CMP": "keyword.operator.comparison.",
    "MORETHAN": "keyword.operator.comparison.",
    "ADD": "keyword.operator.arithmetic.",
    "MUL": "keyword.operator.arithmetic.",
    "LSQB": "punctuation.definition.mark.begin.",
    "RSQB": "punctuation.definition.mark.end.",
    **dict.fromkeys(("COLON", "COMMA", "EQUAL", "LPAR", "RPAR"), "punctuation."),
    "DOT": ("punctuation.", "entity.name.namespace.", "variable.other."),
}


def check_scopes(scopes: Callable[[str], list[list[str]]], text: str) -> None:
    rows = scopes(text)
    lines = text.split("\n")
    for row, column, token, what, _ in cut(text):
        found = rows[row][column]
        assert found.startswith(SCOPES[what]), (lines[row], token, what, found)


def test_textmate_colours_every_word(scopes):
    check_scopes(scopes, EVERYTHING)


def test_textmate_agrees_with_the_language(scopes, sample):
    check_scopes(scopes, sample)


def test_textmate_knows_functions_comments_and_blocks(scopes):
    rows = scopes(EVERYTHING)
    lines = EVERYTHING.split("\n")
    assert set(rows[0]) == {"comment.line.number-sign.rubric"}
    for name in FUNCTIONS:
        row = next(i for i, x in enumerate(lines) if f"check: {name}(" in x)
        at = lines[row].index(name)
        assert rows[row][at : at + len(name)] == ["support.function.rubric"] * len(name)
    inside = lines.index("    Text {{p}}: x.")
    assert rows[inside][4] == "string.quoted.triple.rubric"
    assert rows[inside][10] == "variable.parameter.interpolation.rubric"
    assert rows[inside + 1][4] == "punctuation.definition.string.end.rubric"
    bar = lines.index("    | A bar.")
    assert rows[bar][7] == "string.unquoted.bar.rubric"


def test_textmate_leaves_texts_alone(scopes):
    for line in (
        "[1] a: must [never] # \"x: 'y' level 2 and not yes",
        "note: [3] b: check: words(response)",
        "    | rubric x",
    ):
        (row,) = scopes(line)
        start = (
            line.index(":") + 2 if ":" in line.split("|")[0] else line.index("|") + 2
        )
        assert {scope.split(".")[0] for scope in row[start:]} == {"string"}


def test_every_pattern_means_the_same_in_oniguruma():
    """Leave out what the two engines read differently, or one does not know."""

    def patterns(rule: object) -> Iterator[str]:
        if isinstance(rule, dict):
            for key, value in rule.items():
                if key in {"match", "begin", "end"} and isinstance(value, str):
                    yield value
                else:
                    yield from patterns(value)
        elif isinstance(rule, list):
            for each in rule:
                yield from patterns(each)

    found = list(patterns(grammar()))
    assert len(found) > 40
    for pattern in found:
        re.compile(pattern)
        assert not re.search(r"\(\?P|\(\?[aiLmsux]|\\[AZzGhHRXK]|&&|\[:", pattern)


# ----------------------------------------------------------------------- Pygments


def tokens_of(text: str) -> list[tuple[int, object, str]]:
    return list(RubricLexer().get_tokens_unprocessed(text))


def check_whole(text: str) -> None:
    found = tokens_of(text)
    assert "".join(value for _, _, value in found) == text
    at = 0
    for start, _, value in found:
        assert start == at
        assert value
        at += len(value)


STYLES = {
    WordKind.LINE: Keyword,
    WordKind.MARK: Keyword.Declaration,
    WordKind.KIND: Keyword.Type,
    WordKind.JOINING: Keyword.Pseudo,
    WordKind.VERDICT: Keyword.Constant,
    WordKind.OPERATOR: Operator.Word,
    WordKind.FIELD: Name.Attribute,
    "NAME": Name,
    "TEXT": String,
    "BAR": String,
    "BLOCK": String.Heredoc,
    "STRING": String.Double,
    "SIGNED": Number,
}


@pytest.mark.parametrize("where", ["everything", "sample"])
def test_pygments_agrees_with_the_language(where, sample):
    text = EVERYTHING if where == "everything" else sample
    check_whole(text)
    by_offset = {start: style for start, style, _ in tokens_of(text)}
    assert Error not in by_offset.values()
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for row, column, word, what, first in cut(text):
        style = by_offset.get(starts[row] + column)
        wanted = STYLES.get(what)
        if (what, word) == (WordKind.VERDICT, "level") and first != "LEVEL":
            continue  # a word has one style wherever it stands
        if wanted is not None:
            assert style in wanted, (text.split("\n")[row], word, what, style)


def test_pygments_marks_comments_functions_and_parameters():
    styles = {value: style for _, style, value in tokens_of(EVERYTHING)}
    assert styles["# A comment."] is Comment.Single
    assert styles["words"] is Name.Function
    assert styles["response"] in {Name.Builtin.Pseudo, Keyword}
    assert styles["{{p}}"] is String.Interpol
    assert styles["essential"] is Name.Constant


def test_pygments_finds_the_lexer():
    for lexer in (
        get_lexer_by_name("rubric"),
        get_lexer_by_name("rub"),
        get_lexer_for_filename("a.rub"),
        guess_lexer("# A comment.\nrubric r\n[1] a: X.\n"),
    ):
        assert isinstance(lexer, RubricLexer)


def test_what_cannot_be_cut_is_an_error_and_the_rest_is_not():
    found = tokens_of("rubric r\n[1] a-b: X.\n[2] c: Y.\n")
    errors = [value for _, style, value in found if style is Error]
    assert errors == ["a-b"]


@given(text=st.text(st.sampled_from("ab1[]:|\"'#()=,.- \n\r\t{}\ufeff\x00😀")))
def test_tokens_make_up_the_text(text):
    check_whole(text)


@given(
    at=st.lists(st.integers(0, len(EVERYTHING)), max_size=4),
    piece=st.sampled_from(['"""', "\r\n", "\ufeff", '"', "[", "\t", ":", "# ", "\n"]),
)
def test_tokens_make_up_an_edited_text(at, piece):
    text = EVERYTHING
    for offset in at:
        text = text[:offset] + piece + text[offset:]
    check_whole(text)
