"""What an RE2 pattern is made of: atoms, sequences, alternatives, repetitions.

Positions, anchors and captures are left out: only what is repeated, and which
characters an atom takes, decide how hard a pattern can be for other engines.
Characters are bits of an `Alphabet` that is cut to the pattern, so that sets can
be intersected as integers.
"""

import re
import unicodedata
from functools import cached_property
from typing import TypeAlias

from attrs import frozen

MAX_GROUPS = 100
_ASCII = 128
_LIMIT = 0x110000
_ESCAPES = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
_NO_WIDTH = frozenset("AzbB")
_COUNTED = re.compile(r"\{(\d*)(,?)(\d*)\}")
_HEX = re.compile(r"\\x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))")
_OCTAL = re.compile(r"\\([0-7]{1,3})")
_PROPERTY = re.compile(r"\\[pP](?:\{(\^?)([^}]*)\}|(.))")
_POSIX = re.compile(r"\[:(\^?)(\w+):\]")
_FLAGS = re.compile(r"\?([imsU]*)(-[imsU]+)?([:)])")
_NAMED = re.compile(r"\?P?<\w+>")


class UnsupportedError(ValueError):
    """The pattern holds something that this reader does not know."""


@frozen
class Atom:
    """One character out of a set, given as a bit mask."""

    mask: int


@frozen
class Sequence:
    """One thing after the other; without parts, the empty text."""

    parts: tuple["Node", ...]


@frozen
class Alternatives:
    """One of several things."""

    parts: tuple["Node", ...]


@frozen
class Repetition:
    """A thing several times; ``most`` is None where there is no limit."""

    body: "Node"
    least: int
    most: int | None


Node: TypeAlias = Atom | Sequence | Alternatives | Repetition
EMPTY = Sequence(())


@frozen(slots=False)
class Alphabet:
    r"""Characters as bits: each ASCII character, and those beyond in stretches.

    ``cuts`` are the code points beyond ASCII where a set of the pattern begins or
    ends.  A stretch of several characters has four bits, as other engines see
    ``\d``, ``\w`` and ``\s`` in it: digits, letters, blanks and the rest.
    """

    cuts: tuple[int, ...]

    @classmethod
    def of(cls, pattern: str) -> "Alphabet":
        """Cut an alphabet to the characters that ``pattern`` holds."""
        cuts = {_ASCII, _LIMIT}
        points = [ord(char) for char in pattern]
        points += [int(m[1] or m[2], 16) for m in _HEX.finditer(pattern)]
        for char in {chr(point) for point in points if point < _LIMIT}:
            for variant in {char, char.lower(), char.upper()}:
                if len(variant) == 1 and ord(variant) >= _ASCII:
                    cuts |= {ord(variant), ord(variant) + 1}
        return cls(tuple(sorted(cuts)))

    @cached_property
    def everything(self) -> int:
        """The mask of all characters."""
        return (1 << (_ASCII + 4 * (len(self.cuts) - 1))) - 1

    def stretch(self, low: int, high: int) -> int:
        """Give the mask of the characters from ``low`` to ``high``, inclusive."""
        mask = 0
        for point in range(low, min(high, _ASCII - 1) + 1):
            mask |= 1 << point
        for index, (start, end) in enumerate(
            zip(self.cuts, self.cuts[1:], strict=False)
        ):
            if start <= high and end > low:
                mask |= self._kinds(index, start, end)
        return mask

    def _kinds(self, index: int, start: int, end: int) -> int:
        base = _ASCII + 4 * index
        if end - start > 1:
            return 0b1111 << base
        char = chr(start)
        if char.isdigit():
            return 1 << base
        if char.isalnum():
            return 2 << base
        return (4 if char.isspace() else 8) << base

    def _beyond(self, kinds: int) -> int:
        mask = 0
        for index, (start, end) in enumerate(
            zip(self.cuts, self.cuts[1:], strict=False)
        ):
            there = self._kinds(index, start, end)
            mask |= there & (kinds << (_ASCII + 4 * index))
        return mask

    def ascii(self, members: str) -> int:
        """Give the mask of some ASCII characters."""
        return sum(1 << ord(char) for char in set(members))

    def perl(self, letter: str) -> int:
        r"""Give the mask of ``\d``, ``\w``, ``\s`` or one of their opposites."""
        digits = "0123456789"
        letters = "".join(map(chr, (*range(65, 91), *range(97, 123))))
        match letter.lower():
            case "d":
                mask = self.ascii(digits) | self._beyond(1)
            case "w":
                mask = self.ascii(digits + letters + "_") | self._beyond(3)
            case _:
                mask = self.ascii("\t\n\v\f\r ") | self._beyond(4)
        return self.everything & ~mask if letter.isupper() else mask

    def category(self, name: str) -> int:
        r"""Give the mask of ``\p{name}``; scripts take every letter beyond ASCII."""
        mask = 0
        for point in range(_ASCII):
            if unicodedata.category(chr(point)).startswith(name):
                mask |= 1 << point
        if name == "Any":
            return self.everything
        return mask | self._beyond({"N": 0b1011, "Z": 0b1100}.get(name[:1], 0b1011))


def read(pattern: str) -> tuple[Node, Alphabet]:
    """Read a pattern that RE2 accepts.

    Raises:
        UnsupportedError: it nests deeper than `MAX_GROUPS`, or is not RE2 syntax.
    """
    reader = _Reader(pattern, Alphabet.of(pattern))
    node = reader.alternatives(frozenset(), 0)
    if reader.at != len(pattern):
        raise UnsupportedError(f"unexpected {pattern[reader.at]!r}")
    return node, reader.alphabet


class _Reader:
    """Reads from left to right; flags are passed down, as groups scope them."""

    def __init__(self, pattern: str, alphabet: Alphabet) -> None:
        self.pattern = pattern
        self.alphabet = alphabet
        self.at = 0

    def ahead(self, text: str) -> bool:
        return self.pattern.startswith(text, self.at)

    def take(self, expression: "re.Pattern[str]") -> "re.Match[str] | None":
        match = expression.match(self.pattern, self.at)
        if match is not None:
            self.at = match.end()
        return match

    def next(self) -> str:
        if self.at >= len(self.pattern):
            raise UnsupportedError("ends too early")
        self.at += 1
        return self.pattern[self.at - 1]

    def alternatives(self, flags: frozenset[str], groups: int) -> Node:
        if groups > MAX_GROUPS:
            raise UnsupportedError(f"more than {MAX_GROUPS} groups in each other")
        branches: list[Node] = []
        parts: list[Node] = []
        while self.at < len(self.pattern) and not self.ahead(")"):
            if self.ahead("|"):
                self.at += 1
                branches.append(_sequence(parts))
                parts = []
                continue
            if self.ahead("(?"):
                mark = self.at
                self.at += 1
                found = self.take(_FLAGS)
                if found is not None and found[3] == ")":
                    flags = _changed(flags, found)
                    continue
                self.at = mark
            if self.ahead("\\Q"):
                parts.extend(self.quoted(flags))
                self.repeat_last(parts)
                continue
            parts.append(self.item(flags, groups))
            self.repeat_last(parts)
        branches.append(_sequence(parts))
        return branches[0] if len(branches) == 1 else Alternatives(tuple(branches))

    def repeat_last(self, parts: list[Node]) -> None:
        while self.at < len(self.pattern):
            limits = self.limits()
            if limits is None:
                return
            if self.ahead("?"):
                self.at += 1
            if parts:
                parts[-1] = Repetition(parts[-1], *limits)

    def limits(self) -> tuple[int, int | None] | None:
        char = self.pattern[self.at]
        if char in "*+?":
            self.at += 1
            return (1 if char == "+" else 0, 1 if char == "?" else None)
        counted = _COUNTED.match(self.pattern, self.at) if char == "{" else None
        if counted is None or not (counted[1] or counted[3]):
            return None
        self.at = counted.end()
        least = int(counted[1] or 0)
        if not counted[2]:
            return least, least
        return least, int(counted[3]) if counted[3] else None

    def quoted(self, flags: frozenset[str]) -> list[Node]:
        end = self.pattern.find("\\E", self.at + 2)
        text = self.pattern[self.at + 2 : end if end >= 0 else None]
        self.at = end + 2 if end >= 0 else len(self.pattern)
        return [self.literal(char, flags) for char in text]

    def item(self, flags: frozenset[str], groups: int) -> Node:
        if self.ahead("("):
            self.at += 1
            if self.ahead("?"):
                found = self.take(_FLAGS)
                if found is not None:
                    flags = _changed(flags, found)
                elif self.take(_NAMED) is None:
                    raise UnsupportedError("a group of an unknown kind")
            node = self.alternatives(flags, groups + 1)
            if self.next() != ")":
                raise UnsupportedError("a group is not closed")
            return node
        if self.ahead("["):
            return Atom(self.bracketed(flags))
        if self.ahead("\\"):
            mask = self.escape(flags)
            return EMPTY if mask is None else Atom(mask)
        char = self.next()
        if char in "^$":
            return EMPTY
        if char == ".":
            line_end = 0 if "s" in flags else self.alphabet.ascii("\n")
            return Atom(self.alphabet.everything & ~line_end)
        return self.literal(char, flags)

    def literal(self, char: str, flags: frozenset[str]) -> Atom:
        return Atom(self.span(ord(char), ord(char), flags))

    def span(self, low: int, high: int, flags: frozenset[str]) -> int:
        mask = self.alphabet.stretch(low, high)
        if "i" not in flags:
            return mask
        if low == high:
            cased = {chr(low).lower(), chr(low).upper()}
            for char in cased:
                if len(char) == 1:
                    mask |= self.alphabet.stretch(ord(char), ord(char))
            return mask
        for point in range(max(low, 65), min(high, 122) + 1):
            other = ord(chr(point).swapcase())
            mask |= self.alphabet.stretch(other, other)
        return mask

    def escape(self, flags: frozenset[str]) -> int | None:
        """Read one escape; None for those that take no character."""
        found = self.take(_PROPERTY)
        if found is not None:
            mask = self.alphabet.category(found[2] or found[3] or "")
            inverted = (found[0][1] == "P") is not bool(found[1])
            # Under inversion the rough guess must not become too small.
            return self.alphabet.everything if inverted else mask
        point = self.code_point()
        if point is not None:
            return self.span(point, point, flags)
        self.next()
        char = self.next()
        if char in "dDwWsS":
            return self.alphabet.perl(char)
        if char in _NO_WIDTH:
            return None
        if char == "C":
            return self.alphabet.everything
        return self.span(ord(char), ord(char), flags)

    def code_point(self) -> int | None:
        found = self.take(_HEX)
        if found is not None:
            return min(int(found[1] or found[2], 16), _LIMIT - 1)
        found = self.take(_OCTAL)
        if found is not None:
            return int(found[1], 8)
        if self.ahead("\\") and self.pattern[self.at + 1 : self.at + 2] in _ESCAPES:
            self.at += 2
            return ord(_ESCAPES[self.pattern[self.at - 1]])
        return None

    def bracketed(self, flags: frozenset[str]) -> int:
        self.at += 1
        inverted = self.ahead("^")
        self.at += inverted
        mask = 0
        first = True
        while first or not self.ahead("]"):
            first = False
            mask |= self.member(flags)
        self.at += 1
        return self.alphabet.everything & ~mask if inverted else mask

    def member(self, flags: frozenset[str]) -> int:
        found = self.take(_POSIX)
        if found is not None:
            return self.alphabet.everything if found[1] else self.posix(found[2])
        low = self.edge(flags)
        if isinstance(low, _Set):
            return low.mask
        if self.ahead("-") and not self.ahead("-]"):
            self.at += 1
            high = self.edge(flags)
            if isinstance(high, _Set):
                raise UnsupportedError("a range ends in a set")
            return self.span(low, high, flags)
        return self.span(low, low, flags)

    def edge(self, flags: frozenset[str]) -> "int | _Set":
        if not self.ahead("\\"):
            return ord(self.next())
        point = self.code_point()
        if point is not None:
            return point
        if self.pattern[self.at + 1 : self.at + 2] in tuple("dDwWsSpP"):
            return _Set(self.escape(flags) or 0)
        self.at += 1
        return ord(self.next())

    def posix(self, name: str) -> int:
        if name in ("digit", "word", "space"):
            return self.alphabet.perl(name[0])
        tests = {
            "alnum": str.isalnum,
            "alpha": str.isalpha,
            "lower": str.islower,
            "upper": str.isupper,
            "blank": " \t".__contains__,
            "punct": lambda c: c.isprintable() and not c.isalnum() and c != " ",
            "xdigit": "0123456789abcdefABCDEF".__contains__,
        }
        test = tests.get(name, lambda _: True)
        return self.alphabet.ascii("".join(c for c in map(chr, range(128)) if test(c)))


@frozen
class _Set:
    mask: int


def _sequence(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))


def _changed(flags: frozenset[str], found: "re.Match[str]") -> frozenset[str]:
    return (flags | set(found[1])) - set((found[2] or "")[1:])
