"""A question where a statement is wanted.

What it does:
    Looks for criteria answered with yes and no whose text ends in a question mark.
    Criteria with levels may ask ("How clear is it?"): their levels are the answers.

Why it matters:
    A judge is asked whether the text is true of the response. A question is not true
    of anything; what yes means has to be guessed, above all after "isn't".

Example:
    rubric capital
    [1] ottawa: Does the response name Ottawa?

Use instead:
    rubric capital
    [1] ottawa: Names Ottawa.
"""

from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.model.rubric import AnswerScale

CODE = "W609"
SUMMARY = "question instead of a statement"

_MARKS = ("?", "\uff1f", "\u061f")


def check(subject: Subject) -> Iterator[Finding]:
    """Give each question that is answered with yes or no."""
    for statement in subject.statements:
        asks = statement.words.rstrip().endswith(_MARKS)
        if asks and isinstance(statement.criterion.scale, AnswerScale):
            text = statement.criterion.text
            yield Finding(
                "a question is neither true nor false",
                subject.within(statement.criterion, text.rfind("\n") + 1, len(text)),
                "state what is true of a response: `Names …` for `Does it name …?`",
            )


CASES = (
    Case(
        """\
rubric r
[1] a: Is Ottawa named?
[1] b:
    | The response is short.
    | Does it name Ottawa?
""",
        lines=(2, 5),
    ),
    Case(
        """\
rubric r
[1] a: How clear is it?
    level 0: Nobody can follow it.
    level 1: Everybody can follow it.
[1] b: Asks "How old is the child?"
[1] c: Ends with a question.
    check: ends_with(response, "?")
"""
    ),
)
