"""A criterion that only somebody who knows the answer can judge.

What it does:
    Looks for statements that ask whether something is correct without saying what
    is: "gives the correct answer", "is factually accurate". Where the rubric has a
    `reference:`, where the criterion has a note, examples or levels, or where it sees
    more than prompt and response, it may know, and is left alone.

Why it matters:
    The judge falls back on what it believes, and a confident wrong answer passes. The
    person who writes the rubric knows what is right and can write it down.

Example:
    rubric capital
    [3] right: Gives the correct answer.

Use instead:
    rubric capital
    [3] ottawa: Names Ottawa as the capital.
"""

import re
from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Statement, Subject
from rubricdsl.language.lint.wording import SUBJECT
from rubricdsl.model.rubric import LevelScale

CODE = "W604"
SUMMARY = "criterion that needs outside knowledge"

_THING = (
    "answer|answers|result|results|solution|number|value|values|date|dates|diagnosis|"
    "dose|dosage|formula|information|facts|conclusion|explanation|definition|year|name"
)
# "the correct answer", unless the text goes on to say which one it is.
_CORRECT = re.compile(
    rf"^{SUBJECT}(?:arrives at|calculates|computes|contains|finds|gives|has|identifies|"
    r"includes|names|provides|reaches|reports|returns|says|states) (?:the |an? )?"
    rf"(?P<what>(?:correct|right|accurate|true|actual) (?:final )?(?:{_THING}))\b"
    r"(?!\s*[(:,=]|\s+(?:of|is|to be|as|that|to|for|in|from|on)\b)",
    re.IGNORECASE,
)
_SOUND = re.compile(
    r"(?P<what>\b(?:factually|scientifically|medically|historically|mathematically|"
    r"legally|technically) (?:correct|accurate|right|true|sound)\b|"
    r"\b(?:is|are) (?:completely |entirely |fully )?(?:correct|accurate)[.!]?$|"
    r"\b(?:current|latest|official|established) (?:\w+ )?guidelines?[.!]?$)",
    re.IGNORECASE,
)
_KNOWN = {"prompt", "response"}


def check(subject: Subject) -> Iterator[Finding]:
    """Give what each statement leaves for the judge to know."""
    if subject.rubric.reference is not None:
        return
    for statement in subject.english:
        if _may_know(statement, subject.rubric.sees):
            continue
        match = _CORRECT.search(statement.words) or _SOUND.search(statement.words)
        if match is not None:
            yield Finding(
                "the judge has to know by itself what is "
                f"`{match['what'].rstrip('.!')}`",
                subject.within(statement.criterion, *match.span("what")),
                "write down what is right, or give the rubric a `reference:`",
            )


def _may_know(statement: Statement, sees: tuple[str, ...] | None) -> bool:
    criterion = statement.criterion
    seen = criterion.sees or sees or ()
    return (
        bool(criterion.note or criterion.examples)
        or isinstance(criterion.scale, LevelScale)
        or not _KNOWN.issuperset(seen)
    )


CASES = (
    Case(
        """\
rubric r
[1] answer: Gives the correct answer.
[1] facts: Everything it says is factually accurate.
[1] sum: The calculation is correct.
[1] rules: Follows the current guidelines.
""",
        lines=(2, 3, 4, 5),
    ),
    Case(
        """\
rubric r
reference: Ottawa, since 1857.
[1] answer: Gives the correct answer.
"""
    ),
    Case(
        """\
rubric r
[1] said: Gives the right answer (42).
[1] which: Names the correct date of the vote.
[1] copying: Recommends copying the right answer or learning it by heart.
[1] claim: Says that the pupil's answer is accurate in one part.
[1] noted: Gives the correct answer.
    note: It is 42.
[1] compared: The table is correct.
    sees: response, data
"""
    ),
)
