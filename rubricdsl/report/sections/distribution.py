"""How scores are spread; what was not measured stands apart and is never 0."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from rubricdsl.report.frame import Column, note, opened, section, table
from rubricdsl.report.markup import Element, h
from rubricdsl.report.svg import Plot, bar, line, text
from rubricdsl.report.wording import number, of, several

BINS = 20
_GAP = 14.0
_APART = 34.0


@frozen
class Distribution:
    """Scores in [0, 1], and how many responses have none."""

    scores: tuple[float, ...]
    unmeasured: int

    @property
    def counts(self) -> tuple[int, ...]:
        """How many scores are in each of `BINS` equal parts; the last holds 1."""
        found = [0] * BINS
        for score in self.scores:
            # A score that is a border but for rounding belongs above it.
            found[min(BINS - 1, int(score * BINS + 1e-9))] += 1
        return tuple(found)


def distribution(found: Distribution) -> Element:
    """Show how scores are spread."""
    measured = len(found.scores)
    total = measured + found.unmeasured
    return section(
        "scores",
        "Scores",
        note(
            "How many responses have which score. ",
            of(measured, total),
            " were measured",
            "; the others stand apart, hatched." if found.unmeasured else ".",
        ),
        h("figure", _chart(found, several(total, "response"))),
        opened("The numbers", _numbers(found)),
    )


def _chart(found: Distribution, what: str) -> Element:
    most = max(*found.counts, found.unmeasured, 1)
    right = 12.0 + (_GAP + _APART if found.unmeasured else 0)
    plot = Plot(y_high=float(most), right=right)
    return plot.picture(
        f"Distribution of the scores of {what}",
        *plot.axes("score", "responses"),
        *_bars(plot, found.counts),
        *_apart(plot, found.unmeasured),
    )


def _bars(plot: Plot, counts: Sequence[int]) -> Iterator[Element]:
    x, y = plot.x, plot.y
    width = (x.end - x.start) / BINS
    for place, count in enumerate(counts):
        if count:
            start, top = x.start + place * width, y(count)
            title = f"{_range(place)}: {several(count, 'response')}"
            yield bar(start + 0.75, top, width - 1.5, y.start - top, "bar", title=title)


def _apart(plot: Plot, count: int) -> Iterator[Element]:
    if not count:
        return
    y = plot.y
    start, top = plot.x.end + _GAP, y(count)
    title = f"not measured: {several(count, 'response')}"
    yield bar(
        start, top, _APART, y.start - top, "unmeasured", title=title, hatched=True
    )
    yield line(start, y.start, start + _APART, y.start, "axis")
    yield text(start + _APART, y.start + 17, "none", "tick end")


def _numbers(found: Distribution) -> Element:
    columns = [Column("Score"), Column("Responses", is_number=True)]
    rows = [
        (_range(place), f"{count:,}")
        for place, count in enumerate(found.counts)
        if count
    ]
    rows.append(("not measured", f"{found.unmeasured:,}"))
    return table("Responses by score", columns, rows)


def _range(place: int) -> str:
    last = place == BINS - 1
    bracket = "]" if last else ")"
    return f"[{number(place / BINS, 2)}, {number((place + 1) / BINS, 2)}{bracket}"
