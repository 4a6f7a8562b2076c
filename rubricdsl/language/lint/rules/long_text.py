"""A text too long to be one statement.

What it does:
    Looks for statements of over 60 words.

Why it matters:
    A judge weighs the parts of a long text as it likes, and people who read results
    cannot see which part failed. What explains a criterion has its own place: a note,
    examples, levels.

Example:
    rubric report
    [1] cause:
        | Says what caused the outage, where the cause is the first event that
        | somebody could have prevented, which is not the same as the symptom that
        | users saw, nor as the event that the monitoring reported first, nor as a
        | person, since people make mistakes and a system has to bear that, so that
        | the name of a colleague can never be the cause.

Use instead:
    rubric report
    [1] cause: Says what caused the outage.
        note: The cause is the first event that could have been prevented.
"""

from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject

CODE = "W608"
SUMMARY = "text of over 60 words"

_MOST = 60


def check(subject: Subject) -> Iterator[Finding]:
    """Give each statement with too many words."""
    for statement in subject.statements:
        text = statement.criterion.text
        if (count := len(text.split())) > _MOST:
            yield Finding(
                f"the text has {count} words",
                subject.within(statement.criterion, 0, len(text)),
                "state one claim in a sentence; move what explains it to `note:`",
            )


CASES = (
    Case(f"rubric r\n[1] a: {'very ' * 59}long text.\n", lines=(2,)),
    Case(
        f"rubric r\n[1] a: {'very ' * 58}long text.\n"
        f"[1] b: {'very ' * 70}long.\n    check: words(response) > 3\n"
    ),
)
