"""Two criteria that ask the same.

What it does:
    Looks for criteria of one rubric that ask the same question: the same text, but for
    case, blanks and the full stop, and the same note, levels and check. A question
    that is asked many times is reported once, at the first repetition.

Why it matters:
    The same verdict counts twice, so that the weight of the claim is not the one that
    can be read. Each response also costs a question more.

Example:
    rubric capital
    [2] ottawa: Names Ottawa.
    [1] city: names Ottawa

Use instead:
    rubric capital
    [3] ottawa: Names Ottawa.
"""

from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.model.rubric import Criterion

CODE = "W605"
SUMMARY = "duplicate text"


def check(subject: Subject) -> Iterator[Finding]:
    """Give each question that is asked again, where that happens first."""
    asking: dict[object, list[Criterion]] = {}
    for named in subject.criteria:
        if isinstance(named.item, Criterion):
            asking.setdefault(_question(named.item), []).append(named.item)
    for first, *again in asking.values():
        if not again:
            continue
        second = again[0]
        more = f", and so do {len(again) - 1} more" if len(again) > 1 else ""
        yield Finding(
            f"`{second.name}` asks the same as `{first.name}` in line "
            f"{first.span.line}{more}",
            subject.within(second, 0, len(second.text)),
            "keep one of them, with both weights, or say how they differ",
        )


def _question(criterion: Criterion) -> object:
    text = " ".join(criterion.text.casefold().split()).rstrip(".!? ")
    return text, criterion.note, criterion.scale, criterion.check, criterion.sees


CASES = (
    Case(
        """\
rubric r
[1] a: Names Ottawa.
[1] mean of g
    [1] b: names  Ottawa
[1] c:
    | Names
    | Ottawa.
""",
        lines=(4,),
    ),
    Case(
        """\
rubric r
[1] a: Seed 1 finished.
[1] b: Seed 2 finished.
[1] c: Is clear.
    note: To a child.
[1] d: Is clear.
    note: To an expert.
"""
    ),
)
