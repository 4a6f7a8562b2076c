"""What is shown of a run under way, on a terminal and elsewhere."""

import io

import pytest
from attrs import evolve

from rubricdsl.cli.progress import ProgressView, progress_text
from rubricdsl.model.events import Progress

HALFWAY = Progress(
    sent=120,
    in_flight=8,
    waiting=40,
    retries=3,
    verdicts=400,
    cached=100,
    failures={"rate_limited": 2, "transport_timeout": 9},
    tokens=10_000,
    cost=0.25,
    scored=50,
    jobs=100,
    seconds=60.0,
    paused=("openai:m",),
)


def test_a_line_says_all_that_one_watches_for() -> None:
    text = progress_text(HALFWAY)
    for part in (
        "50/100 responses",
        "1 min left",
        "120 calls (2/s)",
        "8 in flight",
        "25% known",
        "3 retries",
        "11 missing (transport_timeout 9, rate_limited 2)",
        "cost 0.25",
        "waiting for openai:m",
    ):
        assert part in text


@pytest.mark.parametrize("changes", [{"scored": 0}, {"scored": 100}, {"seconds": 1.0}])
def test_no_guess_at_the_time_left_where_it_would_be_worth_nothing(changes) -> None:
    assert "left" not in progress_text(evolve(HALFWAY, **changes))


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


def test_a_terminal_has_one_line_that_is_overwritten_and_cleared() -> None:
    out, clock = io.StringIO(), Clock()
    view = ProgressView(out, terminal=True, clock=clock)
    view.progressed(HALFWAY)
    clock.now = 0.05
    view.progressed(evolve(HALFWAY, scored=51))
    clock.now = 0.2
    view.progressed(evolve(HALFWAY, scored=52))
    view.clear()
    assert "\n" not in out.getvalue()
    shown = [part for part in out.getvalue().split("\r") if part.strip()]
    assert [line.split("/")[0] for line in shown] == ["50", "52"]
    assert out.getvalue().endswith("\r")


def test_a_log_gets_few_lines_with_growing_gaps() -> None:
    out, clock = io.StringIO(), Clock()
    view = ProgressView(out, terminal=False, clock=clock)
    for second in range(600):
        clock.now = float(second)
        view.progressed(evolve(HALFWAY, scored=second % 100))
    lines = out.getvalue().splitlines()
    assert 8 <= len(lines) <= 16
    assert "\r" not in out.getvalue()


def test_short_runs_are_silent_in_a_log() -> None:
    out, clock = io.StringIO(), Clock()
    view = ProgressView(out, terminal=False, clock=clock)
    clock.now = 4.0
    view.progressed(HALFWAY)
    view.clear()
    assert out.getvalue() == ""


def test_control_characters_of_a_name_do_not_reach_the_terminal() -> None:
    out = io.StringIO()
    view = ProgressView(out, terminal=True, clock=Clock())
    view.progressed(evolve(HALFWAY, paused=("x\x1b[2Jy",)))
    assert "\x1b" not in out.getvalue()
