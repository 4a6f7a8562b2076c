"""The onset of over-optimization: on the paper's curves, and by its laws."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.simulation.onset import (
    STEP_BACK,
    Curve,
    gold_at_kl,
    loss,
    onset,
    peak,
)

CURVES = Path(__file__).resolve().parents[4] / "shared" / "data" / "paper_curves.json"
CONDITIONS = ("Initial", "1Good", "1Great", "4Great", "4Great&Div")


def curve_of(gold, kl=()):
    return Curve(steps=tuple(map(float, range(len(gold)))), gold=gold, kl=kl)


def published(panel):
    if not CURVES.exists():
        pytest.skip("the folder `shared` is not beside this checkout")
    curves = json.loads(CURVES.read_text())["curves"][panel]
    for condition in CONDITIONS:
        steps, gold = zip(*curves[condition], strict=True)
        yield Curve(steps=steps, gold=gold)


@pytest.mark.parametrize(
    ("panel", "step_back", "expected"),
    [
        ("health_win", 2.0, [60, 80, 80, 160, 160]),
        ("health_score", 0.02, [160, 200, None, None, 160]),
        ("fin_win", 2.0, [240, 240, 320, 240, None]),
        ("fin_score", 0.02, [None] * 5),
    ],
)
def test_onset_of_the_published_curves(panel, step_back, expected):
    found = [onset(curve, step_back) for curve in published(panel)]
    assert [one and one.step for one in found] == expected


def test_peaks_and_losses_of_the_published_curves():
    curves = list(published("health_win"))
    assert [(peak(one).gold, peak(one).step) for one in curves] == [
        (23.6, 40),
        (25.0, 40),
        (30.6, 60),
        (33.9, 140),
        (31.7, 100),
    ]
    assert [round(loss(one), 1) for one in curves] == [9.9, 8.5, 12.0, 7.3, 3.3]


def test_onset_is_told_in_kl_and_by_the_score_too():
    curve = Curve(
        steps=(0, 10, 20, 30),
        gold=(0.1, 0.5, 0.4, 0.2),
        proxy=(0.1, 0.6, 0.7, 0.8),
        kl=(0.0, 1.0, 3.0, 7.0),
    )
    found = onset(curve)
    assert found is not None
    assert (found.step, found.kl, found.proxy) == (20, 3.0, 0.7)
    assert peak(curve).kl == 1.0


def test_a_dip_that_is_made_good_is_no_onset():
    found = onset(curve_of((0.1, 0.5, 0.3, 0.49, 0.2, 0.1)))
    assert found is not None
    assert found.step == 4
    assert onset(curve_of((0.1, 0.5, 0.3, 0.49))) is None


golds = st.lists(st.floats(-1, 1), min_size=1, max_size=20).map(tuple)


@given(golds)
def test_a_curve_that_never_falls_has_no_onset(gold):
    assert onset(curve_of(tuple(sorted(gold)))) is None


@given(golds, st.floats(0.001, 0.5))
def test_onset_is_the_first_point_from_which_gold_stays_down(gold, step_back):
    curve = curve_of(gold)
    found = onset(curve, step_back)
    bar = peak(curve).gold - step_back
    after = [n for n in range(len(gold)) if n > peak(curve).step]
    lasting = [n for n in after if all(later <= bar for later in gold[n:])]
    assert (found and found.step) == (min(lasting) if lasting else None)


@given(golds, st.floats(0.001, 0.5), st.floats(0.001, 0.5))
def test_a_greater_loss_begins_no_earlier(gold, one, other):
    small, great = sorted((one, other))
    late, early = onset(curve_of(gold, ()), great), onset(curve_of(gold, ()), small)
    if late is not None:
        assert early is not None
        assert early.step <= late.step


def test_gold_at_a_kl_is_read_off_between_two_points():
    curve = curve_of((0.2, 0.4, 0.0), kl=(0.0, 2.0, 4.0))
    assert gold_at_kl(curve, 0.0) == 0.2
    assert gold_at_kl(curve, 1.0) == pytest.approx(0.3)
    assert gold_at_kl(curve, 2.0) == pytest.approx(0.4)
    assert gold_at_kl(curve, 3.0) == pytest.approx(0.2)
    assert gold_at_kl(curve, 4.5) is None
    assert gold_at_kl(curve_of((0.2, 0.4)), 1.0) is None


@pytest.mark.parametrize(
    ("steps", "gold", "kl"),
    [((), (), ()), ((0, 0), (1, 1), ()), ((0, 1), (1,), ()), ((0, 1), (1, 1), (0,))],
)
def test_what_is_no_curve_is_refused(steps, gold, kl):
    with pytest.raises(ValueError, match="step"):
        Curve(steps=steps, gold=gold, kl=kl)


def test_two_points_of_a_hundred_are_a_loss():
    assert STEP_BACK == 0.02
    assert onset(curve_of((0.0, 0.5, 0.481))) is None
    assert onset(curve_of((0.0, 0.5, 0.479))) is not None
