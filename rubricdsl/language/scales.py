"""How a criterion is answered: yes, partly and no, or levels."""

from itertools import pairwise

from rubricdsl.language.fields import Fields
from rubricdsl.model.rubric import AnswerScale, Level, LevelScale, Scale
from rubricdsl.model.source import Span

#: A scale with more steps is a mistake; a check can measure as finely as it likes.
MAX_STEPS = 1_000

_ANSWERS = frozenset({"yes", "partly", "no"})
_YES_OR_NO = AnswerScale()


def read_scale(fields: Fields, levels: list[Level], span: Span) -> Scale:
    """Read the scale of the criterion that stands at ``span``."""
    answers = _answers(fields)
    ends = _ends(fields, span)
    if not levels and ends is None:
        return answers or _YES_OR_NO
    if answers is not None:
        hint = "leave `answers` out; each level is an answer"
        message = "a criterion has `answers` or levels, not both"
        fields.report("E420", message, fields.entries["answers"].span, hint)
    numbers = [level.number for level in levels]
    if ends is None and len(levels) < 2 and "levels" not in fields.entries:  # noqa: PLR2004 - two make a scale
        _report_levels(fields, "a scale needs at least two levels", span)
    elif any(a >= b for a, b in pairwise(numbers)):
        _report_levels(fields, "the levels do not rise", span)
    if ends is None and not levels:
        return _YES_OR_NO
    low, high = ends or (min(numbers), max(numbers))
    for level in levels:
        if not low <= level.number <= high:
            message = f"level {level.number:g} is not in {low:g} to {high:g}"
            hint = "change the level, or the range in `levels:`"
            fields.report("E411", message, level.span, hint)
    return LevelScale(low, high, tuple(levels), stated=ends is not None)


def _report_levels(fields: Fields, message: str, span: Span) -> None:
    hint = "list the levels from worst to best: `level 0: …`, `level 1: …`"
    fields.report("E404", message, span, hint)


def _answers(fields: Fields) -> AnswerScale | None:
    names = fields.names("answers")
    if names is None:
        return None
    if len(names) < 2 or len(set(names)) < len(names) or not set(names) <= _ANSWERS:  # noqa: PLR2004
        fields.wrong_type(fields.entries["answers"], "two or more of yes, partly, no")
        return None
    return AnswerScale(names)


def _ends(fields: Fields, span: Span) -> tuple[float, float] | None:
    entry = fields.entries.get("levels")
    if entry is None:
        return None
    only = entry.values.only
    if only is None or only.form != "range" or not isinstance(only.value, tuple):
        fields.wrong_type(entry, "a range such as `0 to 4`")
        return None
    low, high = only.value
    if low >= high:
        _report_levels(fields, "the range of levels does not rise", span)
        return None
    if high - low > MAX_STEPS:
        fields.wrong_type(entry, f"a range such as `0 to 4`, of {MAX_STEPS:,} at most")
        return None
    return float(low), float(high)
