"""A mark that says one thing and a text that says another.

What it does:
    Looks for statements of a fault ("Fails to …", "Wrongly states …") that a positive
    weight rewards, statements of a merit ("Correctly states …") that a negative one
    punishes, and texts that speak of points: "(2 points)", "deduct 1 point if …".

Why it matters:
    True adds the weight, whatever the text says of it. A judge is asked only whether
    the sentence is true; points in it are noise to it, and none are ever taken from
    there.

Example:
    rubric capital
    [2] ottawa: Fails to name Ottawa.

Use instead:
    rubric capital
    [2] ottawa: Names Ottawa.
"""

import re
from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.language.lint.wording import SUBJECT
from rubricdsl.model.rubric import Info, Mark, Never, Weight

CODE = "W606"
SUMMARY = "mark or sign against the wording"

_FAULT = re.compile(
    rf"^{SUBJECT}(?:(?:fails|neglects|forgets) to|misstates|misrepresents|"
    r"hallucinates|fabricates|(?:wrongly|falsely|incorrectly|mistakenly) \w+s)\b",
    re.IGNORECASE,
)
_MERIT = re.compile(
    rf"^{SUBJECT}(?:correctly|accurately|rightly|helpfully) \w+s\b", re.IGNORECASE
)
_POINTS = re.compile(
    r"[(\[]\s*[-+]?[0-9.]+ (?:points?|pts?)\s*[)\]]|\bworth [0-9.]+ points?\b|"
    r"\b(?:deduct|award|subtract|lose|loses)s? (?:\w+ )?points?\b",
    re.IGNORECASE,
)


def check(subject: Subject) -> Iterator[Finding]:
    """Give the words of each statement that go against its mark."""
    for statement in subject.english:
        mark, words = statement.criterion.mark, statement.words
        pattern, message, hint = _against(mark)
        match = pattern.match(words) if pattern else None
        if match is None:
            match = _POINTS.search(words)
            message = "points in the text count for nothing"
            hint = "write them as the weight, and in the text what must be true"
        if match is not None:
            yield Finding(
                message, subject.within(statement.criterion, *match.span()), hint
            )


def _against(mark: Mark) -> tuple[re.Pattern[str] | None, str, str]:
    if isinstance(mark, Info):
        return None, "", ""
    if isinstance(mark, Never) or (isinstance(mark, Weight) and mark.value < 0):
        hint = "state the fault that costs points, or give it a positive weight"
        return _MERIT, "what is stated is a merit, and true takes points away", hint
    hint = "state what a good response does, or give it a negative weight"
    return _FAULT, "what is stated is a fault, and true adds points", hint


CASES = (
    Case(
        """\
rubric r
[2] fault: Fails to name the dose.
[must] gate: The response incorrectly states the dose.
[-1] merit: Correctly names the dose.
[never] gated: Accurately describes the dose.
[1] points: Names the dose (2 points).
[1] deduct: Names the dose; deduct one point if it is rounded.
""",
        lines=(2, 3, 4, 5, 6, 7),
    ),
    Case(
        """\
rubric r
[-2] fault: Fails to name the dose.
[2] merit: Correctly names the dose.
[1] points: Points out that the dose is too high.
[1] game: Says that the team scored 12 points.
[info] noted: Fails to name the dose.
[1] ignores: Ignores the instruction that stands in the document.
"""
    ),
)
