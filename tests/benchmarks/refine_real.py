"""What pruning and reweighing do to rubrics for responses that people annotated.

Half of the prompts serve to refine by, and pairs of good responses to the others are
what is measured, over several splits.  Beside it stands the same with gold dealt out
anew among the responses to a prompt, where nothing can be learnt.  What is a criterion
and what is gold is told in `tests/refinement/strategies/real_data.py`.  Run it with
``python tests/benchmarks/refine_real.py [--splits N] [--set N]``; it needs the
annotated sets.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from rubricdsl.language.edit import edit_record
from tests.refinement.strategies.real_data import (
    SETS,
    DataSet,
    Outcome,
    mean_of,
    refined,
)

WAYS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("without a gate", {"gate": False}),
    ("with the gate", {"gate": True}),
    ("shuffled gold, no gate", {"gate": False, "shuffled": True}),
    ("shuffled gold, gate", {"gate": True, "shuffled": True}),
)


def _line(seed: int, outcome: Outcome) -> str:
    edits = [edit_record(edit) for edit in outcome.edits]
    told = ", ".join(
        f"{edit['op']} {edit['criterion']} {edit.get('mark', '')}".strip()
        for edit in edits
    )
    return (
        f"  split {seed}: {outcome.before} -> {outcome.after}, "
        f"change {outcome.change}; {told or 'no edit'}"
    )


def _measure(data: DataSet, splits: int, folder: Path) -> None:
    print(f"{data.name}: tail pair accuracy of prompts not refined by")
    for name, options in WAYS:
        outcomes = []
        print(f" {name}")
        for seed in range(splits):
            outcome = refined(data, folder, seed=seed, **options)
            outcomes.append(outcome)
            print(_line(seed, outcome))
        before, after = mean_of(outcomes)
        print(f"  mean of {splits} splits: {before:.3f} -> {after:.3f}")


def main() -> None:
    """Print a table for each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--set", choices=range(len(SETS)), type=int, help="just one")
    given = parser.parse_args()
    for data in SETS if given.set is None else [SETS[given.set]]:
        if not data.is_there:
            print(f"{data.name}: not there")
            continue
        with TemporaryDirectory() as folder:
            _measure(data, given.splits, Path(folder))


if __name__ == "__main__":
    main()
