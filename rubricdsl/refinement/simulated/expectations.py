"""What the experiment is expected to show, if refinement does what it is for.

The order of conditions is that of Chasing the Tail (arXiv 2509.21500); the onset of
over-optimization is compared in KL divergence, since steps depend on the speed of
training.
"""

from collections.abc import Iterator
from itertools import pairwise
from math import hypot
from statistics import fmean

from attrs import frozen

from rubricdsl.analysis.simulation.onset import onset
from rubricdsl.refinement.simulated.conditions import (
    FOUR_DIVERSE,
    FOUR_GREAT,
    INITIAL,
    ONE_GREAT,
    STYLE_PRONE,
    Condition,
)
from rubricdsl.refinement.simulated.experiment import Experiment, Findings, Mean

_SURELY = 2.0
_ONSET_RATIO = 3.0
_PROXY_GAIN = 0.3
_ACCURACY_GAIN = 0.12


@frozen
class Expectation:
    """Something that is expected, whether it holds, and by which figures."""

    name: str
    holds: bool
    figures: str


def expectations(experiment: Experiment) -> tuple[Expectation, ...]:
    """Say of all that the conditions which were run can show whether it holds."""
    return tuple(found for check in _CHECKS for found in check(experiment))


def _peaks(experiment: Experiment) -> Iterator[Expectation]:
    """Peak gold rises from condition to condition, surely between the main ones."""
    run = _run(experiment, INITIAL, ONE_GREAT, FOUR_GREAT, FOUR_DIVERSE)
    if run is None:
        return
    peaks = [_mean(one, "peak_gold") for one in run]
    values = [one.value for one in peaks]
    main = [peaks[0], peaks[2], peaks[3]]
    gaps = [
        (after.value - before.value) / max(hypot(before.error, after.error), 1e-9)
        for before, after in pairwise(main)
    ]
    yield Expectation(
        "peak gold: initial < 1 great < 4 great < 4 great & diverse, by over 2 s.e. "
        "between the first, third and last",
        values == sorted(set(values)) and min(gaps) > _SURELY,
        f"{' < '.join(f'{value:.3f}' for value in values)}; "
        f"gaps of {' and '.join(f'{gap:.1f}' for gap in gaps)} s.e.",
    )


def _onsets(experiment: Experiment) -> Iterator[Expectation]:
    """Refinement puts the onset off, measured in KL divergence."""
    run = _run(experiment, INITIAL, FOUR_DIVERSE)
    if run is None:
        return
    initial, diverse = (_onset_kl(one) for one in run)
    yield Expectation(
        f"onset KL of 4 great & diverse at least {_ONSET_RATIO:g} times the initial",
        diverse >= _ONSET_RATIO * initial,
        f"{diverse:.1f} / {initial:.1f} = {diverse / max(initial, 1e-9):.1f}",
    )


def _collapse(experiment: Experiment) -> Iterator[Expectation]:
    """By the first rubric the score keeps rising while gold is lost."""
    run = _run(experiment, INITIAL)
    if run is None:
        return
    curve = run[0].curve
    gain = curve.proxy[-1] - curve.proxy[0]
    yield Expectation(
        f"initial: the score rises by over {_PROXY_GAIN:g} and gold ends below its "
        "start",
        gain > _PROXY_GAIN and curve.gold[-1] < curve.gold[0],
        f"score {curve.proxy[0]:.2f} to {curve.proxy[-1]:.2f}, "
        f"gold {curve.gold[0]:.2f} to {curve.gold[-1]:.2f}",
    )


def _accuracy(experiment: Experiment) -> Iterator[Expectation]:
    """Refinement orders strong responses better."""
    run = _run(experiment, INITIAL, FOUR_DIVERSE)
    if run is None:
        return
    initial, diverse = (_mean(one, "accuracy_high").value for one in run)
    yield Expectation(
        f"accuracy among strong responses rises by at least {_ACCURACY_GAIN:g}",
        diverse - initial >= _ACCURACY_GAIN,
        f"{initial:.3f} to {diverse:.3f}",
    )


def _style(experiment: Experiment) -> Iterator[Expectation]:
    """A proposer that takes hacks for merits does harm without the gate."""
    run = _run(experiment, INITIAL, STYLE_PRONE)
    if run is None:
        return
    initial, prone = (_onset_step(one) for one in run)
    yield Expectation(
        "a style-prone proposer without the gate brings the onset earlier, in steps, "
        "than no refinement",
        prone < initial,
        f"{prone:.0f} and {initial:.0f}",
    )


_CHECKS = (_peaks, _onsets, _collapse, _accuracy, _style)


def _run(experiment: Experiment, *conditions: Condition) -> tuple[Findings, ...] | None:
    """Give the findings of conditions; None where one was not run."""
    found = [experiment.named(one.name) for one in conditions]
    there = tuple(one for one in found if one is not None)
    return there if len(there) == len(conditions) else None


def _mean(findings: Findings, figure: str) -> Mean:
    mean = findings.mean(figure)
    if mean is None:
        raise ValueError(f"{findings.condition} has no outcome")
    return mean


def _onset_kl(findings: Findings) -> float:
    """Give the mean onset in nats; where there is none, it is after the end."""
    onsets = [(onset(one.curve), one.curve.kl[-1]) for one in findings.outcomes]
    return fmean(
        end if found is None or found.kl is None else found.kl for found, end in onsets
    )


def _onset_step(findings: Findings) -> float:
    onsets = [(onset(one.curve), one.curve.steps[-1]) for one in findings.outcomes]
    return fmean(end if found is None else found.step for found, end in onsets)
