"""How far rubrics carry a policy: over-optimization by condition, in a simulated world.

The rubrics of all prompts are refined in the real loop, in the ways that the paper
compares, and a policy is trained on each set of them, as ``rub simulate`` does.  Run it
with ``python tests/benchmarks/simulation.py [--seeds N] [--jobs N] [--gate]``;
``--gate`` tries a proposer that takes hacks for merits, with the acceptance gate and
without.
"""

import argparse
import resource

from rubricdsl.analysis.simulation.parameters import Parameters
from rubricdsl.refinement.simulated.conditions import CONDITIONS, GATE_CONDITIONS
from rubricdsl.refinement.simulated.experiment import (
    FIGURES,
    Experiment,
    Mean,
    run_experiment,
)


def _told(mean: Mean | None, of: int) -> str:
    return "none" if mean is None else mean.told(of)


def _table(experiment: Experiment) -> None:
    names = [one.condition for one in experiment.findings]
    print(f"{'':14}" + "".join(f"{name:>20}" for name in names))
    for figure in FIGURES:
        cells = (
            _told(one.mean(figure), experiment.seeds) for one in experiment.findings
        )
        print(f"{figure:14}" + "".join(f"{cell:>20}" for cell in cells))


def _cpu() -> float:
    """Give the CPU seconds of this process and of those that it started and ended."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """Print a table: a column for each condition, a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--prompts", type=int, default=Parameters().prompts)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--gate", action="store_true")
    arguments = parser.parse_args()
    conditions = GATE_CONDITIONS if arguments.gate else CONDITIONS
    began = _cpu()
    experiment = run_experiment(
        Parameters(prompts=arguments.prompts),
        conditions,
        seeds=arguments.seeds,
        jobs=arguments.jobs,
    )
    seconds = _cpu() - began
    print(f"{arguments.seeds} seeds, {arguments.prompts} prompts, mean ± s.e.")
    _table(experiment)
    runs = len(conditions) * arguments.seeds
    print(f"{seconds:.0f} s of CPU, {seconds / runs:.1f} s a run")


if __name__ == "__main__":
    main()
