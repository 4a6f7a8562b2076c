"""How a broken law is told: a sentence, and a ``test`` block that fails.

The block can be pasted into the rubric as it stands; there `rub test` fails on it for
the same reason, and shows what moved the score.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, floor
from typing import NoReturn

from attrs import evolve, frozen

from rubricdsl.language.printing import print_rubric
from rubricdsl.language.scopes import Scope
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import (
    AnswerScale,
    Expect,
    ExpectOrder,
    Given,
    LevelScale,
    TestCase,
    TestResponse,
)
from rubricdsl.model.ruling import NO, YES, Ruling
from rubricdsl.testing.laws.verdict_space import Axis, Point, VerdictSpace
from rubricdsl.testing.subjects import Subject

_MOST_DECIMALS = 12
_CLEAR = 2e-9
"""More than what scores are compared with."""


@frozen(kw_only=True)
class Broken:
    """A law that is broken: the sentence that says so, and the test that shows it.

    ``details`` are lines that explain more.
    """

    message: str
    test: TestCase
    details: Sequence[str] = ()


def refuse(subject: Subject, broken: Broken) -> NoReturn:
    """Raise AssertionError for a law that a rubric breaks."""
    __tracebackhide__ = True
    lines = [f"the rubric {subject.label}: {broken.message}"]
    lines += [f"  {line}" for line in broken.details]
    block = pasteable(subject, broken.test)
    if block is None:
        lines += [
            "",
            "No test block can show it: a .rub file cannot hold this text.",
        ]
    else:
        lines += ["", "This test fails in the rubric; paste it there to look into it:"]
        lines += ["", block.rstrip("\n")]
    raise AssertionError("\n".join(lines))


def pasteable(subject: Subject, test: TestCase) -> str | None:
    """Write a test as source; None if it does not read back as it is."""
    test = evolve(test, title=_unused_title(subject, test.title))
    text = print_rubric(evolve(subject.rubric, tests=(test,)))
    loaded = subject.project.load_text(text)
    if not loaded.sound or loaded.rubrics[0].tests != (test,):
        return None
    return text[text.rindex("\n\ntest ") + 2 :]


def _unused_title(subject: Subject, title: str) -> str:
    used = {test.title for test in subject.rubric.tests}
    number, unused = 1, title
    while unused in used:
        number += 1
        unused = f"{title} ({number})"
    return unused


# ------------------------------------------------------------------- verdicts


def given_lines(space: VerdictSpace, point: Point) -> tuple[Given, ...]:
    """Write a point down: ``all`` if that saves lines, and the exceptions."""
    said = dict(zip((axis.path for axis in space.axes), point, strict=True))
    names = _names(space.subject)
    written = [
        tuple(_lines(space.axes, said, names, everything)) for everything in (YES, NO)
    ]
    return min(written, key=len)


def _lines(
    axes: Sequence[Axis],
    said: Mapping[str, int],
    names: Mapping[str, str],
    everything: Ruling,
) -> Iterator[Given]:
    yield Given("all", everything)
    for axis in axes:
        ruling = axis.rulings[said[axis.path]]
        if ruling != _meant_by_all(axis, everything):
            yield Given(names[axis.path], ruling)


def _meant_by_all(axis: Axis, everything: Ruling) -> Ruling | None:
    """Give what ``given all`` comes to: the highest or the lowest level for levels."""
    scale = axis.criterion.scale
    if axis.criterion.check is None and isinstance(scale, LevelScale):
        return axis.rulings[axis.steps[-1 if everything == YES else 0]]
    if axis.criterion.check is None and isinstance(scale, AnswerScale):
        return everything if str(everything) in scale.answers else None
    return everything


def _names(subject: Subject) -> Mapping[str, str]:
    """Give what a test calls each criterion: by its path where it was included."""
    own = {path: name for name, path in Scope.of(subject.rubric).by_name.items()}
    return {
        criterion.path: own.get(criterion.path, criterion.path)
        for criterion in subject.bound.criteria()
    }


def verdict_test(
    space: VerdictSpace, point: Point, *, title: str, expect: Expect
) -> TestCase:
    """Write a test that fixes the verdicts of a point."""
    return TestCase(title=title, given=given_lines(space, point), expects=(expect,))


def threshold(low: float, high: float) -> float:
    """Give the number with the fewest digits above ``low`` and at most ``high``.

    Where the two are too near each other, ``high`` itself.
    """
    for decimals in range(_MOST_DECIMALS):
        scale = 10.0**decimals
        number = floor(high * scale + _CLEAR) / scale
        if low + _CLEAR < number <= high + _CLEAR:
            return number
    return high


def ceiling(low: float, high: float) -> float:
    """Give the number with the fewest digits at least ``low`` and below ``high``."""
    for decimals in range(_MOST_DECIMALS):
        scale = 10.0**decimals
        number = ceil(low * scale - _CLEAR) / scale
        if low - _CLEAR <= number < high - _CLEAR:
            return number
    return low


# ------------------------------------------------------------------- responses


def response_test(
    responses: Mapping[str, Response],
    *,
    title: str,
    expects: Sequence[Expect] = (),
    orders: Sequence[ExpectOrder] = (),
) -> TestCase:
    """Write a test of responses; what they answer is that of the first of them."""
    first = next(iter(responses.values()))
    return TestCase(
        title=title,
        prompt=None if first.conversation else first.prompt,
        conversation=first.conversation,
        reference=first.reference,
        responses=tuple(
            TestResponse(name, response.text) for name, response in responses.items()
        ),
        expects=tuple(expects),
        orders=tuple(orders),
    )
