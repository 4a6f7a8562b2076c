"""Verdicts and weights as short marks, and whether they are good news."""

from rubricdsl.formats.terminal import Style, Tone
from rubricdsl.model.ruling import Ruling, RulingWord
from rubricdsl.model.scorecard import CriterionResult, GroupResult, Scorecard, Status

MISSING_LABEL = "?"


def cell(result: CriterionResult | None, style: Style) -> tuple[str, Tone | None]:
    """Give the mark of a verdict, and its tone."""
    if result is None:
        return "", None
    ruling = result.verdict.ruling
    if not result.verdict.asked:
        return style.symbols.dot, Tone.FAINT
    if ruling is None:
        return style.symbols.missing, Tone.DOUBTFUL
    return mark_of(ruling, style), _tone(result)


def mark_of(ruling: Ruling, style: Style) -> str:
    """Give the mark of a ruling: a sign, a level, or a number."""
    symbols = style.symbols
    match ruling.word:
        case RulingWord.YES:
            return symbols.yes
        case RulingWord.NO:
            return symbols.no
        case RulingWord.PARTLY:
            return symbols.partly
        case RulingWord.NA:
            return symbols.na
        case RulingWord.LEVEL:
            return f"{ruling.number:g}"
        case RulingWord.NUMBER:
            return f"{ruling.number:.2f}"


def group_cell(
    result: GroupResult | None, card: Scorecard, style: Style
) -> tuple[str, Tone | None]:
    """Give the value of a group, which is n/a or not known where there is none."""
    if result is None:
        return "", None
    if result.value is not None:
        return f"{result.value:.2f}", Tone.FAINT
    is_known = card.status in {Status.COMPLETE, Status.UNDEFINED}
    return style.symbols.na if is_known else style.symbols.missing, Tone.FAINT


def weight_text(result: CriterionResult | GroupResult) -> str:
    """Give the weight as a rubric writes it, or the mark in its place."""
    if result.weight is None or result.mark not in {"weight", "bonus"}:
        return result.mark
    sign = "+" if result.mark == "bonus" else ""
    return f"{sign}{result.weight:g}"


def _tone(result: CriterionResult) -> Tone | None:
    if result.value is None or result.mark == "info":
        return None
    hurts = result.mark == "never" or (result.weight or 0) < 0
    merit = 1 - result.value if hurts else result.value
    if merit >= 1:
        return Tone.GOOD
    return Tone.BAD if merit <= 0 else Tone.DOUBTFUL
