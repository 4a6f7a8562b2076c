"""A Pygments lexer that cuts a rubric just as the language does.

Lines are cut by the language's own lexer; what it cannot cut is an error token, and
the rest of that line plain text.  The values of all tokens together are the text.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import ClassVar

from attrs import frozen
from lark import Token as Cut
from pygments.lexer import Lexer
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
    _TokenType,
)

from rubricdsl.editors.vocabulary import TEXT_FIELDS, WORDS, WordKind
from rubricdsl.expressions.inference import RESPONSE_NAMES
from rubricdsl.language.characters import Source
from rubricdsl.language.layout import Line, lay_out
from rubricdsl.language.lexing import LineLexer
from rubricdsl.language.scanning import LexicalError
from rubricdsl.language.texts import PARAMETER

_BY_KIND = {
    WordKind.FIELD: Name.Attribute,
    WordKind.LINE: Keyword,
    WordKind.JOINING: Keyword.Pseudo,
    WordKind.KIND: Keyword.Type,
    WordKind.MARK: Keyword.Declaration,
    WordKind.VERDICT: Keyword.Constant,
    WordKind.OPERATOR: Operator.Word,
}
TYPES: dict[str, _TokenType] = {
    "NAME": Name,
    "TEXT": String,
    "BLOCK": String.Heredoc,
    "BAR": String.Doc,
    "STRING": String.Double,
    "RAW": String.Single,
    "SIGNED": Number,
    "VERSION": Number,
    "DATE": Number,
    "NA": Keyword.Constant,
    "CMP": Operator,
    "MORETHAN": Operator,
    "ADD": Operator,
    "MUL": Operator,
    **dict.fromkeys(("LSQB", "RSQB", "LPAR", "RPAR"), Punctuation),
    **dict.fromkeys(("COLON", "COMMA", "DOT", "EQUAL"), Punctuation),
    **{word.upper(): Name.Attribute for word in TEXT_FIELDS},
    **{
        word.upper(): style
        for kind, style in _BY_KIND.items()
        if kind is not WordKind.FIELD
        for word in WORDS[kind]
        if word.isalpha()
    },
}
"""The style of each terminal of the grammar, where it stands for no more."""

_TEXTS = frozenset({"TEXT", "BLOCK", "BAR"})
_LONE_NAMES = frozenset({"RUBRIC", "JUDGE", "PARAM", "RESPONSE"})


@frozen(order=True)
class _Piece:
    start: int
    end: int
    style: _TokenType


class RubricLexer(Lexer):  # type: ignore[misc]
    """Colours rubrics, files that end in ``.rub``."""

    name = "Rubric"
    aliases: ClassVar = ["rubric", "rub"]
    filenames: ClassVar = ["*.rub"]
    mimetypes: ClassVar = ["text/x-rubric"]

    def get_tokens_unprocessed(
        self, text: str
    ) -> Iterator[tuple[int, _TokenType, str]]:
        """Give each token: its offset, its style, its text."""
        at = 0
        for piece in sorted(_Pieces(text).all()):
            start = max(piece.start, at)
            if piece.end <= start:
                continue
            yield from _between(text, at, start)
            yield start, piece.style, text[start : piece.end]
            at = piece.end
        yield from _between(text, at, len(text))

    @staticmethod
    def analyse_text(text: str) -> float:
        """Say how surely a text is a rubric."""
        first = next((x for x in text.splitlines() if x and x[0] != "#"), "")
        word, _, name = first.partition(" ")
        return 0.8 if word == "rubric" and name.strip().isidentifier() else 0.0


def _between(text: str, start: int, end: int) -> Iterator[tuple[int, _TokenType, str]]:
    """Give what no token covers: blanks, or what is no part of the language."""
    between = text[start:end]
    if between:
        plain = between.isspace() or between == "\ufeff"
        yield start, Whitespace if plain else Error, between


class _Pieces:
    """The coloured stretches of a text, in any order."""

    def __init__(self, text: str) -> None:
        self.source = Source.of(text)
        self.lexer = LineLexer(self.source)
        self.text = text
        lengths = (len(line) + 1 for line in text.split("\n"))
        self.starts = list(accumulate(lengths, initial=0))
        self.shift = int(text.startswith("\ufeff"))

    def offset(self, line: int, column: int) -> int:
        """Give the offset of a place; columns count from 1."""
        shift = self.shift if line == 1 else 0
        return min(self.starts[line - 1] + column - 1 + shift, len(self.text))

    def all(self) -> Iterator[_Piece]:
        """Give every stretch."""
        layout = lay_out(self.source)
        for comment in layout.comments:
            start = self.offset(comment.line, comment.column + 1)
            yield _Piece(start, start + len(comment.text), Comment.Single)
        for top in layout.lines:
            for line in top.walk():
                yield from self.line(line)

    def line(self, line: Line) -> Iterator[_Piece]:
        """Give the stretches of one line, and of the text between quotes below it."""
        try:
            tokens = self.lexer.tokens(line)[:-1]
        except LexicalError as error:
            yield from self.uncut(line, error)
            return
        for number, token in enumerate(tokens):
            if token.type == "BLOCK":
                yield from self.block(line)
                continue
            start = self.offset(line.number, token.column or 1)
            style = _style(tokens, number)
            if token.type in _TEXTS:
                yield from self.free_text(start, str(token), style)
            else:
                yield _Piece(start, start + len(token), style)

    def uncut(self, line: Line, error: LexicalError) -> Iterator[_Piece]:
        """Give a line that cannot be cut: the piece at fault, and what is around it."""
        start = self.offset(line.number, line.column + 1)
        end = start + len(line.text)
        span = error.diagnostic.span
        wrong = self.offset(span.line, span.column)
        behind = min(max(self.offset(span.line, span.end_column), wrong + 1), end)
        yield _Piece(start, wrong, Text)
        yield _Piece(wrong, behind, Error)
        yield _Piece(behind, end, Text)
        if line.block is not None:
            yield from self.block(line)

    def block(self, line: Line) -> Iterator[_Piece]:
        """Give the text between triple quotes."""
        row = self.source.lines[line.number - 1]
        start = self.offset(line.number, row.rindex('"""') + 1)
        last = self.source.lines[line.last - 1] if line.last > line.number else ""
        closing = last.find('"""')
        column = len(last) + 1 if closing < 0 else closing + 4
        end = self.offset(max(line.last, line.number), column)
        end = max(end, start + 3)
        yield from self.free_text(start, self.text[start:end], String.Heredoc)

    @staticmethod
    def free_text(start: int, text: str, style: _TokenType) -> Iterator[_Piece]:
        """Give a text, the parameters in it apart."""
        at = 0
        for match in PARAMETER.finditer(text):
            yield _Piece(start + at, start + match.start(), style)
            yield _Piece(start + match.start(), start + match.end(), String.Interpol)
            at = match.end()
        yield _Piece(start + at, start + len(text), style)


def _style(tokens: Sequence[Cut], number: int) -> _TokenType:
    """Give the style of a token, by what it is and what stands around it."""
    token = tokens[number]
    is_key = number == 0 and len(tokens) > 1 and tokens[1].type == "COLON"
    if is_key and str(token) in WORDS[WordKind.FIELD]:
        return Name.Attribute
    if token.type != "NAME":
        return TYPES[token.type]
    if tokens[0].type in {"CHECK", "COMBINE"}:
        return _in_expression(tokens, number)
    return _name(tokens, number)


def _in_expression(tokens: Sequence[Cut], number: int) -> _TokenType:
    after = tokens[number + 1].type if number + 1 < len(tokens) else ""
    if after == "LPAR":
        return Name.Function
    is_given = tokens[0].type == "CHECK" and tokens[number] in RESPONSE_NAMES
    return Name.Builtin.Pseudo if is_given else Name.Variable


def _name(tokens: Sequence[Cut], number: int) -> _TokenType:
    first = tokens[0].type
    before = tokens[number - 1].type if number else ""
    if before == "LSQB":
        return Name.Constant
    is_item = first == "LSQB" and before in {"RSQB", "OF"}
    is_declared = before == "AS" or (number == 1 and first in _LONE_NAMES)
    return Name.Class if is_item or is_declared else Name
