"""One criterion that decides nearly alone.

What it does:
    Looks for a criterion that holds over 40 % of the weight, negative weights counted
    by their size, groups shared out among what is in them. Rubrics with fewer than
    three scored criteria are left alone: there one has to be heavy.

Why it matters:
    All other criteria together hardly change the order of two responses. A judge's
    mistake on this one costs more than it can be right about the rest.

Example:
    rubric advice
    [8] safe: Names the warning signs.
    [1] short: Is short.
    [1] kind: Addresses the reader by name.

Use instead:
    rubric advice
    [must] safe: Names the warning signs.
    [1] short: Is short.
    [1] kind: Addresses the reader by name.
    [1] next_step: Names the next step.
"""

from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.language.lint.weights import FEWEST, leaves

CODE = "W607"
SUMMARY = "one criterion that holds over 40 % of the weight"

_MOST = 0.4


def check(subject: Subject) -> Iterator[Finding]:
    """Give the criterion that is too heavy, if there is one."""
    found = list(leaves(subject))
    if len(found) < FEWEST:
        return
    for leaf in found:
        if leaf.share > _MOST + 1e-9 and not leaf.whole_rubric:
            yield Finding(
                f"`{leaf.name}` holds {leaf.share:.0%} of the weight",
                leaf.span,
                "split it, lower its weight, or make a gate of it (`must`, `never`)",
            )


CASES = (
    Case(
        """\
rubric r
[1] a: Names Ottawa.
[5] b: Names the river.
[1] c: Names the province.
""",
        lines=(3,),
    ),
    Case(
        """\
rubric r
[9] mean of g
    [1] a: Names Ottawa.
    [-9] b: Names Toronto.
[1] c: Names the province.
""",
        lines=(4,),
    ),
    Case(
        """\
rubric r
[9] a: Names Ottawa.
[1] b: Names the river.
"""
    ),
    Case(
        """\
rubric r
[2] a: Names Ottawa.
[1] b: Names the river.
[1] c: Names the province.
[1] d: Names the country.
[must] e: Is polite.
"""
    ),
)
