"""Charts: scales, round ticks, and marks where they belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.report.svg import Plot, Scale, bar, curve, place, ticks

NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, st.floats(1e-6, 1e6), st.integers(2, 12))
def test_ticks_are_few_round_and_between(low: float, width: float, most: int) -> None:
    high = low + width
    found = ticks(low, high, most)
    assert 1 <= len(found) <= most
    assert list(found) == sorted(found)
    slack = 1e-8 * max(abs(low), abs(high), 1)
    assert all(low - slack <= tick <= high + slack for tick in found)


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0, 1, 6, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        (0, 17, 5, (0, 5, 10, 15)),
        (-1, 1, 5, (-1, -0.5, 0, 0.5, 1)),
        (3, 3, 5, (3,)),
    ],
)
def test_usual_axes(low, high, most, expected) -> None:
    assert ticks(low, high, most) == pytest.approx(expected)


def test_an_axis_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="two ticks"):
        ticks(0, 1, 1)


@given(NUMBERS, NUMBERS)
def test_the_ends_of_a_scale_are_the_ends_of_the_picture(low, high) -> None:
    scale = Scale(low, high, 10, 110)
    if low == high:
        assert scale(low) == 60
    else:
        assert scale(low) == pytest.approx(10)
        assert scale(high) == pytest.approx(110)


def test_marks_are_written_short_and_without_styles() -> None:
    drawn = bar(1.23456, 2, -3, 4, "unmeasured", title="<none>", hatched=True).html()
    assert drawn == (
        '<rect x="1.23" y="2" width="0" height="4" class="unmeasured" '
        'fill="url(#hatch)"><title>&lt;none&gt;</title></rect>'
    )
    line = curve([(0, 1), (2.5, -0.001)], "curve").html()
    assert line == '<polyline points="0,1 2.5,0" class="curve"></polyline>'
    assert place(1234567.891) == "1234567.89"


def test_a_picture_is_called_something_where_it_cannot_be_seen() -> None:
    plot = Plot(y_high=3)
    drawn = plot.picture("Scores", *plot.axes("score", "responses")).html()
    assert drawn.startswith('<svg class="chart" viewBox="0 0 400 230" role="img"')
    assert 'aria-label="Scores"' in drawn
    assert ">0.2</text>" in drawn
    assert ">responses</text>" in drawn
