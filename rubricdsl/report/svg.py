"""Charts as SVG: scales, axes and marks, styled by the page alone.

A chart is as wide as its column; its text shrinks with it, so charts are drawn small,
for a telephone, and grow.  What a chart shows stands in a table beside it, too.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import floor, log10

from attrs import frozen

from rubricdsl.report.markup import Child, Element, h

HATCH = "hatch"
"""The id of the pattern that stands for what was not measured."""


@frozen
class Scale:
    """A stretch of numbers, laid on a stretch of the picture."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Give the place of a number; it may lie outside of the stretch."""
        width = self.high - self.low
        part = (value - self.low) / width if width else 0.5
        return self.start + part * (self.end - self.start)


def ticks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Give round numbers between two, at most ``most`` and at least one.

    Raises ValueError for fewer than two wanted.
    """
    if most < 2:  # noqa: PLR2004 - both ends
        raise ValueError(f"an axis has two ticks or more, not {most}")
    width = high - low
    if width <= 0:
        return (low,)
    power = 10 ** floor(log10(width / (most - 1)))
    step = next(
        power * factor
        for factor in (1, 2, 5, 10, 20)
        if width / (power * factor) <= most - 1
    )
    first = -floor(-low / step + 1e-9)
    last = floor(high / step + 1e-9)
    found = tuple(round(number * step, 12) for number in range(first, last + 1))
    return found or (low,)


@frozen(kw_only=True)
class Plot:
    """The room for a chart: its size, its margins and both of its scales."""

    width: float = 400
    height: float = 230
    left: float = 40
    right: float = 12
    top: float = 24
    bottom: float = 40
    x_low: float = 0.0
    x_high: float = 1.0
    y_low: float = 0.0
    y_high: float = 1.0

    @property
    def x(self) -> Scale:
        """From left to right."""
        return Scale(self.x_low, self.x_high, self.left, self.width - self.right)

    @property
    def y(self) -> Scale:
        """From bottom to top."""
        return Scale(self.y_low, self.y_high, self.height - self.bottom, self.top)

    def picture(self, label: str, *marks: Child) -> Element:
        """Give the chart; ``label`` is what it is called where it cannot be seen."""
        return h(
            "svg",
            *marks,
            class_="chart",
            viewBox=f"0 0 {self.width:g} {self.height:g}",
            role="img",
            aria_label=label,
        )

    def axes(
        self,
        x_label: str,
        y_label: str,
        *,
        x_ticks: Sequence[float] | None = None,
        percent: bool = False,
    ) -> Iterator[Element]:
        """Draw both axes, with lines across at the ticks of the upright one."""
        x, y = self.x, self.y
        for tick in ticks(self.y_low, self.y_high, 5):
            yield line(x.start, y(tick), x.end, y(tick), "grid")
            yield text(x.start - 6, y(tick) + 4, _tick(tick, percent), "tick end")
        for tick in ticks(self.x_low, self.x_high) if x_ticks is None else x_ticks:
            yield line(x(tick), y.start, x(tick), y.start + 4, "axis")
            yield text(x(tick), y.start + 17, _tick(tick), "tick middle")
        yield line(x.start, y.start, x.end, y.start, "axis")
        middle = (x.start + x.end) / 2
        yield text(middle, self.height - 5, x_label, "label middle")
        yield text(0, 11, y_label, "label")


def _tick(value: float, percent: bool = False) -> str:  # noqa: FBT001, FBT002
    return f"{value:.0%}" if percent else f"{value:g}".replace("-", "\u2212")


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Element:
    """Draw a straight line."""
    return h(
        "line", x1=place(x1), y1=place(y1), x2=place(x2), y2=place(y2), class_=class_
    )


def text(x: float, y: float, words: str, class_: str) -> Element:
    """Write words; ``middle`` and ``end`` in the class say what stands at ``x``."""
    return h("text", words, x=place(x), y=place(y), class_=class_)


def bar(  # noqa: PLR0913 - a rectangle has four sides
    x: float,
    y: float,
    width: float,
    height: float,
    class_: str,
    *,
    title: str | None = None,
    hatched: bool = False,
) -> Element:
    """Draw a rectangle, with a title for pointers; ``hatched`` is not measured."""
    return h(
        "rect",
        None if title is None else h("title", title),
        x=place(x),
        y=place(y),
        width=place(max(0.0, width)),
        height=place(max(0.0, height)),
        class_=class_,
        fill=f"url(#{HATCH})" if hatched else None,
    )


def curve(points: Iterable[tuple[float, float]], class_: str) -> Element:
    """Draw a line through points, in their order."""
    return h("polyline", points=_places(points), class_=class_)


def area(points: Iterable[tuple[float, float]], class_: str) -> Element:
    """Fill what is inside of points."""
    return h("polygon", points=_places(points), class_=class_)


def dot(x: float, y: float, radius: float, class_: str, title: str) -> Element:
    """Draw a disc, with a title for pointers."""
    return h(
        "circle",
        h("title", title),
        cx=place(x),
        cy=place(y),
        r=place(radius),
        class_=class_,
    )


def place(value: float) -> str:
    """Write a place, to a hundredth."""
    # A nought that was a little less has no sign.
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _places(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{place(x)},{place(y)}" for x, y in points)


def hatch_pattern() -> Element:
    """Give the pattern that all charts of a page refer to; once in a page."""
    return h(
        "svg",
        h(
            "defs",
            h(
                "pattern",
                h("rect", width=6, height=6, class_="hatch-ground"),
                h("line", x1=0, y1=0, x2=0, y2=6, class_="hatch-line"),
                id=HATCH,
                width=6,
                height=6,
                patternUnits="userSpaceOnUse",
                patternTransform="rotate(45)",
            ),
        ),
        class_="patterns",
        width=0,
        height=0,
        aria_hidden="true",
        focusable="false",
    )
