"""A rubric of which nobody has said what it should prefer.

What it does:
    With `--strict`, looks for rubrics in which no test has an `expect order`.

Why it matters:
    What a rubric is for is to put the better response first. Arithmetic can be right
    in every test while the order is wrong; one pair of responses says which it is.

Example:
    rubric capital
    [1] ottawa: Names Ottawa.

    test "the arithmetic"
        given ottawa: yes
        expect score: 1

Use instead:
    rubric capital
    [1] ottawa: Names Ottawa.

    test "the right one wins"
        response right: Ottawa.
        response wrong: I think it could be Toronto.
        expect order: right > wrong
"""

from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject

CODE = "W642"
SUMMARY = "no `expect order`"
STRICT = True


def check(subject: Subject) -> Iterator[Finding]:
    """Give the rubric if no test puts responses in order."""
    if not any(test.orders for test in subject.rubric.tests):
        yield Finding(
            "no test says which of two responses is better",
            subject.rubric.span,
            "write two responses into a test, and `expect order: better > worse`",
        )


CASES = (
    Case("rubric r\n[1] a: Names Ottawa.\n", lines=(1,)),
    Case(
        'rubric r\n[1] a: Names Ottawa.\ntest "t"\n    response x: Ottawa.\n'
        "    response y: Rome.\n    expect order: x > y\n"
    ),
)
