"""A rubric that only ever rewards more.

What it does:
    Looks for rubrics with at least three scored criteria in which nothing takes points
    away: no negative weight, no `[never]`, no `[cap …]`, and no check that measures the
    length of the response.

Why it matters:
    The longest response that says everything, true and false, wins. One criterion for
    the fault that experts fear, or one for length, is enough to stop that.

Example:
    rubric fever
    [1] fluids: Recommends small drinks.
    [1] doctor: Says when to see a doctor.
    [1] medicine: Says how the medicine is used.

Use instead:
    rubric fever
    [1] fluids: Recommends small drinks.
    [1] doctor: Says when to see a doctor.
    [1] medicine: Says how the medicine is used.
    [-1] too_long: Takes more than 350 words.
        check: words(response) > 350
"""

from collections.abc import Iterator

from rubricdsl.expressions.walking import walk
from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.language.lint.weights import FEWEST, takes_away
from rubricdsl.model.expression import Call
from rubricdsl.model.rubric import Cap, Criterion, Info, Item

CODE = "W622"
SUMMARY = "nothing takes points away or bounds the length"

_LENGTHS = {"words", "sentences", "paragraphs", "characters"}


def check(subject: Subject) -> Iterator[Finding]:
    """Give the rubric if nothing in it can cost points."""
    items = [named.item for named in subject.scope.by_path.values()]
    scored = [i for i in items if isinstance(i, Criterion) and _is_scored(i)]
    if len(scored) >= FEWEST and not any(_bounds(item) for item in items):
        yield Finding(
            "nothing takes points away, and nothing bounds the length",
            subject.rubric.span,
            "add what a bad response does (`[-1]`, `[never]`), or check its length",
        )


def _is_scored(criterion: Criterion) -> bool:
    return not isinstance(criterion.mark, Info)


def _bounds(item: Item) -> bool:
    if takes_away(item.mark) or isinstance(item.mark, Cap):
        return True
    if not isinstance(item, Criterion) or item.check is None or not _is_scored(item):
        return False
    calls = (part for part in walk(item.check) if isinstance(part, Call))
    return any(call.function in _LENGTHS for call in calls)


CASES = (
    Case(
        """\
rubric r
[1] a: Recommends small drinks.
[must] b: Says when to see a doctor.
[2] mean of g
    [1] c: Says how the medicine is used.
[info] d: Takes 9 words.
    check: words(response) == 9
""",
        lines=(1,),
    ),
    Case(
        """\
rubric r
[1] a: Recommends small drinks.
[1] b: Says when to see a doctor.
[1] c: Needs at most 22 words a sentence.
    check: words(response) <= 22 * sentences(response)
"""
    ),
    Case(
        """\
rubric r
[1] a: Recommends small drinks.
[1] b: Says when to see a doctor.
[1] mean of g
    [1] c: Says how the medicine is used.
    [-1] d: Recommends vinegar socks.
"""
    ),
    Case("rubric r\n[1] a: Recommends small drinks.\n"),
)
