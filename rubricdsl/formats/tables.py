"""Results in a terminal: which response is best and why, criterion by criterion.

One block for each rubric and prompt: the responses in order of their scores, then
a matrix of verdicts with the best response on the left, then what puts it before
the next (`rubricdsl.formats.reasons`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from attrs import frozen

from rubricdsl.formats.marks import MISSING_LABEL, cell, group_cell, weight_text
from rubricdsl.formats.reasons import reasons
from rubricdsl.formats.terminal import Style, Tone, cut, left, right, width_of
from rubricdsl.model.scorecard import Scorecard, Status

_NO_SOURCES: Mapping[tuple[str, str], str] = MappingProxyType({})
_BAR_WIDTH = 10
_GAP = "  "
# Columns of the ranking: numbers before the bar, then texts of any length.
_BAR, _RESPONSE, _WRITER, _STATUS = 2, 3, 4, 5
_FREE = (_RESPONSE, _WRITER, _STATUS)
_LONGEST_LABEL = 10
_LEAST_CELL = 4
_RANK = {
    Status.COMPLETE: 0,
    Status.INCOMPLETE: 1,
    Status.UNDEFINED: 2,
    Status.SUSPECT: 3,
}


@frozen
class _Column:
    """A response of a block: its place in the order, its label, and its score."""

    place: int
    label: str
    card: Scorecard


def ranked(scorecards: Iterable[Scorecard]) -> list[Scorecard]:
    """Put the best first; those without a score last, in the order of what they may be.

    Equal scores stay in the order given.  Responses that were ranked already stay as
    they were, as far as that is certain.
    """
    return sorted(scorecards, key=_rank)


def _rank(card: Scorecard) -> tuple[int, float, float]:
    if card.standing is not None:
        return 0, card.standing.best, card.standing.worst
    low, high = card.interval or (0.0, 0.0)
    if card.score is not None:
        low = high = card.score
    return _RANK[card.status], -low, -high


def results_table(
    scorecards: Iterable[Scorecard],
    *,
    style: Style | None = None,
    sources: Mapping[tuple[str, str], str] = _NO_SOURCES,
    top: int | None = None,
) -> str:
    """Give the table as text with a final newline; empty without scorecards.

    ``sources`` names who wrote a response, by prompt id and response id.  With
    ``top``, only so many responses of each prompt are shown.
    """
    style = style or Style()
    blocks: dict[tuple[str, str, str], list[Scorecard]] = {}
    for card in scorecards:
        key = (card.rubric, card.rubric_digest, card.prompt_id)
        blocks.setdefault(key, []).append(card)
    texts = [
        "\n".join(line.rstrip() for line in _block(cards, style, sources, top))
        for cards in blocks.values()
    ]
    return "\n\n".join(texts) + "\n" if texts else ""


def _block(
    cards: Sequence[Scorecard],
    style: Style,
    sources: Mapping[tuple[str, str], str],
    top: int | None,
) -> Iterator[str]:
    shown = ranked(cards)[:top]
    columns = _columns(shown, style)
    yield from _title(cards, len(shown), style)
    yield ""
    yield from _ranking(columns, style, sources)
    yield ""
    yield from _matrix(columns, style)
    if len(columns) > 1:
        best, other = columns[0], _next(columns)
        lines = list(
            reasons(best.card, other.card, best.label, other.label, style=style)
        )
        if lines:
            yield ""
            yield from lines


def _columns(cards: Sequence[Scorecard], style: Style) -> list[_Column]:
    labels = [style.clean(card.response_id) for card in cards]
    if max(map(width_of, labels)) > _LONGEST_LABEL:
        labels = [f"#{place}" for place in range(1, len(cards) + 1)]
    numbered = enumerate(zip(labels, cards, strict=True), 1)
    return [_Column(place, label, card) for place, (label, card) in numbered]


def _next(columns: Sequence[_Column]) -> _Column:
    """Give the best of those that are worse than the best, or else its equal."""
    best = columns[0].card.score or 0.0
    scores = [column.card.score for column in columns]
    worse = (i for i, score in enumerate(scores) if score is not None and score < best)
    return columns[next(worse, 1)]


# --------------------------------------------------------------------- parts


def _title(cards: Sequence[Scorecard], shown: int, style: Style) -> Iterator[str]:
    card, symbols = cards[0], style.symbols
    count = f"{len(cards)} response{'s' if len(cards) > 1 else ''}"
    if shown < len(cards):
        count = f"{shown} of {count}"
    rubric = f"{card.rubric} {card.rubric_version or ''}".rstrip()
    parts = [style.clean(part) for part in (rubric, card.prompt_id, count)]
    width = style.width
    text = cut(f" {symbols.dot} ".join(parts), width, ellipsis=symbols.ellipsis)
    yield style.paint(text, Tone.STRONG)
    yield style.paint(symbols.line * width, Tone.FAINT)


def _ranking(
    columns: Sequence[_Column],
    style: Style,
    sources: Mapping[tuple[str, str], str],
) -> Iterator[str]:
    rows = [
        (
            _place_text(column, style),
            _score_text(column.card, style),
            _bar(column.card, style),
            style.clean(column.card.response_id),
            style.clean(sources.get(_key(column.card), "")),
            _status_text(column.card, style),
        )
        for column in columns
    ]
    head = ("#", "score", "", "response", "source", "status")
    widths = [_wanted("", texts) for texts in zip(head, *rows, strict=True)]
    if not any(row[_WRITER] for row in rows):
        widths[_WRITER] = 0
    _squeeze(widths, style.width - len(_GAP))
    yield style.paint(_row(head, widths, style), Tone.FAINT)
    for column, row in zip(columns, rows, strict=True):
        line = _row(row, widths, style)
        is_best = column.place == 1 and column.card.score is not None
        yield style.paint(line, Tone.STRONG) if is_best else line


def _key(card: Scorecard) -> tuple[str, str]:
    return card.prompt_id, card.response_id


def _squeeze(widths: list[int], room: int) -> None:
    """Narrow the columns of free text, the widest first, until all fit."""
    excess = sum(widths) + len(_GAP) * (sum(map(bool, widths)) - 1) - room
    for _ in range(excess):
        widest = max(_FREE, key=widths.__getitem__)
        widths[widest] = max(widths[widest] - 1, 1)


def _row(cells: Sequence[str], widths: Sequence[int], style: Style) -> str:
    fitted = [
        right(text, width)
        if number < _BAR
        else left(cut(text, width, ellipsis=style.symbols.ellipsis), width)
        for number, (text, width) in enumerate(zip(cells, widths, strict=True))
        if width
    ]
    return (_GAP + _GAP.join(fitted)).rstrip()


def _wanted(head: str, texts: Iterable[str]) -> int:
    return max(width_of(text) for text in (head, *texts))


def _place_text(column: _Column, style: Style) -> str:
    standing = column.card.standing
    if standing is None or standing.rank is not None:
        is_open = standing is not None and not standing.is_decided
        return f"{column.place}{'?' * is_open}"
    return f"{standing.best}{style.symbols.dash}{standing.worst}"


def _score_text(card: Scorecard, style: Style) -> str:
    if card.score is not None:
        return f"{card.score:.4f}"
    if card.status is Status.INCOMPLETE and card.interval is not None:
        low, high = card.interval
        if low == high:
            return f"{low:.4f}"
        return f"{low:.2f}{style.symbols.dash}{high:.2f}"
    return "n/a" if card.status is Status.UNDEFINED else MISSING_LABEL


def _bar(card: Scorecard, style: Style) -> str:
    symbols = style.symbols
    if card.score is None:
        return " " * _BAR_WIDTH
    filled = round(card.score * _BAR_WIDTH)
    return symbols.bar * filled + symbols.rest * (_BAR_WIDTH - filled)


def _status_text(card: Scorecard, style: Style) -> str:
    status = str(card.status)
    if card.status is Status.INCOMPLETE and _is_enough(card):
        status = "as far as needed"
    if card.passed is not None:
        status = "passed" if card.passed else "not passed"
    gates = ", ".join(style.clean(gate.name) for gate in card.gates)
    return f"{status} (gate {gates})" if gates else status


def _is_enough(card: Scorecard) -> bool:
    """Say whether nothing that was wanted is missing."""
    verdicts = [result.verdict for result in card.criteria]
    return any(not v.asked for v in verdicts) and all(
        v.failure is None for v in verdicts
    )


# -------------------------------------------------------------------- matrix


@frozen
class _Line:
    """A line of the matrix: a name, a weight, and a cell for each response."""

    name: str
    weight: str
    cells: tuple[tuple[str, Tone | None], ...]


def _matrix(columns: Sequence[_Column], style: Style) -> Iterator[str]:
    lines = list(_lines([column.card for column in columns], style))
    width = style.width
    weight_width = _wanted("weight", (line.weight for line in lines))
    labels = [column.label for column in columns]
    cell_width = max(_LEAST_CELL, *map(width_of, labels))
    room = width - weight_width - cell_width - 3 * len(_GAP)
    name_width = min(_wanted("criterion", (line.name for line in lines)), room)
    room = width - name_width - weight_width - 2 * len(_GAP)
    count = max(1, room // (cell_width + len(_GAP)))
    for start in range(0, len(columns), count):
        stop = start + count
        if start:
            yield ""
        head = [left("criterion", name_width), right("weight", weight_width)]
        head += [right(label, cell_width) for label in labels[start:stop]]
        yield style.paint(_GAP + _GAP.join(head), Tone.FAINT)
        for line in lines:
            name = cut(line.name, name_width, ellipsis=style.symbols.ellipsis)
            cells = [left(name, name_width), right(line.weight, weight_width)]
            for text, tone in line.cells[start:stop]:
                padded = right(text, cell_width)
                cells.append(style.paint(padded, tone) if tone else padded)
            yield _GAP + _GAP.join(cells).rstrip()


def _lines(cards: Sequence[Scorecard], style: Style) -> Iterator[_Line]:
    """Give the tree of the first scorecard, with the verdicts of all."""
    results = [{result.path: result for result in card.criteria} for card in cards]
    groups = [{group.path: group for group in card.groups} for card in cards]
    told: set[str] = set()
    for first in cards[0].criteria:
        for path in _above(first.path):
            if path in groups[0] and path not in told:
                told.add(path)
                group = groups[0][path]
                yield _Line(
                    _indented(group.path, group.name, style),
                    weight_text(group),
                    tuple(
                        group_cell(found.get(path), card, style)
                        for found, card in zip(groups, cards, strict=True)
                    ),
                )
        yield _Line(
            _indented(first.path, first.name, style),
            weight_text(first),
            tuple(cell(found.get(first.path), style) for found in results),
        )


def _above(path: str) -> list[str]:
    """Give the paths of the groups above a node, the outermost first."""
    names = path.split(".")
    return [".".join(names[:depth]) for depth in range(1, len(names))]


def _indented(path: str, name: str, style: Style) -> str:
    return "  " * path.count(".") + style.clean(name)
