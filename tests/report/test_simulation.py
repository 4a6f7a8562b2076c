"""Policies against rubrics on the page: curves, figures, and where gold turns."""

import numpy as np
import pytest

from rubricdsl.analysis.simulation.onset import onset
from rubricdsl.analysis.simulation.parameters import Parameters
from rubricdsl.analysis.simulation.pool_policy import PoolTraining, train_on_pool
from rubricdsl.refinement.simulated.conditions import FOUR_GREAT, INITIAL
from rubricdsl.refinement.simulated.expectations import Expectation
from rubricdsl.refinement.simulated.experiment import run_experiment
from rubricdsl.report.assembly import assembled
from rubricdsl.report.sections.simulation import experiment_sections, pool_sections
from tests.report.chromium import browser, executable
from tests.report.parsed import check_sound


def turning():
    """Give trainings over a pool in which one bad response of 32 scores best."""
    draw = np.random.default_rng(0)
    gold = draw.normal(size=128)
    scores = 0.9 / (1 + np.exp(-gold))
    gold[::32], scores[::32] = -9.0, 1.0
    names = [f"p{number // 32}" for number in range(128)]
    training = PoolTraining(steps=200)
    found = [train_on_pool(names, scores, gold, training, seed=s) for s in (0, 1)]
    return [one for one in found if one is not None]


def page_of_pool():
    return assembled("Policy over a pool", list(pool_sections(turning())))


def test_conditions_stand_with_their_figures_and_curves():
    parameters = Parameters(prompts=3, steps=10)
    experiment = run_experiment(parameters, [INITIAL, FOUR_GREAT], seeds=2)
    expected = [Expectation("it rises", holds=False, figures="1 < 2")]

    html = assembled("Worlds", list(experiment_sections(experiment, expected)))

    parsed = check_sound(html)
    coverage = experiment.findings[1].mean("coverage")
    assert coverage is not None
    assert f"{coverage.value:.3f} ± {coverage.error:.3f}" in parsed.text
    # By divergence and by step, for each condition.
    assert html.count("<polyline") == 2 * 2 * 2
    assert "it rises" in parsed.text
    assert "no onset" in parsed.text
    assert "4 great" in parsed.text


def test_the_onset_is_marked_and_told():
    outcomes = turning()
    parsed = check_sound(page_of_pool())
    for one in outcomes:
        found = onset(one.curve)
        assert found is not None
        assert found.kl is not None
        assert f"onset at {found.kl:.1f}" in parsed.text
        assert f"onset at {found.step:.0f}" in parsed.text
    assert page_of_pool().count('class="middle-line"') == 4
    assert "128 responses to 4 prompts" in parsed.text


@pytest.mark.asyncio
@pytest.mark.skipif(executable() is None, reason="no Chromium is on the PATH")
@pytest.mark.parametrize("width", [390, 1280])
async def test_in_a_browser_nothing_sticks_out(tmp_path, width):
    file = tmp_path / "pool.html"
    file.write_text(page_of_pool(), "utf-8")
    async with browser() as page:
        await page.open(file, width=width)
        await page.value(
            "document.querySelectorAll('details').forEach((one) => { one.open = true })"
        )
        assert await page.value("document.documentElement.scrollWidth") == width
        assert page.complaints == []
