"""Comments that allow a lint to stand: ``# rub: allow W602 (the reason)``.

Such a comment speaks of the next line and all that is indented below it; above the
header of a rubric, or right below it, of the whole rubric.  The reason is mandatory: a
comment without one allows nothing.
"""

import re
from collections.abc import Iterator

from attrs import frozen

from rubricdsl.language.layout import Comment
from rubricdsl.language.lint.subjects import Subject

DIRECTIVE = re.compile(r"#+\s*rub:\s*(?P<rest>.*)")
_ALLOW = re.compile(
    r"allow\s+(?P<codes>[^\s,()]+(?:\s*,\s*[^\s,()]+)*)\s*(?:\((?P<reason>.*)\))?"
)
FORM = "# rub: allow W602 (why it may stand)"


@frozen
class Allowance:
    """A comment that was read: which codes it allows, why, and in which lines."""

    comment: Comment
    codes: tuple[str, ...]
    reason: str
    first: int
    last: int

    def covers(self, code: str, line: int) -> bool:
        """Say whether a finding in that line may stand."""
        return (
            bool(self.reason) and code in self.codes and self.first <= line <= self.last
        )


def directives(subject: Subject) -> Iterator[Comment]:
    """Give the comments of a rubric that speak to this program."""
    return (c for c in subject.comments if DIRECTIVE.fullmatch(c.text))


def allowances(subject: Subject) -> Iterator[Allowance]:
    """Read the comments that can be read, also those without a reason."""
    for comment in directives(subject):
        match = DIRECTIVE.fullmatch(comment.text)
        allow = _ALLOW.fullmatch(match["rest"].strip()) if match else None
        if allow is not None:
            first, last = _reach(subject, comment)
            codes = tuple(code.strip() for code in allow["codes"].split(","))
            reason = (allow["reason"] or "").strip()
            yield Allowance(comment, codes, reason, first, last)


def _reach(subject: Subject, comment: Comment) -> tuple[int, int]:
    """Give the lines that a comment speaks of; none at the end of a file."""
    header = subject.lines[0]
    every = sorted(
        (each for line in subject.lines for each in line.walk()),
        key=lambda line: line.number,
    )
    below = next((line for line in every if line.number > comment.line), None)
    second = every[1] if len(every) > 1 else None
    if below is None:
        return 1, 0
    if below is header or below is second:
        return header.number, subject.end
    return below.number, max(each.last for each in below.walk())
