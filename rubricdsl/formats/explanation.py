"""Why a response scored as it did, as plain data and as lines for a terminal."""

from collections.abc import Iterator, Sequence

from rubricdsl.analysis.explanation.explaining import (
    Comparison,
    Explanation,
    GateEffect,
    NodePart,
)
from rubricdsl.analysis.explanation.reweighing import SmallestChange, Step
from rubricdsl.analysis.explanation.suppositions import Improvement
from rubricdsl.analysis.explanation.turning import WeightTurn
from rubricdsl.formats.marks import MISSING_LABEL, mark_of
from rubricdsl.formats.reasons import reasons
from rubricdsl.formats.terminal import Style, Tone, cut, left, right, width_of
from rubricdsl.model.digest import Plain
from rubricdsl.model.ruling import Ruling
from rubricdsl.model.scorecard import Scorecard

_INDENT = "  "
_MOST_SHOWN = 8
# Below half of the last digit that is printed, a difference is none.
_VISIBLE = 0.5e-4


# ------------------------------------------------------------------------ JSON


def explanation_record(found: Explanation) -> dict[str, Plain]:
    """Give an explanation as plain data."""
    card = found.card
    improvements = found.improvements
    return {
        "rubric": card.rubric,
        "rubric_version": card.rubric_version,
        "rubric_digest": card.rubric_digest,
        "prompt_id": card.prompt_id,
        "response_id": card.response_id,
        "status": str(card.status),
        "score": card.score,
        "points": card.points,
        "passed": card.passed,
        "interval": None if card.interval is None else list(card.interval),
        "nodes": [_node_record(node) for node in found.nodes],
        "rest": found.rest,
        "gates": [
            {
                "name": effect.gate.name,
                "path": effect.gate.path,
                "mark": effect.gate.mark,
                "cap": effect.gate.cap,
                "without": effect.without,
            }
            for effect in found.gates
        ],
        "ungated": found.ungated,
        "improvements": None
        if improvements is None
        else [
            {
                "path": one.path,
                "before": one.before.record,
                "after": one.after.record,
                "score": one.score,
                "gain": one.gain,
            }
            for one in improvements
        ],
        "unknown": found.unknown,
        "comparison": None
        if found.comparison is None
        else _comparison_record(found.comparison),
    }


def _node_record(node: NodePart) -> dict[str, Plain]:
    return {
        "path": node.path,
        "name": node.name,
        "mark": node.mark,
        "group": node.is_group,
        "kind": node.kind,
        "verdict": _said(node.ruling),
        "error": None if node.failure is None else node.failure.kind,
        "value": node.value,
        "weight": node.weight,
        "share": node.share,
        "contribution": node.contribution,
        "reason": node.reason,
    }


def _said(ruling: Ruling | None) -> str | float | None:
    return None if ruling is None else ruling.record


def _comparison_record(found: Comparison) -> dict[str, Plain]:
    change = found.change
    return {
        "other": found.other.response_id,
        "other_score": found.other.score,
        "difference": found.difference,
        "parts": [
            {
                "path": part.best.path,
                "verdict": _said(part.best.verdict.ruling),
                "other_verdict": _said(part.other.verdict.ruling),
                "difference": part.difference,
            }
            for part in found.parts
        ],
        "rest": found.rest,
        "turns": [
            {
                "path": turn.path,
                "weight": turn.weight,
                "meets": turn.meets,
                "whole": turn.whole,
            }
            for turn in found.turns
        ],
        "change": None
        if change is None
        else {
            "total": change.total,
            "steps": _step_records(change.steps),
            "whole": None if change.whole is None else _step_records(change.whole),
        },
        "unknown": found.unknown,
        "unturnable": found.unturnable,
    }


def _step_records(steps: Sequence[Step]) -> list[Plain]:
    return [
        {"path": step.path, "before": step.before, "after": step.after}
        for step in steps
    ]


# ------------------------------------------------------------------------ text


def explanation_lines(found: Explanation, style: Style) -> Iterator[str]:
    """Give an explanation as lines for people."""
    yield from _title(found.card, style)
    yield from _gate_lines(found, style)
    yield ""
    yield from _tree(found, style)
    if found.rest is not None and abs(found.rest) >= _VISIBLE:
        yield f"{_INDENT}{found.rest:+.4f}  {_rest_of(found)}"
    yield ""
    if found.improvements is not None:
        yield from _improvement_lines(
            found.improvements, style, gated=bool(found.gates)
        )
    elif found.unknown is not None:
        yield from _unknown("What one better verdict is worth", found.unknown, style)
    if found.comparison is not None:
        yield ""
        yield from _comparison_lines(found.card, found.comparison, style)


def _title(card: Scorecard, style: Style) -> Iterator[str]:
    symbols = style.symbols
    rubric = f"{card.rubric} {card.rubric_version or ''}".rstrip()
    parts = [style.clean(part) for part in (rubric, card.prompt_id, card.response_id)]
    text = cut(f" {symbols.dot} ".join(parts), style.width, ellipsis=symbols.ellipsis)
    yield style.paint(text, Tone.STRONG)
    yield style.paint(symbols.line * style.width, Tone.FAINT)
    if card.score is None:
        text = f"no score: {card.status}"
        if card.interval is not None:
            low, high = card.interval
            text += f", between {low:.4f} and {high:.4f} by what is known"
    else:
        text = f"score {card.score:.4f}"
    if card.passed is not None:
        text += ", passed" if card.passed else ", not passed"
    if card.points is not None:
        text += f", {card.points:g} point{'' if card.points == 1 else 's'}"
    yield text


def _gate_lines(found: Explanation, style: Style) -> Iterator[str]:
    for effect in found.gates:
        yield cut(_gate(effect, style), style.width, ellipsis=style.symbols.ellipsis)
    if len(found.gates) > 1 and found.ungated is not None:
        yield f"without any of these gates: {found.ungated:.4f}"


def _gate(effect: GateEffect, style: Style) -> str:
    gate = effect.gate
    group, _, _ = gate.path.rpartition(".")
    what = f"`{style.clean(group)}`" if group else "the score"
    text = f"gate {style.clean(gate.path)} ({gate.mark}) holds {what} at {gate.cap:g}"
    text += " or less" if gate.cap else ""
    if effect.without is not None:
        text += f"; without it: {effect.without:.4f}"
    return text


def _rest_of(found: Explanation) -> str:
    """Say what makes the score another than the sum of its parts."""
    if found.gates:
        return "gates that fired, and clipping to the range from 0 to 1"
    return "clipping to the range from 0 to 1"


_HEAD = ("criterion", "weight", "share", "verdict", "brings")


def _tree(found: Explanation, style: Style) -> Iterator[str]:
    rows = [_HEAD, *(_row(node, style) for node in found.nodes)]
    widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    rest = sum(widths[1:]) + len(_INDENT) * len(widths)
    widths[0] = max(8, min(widths[0], style.width - rest))
    for number, row in enumerate(rows):
        name = cut(row[0], widths[0], ellipsis=style.symbols.ellipsis)
        cells = [left(name, widths[0])]
        cells += [
            right(text, width) for text, width in zip(row[1:], widths[1:], strict=True)
        ]
        line = (_INDENT + _INDENT.join(cells)).rstrip()
        yield style.paint(line, Tone.FAINT) if not number else line


def _row(node: NodePart, style: Style) -> tuple[str, ...]:
    name = "  " * node.path.count(".") + style.clean(node.name)
    if node.kind not in {None, "mean"}:
        name += f" ({node.kind})"
    weight = node.mark
    if node.weight is not None:
        weight = f"{'+' if node.mark == 'bonus' else ''}{node.weight:g}"
    return (
        name,
        weight,
        "" if node.share is None else f"{node.share:.1%}",
        _verdict(node, style),
        "" if node.contribution is None else f"{node.contribution:+.4f}",
    )


def _verdict(node: NodePart, style: Style) -> str:
    if node.is_group:
        return MISSING_LABEL if node.value is None else f"{node.value:.2f}"
    if node.ruling is not None:
        return mark_of(node.ruling, style)
    return "not asked" if node.failure is None else node.failure.kind


def _improvement_lines(
    improvements: Sequence[Improvement], style: Style, *, gated: bool
) -> Iterator[str]:
    yield style.paint("What one better verdict is worth", Tone.STRONG)
    helping = [one for one in improvements if one.gain]
    shown = helping[:_MOST_SHOWN]
    width = max((width_of(style.clean(one.path)) for one in shown), default=0)
    for one in shown:
        text = (
            f"{one.gain:+.4f}  {left(style.clean(one.path), width)}  "
            f"{one.after} for {one.before}: {one.score:.4f}"
        )
        yield _INDENT + cut(
            text, style.width - len(_INDENT), ellipsis=style.symbols.ellipsis
        )
    if more := len(helping) - len(shown):
        yield f"{_INDENT}and {more} more, each worth no more"
    if idle := len(improvements) - len(helping):
        what = "verdict" if idle == 1 else "verdicts"
        what = f"other {what}" if helping else what
        why = ", while a gate holds the score" if gated else ""
        yield f"{_INDENT}{idle} {what} would change nothing alone{why}"
    if not improvements:
        yield f"{_INDENT}nothing: every verdict is the best that it can be"


def _unknown(head: str, reason: str, style: Style) -> Iterator[str]:
    yield style.paint(head, Tone.STRONG)
    yield f"{_INDENT}not known: {reason}"


# ------------------------------------------------------------------- two of them


def _comparison_lines(
    card: Scorecard, found: Comparison, style: Style
) -> Iterator[str]:
    best, other = card, found.other
    if found.difference < 0:
        best, other = other, best
    names = style.clean(best.response_id), style.clean(other.response_id)
    yield from reasons(best, other, *names, style=style)
    yield ""
    head = f"What change of weights puts {names[1]} before {names[0]}"
    if found.unknown is not None:
        yield from _unknown(head, found.unknown, style)
        return
    yield style.paint(head, Tone.STRONG)
    if found.unturnable is not None:
        yield f"{_INDENT}none: {found.unturnable}"
        return
    yield from _turn_lines(found.turns, style)
    if found.change is not None:
        yield from _change_lines(found.change, style)


def _turn_lines(turns: Sequence[WeightTurn], style: Style) -> Iterator[str]:
    if not turns:
        yield f"{_INDENT}no weight alone"
        return
    yield f"{_INDENT}one weight alone, the smallest change first:"
    shown = turns[:_MOST_SHOWN]
    width = max(width_of(style.clean(turn.path)) for turn in shown)
    for turn in shown:
        side = "over" if turn.change > 0 else "under"
        whole = "" if turn.whole is None else f", as a whole number {turn.whole}"
        path = left(style.clean(turn.path), width)
        yield f"{_INDENT * 2}{path}  {turn.weight:g}: {side} {turn.meets:.4g}{whole}"
    if more := len(turns) - len(shown):
        yield f"{_INDENT * 2}and {more} more"


def _change_lines(change: SmallestChange, style: Style) -> Iterator[str]:
    yield (
        f"{_INDENT}the least change of shares in all, a little over {change.total:.4f}:"
    )
    for step in change.steps:
        path = style.clean(step.path)
        yield f"{_INDENT * 2}{path}  {step.before:.4f} to {step.after:.4f}"
    if change.whole is not None:
        steps = ", ".join(
            f"{style.clean(step.path)} {step.before:g} to {step.after:g}"
            for step in change.whole
        )
        yield f"{_INDENT}the least change in whole steps: {steps}"
