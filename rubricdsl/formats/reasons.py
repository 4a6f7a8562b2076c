"""What puts one response before another: criteria, gates, and the rest.

The parts are those of `rubricdsl.analysis.explanation.differences`.
"""

from collections.abc import Iterator
from math import fsum

from rubricdsl.analysis.explanation.differences import Part, parts
from rubricdsl.formats.marks import cell
from rubricdsl.formats.terminal import Style, Tone, cut, left, width_of
from rubricdsl.model.scorecard import Gate, Scorecard

_MOST_SHOWN = 8
_MOST_QUOTED = 3
# Below half of the last digit that is printed, a difference is none.
_VISIBLE = 0.5e-4
_INDENT = "  "


def reasons(
    best: Scorecard,
    other: Scorecard,
    best_label: str,
    other_label: str,
    *,
    style: Style,
) -> Iterator[str]:
    """Give lines that say why ``best`` is before ``other``; none without two scores."""
    if best.score is None or other.score is None:
        return
    gap = best.score - other.score
    scores = f"{best.score:.4f} against {other.score:.4f}"
    if gap < _VISIBLE:
        head = f"{best_label} and {other_label} score the same: {scores}"
    else:
        head = f"Why {best_label} is ahead of {other_label}: {scores} (+{gap:.4f})"
    if best.points is not None and other.points is not None:
        points = f", {best.points:g} against {other.points:g} points"
        if width_of(head + points) <= style.width:
            head += points
    ellipsis = style.symbols.ellipsis
    yield style.paint(cut(head, style.width, ellipsis=ellipsis), Tone.STRONG)
    differing = parts(best, other)
    yield from _part_lines(differing, best_label, other_label, style)
    for gate, label in _gates(best, best_label, other, other_label):
        yield cut(_gate_line(gate, label, style), style.width, ellipsis=ellipsis)
    rest = gap - fsum(part.difference for part in differing)
    if abs(rest) >= _VISIBLE:
        line = f"{_INDENT}{rest:+.4f}  n/a, gates, clipping and kinds of groups"
        yield cut(line, style.width, ellipsis=ellipsis)


def _part_lines(
    differing: list[Part], best_label: str, other_label: str, style: Style
) -> Iterator[str]:
    shown = differing[:_MOST_SHOWN]
    names = [style.clean(part.best.path) for part in shown]
    name_width = min(max(map(width_of, names), default=0), style.width // 2)
    ellipsis = style.symbols.ellipsis
    for number, (part, name) in enumerate(zip(shown, names, strict=True)):
        marks = [cell(result, style)[0] for result in (part.best, part.other)]
        text = (
            f"{part.difference:+.4f}  "
            f"{left(cut(name, name_width, ellipsis=ellipsis), name_width)}  "
            f"{left(f'{marks[0]} against {marks[1]}', 13)}"
        )
        if part.points is not None:
            text += f"  {part.points:+g} point{'' if abs(part.points) == 1 else 's'}"
        tone = Tone.GOOD if part.difference > 0 else Tone.BAD
        yield _INDENT + style.paint(
            cut(text, style.width - len(_INDENT), ellipsis=ellipsis), tone
        )
        if number < _MOST_QUOTED and (quote := _quote(part, best_label, other_label)):
            line = cut(style.clean(quote), style.width - 11, ellipsis=ellipsis)
            yield " " * 11 + style.paint(line, Tone.FAINT)
    if hidden := differing[_MOST_SHOWN:]:
        rest = fsum(part.difference for part in hidden)
        yield f"{_INDENT}{rest:+.4f}  {len(hidden)} more"


def _quote(part: Part, best_label: str, other_label: str) -> str | None:
    """Give what a judge said for the verdict that makes the difference."""
    sides = [(part.best, best_label), (part.other, other_label)]
    for result, label in sides if part.difference > 0 else sides[::-1]:
        if result.verdict.evidence:
            return f'{label}: "{result.verdict.evidence}"'
        if result.verdict.reason:
            return f"{label}: {result.verdict.reason}"
    return None


def _gates(
    best: Scorecard, best_label: str, other: Scorecard, other_label: str
) -> Iterator[tuple[Gate, str]]:
    """Give the gates that fired for just one of the two."""
    sides = ((best, best_label, other), (other, other_label, best))
    for card, label, opposite in sides:
        fired = {gate.path for gate in opposite.gates}
        for gate in card.gates:
            if gate.path not in fired:
                yield gate, label


def _gate_line(gate: Gate, label: str, style: Style) -> str:
    group, _, _ = gate.path.rpartition(".")
    what = f"`{style.clean(group)}` of {label}" if group else label
    name = style.clean(gate.name)
    return f"{_INDENT}gate {name} ({gate.mark}): {what} is worth at most {gate.cap:g}"
