"""Charts of one number against another: curves with bands, and points on a diagonal."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from rubricdsl.report.markup import Element
from rubricdsl.report.svg import Plot, area, curve, dot, line, text
from rubricdsl.report.wording import number


@frozen
class CurvePoint:
    """A point of a curve, the interval in which it lies, and the best there could be.

    What is not known is None.
    """

    x: float
    y: float
    low: float | None
    high: float | None
    best: float | None = None


def banded_curve(
    points: Sequence[CurvePoint],
    *,
    labels: tuple[str, str],
    turn: float | None = None,
    heights: tuple[float, float] | None = None,
) -> Element:
    """Draw a curve in its band, the best there could be above, and where it turns.

    ``labels`` are those of both axes, ``heights`` the ends of the upright one where
    they shall not be those of the curve.
    """
    tops = [point.best or point.y for point in points]
    lows = [point.y if point.low is None else point.low for point in points]
    highs = [point.high or point.y for point in points]
    low, high = heights or (min(*lows, 0.5), max(*tops, *highs, 0.75))
    plot = Plot(x_high=max(point.x for point in points) or 1.0, y_low=low, y_high=high)
    x, y = plot.x, plot.y
    known = [point for point in points if point.low is not None]
    above = [(x(point.x), y(point.high or point.y)) for point in known]
    below = [(x(point.x), y(point.low or point.y)) for point in known]
    best = [(x(point.x), y(point.best)) for point in points if point.best is not None]
    return plot.picture(
        f"{labels[1]} by {labels[0]}",
        *plot.axes(*labels),
        area([*above, *reversed(below)], "band") if known else None,
        curve(best, "curve other") if best else None,
        curve([(x(point.x), y(point.y)) for point in points], "curve"),
        None if turn is None else line(x(turn), y.start, x(turn), y.end, "middle-line"),
    )


@frozen
class Share:
    """How often something was true of ``count`` things that were called so likely."""

    called: float
    true: float
    count: int


def reliability_diagram(shares: Sequence[Share]) -> Element:
    """Draw how often yes was true against how likely it was called.

    On the diagonal a judge is right about how sure it is; the larger a dot, the more
    verdicts it stands for.
    """
    plot = Plot(width=300, height=300, left=44)
    return plot.picture(
        "Calibration: how often yes was true against how likely it was called",
        *plot.axes("called likely", "true"),
        line(plot.x(0), plot.y(0), plot.x(1), plot.y(1), "guide"),
        text(plot.x(0.98), plot.y(0.62), "as sure as right", "tick end"),
        *_dots(plot, shares),
    )


def _dots(plot: Plot, shares: Sequence[Share]) -> Iterator[Element]:
    most = max((one.count for one in shares), default=1)
    for one in shares:
        title = (
            f"called {number(one.called, 2)}, true {number(one.true, 2)}, "
            f"{one.count:,} verdicts"
        )
        radius = 3 + 6 * (one.count / most) ** 0.5
        yield dot(plot.x(one.called), plot.y(one.true), radius, "bar", title)
