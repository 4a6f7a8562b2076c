"""Where the sentences of a response are, chat-style Markdown included.

A heading, a list item, a table row and a line of code count as sentences.  Lines
that were merely wrapped are joined.
"""

import re
from collections.abc import Iterator

from attrs import frozen

_MARKER = re.compile(
    r"[ \t]*(?:[-*+\u2022\u2013>]|#{1,6}|\(?\d{1,3}[.)]|\|)[ \t|]*(?=\S)"
)
_RULE = re.compile(r"[\s|:\-=_*~`#+]*")
_ENDS = re.compile(
    r"[.!?\u2026\u3002\uff01\uff1f]+[\"'\u201d\u2019)\]*_`]*(?=\s|$)|[\u3002\uff01\uff1f]+"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:[A-Za-z]|e\.g|i\.e|etc|cf|vs|approx|incl|no|nos|fig|eq|sec"
    r"|dr|mr|mrs|ms|prof|st|jr|sr|inc|ltd|co|u\.s|u\.k|a\.m|p\.m|min|max|tbsp|tsp)"
    r"\.$",
    re.IGNORECASE,
)
_DECORATION = re.compile(r"\*{1,3}|_{2,}|`+|~~|\||#{1,6}(?=\s)|\]\([^)\s]*\)|!?\[")
_WRAPPED_WIDTH = 56
_MOST_WORDS = 80


@frozen
class Sentence:
    """A sentence: ``text[start:end]``, and the same without Markdown."""

    start: int
    end: int
    plain: str


def plain_text(text: str) -> str:
    """Give ``text`` without Markdown and with single spaces."""
    return " ".join(_DECORATION.sub(" ", text).split())


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Give the spans of lines, wrapped ones joined, without list markers."""
    start = end = -1
    at = 0
    for line in text.splitlines(keepends=True):
        body = line.rstrip()
        marker = _MARKER.match(line)
        wrapped = (
            start >= 0
            and marker is None
            and body.strip() != ""
            and end - start >= _WRAPPED_WIDTH
            and text[end - 1] not in ".!?:|"
        )
        if wrapped:
            end = at + len(body)
        else:
            if start >= 0:
                yield start, end
            start = -1
            if body and _RULE.fullmatch(body) is None:
                start = at + (
                    marker.end() if marker else len(line) - len(line.lstrip())
                )
                end = at + len(body)
        at += len(line)
    if start >= 0:
        yield start, end


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Split a line into sentences, and a very long one into runs of words."""
    begin = start
    for stop in _ENDS.finditer(text, start, end):
        at = stop.end()
        following = text[at:end].lstrip()
        short = text[begin : stop.start() + 1]
        if following and (following[0].islower() or _ABBREVIATION.search(short)):
            continue
        yield from _runs(text, begin, at)
        begin = at + (end - at - len(following))
    if begin < end:
        yield from _runs(text, begin, end)


def _runs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    words = list(re.finditer(r"\S+", text[start:end]))
    for first in range(0, len(words), _MOST_WORDS):
        last = words[min(first + _MOST_WORDS, len(words)) - 1]
        yield start + words[first].start(), start + last.end()


def split_sentences(text: str) -> list[Sentence]:
    """Give the sentences of ``text`` that hold a letter or digit, in order."""
    sentences = []
    for line_start, line_end in _lines(text):
        for start, end in _pieces(text, line_start, line_end):
            plain = plain_text(text[start:end])
            if any(char.isalnum() for char in plain):
                sentences.append(Sentence(start, end, plain))
    return sentences
