"""How far rubrics carry a policy: over-optimization by condition, in a simulated world.

The rubrics of all prompts are refined in the real loop, in the ways that the paper
compares, and a policy is trained on each set of them.  Run it with
``python tests/benchmarks/simulation.py [--seeds N] [--jobs N] [--gate]``; ``--gate``
tries a proposer that takes hacks for merits, with the acceptance gate and without.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from attrs import frozen

from rubricdsl.analysis.simulation.onset import gold_at_kl, loss, onset, peak
from rubricdsl.analysis.simulation.parameters import Parameters
from rubricdsl.analysis.simulation.world import World
from rubricdsl.refinement.simulated.conditions import (
    CONDITIONS,
    GATE_CONDITIONS,
    Condition,
    Outcome,
    simulate,
)

Figure = Callable[[Outcome], float | None]


def _onset_step(outcome: Outcome) -> float | None:
    found = onset(outcome.curve)
    return None if found is None else found.step


def _onset_kl(outcome: Outcome) -> float | None:
    found = onset(outcome.curve)
    return None if found is None else found.kl


FIGURES: dict[str, Figure] = {
    "criteria": lambda o: o.criteria,
    "vague": lambda o: o.vague,
    "coverage": lambda o: o.coverage,
    "acc high": lambda o: o.accuracy_high,
    "acc low": lambda o: o.accuracy_low,
    "peak": lambda o: peak(o.curve).gold,
    "at step": lambda o: peak(o.curve).step,
    "onset": _onset_step,
    "onset KL": _onset_kl,
    "final": lambda o: o.curve.gold[-1],
    "drop": lambda o: loss(o.curve),
    **{
        f"KL {kl}": partial(lambda kl, o: gold_at_kl(o.curve, kl), kl)
        for kl in (1, 2, 4, 8)
    },
    "refused": lambda o: float(o.refused),
}


@frozen
class Mean:
    """A mean over seeds with its standard error; of ``count`` that had the figure."""

    value: float
    error: float
    count: int

    @classmethod
    def of(cls, figure: Figure, outcomes: Sequence[Outcome]) -> "Mean | None":
        """Give the mean of what there is."""
        values = [value for one in outcomes if (value := figure(one)) is not None]
        if not values:
            return None
        many = len(values) > 1
        error = statistics.stdev(values) / len(values) ** 0.5 if many else 0.0
        return cls(statistics.fmean(values), error, len(values))


def _told(mean: Mean | None, of: int) -> str:
    if mean is None:
        return "none"
    digits = 3 if abs(mean.value) < 1 else 1
    shown = f"{mean.value:.{digits}f}±{mean.error:.{digits}f}"
    return shown if mean.count == of else f"{shown} ({mean.count}/{of})"


def _table(outcomes: dict[str, list[Outcome]]) -> None:
    names = list(outcomes)
    print(f"{'':10}" + "".join(f"{name:>20}" for name in names))
    for title, figure in FIGURES.items():
        cells = (
            _told(Mean.of(figure, outcomes[name]), len(outcomes[name]))
            for name in names
        )
        print(f"{title:10}" + "".join(f"{cell:>20}" for cell in cells))


def _run(parameters: Parameters, job: tuple[int, Condition]) -> tuple[Outcome, float]:
    seed, condition = job
    began = time.process_time()
    outcome = simulate(World.of(parameters, seed), condition)
    return outcome, time.process_time() - began


def main() -> None:
    """Print a table: a column for each condition, a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--prompts", type=int, default=Parameters().prompts)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--gate", action="store_true")
    arguments = parser.parse_args()
    conditions = GATE_CONDITIONS if arguments.gate else CONDITIONS
    parameters = Parameters(prompts=arguments.prompts)
    jobs = [(seed, one) for seed in range(arguments.seeds) for one in conditions]
    outcomes: dict[str, list[Outcome]] = {one.name: [] for one in conditions}
    seconds = 0.0
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for outcome, took in pool.map(partial(_run, parameters), jobs):
            outcomes[outcome.condition].append(outcome)
            seconds += took
    print(f"{arguments.seeds} seeds, {parameters.prompts} prompts, mean ± s.e.")
    _table(outcomes)
    print(f"{seconds:.0f} s of CPU, {seconds / len(jobs):.1f} s a run")


if __name__ == "__main__":
    main()
