"""Two runs side by side: what moved, by how much, and in which criteria."""

from collections.abc import Iterator, Sequence

from rubricdsl.model.ruling import Ruling
from rubricdsl.report.frame import Column, Figure, figures, note, opened, section, table
from rubricdsl.report.markup import Child, Element, h
from rubricdsl.report.run_comparison import CriterionMove, RunComparison, ScorePair
from rubricdsl.report.svg import Plot, bar, line
from rubricdsl.report.wording import (
    NONE,
    among,
    count,
    interval,
    number,
    of,
    percent,
    several,
    signed,
    written_path,
)
from rubricdsl.scoring.leaves import TOLERANCE

_MOST_SHOWN = 100
_BINS = 21


def comparison(found: RunComparison) -> Element:
    """Compare two runs."""
    first, second = found.names
    return section(
        "comparison",
        "Comparison",
        note(
            "From ",
            written_path(first),
            " to ",
            written_path(second),
            ", matched by the ids of prompts and responses. A difference is the second "
            "less the first.",
        ),
        figures(_figures(found)),
        h("figure", _chart(found.differences)) if found.differences else None,
        _criteria(found),
        _responses(found),
        _verdicts(found),
    )


def _figures(found: RunComparison) -> Iterator[Figure]:
    differences = found.differences
    both = of(len(differences), len(found.pairs))
    yield Figure("Mean difference", interval(found.mean), both)
    higher = sum(one > TOLERANCE for one in differences)
    lower = sum(one < -TOLERANCE for one in differences)
    yield Figure("Scored higher", count(higher), both)
    yield Figure("Scored lower", count(lower), both)
    changed = len(found.changed)
    share = changed / found.verdicts if found.verdicts else None
    basis = among(changed, found.verdicts)
    yield Figure("Verdicts changed", percent(share, 1), basis)
    alone = f"{count(found.only_first)} and {count(found.only_second)}"
    yield Figure("In one run only", alone, None)


def _chart(differences: Sequence[float]) -> Element:
    counts = [0] * _BINS
    for one in differences:
        # The middle bin holds what is as it was, and differences near to that.
        counts[min(_BINS - 1, int((one + 1) / 2 * _BINS))] += 1
    plot = Plot(x_low=-1, y_high=float(max(counts)))
    x, y = plot.x, plot.y
    width = (x.end - x.start) / _BINS
    bars = [
        bar(
            x.start + place * width + 0.75,
            y(found),
            width - 1.5,
            y.start - y(found),
            "bar",
            title=f"{_range(place)}: {several(found, 'response')}",
        )
        for place, found in enumerate(counts)
        if found
    ]
    return plot.picture(
        f"Distribution of {several(len(differences), 'difference')} of scores",
        *plot.axes("difference of scores", "responses", x_ticks=(-1, -0.5, 0, 0.5, 1)),
        *bars,
        line(x(0), y.start, x(0), y.end, "middle-line"),
    )


def _range(place: int) -> str:
    step = 2 / _BINS
    return f"{signed(place * step - 1)} to {signed((place + 1) * step - 1)}"


def _criteria(found: RunComparison) -> Element:
    columns = [
        Column("Criterion"),
        Column("Before", is_number=True),
        Column("After", is_number=True),
        Column("Difference", is_number=True),
        Column("Measured in both", is_number=True),
        Column("Rose", is_number=True),
        Column("Fell", is_number=True),
        Column("Lost", is_number=True, hint="measured in the first run only"),
        Column("Won", is_number=True, hint="measured in the second run only"),
    ]
    moves = sorted(found.criteria, key=lambda move: -abs(_moved(move) or 0.0))
    rows: list[Sequence[Child]] = [_criterion_row(move) for move in moves]
    rows += [_lone_row(path, "gone") for path in found.gone]
    rows += [_lone_row(path, "new") for path in found.new]
    return table("Criteria, those that moved most first", columns, rows, sortable=True)


def _moved(move: CriterionMove) -> float | None:
    if move.before is None or move.after is None:
        return None
    return move.after - move.before


def _criterion_row(move: CriterionMove) -> list[Child]:
    counts = (move.rose, move.fell, move.lost, move.won)
    return [
        written_path(move.path),
        percent(move.before),
        percent(move.after),
        signed(_moved(move)),
        of(move.both, move.responses),
        *map(count, counts),
    ]


def _lone_row(path: str, word: str) -> list[Child]:
    name = h("span", written_path(path), f" ({word})")
    return [name, *[NONE] * 8]


def _responses(found: RunComparison) -> Element | None:
    moved = [
        pair
        for pair in found.pairs
        if pair.before != pair.after and not _is_same(pair.difference)
    ]
    if not moved:
        return note("No score is another.")
    moved.sort(key=_size, reverse=True)
    rows = [
        (
            pair.response_id,
            pair.prompt_id,
            number(pair.before),
            number(pair.after),
            signed(pair.difference, 3),
            count(pair.changed),
        )
        for pair in moved[:_MOST_SHOWN]
    ]
    columns = [
        Column("Response"),
        Column("Prompt"),
        Column("Before", is_number=True),
        Column("After", is_number=True),
        Column("Difference", is_number=True),
        Column("Verdicts changed", is_number=True),
    ]
    caption = f"Responses of another score, {_shown(len(rows), len(moved))}"
    return table(caption, columns, rows, sortable=True)


def _is_same(difference: float | None) -> bool:
    return difference is not None and abs(difference) <= TOLERANCE


def _size(pair: ScorePair) -> float:
    """Put those that lost or won a score first: they cannot be compared."""
    return 2.0 if pair.difference is None else abs(pair.difference)


def _verdicts(found: RunComparison) -> Element | None:
    if not found.changed:
        return note("No verdict is another.")
    rows = [
        (
            one.response_id,
            one.prompt_id,
            written_path(one.path),
            f"{_ruling(one.before)} → {_ruling(one.after)}",
        )
        for one in found.changed[:_MOST_SHOWN]
    ]
    columns = [
        Column("Response"),
        Column("Prompt"),
        Column("Criterion"),
        Column("Verdict"),
    ]
    caption = f"Changed verdicts, {_shown(len(rows), len(found.changed))}"
    return opened(caption, table(caption, columns, rows, sortable=True))


def _shown(shown: int, total: int) -> str:
    return f"{total:,}" if shown == total else f"{shown:,} of {total:,}"


def _ruling(ruling: Ruling | None) -> str:
    return "not measured" if ruling is None else str(ruling)
