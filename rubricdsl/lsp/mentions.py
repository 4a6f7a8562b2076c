"""Which name stands where: every mention of a name or keyword in a line.

A mention is read off the tokens of its line and the block it stands in, so that it is
there in a file that has errors elsewhere.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from attrs import frozen
from lark import Token

from rubricdsl.expressions.inference import RESPONSE_NAMES
from rubricdsl.language.layout import Line
from rubricdsl.language.lexing import LineLexer
from rubricdsl.language.scanning import LexicalError
from rubricdsl.language.texts import PARAMETER
from rubricdsl.language.words import FIELDS, SPEAKERS
from rubricdsl.lsp.documents import Reading
from rubricdsl.lsp.places import Place
from rubricdsl.model.source import Span


class Role(StrEnum):
    """What a name or word is, where it stands."""

    RUBRIC = "rubric"
    ITEM = "item"
    REFERENCE = "reference"
    JUDGE_BLOCK = "judge block"
    JUDGE = "judge"
    PARAM_LINE = "param line"
    PARAM = "param"
    ALIAS_LINE = "alias line"
    FILE = "file"
    TARGET = "target"
    ARGUMENT = "argument"
    RESPONSE_LINE = "response line"
    RESPONSE = "response"
    CLASS_LINE = "class line"
    CLASS = "class"
    FUNCTION = "function"
    RESPONSE_TEXT = "response text"
    FIELD = "field"
    KEYWORD = "keyword"
    TEST = "test"


class Block(StrEnum):
    """What a line belongs to."""

    RUBRIC = "rubric"
    GROUP = "group"
    CRITERION = "criterion"
    JUDGE = "judge"
    TEST = "test"
    HISTORY = "history"
    CONVERSATION = "conversation"
    OTHER = "other"


@frozen
class Mention:
    """A name or word at a place.

    ``name`` is the path up to and with this part of it, ``whole`` all of the path.
    """

    role: Role
    name: str
    span: Span
    whole: str = ""

    @property
    def part(self) -> str:
        """The part of the path that stands at the place."""
        return self.name.rpartition(".")[2]


def mention_at(reading: Reading, place: Place) -> Mention | None:
    """Give what stands at a place, or ends there."""
    found = [m for m in mentions(reading, place.line) if place.is_in(m.span)]
    # At the seam of two, what begins there is meant.
    return found[-1] if found else None


def all_mentions(reading: Reading) -> Iterator[Mention]:
    """Give every mention in a document."""
    for row in sorted(reading.lines):
        yield from mentions(reading, row)


def mentions(reading: Reading, row: int) -> Iterator[Mention]:
    """Give the mentions in one row of a document, from left to right."""
    chain = reading.lines.get(row)
    if chain is None:
        return
    line = chain[-1]
    if row == line.number:
        tokens = tokens_of(reading, line)
        found = [*_Words(reading, chain, tokens).mentions()]
        text = next((t for t in tokens if t.type in {"TEXT", "BAR"}), None)
        if text is not None:
            found += _params(reading, row, (text.column or 1) - 1)
        yield from found
    else:
        yield from _params(reading, row, 0)


def tokens_of(reading: Reading, line: Line) -> list[Token]:
    """Cut a line into tokens; none where it cannot be cut."""
    try:
        return LineLexer(reading.source).tokens(line)[:-1]
    except LexicalError:
        return []


def block_of(reading: Reading, chain: Sequence[Line]) -> Block:
    """Say what block the last of some nested lines opens; the rubric's if none."""
    if not chain:
        return Block.RUBRIC
    text = chain[-1].text
    if text.startswith("["):
        types = {token.type for token in tokens_of(reading, chain[-1])}
        return Block.GROUP if "OF" in types else Block.CRITERION
    word = text.split(" ", 1)[0]
    opens_value = ":" in text.split('"', 1)[0]
    blocks = {
        "judge": Block.JUDGE,
        "test": Block.TEST,
        "history": Block.HISTORY,
        "prompt": Block.CONVERSATION,
    }
    return Block.OTHER if opens_value else blocks.get(word, Block.OTHER)


def _params(reading: Reading, row: int, start: int) -> Iterator[Mention]:
    """Give the parameters in the free text of a row."""
    for match in PARAMETER.finditer(reading.source.lines[row - 1], start):
        span = reading.source.span(row, match.start(1), match.end(1))
        yield Mention(Role.PARAM, match[1], span, match[1])


def is_keyword(token: Token) -> bool:
    """Say whether a token is a word of the language, and not a name or a text."""
    if token.type in {"NAME", "TEXT"}:
        return False
    return token.type in {"NA", token.upper()}


class _Words:
    """The tokens of one line on their way to mentions."""

    def __init__(
        self, reading: Reading, chain: Sequence[Line], tokens: Sequence[Token]
    ) -> None:
        self.reading = reading
        self.tokens = tokens
        self.block = block_of(reading, chain[:-1])
        self.test = next((c for c in chain if c.text.startswith("test ")), None)
        self.at = 0

    def mentions(self) -> Iterator[Mention]:
        """Give all mentions of the line."""
        if not self.tokens:
            return
        first = self.tokens[0]
        match first.type:
            case "LSQB":
                yield from self.item()
            case "CHECK" | "COMBINE":
                yield self.word(Role.KEYWORD, first)
                yield from self.expression(formula=first.type == "COMBINE")
            case "GIVEN" | "EXPECT":
                yield from self.test_line()
            case _ if self.is_field():
                yield from self.field()
            case _:
                yield from self.other_line()

    # ------------------------------------------------------------------- parts

    def word(self, role: Role, token: Token) -> Mention:
        """Give the mention of a token alone."""
        return Mention(role, str(token), self.span(token), str(token))

    def span(self, token: Token) -> Span:
        line, column = token.line or 1, token.column or 1
        end = token.end_column or column + len(token)
        return Span(self.reading.source.name, line, column, line, end)

    def path(self, start: int, role: Role) -> tuple[list[Mention], int]:
        """Give the mentions of a path, and the number of the token behind it."""
        parts = [start]
        while self.kind(parts[-1] + 1) == "DOT" and self.kind(parts[-1] + 2) == "NAME":
            parts.append(parts[-1] + 2)
        names = [str(self.tokens[part]) for part in parts]
        whole = ".".join(names)
        found = [
            Mention(role, ".".join(names[:end]), self.span(self.tokens[part]), whole)
            for end, part in enumerate(parts, 1)
        ]
        return found, parts[-1] + 1

    def kind(self, at: int) -> str:
        """Give the type of a token; empty where there is none."""
        return self.tokens[at].type if at < len(self.tokens) else ""

    def keywords(self, start: int = 0) -> Iterator[Mention]:
        """Give the keywords from a token on."""
        for token in self.tokens[start:]:
            if is_keyword(token):
                yield self.word(Role.KEYWORD, token)

    # ------------------------------------------------------------------- lines

    def item(self) -> Iterator[Mention]:
        """``[mark] name: …``, a group, or an include."""
        at = 1
        while at < len(self.tokens) and self.kind(at) != "COLON":
            token = self.tokens[at]
            before = self.kind(at - 1)
            if token.type == "NAME" and before == "LSQB":
                yield self.word(Role.CLASS, token)
            elif token.type == "NAME" and before == "INCLUDE":
                found, at = self.path(at, Role.TARGET)
                yield from found
                continue
            elif token.type == "NAME" and self.kind(at + 1) == "EQUAL":
                yield self.word(Role.ARGUMENT, token)
            elif token.type == "NAME" and before in {"RSQB", "OF", "AS"}:
                yield self.word(Role.ITEM, token)
            elif is_keyword(token):
                yield self.word(Role.KEYWORD, token)
            at += 1

    def expression(self, *, formula: bool) -> Iterator[Mention]:
        """What stands behind ``check:`` or ``combine:``."""
        for at, token in enumerate(self.tokens):
            if at and is_keyword(token):
                yield self.word(Role.KEYWORD, token)
            if token.type != "NAME":
                continue
            if self.kind(at + 1) == "LPAR":
                yield self.word(Role.FUNCTION, token)
            elif self.kind(at + 1) == "EQUAL":
                continue
            elif formula:
                yield self.word(Role.REFERENCE, token)
            elif token in RESPONSE_NAMES:
                yield self.word(Role.RESPONSE_TEXT, token)
            else:
                yield self.word(Role.PARAM, token)

    def test_line(self) -> Iterator[Mention]:
        """``given x: …``, ``expect x: …`` and ``expect order: …``."""
        yield self.word(Role.KEYWORD, self.tokens[0])
        if self.kind(1) == "ORDER":
            yield self.word(Role.KEYWORD, self.tokens[1])
            for token in self.tokens[2:]:
                if token.type == "NAME":
                    yield self.word(Role.RESPONSE, token)
            return
        if self.kind(1) != "NAME":
            return
        found, end = self.path(1, Role.REFERENCE)
        first = found[0]
        labelled = first.name in self.labels() and len(found) > 1
        if labelled and self.kind(0) == "EXPECT":
            yield Mention(Role.RESPONSE, first.name, first.span, first.name)
            shorter = [m.name.partition(".")[2] for m in found[1:]]
            found = [
                Mention(Role.REFERENCE, name, m.span, shorter[-1])
                for name, m in zip(shorter, found[1:], strict=True)
            ]
        for mention in found:
            if mention.whole in {"score", "all"}:
                yield Mention(Role.KEYWORD, mention.name, mention.span, mention.whole)
            else:
                yield mention
        yield from self.keywords(end)

    def labels(self) -> set[str]:
        """The names of the responses of the test."""
        if self.test is None:
            return set()
        return {
            child.text.removeprefix("response").partition(":")[0].strip()
            for child in self.test.children
            if child.text.startswith("response ")
        }

    def is_field(self) -> bool:
        fields = FIELDS.get(self.block, frozenset())
        if self.tokens[0] in SPEAKERS and self.block is Block.CONVERSATION:
            return False
        return self.kind(1) == "COLON" and str(self.tokens[0]) in fields

    def field(self) -> Iterator[Mention]:
        """``key: value, …``."""
        key = str(self.tokens[0])
        yield self.word(Role.FIELD, self.tokens[0])
        at = 2
        while at < len(self.tokens):
            if self.kind(at) != "NAME":
                at += 1
                continue
            if self.kind(at + 1) == "EQUAL":
                if key in _BINDING:
                    yield self.word(_BINDING[key], self.tokens[at])
                at += 2
                continue
            role = {"judge": Role.JUDGE, "needs": Role.REFERENCE}.get(key)
            found, at = self.path(at, role or Role.KEYWORD)
            if role is not None:
                yield from found

    def other_line(self) -> Iterator[Mention]:
        """A line that begins with a keyword."""
        first = self.tokens[0]
        if is_keyword(first):
            yield self.word(Role.KEYWORD, first)
        if first.type == "USE":
            for token in self.tokens[1:]:
                if token.type == "STRING":
                    yield self.word(Role.FILE, token)
                elif token.type == "NAME":
                    yield self.word(Role.ALIAS_LINE, token)
            return
        role = _NAMED.get(first.type)
        if role is not None and self.kind(1) in {"NAME", "STRING"}:
            yield self.word(role, self.tokens[1])
        if first.type == "EXAMPLE":
            yield from self.keywords(1)


_BINDING = {"with": Role.PARAM, "weights": Role.CLASS_LINE}
_NAMED = {
    "RUBRIC": Role.RUBRIC,
    "JUDGE": Role.JUDGE_BLOCK,
    "PARAM": Role.PARAM_LINE,
    "RESPONSE": Role.RESPONSE_LINE,
    "TEST": Role.TEST,
}
