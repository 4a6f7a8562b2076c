"""A rubric that a list of keywords satisfies.

What it does:
    Looks for rubrics with at least three statements that add points, all of which ask
    for a mention: "Mentions …", "Names …", "Lists …", "Includes …".

Why it matters:
    A response that drops every term in one sentence gets full marks, and training on
    such a rubric finds that response. What is said about the things has to count, too.

Example:
    rubric fever
    [1] fluids: Mentions fluids.
    [1] doctor: Mentions a doctor.
    [1] medicine: Names a fever medicine.

Use instead:
    rubric fever
    [1] fluids: Recommends offering small drinks often.
    [1] doctor: Says after how many days a doctor should see the child.
    [1] medicine: Names a fever medicine.
"""

from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.language.lint.weights import FEWEST, takes_away
from rubricdsl.language.lint.wording import MENTION
from rubricdsl.model.rubric import AnswerScale, Info

CODE = "W620"
SUMMARY = "every criterion asks for a mention"


def check(subject: Subject) -> Iterator[Finding]:
    """Give the rubric if mentions are all that it rewards."""
    rewarded = [
        statement
        for statement in subject.english
        if not isinstance(statement.criterion.mark, Info)
        and not takes_away(statement.criterion.mark)
    ]
    if len(rewarded) >= FEWEST and all(
        MENTION.match(statement.criterion.text)
        and isinstance(statement.criterion.scale, AnswerScale)
        for statement in rewarded
    ):
        yield Finding(
            f"all {len(rewarded)} statements ask only for a mention",
            subject.rubric.span,
            "ask what is said about the things: `Explains …`, `Recommends …`",
        )


CASES = (
    Case(
        """\
rubric r
[1] a: Mentions Ottawa.
[1] b: Names the river.
[must] c: The response lists the provinces.
[-1] d: Repeats itself.
""",
        lines=(1,),
    ),
    Case(
        """\
rubric r
[1] a: Mentions Ottawa.
[1] b: Names the river.
[1] c: Explains why it is the capital.
"""
    ),
    Case("rubric r\n[1] a: Mentions Ottawa.\n[1] b: Names the river.\n"),
)
