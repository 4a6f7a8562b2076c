"""Ways to write the same response differently: form changes and content does not.

What stands inside fenced code is left alone by all but ``crlf``, for there blanks and
marks mean something.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from attrs import frozen

_FENCE = re.compile(r"\s*(```|~~~)")
_BULLET = re.compile(r"^(\s*)([-*+])(\s+\S)")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_FIRST_WORD = re.compile(r"^(\w+)(?=[\s.,:;!?])")
_WIDTH = 60
# Lines that are not the plain text of a paragraph: lists, headings, tables, quotes.
_MARKED = re.compile(r"\s*([-*+>#|]|\d+[.)]\s)")


@frozen
class Reformatting:
    """One way to write a text differently; ``meaning`` says what is changed."""

    name: str
    meaning: str
    apply: Callable[[str], str]


def _outside_code(text: str) -> Iterator[tuple[str, bool]]:
    """Give each line, and whether it stands outside fenced code."""
    fenced = False
    for line in text.split("\n"):
        fence = _FENCE.match(line) is not None
        yield line, not (fenced or fence)
        fenced = fenced is not fence


def _by_line(change: Callable[[str], str]) -> Callable[[str], str]:
    def apply(text: str) -> str:
        return "\n".join(
            change(line) if outside else line for line, outside in _outside_code(text)
        )

    return apply


def _crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _trailing_blank(line: str) -> str:
    return f"{line} " if line.strip() else line


def _other_bullet(line: str) -> str:
    match = _BULLET.match(line)
    if match is None:
        return line
    other = "*" if match[2] == "-" else "-"
    return f"{match[1]}{other}{line[match.end(2) :]}"


def _bold(line: str) -> str:
    return _FIRST_WORD.sub(r"**\1**", line)


def _plain(line: str) -> str:
    return _STRONG.sub(r"\2", line)


def _more_blank_lines(text: str) -> str:
    lines: list[str] = []
    for line, outside in _outside_code(text):
        lines.append(line)
        if outside and not line.strip():
            lines.append("")
    return "\n".join(lines)


def _final_newline(text: str) -> str:
    return text[:-1] if text.endswith("\n") else f"{text}\n"


def _wrapped(line: str) -> str:
    if _MARKED.match(line):
        return line
    out: list[str] = []
    room = 0
    for word in line.split(" "):
        # What would begin a list or a heading must not come to begin a line.
        if out and (len(word) < room or _MARKED.match(f"{word} ")):
            out[-1] += f" {word}"
            room -= len(word) + 1
        else:
            out.append(word)
            room = _WIDTH - len(word)
    return "\n".join(out)


def _curly_quotes(line: str) -> str:
    line = re.sub(r'(?<!\S)"(?=\S)', "\N{LEFT DOUBLE QUOTATION MARK}", line)
    line = re.sub(r'(?<=\S)"', "\N{RIGHT DOUBLE QUOTATION MARK}", line)
    return re.sub(r"(?<=\w)'(?=\w)", "\N{RIGHT SINGLE QUOTATION MARK}", line)


REFORMATTINGS: Mapping[str, Reformatting] = {
    reformatting.name: reformatting
    for reformatting in (
        Reformatting(
            "trailing_blanks", "a blank ends each line", _by_line(_trailing_blank)
        ),
        Reformatting(
            "final_newline", "a newline more, or less, at the end", _final_newline
        ),
        Reformatting("crlf", "lines end as in Windows", _crlf),
        Reformatting("blank_lines", "two empty lines for each one", _more_blank_lines),
        Reformatting(
            "list_markers",
            "`*` for `-`, and `-` for `*` and `+`",
            _by_line(_other_bullet),
        ),
        Reformatting("bold", "the first word of each line in bold", _by_line(_bold)),
        Reformatting("no_bold", "nothing in bold", _by_line(_plain)),
        Reformatting(
            "wrapped",
            f"long lines broken after {_WIDTH} characters",
            _by_line(_wrapped),
        ),
        Reformatting(
            "curly_quotes", "quotation marks as in print", _by_line(_curly_quotes)
        ),
    )
}
"""All reformattings, by name."""


def chosen(names: Sequence[str]) -> tuple[Reformatting, ...]:
    """Give the reformattings of these names; raises ValueError for an unknown one."""
    unknown = [name for name in names if name not in REFORMATTINGS]
    if unknown:
        raise ValueError(
            f"no reformatting is called {unknown[0]!r}; there are: "
            f"{', '.join(REFORMATTINGS)}"
        )
    return tuple(REFORMATTINGS[name] for name in names)


def fewest_changes(old: str, new: str, breaks: Callable[[str], bool]) -> str:
    """Give a text between two that still breaks, with as few changed lines as can be.

    Leaving out any one of the changes that are left would no longer break.
    """
    pieces = list(_pieces(old, new))
    kept = {n for n, (before, after) in enumerate(pieces) if before != after}

    def with_changes(numbers: set[int]) -> str:
        return "".join(
            after if number in numbers else before
            for number, (before, after) in enumerate(pieces)
        )

    for number in sorted(kept):
        fewer = kept - {number}
        if breaks(with_changes(fewer)):
            kept = fewer
    return with_changes(kept)


def _pieces(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Give what stands in both texts in the same place, line by line where it can."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for _, a, b, c, d in matcher.get_opcodes():
        if b - a == d - c:
            yield from zip(before[a:b], after[c:d], strict=True)
        else:
            yield "".join(before[a:b]), "".join(after[c:d])
