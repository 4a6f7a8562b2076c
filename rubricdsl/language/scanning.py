"""Cutting a line into tokens from left to right: pieces, and what is no piece."""

import re
import textwrap
from math import isfinite

from lark import Token

from rubricdsl.diagnostics import Diagnostic, Edit, Fix
from rubricdsl.language.characters import Source
from rubricdsl.language.layout import Line
from rubricdsl.language.words import EXPRESSION_WORDS, NAME
from rubricdsl.model.source import Span

MAX_NESTED = 32

_VALUE = re.compile(
    r"(?P<DATE>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"|(?P<VERSION>[0-9]+\.[0-9]+\.[0-9]+)"
    r"|(?P<SIGNED>[0-9]+(?:\.[0-9]+)?)"
    r'|(?P<STRING>"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")'
    r"|(?P<RAW>'[^'\x00-\x08\x0a-\x1f]*')"
    r"|(?P<NA>n/a(?!\w))"
    rf"|(?P<NAME>{NAME})"
    r"|(?P<CMP><=|>=|==|!=|<|>)"
    r"|(?P<ADD>[+-])"
    r"|(?P<MUL>[*/])"
    r"|(?P<MARK>[\[\]():,.=])"
    r"|(?P<BLANK> +)"
)
_MARKS = {
    "[": "LSQB",
    "]": "RSQB",
    "(": "LPAR",
    ")": "RPAR",
    ":": "COLON",
    ",": "COMMA",
    ".": "DOT",
    "=": "EQUAL",
}
_OPERANDS = frozenset({"SIGNED", "NAME", "RPAR", "STRING", "RAW"})
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
# What follows a name without a blank and makes it another, illegal name.
_RUNS_ON = re.compile(r"[-+*/!][^\s,:()=>]*")
_HEAD = re.compile(r'(?:[^":]|"(?:[^"\\]|\\.)*")*')


class LexicalError(Exception):
    """A piece of a line that is no token; carries the diagnostic."""

    def __init__(self, diagnostic: Diagnostic, line: Line) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic
        self.line = line


class Scan:
    """A walk through one line."""

    def __init__(self, source: Source, line: Line) -> None:
        self.source = source
        self.line = line
        self.text = line.text
        self.at = 0
        self.tokens: list[Token] = []

    # ----------------------------------------------------------------- pieces

    def take(self, kind: str, length: int) -> None:
        """Cut the next ``length`` characters as one token."""
        start = self.at
        self.at = end = start + length
        column = self.line.column + start + 1
        self.tokens.append(
            Token(
                kind,
                self.text[start:end],
                line=self.line.number,
                column=column,
                end_line=self.line.number,
                end_column=column + length,
            )
        )

    def keyword(self, word: str) -> None:
        """Cut a keyword, after any blanks."""
        self.blanks()
        self.take(word.upper(), len(word))

    def blanks(self) -> None:
        """Skip blanks."""
        text, at = self.text, self.at
        while at < len(text) and text[at] == " ":
            at += 1
        self.at = at

    def colon(self) -> None:
        """Cut a ``:``, if it stands here."""
        self.blanks()
        if self.text.startswith(":", self.at):
            self.take("COLON", 1)

    def up_to_colon(self, keywords: frozenset[str]) -> None:
        """Cut the head of a line, whose ``:`` may also stand in a string."""
        head = _HEAD.match(self.text, self.at)
        stop = head.end() if head else self.at
        # A string that is never closed leaves no colon to stop at.
        open_string = self.text.startswith('"', stop)
        self.values(keywords, stop=len(self.text) if open_string else stop)

    def free_text(self) -> None:
        """The rest of the line, or a block in triple quotes, as one token."""
        self.blanks()
        if self.line.block is not None:
            lines = textwrap.dedent("\n".join(self.line.block))
            token = Token(
                "BLOCK",
                lines,
                line=self.line.number,
                column=self.line.column + self.at + 1,
                end_line=self.line.last,
                end_column=self.line.column + self.at + 4,
            )
            self.tokens.append(token)
            self.at = len(self.text)
        elif self.at < len(self.text):
            self.take("TEXT", len(self.text) - self.at)

    def newline(self) -> None:
        """End the line."""
        column = self.line.column + len(self.text) + 1
        self.tokens.append(Token("_NL", "\n", line=self.line.number, column=column))

    def values(self, keywords: frozenset[str], stop: int | None = None) -> None:
        """Cut names, numbers, strings and operators up to ``stop``."""
        text, end = self.text, len(self.text) if stop is None else stop
        nested = 0
        while self.at < end:
            match = _VALUE.match(text, self.at, end)
            if match is None:
                raise self.no_token()
            kind, length = match.lastgroup or "", match.end() - match.start()
            if kind == "BLANK":
                self.at = match.end()
                continue
            if kind == "MARK":
                kind = _MARKS[match[0]]
            elif kind == "NAME":
                kind = self.name_or_keyword(match[0], keywords)
            elif kind == "ADD" and self.is_sign():
                number = _NUMBER.match(text, match.end(), end)
                if number:
                    kind, length = "SIGNED", number.end() - match.start()
            if kind == "SIGNED" and not isfinite(
                float(text[self.at : self.at + length])
            ):
                raise self.too_large(length)
            nested += (kind == "LPAR") - (kind == "RPAR") + (kind == "NOT")
            if nested > MAX_NESTED:
                raise self.too_deep(length)
            self.take(kind, length)

    def name_or_keyword(self, word: str, keywords: frozenset[str]) -> str:
        """Give the type of a word; raises LexicalError if it is no legal name."""
        before = self.tokens[-1].type if self.tokens else ""
        if word in keywords and (word != "to" or before == "SIGNED"):
            return word.upper()
        if keywords is not EXPRESSION_WORDS:
            runs_on = _RUNS_ON.match(self.text, self.at + len(word))
            word += runs_on[0] if runs_on else ""
        if not word.isidentifier():
            raise self.bad_name(word)
        return "NAME"

    def is_sign(self) -> bool:
        """Say whether a + or - here belongs to a number: no operand is before it."""
        return not self.tokens or self.tokens[-1].type not in _OPERANDS

    # ----------------------------------------------------------------- errors

    def error(  # noqa: PLR0913, PLR0917 - a diagnostic has its parts
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        hint: str,
        fix: Fix | None = None,
    ) -> LexicalError:
        """Make an error for a piece of the line."""
        column = self.line.column
        span = self.source.span(self.line.number, column + start, column + end)
        return LexicalError(Diagnostic(code, message, span, hint, fix=fix), self.line)

    def comment_moved_above(self) -> Fix:
        """Give the fix that puts the comment which begins here above the line."""
        name, number, column = self.source.name, self.line.number, self.line.column
        indent = self.source.lines[number - 1][:column]
        code = column + len(self.text[: self.at].rstrip())
        above = Span(name, number, 1, number, 1)
        rest = Span(name, number, code + 1, number, column + len(self.text) + 1)
        edits = (Edit(above, f"{indent}{self.text[self.at :]}\n"), Edit(rest, ""))
        return Fix("move the comment to the line above", edits)

    def no_token(self) -> LexicalError:
        """Say why nothing can be cut here."""
        text, at = self.text, self.at
        if text[at] in "\"'":
            return self.error(
                "E104",
                "the string is not closed, or has a wrong escape",
                at,
                len(text),
                'close it on this line; in "…" write \\\\ for a backslash, '
                "or use '…', which has no escapes",
            )
        if text[at] == "#":
            return self.error(
                "E106",
                "a comment after code",
                at,
                len(text),
                "move it to a line of its own, above",
                self.comment_moved_above(),
            )
        return self.error(
            "E201",
            f"`{text[at]}` has no meaning here",
            at,
            at + 1,
            "see the language reference for what this line can hold",
        )

    def too_large(self, length: int) -> LexicalError:
        """Say that a number is beyond what can be counted with."""
        message, hint = "the number is too large", "write a smaller number"
        return self.error("E201", message, self.at, self.at + length, hint)

    def too_deep(self, length: int) -> LexicalError:
        """Say that an expression has too many levels."""
        message = f"the expression is nested more than {MAX_NESTED} deep"
        hint = "make several criteria of it, each with a check of its own"
        return self.error("E214", message, self.at, self.at + length, hint)

    def bad_name(self, name: str) -> LexicalError:
        """Say that a name has characters that no name has."""
        hint = "a name begins with a letter or `_`, then letters, digits and `_`"
        if self.tokens and self.tokens[0].type in {"NAME", "JUDGE"}:
            hint += '; other values stand in quotes: "…"'
        message = f"`{name}` is not a legal name"
        return self.error("E107", message, self.at, self.at + len(name), hint)
