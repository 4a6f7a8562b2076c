"""The experiment: worlds by conditions, figures as means over worlds with errors.

Worlds differ by seed alone and are independent, so they are run side by side.
"""

import signal
import statistics
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TypeAlias

from attrs import frozen

from rubricdsl.analysis.simulation.onset import (
    Curve,
    gold_at_kl,
    loss,
    onset,
    peak,
)
from rubricdsl.analysis.simulation.parameters import Parameters
from rubricdsl.analysis.simulation.world import World
from rubricdsl.refinement.simulated.conditions import (
    CONDITIONS,
    GATE_CONDITIONS,
    STYLE_PRONE,
    Condition,
    Outcome,
    simulate,
)

Figure: TypeAlias = Callable[[Outcome], float | None]

KLS = (1, 2, 4, 8)
"""Where gold is compared between conditions, in nats."""

CONDITION_NAMES: Mapping[str, Condition] = {
    one.name.replace(" & ", "-").replace(", ", "-").replace(" ", "-"): one
    for one in (*CONDITIONS, *GATE_CONDITIONS)
}
"""All conditions, by names that a command line can hold."""

DEFAULT_CONDITIONS = (*CONDITIONS, STYLE_PRONE)
"""Those that show what refinement does for a policy, and how it can go wrong."""


def _onset_step(outcome: Outcome) -> float | None:
    found = onset(outcome.curve)
    return None if found is None else found.step


def _onset_kl(outcome: Outcome) -> float | None:
    found = onset(outcome.curve)
    return None if found is None else found.kl


def _gold_at(kl: float, outcome: Outcome) -> float | None:
    return gold_at_kl(outcome.curve, kl)


FIGURES: Mapping[str, Figure] = {
    "criteria": lambda one: one.criteria,
    "vague": lambda one: one.vague,
    "coverage": lambda one: one.coverage,
    "accuracy_high": lambda one: one.accuracy_high,
    "accuracy_low": lambda one: one.accuracy_low,
    "peak_gold": lambda one: peak(one.curve).gold,
    "peak_step": lambda one: peak(one.curve).step,
    "onset_step": _onset_step,
    "onset_kl": _onset_kl,
    "final_gold": lambda one: one.curve.gold[-1],
    "drop": lambda one: loss(one.curve),
    **{f"gold_at_kl_{kl}": partial(_gold_at, kl) for kl in KLS},
    "refused_edits": lambda one: float(one.refused),
}
"""What is told of an outcome; None where a curve never comes so far."""


@frozen
class Mean:
    """A mean over worlds with its standard error; ``count`` of them had the figure."""

    value: float
    error: float
    count: int

    @classmethod
    def of(cls, figures: Sequence[float | None]) -> "Mean | None":
        """Give the mean of those that are there; None for none."""
        values = [value for value in figures if value is not None]
        if not values:
            return None
        many = len(values) > 1
        error = statistics.stdev(values) / len(values) ** 0.5 if many else 0.0
        return cls(statistics.fmean(values), error, len(values))

    def told(self, worlds: int) -> str:
        """Write it with its error, and in how many worlds it is, if not in all."""
        digits = 3 if abs(self.value) < 1 else 1
        shown = f"{self.value:.{digits}f}"
        if worlds > 1:
            shown += f" ± {self.error:.{digits}f}"
        return shown if self.count == worlds else f"{shown} ({self.count} of {worlds})"


@frozen(kw_only=True)
class Findings:
    """What came of one condition in all worlds, in the order of their seeds."""

    condition: str
    outcomes: tuple[Outcome, ...]

    def mean(self, figure: str) -> Mean | None:
        """Give one of `FIGURES`; raises KeyError for a name that is none."""
        return Mean.of([FIGURES[figure](one) for one in self.outcomes])

    @property
    def curve(self) -> Curve:
        """The mean of the curves, which are looked at in the same steps."""
        curves = [one.curve for one in self.outcomes]
        gold, proxy, kl = (
            tuple(statistics.fmean(values) for values in zip(*rows, strict=True))
            for rows in (
                [one.gold for one in curves],
                [one.proxy for one in curves],
                [one.kl for one in curves],
            )
        )
        return Curve(steps=curves[0].steps, gold=gold, proxy=proxy, kl=kl)


@frozen(kw_only=True)
class Experiment:
    """What came of all conditions; ``seeds`` counts the worlds."""

    parameters: Parameters
    seeds: int
    findings: tuple[Findings, ...]

    def named(self, condition: str) -> Findings | None:
        """Give the findings of a condition, by its name; None if it was not run."""
        return next((one for one in self.findings if one.condition == condition), None)


def run_experiment(
    parameters: Parameters,
    conditions: Sequence[Condition],
    *,
    seeds: int,
    jobs: int = 1,
    on_outcome: Callable[[Outcome], None] | None = None,
) -> Experiment:
    """Simulate each condition in worlds of the seeds from 0 on.

    ``jobs`` processes share the work; what comes out does not depend on them.
    ``on_outcome`` hears of each outcome.
    """
    tasks = [(seed, condition) for seed in range(seeds) for condition in conditions]
    outcomes: dict[str, list[Outcome]] = {one.name: [] for one in conditions}

    def settle(outcome: Outcome) -> None:
        outcomes[outcome.condition].append(outcome)
        if on_outcome is not None:
            on_outcome(outcome)

    simulated = partial(_simulated, parameters)
    if jobs == 1:
        for task in tasks:
            settle(simulated(task))
    else:
        with ProcessPoolExecutor(
            min(jobs, len(tasks)), initializer=_end_when_interrupted
        ) as pool:
            try:
                for outcome in pool.map(simulated, tasks):
                    settle(outcome)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return Experiment(
        parameters=parameters,
        seeds=seeds,
        findings=tuple(
            Findings(condition=name, outcomes=tuple(found))
            for name, found in outcomes.items()
        ),
    )


def _end_when_interrupted() -> None:
    """Let an interrupt end a process, rather than only the task that it is at."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _simulated(parameters: Parameters, task: tuple[int, Condition]) -> Outcome:
    seed, condition = task
    return simulate(World.of(parameters, seed), condition)
