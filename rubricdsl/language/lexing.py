"""From one line to tokens.  The line's first token says how the rest is read.

A line is an item (``[…]``), a bar of text (``| …``), or starts with a word.
"""

import re

from attrs import define
from lark import Token

from rubricdsl.language.characters import Source
from rubricdsl.language.layout import Line, Lost
from rubricdsl.language.scanning import LexicalError, Scan
from rubricdsl.language.words import (
    EXPECT_WORDS,
    EXPRESSION_LINES,
    EXPRESSION_WORDS,
    FIELD_KEYS,
    INCLUDE_WORDS,
    ITEM_WORDS,
    KIND_WORDS,
    MARK_WORDS,
    NAME,
    SPEAKERS,
    TEXT_KEYS,
    TEXT_LINES,
    VALUE_LINES,
    proposed_name,
)

_WORD = re.compile(rf"n/a(?!\w)|{NAME}")
_SIGNED = r"[+-]?[0-9]+(?:\.[0-9]+)?"
_MARK = re.compile(rf"(?:(?:bonus|cap) +)?{_SIGNED}|(?!(?:bonus|cap)$){NAME}")
_GROUP = re.compile(
    r"(?:at +least +[^ :]+|mean|all|any|worst|best|geomean|formula) +of(?![^\s:])"
)
_FIELD_TOKENS = {"n/a": "NA", "judge": "JUDGE"}
_BLOCK_TOKENS = frozenset({"RUBRIC", "PROMPT", "JUDGE", "HISTORY", "TEST"})
_STAND_INS = {
    Lost.CRITERION: "LSQB SIGNED=1 RSQB NAME COLON TEXT",
    Lost.GROUP: "LSQB SIGNED=1 RSQB MEAN OF NAME",
    Lost.FIELD: "NAME COLON NAME",
}


def opens_block(tokens: list[Token]) -> bool:
    """Say whether lines may be indented below the line that was cut into tokens."""
    *_, last, _ = tokens
    first = tokens[0].type
    if first == "LSQB":
        return all(token.type != "INCLUDE" for token in tokens)
    if first in _BLOCK_TOKENS and all(token.type != "COLON" for token in tokens):
        return True
    return last.type == "COLON"


@define
class LineLexer:
    """Cuts the lines of one source into tokens that carry their place."""

    source: Source

    def tokens(self, line: Line) -> list[Token]:
        """Cut one line, without its block of children.

        Raises LexicalError at the first piece that is no token.
        """
        scan = _LineScan(self.source, line)
        first = line.text[0]
        if line.lost is not None:
            scan.stand_in(line.lost)
        elif first == "[":
            scan.item()
        elif first == "|":
            scan.take("BAR", len(line.text))
        else:
            scan.worded()
        scan.newline()
        return scan.tokens


class _LineScan(Scan):
    """What each kind of line is made of."""

    def item(self) -> None:
        """``[mark] name: text``, a group, or an include."""
        closing = self.text.find("]")
        mark = self.text[1:closing]
        if closing < 0 or "[" in mark or ":" in mark:
            raise self.error(
                "E207", "the bracket is not closed", 0, 1, "write `[weight] name: text`"
            )
        if not _MARK.fullmatch(mark.strip()):
            raise self.no_mark(closing)
        self.take("LSQB", 1)
        try:
            self.values(MARK_WORDS, stop=closing)
        except LexicalError:
            raise self.no_mark(closing) from None
        self.take("RSQB", 1)
        self.blanks()
        rest = self.text[self.at :]
        if rest.startswith("include "):
            self.values(INCLUDE_WORDS)
            return
        group = _GROUP.match(rest)
        if group is not None:
            self.values(ITEM_WORDS, stop=self.at + group.end())
            self.group_name()
        else:
            self.criterion_name(rest)
        if self.at < len(self.text):
            self.take("COLON", 1)
            self.free_text()

    def group_name(self) -> None:
        """Take the name of a group, up to the colon or the end of the line."""
        self.blanks()
        head = self.text[self.at :].partition(":")[0].rstrip()
        start = self.at
        if not head:
            hint = "give the group a name: `mean of name`"
            raise self.error("E203", "the group has no name", 0, start, hint)
        comment = re.search(r" +#", head)
        if comment is not None:
            self.at += comment.end() - 1
            raise self.no_token()
        if not head.isidentifier():
            raise self.bad_name(head)
        self.take("NAME", len(head))
        self.blanks()

    def criterion_name(self, rest: str) -> None:
        """Take the name of a criterion, up to the colon, or say what is wrong."""
        head, colon, _ = rest.partition(":")
        name = head.rstrip()
        start, end = self.at, self.at + max(len(name), 1)
        word = name.split(" ", 1)[0]
        if word in KIND_WORDS and word != name:
            raise self.error(
                "E206",
                f"`{word}` makes a group, but `of` is missing",
                start,
                start + len(word),
                f"write `{word} of name`, or give the criterion another name",
            )
        if not colon or " " in name or not name:
            raise self.error(
                "E203",
                "the criterion has no name",
                start,
                len(self.text) if not colon else end,
                f"write `{self.text[: self.at]}{proposed_name(rest)}: {rest.strip()}`",
            )
        if not name.isidentifier():
            raise self.bad_name(name)
        self.take("NAME", len(name))
        self.blanks()

    def worded(self) -> None:
        """A line that begins with a word."""
        match = _WORD.match(self.text)
        if match is None:
            raise self.unknown_start()
        word = match[0]
        rest = self.text[match.end() :].lstrip()
        opens_value = rest.startswith(":")
        if opens_value and (
            word in TEXT_KEYS or word in SPEAKERS or word == "response"
        ):
            self.keyword(word)
            self.colon()
            self.free_text()
        elif word in EXPRESSION_LINES:
            self.keyword(word)
            self.values(EXPRESSION_WORDS)
        elif word in TEXT_LINES and not opens_value:
            self.keyword(word)
            self.up_to_colon(TEXT_LINES[word])
            self.colon()
            self.free_text()
        elif word in VALUE_LINES and not opens_value:
            self.keyword(word)
            self.values(VALUE_LINES[word])
        elif word == "expect" and re.match(r"order *:", rest):
            self.order()
        elif word in {"given", "expect"} and not opens_value:
            self.keyword(word)
            self.up_to_colon(frozenset())
            self.values(EXPECT_WORDS)
        elif opens_value and word in FIELD_KEYS:
            self.take(_FIELD_TOKENS.get(word, "NAME"), len(word))
            self.values(frozenset({"to"}))
        elif opens_value:
            self.unknown_field(word)
        else:
            raise self.unknown_start()

    def order(self) -> None:
        """``expect order: a > b by 0.2``."""
        self.keyword("expect")
        self.keyword("order")
        self.values(frozenset({"by"}))
        self.tokens = [
            Token.new_borrow_pos("MORETHAN", cut, cut) if cut == ">" else cut
            for cut in self.tokens
        ]

    def unknown_field(self, word: str) -> None:
        """Take a field that no block has, whatever its value may be."""
        self.take("NAME", len(word))
        self.colon()
        self.blanks()
        self.take("NAME", len(self.text) - self.at)

    def stand_in(self, lost: Lost) -> None:
        """Stand in for a line that could not be read; the name is empty."""
        number, column = self.line.number, self.line.column + 1
        for piece in _STAND_INS[lost].split():
            kind, _, value = piece.partition("=")
            token = Token(
                kind,
                value,
                line=number,
                column=column,
                end_line=number,
                end_column=column,
            )
            self.tokens.append(token)

    def no_mark(self, closing: int) -> LexicalError:
        mark = self.text[1:closing].strip()
        return self.error(
            "E209",
            f"`{mark}` is no weight and no mark" if mark else "the bracket is empty",
            0,
            closing + 1,
            "write a number such as `[3]`, or must, never, cap 0.5, bonus 1, info",
        )

    def unknown_start(self) -> LexicalError:
        words = self.text.split() or [self.text]
        return self.error(
            "E202",
            f"a line cannot start with `{words[0]}`",
            0,
            len(words[0]),
            "a criterion is written `[3] name: text`, a comment starts with `#`, "
            "and a text over several lines has `|` before each",
        )
