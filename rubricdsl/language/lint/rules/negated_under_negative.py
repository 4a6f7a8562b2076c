"""A double negative: "does not …" under a mark that takes points away.

What it does:
    Looks for negated sentences under a negative weight or `[never]`: "Does not mention
    …", "Contains no …", "Never says …".

Why it matters:
    True costs points, so that the criterion punishes what is missing; many authors,
    and judges who see a fault described, take it the other way round. The same text is
    found with both meanings in published rubrics.

Example:
    rubric dose
    [1] dose: Names the dose.
    [-2] source: Does not name a source.

Use instead:
    rubric dose
    [1] dose: Names the dose.
    [2] source: Names a source.
"""

import re
from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.language.lint.wording import SUBJECT
from rubricdsl.model.rubric import Never, Weight

CODE = "W611"
SUMMARY = "negated sentence under a negative mark"

_NEGATED = re.compile(
    rf"^{SUBJECT}(?:(?:does|do|is|are|has|have|was|were|did|can|could|should|must|"
    r"will|would)(?: not|n['\u2019]t)|cannot|never|no|not|without|\w+s no)\b"
    r"(?! (?:only|more than|longer)\b)",
    re.IGNORECASE,
)


def check(subject: Subject) -> Iterator[Finding]:
    """Give the negation of each statement whose mark is negative."""
    for statement in subject.english:
        mark = statement.criterion.mark
        weight = mark.value if isinstance(mark, Weight) else 0.0
        match = _NEGATED.match(statement.words)
        if match is not None and (weight < 0 or isinstance(mark, Never)):
            yield Finding(
                "a negated sentence under a mark that takes points away",
                subject.within(statement.criterion, *match.span()),
                "state the fault without `not`, or the merit with a positive mark",
            )


CASES = (
    Case(
        """\
rubric r
[1] a: Names Ottawa.
[-1] b: Does not name the river.
[never] c: The response doesn't name a source.
[-1] d: Contains no numbers.
[-1] e: Never mentions the weather.
""",
        lines=(3, 4, 5, 6),
    ),
    Case(
        """\
rubric r
[1] a: Does not name Toronto.
[must] b: Contains no insult.
[-1] c: States facts that the prompt does not hold.
[-1] d: Lists changes that no operator can notice.
[-1] e: Fails to name the river.
[-1] f: Is not only long but repeats itself.
[info] g: Does not name a source.
"""
    ),
)
