"""Tests that never try a long answer that says little.

What it does:
    Looks at rubrics that a judge is needed for and whose tests hold responses. One of
    them should be padded: longer than a better one in an `expect order`, or named or
    titled so ("padded", "filler", "verbose", "rambling").

Why it matters:
    Length is the first thing that training finds when a rubric can be gamed. A test
    with a padded answer shows today what a training run would show next week.

Example:
    rubric capital
    [1] ottawa: Names Ottawa.
    [-1] toronto: Names Toronto.

    test "Ottawa is right"
        response right: Ottawa.
        response wrong: Rome.
        expect order: right > wrong

Use instead:
    rubric capital
    [1] ottawa: Names Ottawa.
    [-1] toronto: Names Toronto.

    test "Ottawa is right"
        response right: Ottawa.
        response padded: There are many cities, and each of them has its own history.
        expect order: right > padded
"""

import re
from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.model.rubric import TestCase

CODE = "W623"
SUMMARY = "no test with a padded answer"

_PADDED = re.compile(
    r"padd(?:ed|ing)|filler|verbos|wordy|waffl|rambl|fluff|bloat|long.?winded",
    re.IGNORECASE,
)


def check(subject: Subject) -> Iterator[Finding]:
    """Give the rubric if it tries responses, and no padded one."""
    tests = [test for test in subject.rubric.tests if test.responses]
    judged = bool(subject.statements)
    if judged and tests and not any(_is_padded(test) for test in tests):
        yield Finding(
            "no test tries a padded answer",
            subject.rubric.span,
            "add a long response that says little, and `expect order: good > padded`",
        )


def _is_padded(test: TestCase) -> bool:
    names = [test.title, *(response.name or "" for response in test.responses)]
    if any(_PADDED.search(name) for name in names):
        return True
    lengths = {r.name: len(r.text.split()) for r in test.responses}
    return any(
        lengths[worse] > lengths[better]
        for order in test.orders
        for place, better in enumerate(order.responses)
        for worse in order.responses[place + 1 :]
    )


_RUBRIC = "rubric r\n[1] a: Names Ottawa.\n"
CASES = (
    Case(
        f'{_RUBRIC}test "short"\n    response x: Ottawa.\n    response y: Rome.\n'
        "    expect order: x > y\n",
        lines=(1,),
    ),
    Case(
        f'{_RUBRIC}test "long"\n    response x: Ottawa.\n    response y: Many cities.\n'
        "    expect order: x > y\n"
    ),
    Case(f'{_RUBRIC}test "a padded one"\n    response: Well.\n    expect a: no\n'),
    Case(f'{_RUBRIC}test "arithmetic"\n    given a: no\n    expect score: 0\n'),
    Case(_RUBRIC),
    Case(
        "rubric r\n[1] a: Is short.\n    check: words(response) < 3\n"
        'test "checks only"\n    response: Ottawa.\n    expect a: yes\n'
    ),
)
