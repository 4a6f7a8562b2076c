"""Marks as edits give them: read, shared out between parts, and added up."""

import re
from collections.abc import Sequence
from decimal import Decimal

from rubricdsl.diagnostics import fail
from rubricdsl.model.rubric import (
    Bonus,
    Cap,
    Info,
    Mark,
    Must,
    Never,
    Weight,
    WeightScheme,
)

_NUMBERED = re.compile(r"(?:(bonus|cap) +)?([+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?)")
_PLAIN: dict[str, Mark] = {"must": Must(), "never": Never(), "info": Info()}
# How many more decimals a share may have than the weight it is of.
_MORE_DECIMALS = 2


def read_mark(text: str, scheme: WeightScheme) -> Mark:
    """Read a mark as it stands between brackets.

    Raises RubricError (E209) if it is none.
    """
    text = text.strip()
    if text in _PLAIN:
        return _PLAIN[text]
    numbered = _NUMBERED.fullmatch(text)
    if numbered is not None:
        word, number = numbered[1], float(numbered[2])
        if word is None:
            return Weight(number)
        return Bonus(number) if word == "bonus" else Cap(number)
    classes = dict(scheme.classes)
    if text in classes:
        return Weight(classes[text], text)
    hint = "write a number such as `3`, or must, never, cap 0.5, bonus 1, info"
    if classes:
        hint = f"the classes are: {', '.join(classes)}; or {hint}"
    return fail("E209", f"`{text}` is no weight and no mark", hint=hint)


def share_out(mark: Mark, given: Sequence[Mark | None]) -> tuple[Mark, ...]:
    """Give marks to the parts that have none, so that they come to ``mark``.

    Of a weight or bonus each has an equal share of what the others leave, to the
    fewest decimals; a gate or info is what each of them is.

    Raises RubricError (D112) if the others leave nothing.
    """
    missing = sum(part is None for part in given)
    if not isinstance(mark, Weight | Bonus):
        return tuple(part or mark for part in given)
    kind = type(mark)
    taken = sum(
        (_exact(part.value) for part in given if isinstance(part, Weight | Bonus)),
        start=Decimal(0),
    )
    rest = _exact(mark.value) - taken
    if missing and rest * _exact(mark.value) <= 0:
        message = f"the marks leave nothing of {mark.value:g} for the other parts"
        fail("D112", message, hint="give every part a mark, or smaller ones")
    shares = iter(_shares(rest, missing))
    return tuple(kind(next(shares)) if part is None else part for part in given)


def add_up(marks: Sequence[Mark]) -> Mark:
    """Give the mark of a criterion that takes the place of several.

    Raises RubricError (D112) if they are of several kinds.
    """
    first = marks[0]
    if all(mark == first for mark in marks) and not isinstance(first, Weight | Bonus):
        return first
    for kind in (Weight, Bonus):
        numbers = [mark.value for mark in marks if isinstance(mark, kind)]
        if len(numbers) == len(marks):
            return kind(float(sum(map(_exact, numbers), start=Decimal(0))))
    hint = "say which mark the merged criterion has: `mark`"
    return fail("D112", "the marks of the criteria to merge do not add up", hint=hint)


def _exact(number: float) -> Decimal:
    return Decimal(repr(float(number))).normalize()


def _shares(total: Decimal, count: int) -> list[float]:
    """Share a number out: equally if few decimals allow it, else nearly so."""
    if not count:
        return []
    exponent = total.as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    scales = range(decimals, decimals + _MORE_DECIMALS + 1)
    scale = next((s for s in scales if int(total.scaleb(s)) % count == 0), scales[-1])
    units = int(total.scaleb(scale))
    each, left = divmod(abs(units), count)
    if not each:
        message = f"{total:f} is too little for {count} parts"
        fail("D112", message, hint="give the parts marks of their own")
    sign = -1 if units < 0 else 1
    parts = [each + 1] * left + [each] * (count - left)
    return [float((sign * Decimal(part)).scaleb(-scale)) for part in parts]
