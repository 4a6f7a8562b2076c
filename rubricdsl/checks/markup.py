"""Functions about Markdown and other signs that give a text its form."""

import re

from rubricdsl.checks import segmentation
from rubricdsl.checks.counting import BLANK_LINE
from rubricdsl.checks.signatures import (
    NUMBER,
    TEXT,
    choice,
    function,
    number,
    text,
)
from rubricdsl.diagnostics import CheckError
from rubricdsl.model.protocols import CheckFunction

_BULLET = re.compile(r"[^\S\n]*[-*+•][^\S\n]+\S")
_HIGHLIGHT = re.compile(r"\*[^\n*]*\*")
_DOUBLE_HIGHLIGHT = re.compile(r"\*\*[^\n*]*\*\*")
_EMPHASIS = re.compile(r"\*\*[^\s*][^\n*]*\*\*|\*[^\s*][^\n*]*\*")
_WORD_END = re.compile(r"[.,?!'\"]")


def bullets(t: str, rule: str) -> float:
    """Count the points of bullet lists."""
    lines = t.split("\n")
    if rule == "markdown":
        return float(sum(bool(_BULLET.match(line)) for line in lines))
    dashes = sum(line.lstrip().startswith("-") for line in lines)
    return float(dashes + _starred(lines))


def _starred(lines: list[str]) -> int:
    """Count lines with one star; a star alone takes the line after it with it."""
    found = 0
    skip = False
    for number_of_line, line in enumerate(lines):
        if skip:
            skip = False
            continue
        start = line.lstrip()[:2]
        if start == "*":
            skip = number_of_line + 1 < len(lines)
            found += skip
        elif start.startswith("*") and start != "**":
            found += 1
    return found


def highlights(t: str, rule: str) -> float:
    """Count stretches between asterisks on one line."""
    if rule == "markdown":
        return float(sum(1 for _ in _EMPHASIS.finditer(t)))
    single = (found[0][1:-1] for found in _HIGHLIGHT.finditer(t))
    double = (found[0][2:-2] for found in _DOUBLE_HIGHLIGHT.finditer(t))
    return float(sum(bool(s.strip()) for s in (*single, *double)))


def sections(t: str, marker: str) -> float:
    """Count places where ``marker`` is followed by a number."""
    if not marker:
        raise CheckError('`sections` needs a marker, such as "Section"')
    numbered = re.compile(re.escape(marker) + r"\s?\d+")
    return float(sum(1 for _ in numbered.finditer(t)))


def placeholders(t: str) -> float:
    """Count pairs of square brackets on one line."""
    found = 0
    for line in t.split("\n"):
        at = line.find("[")
        while at >= 0:
            end = line.find("]", at)
            if end < 0:
                break
            found += 1
            at = line.find("[", end)
    return float(found)


def titles(t: str) -> float:
    """Count lines with a title in double angle brackets, ``<<so>>``."""
    return float(sum(map(_has_title, t.split("\n"))))


def _has_title(line: str) -> bool:
    start, end = line.find("<<"), line.rfind(">>")
    if start < 0 or end < start + 3:
        return False
    return bool(line[start:end].lstrip("<").rstrip(">").strip())


def paragraph(t: str, n: float, rule: str) -> str:
    """Give a paragraph, counted from 1; empty if there is none."""
    if rule == "empty lines":
        pieces = t.split("\n\n")
    else:
        pieces = [piece for piece in BLANK_LINE.split(t) if piece.strip()]
    if n != int(n) or not 1 <= n <= len(pieces):
        return ""
    return pieces[int(n) - 1].strip()


def first_word(t: str, rule: str) -> str:
    """Give the first word in small letters; empty if there is none."""
    if rule == "unicode":
        return next(segmentation.words(t), "").lower()
    words = t.split(None, 1)
    if not words:
        return ""
    word = words[0].lstrip("'").lstrip('"')
    return _WORD_END.split(word, maxsplit=1)[0].lower()


FUNCTIONS: tuple[CheckFunction, ...] = (
    function(
        "bullets",
        (text("t"), choice("rule", "markdown", "ifeval")),
        NUMBER,
        bullets,
        'Number of bullet points, with -, *, + or •; rule = "ifeval" takes every line '
        "that begins with - or a single *.",
    ),
    function(
        "highlights",
        (text("t"), choice("rule", "markdown", "ifeval")),
        NUMBER,
        highlights,
        'Number of stretches in *single* or **double** asterisks; rule = "ifeval" '
        "counts the latter twice.",
    ),
    function(
        "sections",
        (text("t"), text("marker")),
        NUMBER,
        sections,
        "Number of places where the marker is followed by a number, as in Section 1.",
    ),
    function(
        "placeholders",
        (text("t"),),
        NUMBER,
        placeholders,
        "Number of placeholders in square brackets, such as [address].",
    ),
    function(
        "titles",
        (text("t"),),
        NUMBER,
        titles,
        "Number of lines with a title in double angle brackets, <<like this>>.",
    ),
    function(
        "paragraph",
        (text("t"), number("n"), choice("rule", "blank lines", "empty lines")),
        TEXT,
        paragraph,
        "The nth paragraph, from 1, between blank lines, and empty if there is none; "
        'rule = "empty lines" counts blank ones too.',
    ),
    function(
        "first_word",
        (text("t"), choice("rule", "unicode", "ifeval")),
        TEXT,
        first_word,
        'The first word of t in small letters; rule = "ifeval" takes what stands '
        "before the first blank, and cuts it at the first of . , ? ! and quotes.",
    ),
)
