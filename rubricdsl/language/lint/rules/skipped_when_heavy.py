"""A heavy criterion that "not applicable" makes disappear.

What it does:
    Looks for criteria that hold at least a quarter of the weight and whose n/a rule is
    `skip`. Rubrics with fewer than three scored criteria are left alone.

Why it matters:
    A skipped criterion leaves the sum that is divided by, so n/a can score higher than
    no. A response that makes a heavy criterion look out of place is rewarded for it.
    Its fix (an unsafe one, since scores change) makes n/a worth what hurts.

Example:
    rubric dose
    [5] dose: Names the dose for the child's weight.
        n/a: skip
    [1] drinks: Recommends small drinks.
    [1] doctor: Says when to see a doctor.

Use instead:
    rubric dose
    [5] dose: Names the dose for the child's weight.
        n/a: fail
    [1] drinks: Recommends small drinks.
    [1] doctor: Says when to see a doctor.
"""

from collections.abc import Iterator

from rubricdsl.diagnostics import Applicability, Edit, Fix
from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.language.lint.weights import FEWEST, Leaf, leaves
from rubricdsl.model.rubric import NaPolicy

CODE = "W621"
SUMMARY = "`n/a: skip` on a heavy criterion"

_LEAST = 0.25


def check(subject: Subject) -> Iterator[Finding]:
    """Give each heavy criterion that n/a skips."""
    found = list(leaves(subject))
    if len(found) < FEWEST:
        return
    for leaf in found:
        named = subject.scope.find(leaf.path)
        rule = named.na if named is not None and not leaf.whole_rubric else None
        if leaf.share >= _LEAST and rule is NaPolicy.SKIP:
            yield Finding(
                f"`{leaf.name}` holds {leaf.share:.0%} of the weight, "
                "and n/a makes it disappear",
                leaf.span,
                "write `n/a: fail`, or a number, unless n/a has to be free",
                _fix(subject, leaf),
            )


def _fix(subject: Subject, leaf: Leaf) -> Fix | None:
    place = subject.field(leaf.span, "n/a")
    if place is None:
        return None
    edit = Edit(place, "n/a: fail")
    return Fix("make n/a worth what hurts", (edit,), Applicability.UNSAFE)


CASES = (
    Case(
        """\
rubric r
[2] a: Names Ottawa.
    n/a: skip
[1] b: Names the river.
[1] c: Names the province.
""",
        lines=(2,),
        fixed="""\
rubric r
[2] a: Names Ottawa.
    n/a: fail
[1] b: Names the river.
[1] c: Names the province.
""",
    ),
    Case(
        """\
rubric r
n/a: skip
[2] a: Names Ottawa.
[1] b: Names the river.
    n/a: fail
[1] c: Names the province.
    n/a: pass
""",
        lines=(3,),
    ),
    Case(
        """\
rubric r
[must] gate: Is polite.
    n/a: skip
[2] a: Names Ottawa.
    n/a: fail
[1] b: Names the river.
[1] c: Names the province.
[1] d: Names the country.
    n/a: skip
"""
    ),
)
