"""Two claims in one criterion.

What it does:
    Looks for statements that make two claims, each with a verb of its own: "States …
    and explains …", or a second sentence that begins a claim. It is a hint: an "and"
    between two nouns is most often one claim.

Why it matters:
    A response for which one half holds gets the verdict of the judge's mood. Two
    criteria say which half is missing, and partial credit comes by itself.

Example:
    rubric tdap
    [2] window: States that the dose is needed and explains why the last one is too old.

Use instead:
    rubric tdap
    [1] needed: States that the dose is needed.
    [1] too_old: Explains why the last dose is too old.
"""

import re
from collections.abc import Iterator

from rubricdsl.diagnostics import Severity
from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.language.lint.wording import CLAIMS, SUBJECT

CODE = "W602"
SUMMARY = "two claims in one criterion"
SEVERITY = Severity.INFO

_ADVERB = r"(?:(?:also|then|clearly|briefly|explicitly|correctly) )?"
# "States … and explains …": a verb at the start, and another after the "and".
_TWO_VERBS = re.compile(
    rf"^{SUBJECT}{_ADVERB}(?:{CLAIMS})\b[^.?!\n]*?[ ,;](?P<and>and|as well as) "
    rf"{_ADVERB}(?:{CLAIMS})\b",
    re.IGNORECASE,
)
# "X has been implemented and Y has been evaluated": two subjects, two verbs.
_BEEN = r"(?:has|have) been \w+"
_TWO_SUBJECTS = re.compile(
    rf"^[^.?!\n]*?\b{_BEEN}[^.?!\n]*?[ ,;](?P<and>and) [^.?!\n]*?\b{_BEEN}",
    re.IGNORECASE,
)
_TWO_SENTENCES = re.compile(
    rf"^{SUBJECT}{_ADVERB}(?i:{CLAIMS})\b[^\n]*?[a-z)][.;] "
    rf"(?P<and>(?:It |Also )?(?:also )?(?:{CLAIMS.title()}|{CLAIMS}))\b"
)


def check(subject: Subject) -> Iterator[Finding]:
    """Give the place where each statement begins its second claim."""
    for statement in subject.english:
        words = statement.words
        match = (
            _TWO_VERBS.match(words)
            or _TWO_SUBJECTS.match(words)
            or _TWO_SENTENCES.match(words)
        )
        if match is not None:
            yield Finding(
                "the criterion makes two claims",
                subject.within(statement.criterion, *match.span("and")),
                "make two criteria of it, or allow it with a reason if it is one claim",
            )


CASES = (
    Case(
        """\
rubric r
[1] verbs: Names the vaccine and explains when it is given.
[1] subjects: The encoder has been trained and the decoder has been evaluated.
[1] sentences: Names the vaccine. Explains when it is given.
[1] subject: The response lists three cities and also compares their climate.
""",
        lines=(2, 3, 4, 5),
    ),
    Case(
        """\
rubric r
[1] nouns: Names Tdap, or tetanus, diphtheria and pertussis.
[1] object: Explains that antibodies cross to the baby and protect it.
[1] quoted: Says "the plan explains the cost and lists the risks".
[1] range: States that the dose is given between week 27 and week 36.
[1] checked: Names the city and gives the year.
    check: contains(response, "Ottawa 1867")
[1] once: The encoder has been trained on images and text.
"""
    ),
)
