"""A criterion that cannot be judged without another.

What it does:
    Looks for statements that speak of another criterion: "the criterion above", "see
    criterion 3", "as mentioned above", or the name of another item that is no word of
    everyday language (one with an underscore in it).

Why it matters:
    A judge may be asked each criterion alone, and never sees names. What it cannot
    see it guesses. Order can change, too: siblings count alike wherever they stand.

Example:
    rubric replication
    [2] own_method: Describes the method.
    [1] results: Gives results for own_method.

Use instead:
    rubric replication
    [2] own_method: Describes the method.
    [1] results: Gives results for the method that it describes.
"""

import re
from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.language.scopes import item_name

CODE = "W603"
SUMMARY = "criterion that refers to another"

_REFERENCE = re.compile(
    r"\b(?:(?:previous|preceding|above|other|following|next|last|first|same) "
    r"(?:criterion|criteria|rubric items?|checklist items?)|"
    r"(?:criterion|criteria|rubric item) (?:above|below|[0-9]+)|"
    r"(?:as|see|mentioned|described|listed|stated|given) (?:above|below)|"
    r"the (?:above|aforementioned))\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<![\w./])\w+_\w+(?![\w(/]|\.\w)")


def check(subject: Subject) -> Iterator[Finding]:
    """Give the first reference of each statement."""
    names = {item_name(named.item) for named in subject.scope.own}
    for statement in subject.statements:
        words = statement.words
        own = statement.criterion.name
        named = (m for m in _NAME.finditer(words) if m[0] in names and m[0] != own)
        match = next(named, None) or _REFERENCE.search(words)
        if match is not None:
            yield Finding(
                f"a judge sees no other criterion: `{match[0]}` means nothing to it",
                subject.within(statement.criterion, *match.span()),
                "say what is meant; `needs: name` asks only if another one is met",
            )


CASES = (
    Case(
        """\
rubric r
[1] the_dose: Names the dose.
[1] when: Says when the_dose is given.
[1] more: Gives more detail than the previous criterion.
[1] again: Repeats the dose mentioned above.
""",
        lines=(3, 4, 5),
    ),
    Case(
        """\
rubric r
[1] own_name: Uses own_name as a variable.
[1] window: Names the window.
[1] timeout_seconds: States the new key.
[1] key: Renames worker.timeout_seconds.
[1] quoted: Repeats the phrase "as mentioned above".
[1] dose: States that the dose is above the maximum in the last window.
"""
    ),
)
