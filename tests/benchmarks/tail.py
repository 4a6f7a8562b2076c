"""What analysing a hundred thousand responses to twenty criteria costs.

Pools of one size in three shapes: one prompt, a thousand of a hundred responses, and
twelve thousand of eight.  Printed are the time of the whole analysis, its ratio to
that of sorting all scores a hundred times in the same round, the exponent of growth
from a tenth of the responses on (1 is linear), by how many bytes a response the
analysis raises the peak of memory, and which steps take longest.  With ``--real``, what
it says of sets that people annotated is printed instead, which needs the folder of
shared data; with ``--pages``, a report of each is written, too::

    python tests/benchmarks/tail.py --rounds 3
    python tests/benchmarks/tail.py --real --pages FOLDER
"""

import argparse
import cProfile
import math
import multiprocessing
import pstats
import resource
import statistics
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from rubricdsl.analysis.evaluation import Evaluation, EvaluationBuilder, SheetCriterion
from rubricdsl.analysis.tail.measuring import analyse_tail
from rubricdsl.analysis.tail.pool import Pool
from rubricdsl.analysis.tail.ratings import Rating, Ratings
from rubricdsl.analysis.tail.records import Target
from rubricdsl.cli.dispatch import run as rub
from tests.analysis.tail.annotated import SETS

CRITERIA = 20
SHAPES = {"one prompt": 1, "1,000 prompts": 1_000, "12,500 prompts": 12_500}
TARGET = Target(share=0.23, kl=2.0)


def pool(responses: int, prompts: int, seed: int) -> Pool:
    """Give a pool in which criteria of all difficulties tell quality with noise."""
    draw = np.random.default_rng(seed)
    quality = draw.standard_normal(responses)
    hard = np.linspace(-2, 2, CRITERIA)[:, None]
    noise = draw.standard_normal((CRITERIA, responses))
    values = (quality + noise > hard).astype(float)
    scores = values.mean(axis=0)
    builder = EvaluationBuilder()
    paths = tuple(f"c{number}" for number in range(CRITERIA))
    criteria = [
        SheetCriterion(path=path, mark="weight", weight=1, share=0.05, helps=True)
        for path in paths
    ]
    nothing, everything = [math.nan] * CRITERIA, [True] * CRITERIA
    for row in range(responses):
        builder.add(
            (f"p{row % prompts}", f"y{row}"),
            score=float(scores[row]),
            interval=None,
            rubric="r",
            digest="d",
            paths=paths,
            criteria=criteria,
            values=values[:, row].tolist(),
            probabilities=nothing,
            measured=everything,
        )
    evaluation = builder.evaluation()
    return Pool.of(evaluation, _ratings(evaluation, quality))


def _ratings(evaluation: Evaluation, quality: np.ndarray) -> Ratings:
    rows = zip(evaluation.keys(), quality.tolist(), strict=True)
    return Ratings.of(evaluation, (Rating(key=key, value=gold) for key, gold in rows))


def seconds(work: Callable[[], object]) -> float:
    """Give the CPU time of some work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def yardstick(given: Pool) -> None:
    """Sort all scores a hundred times."""
    for _ in range(100):
        np.sort(given.scores + 0.0)


def peak_growth(given: Pool) -> float:
    """Give the bytes a response by which an analysis raises the peak of memory."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_report_growth, args=(given, there))
    process.start()
    growth: float = here.recv()
    process.join()
    return growth / len(given.evaluation)


def _report_growth(given: Pool, connection: Connection) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    analyse_tail(given, TARGET)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    connection.send((after - before) * 1024)


def slowest(given: Pool, count: int = 4) -> str:
    """Name the functions of the analysis that take longest, with all they call."""
    profile = cProfile.Profile()
    profile.runcall(analyse_tail, given, TARGET)
    stats = pstats.Stats(profile).get_stats_profile()
    ours = [
        (found.cumtime, name)
        for name, found in stats.func_profiles.items()
        if "rubricdsl" in found.file_name and name != "analyse_tail"
    ]
    total = stats.func_profiles["analyse_tail"].cumtime
    return ", ".join(
        f"{name} {taken / total:.0%}" for taken, name in sorted(ours)[-count:]
    )


def measure(name: str, responses: int, prompts: int, rounds: int) -> None:
    """Measure one shape, and print a line."""
    large, small = pool(responses, prompts, 1), pool(responses // 10, prompts, 1)
    times = [seconds(lambda: analyse_tail(large, TARGET)) for _ in range(rounds)]
    few = [seconds(lambda: analyse_tail(small, TARGET)) for _ in range(rounds)]
    sorts = [seconds(lambda: yardstick(large)) for _ in range(rounds)]
    taken = statistics.median(times)
    power = math.log10(taken / statistics.median(few))
    ratio = statistics.median(a / b for a, b in zip(times, sorts, strict=True))
    print(
        f"{name:16}{taken:8.2f} s [{min(times):.2f}, {max(times):.2f}]{ratio:8.1f}"
        f"{power:8.2f}{peak_growth(large):8.0f} B   {slowest(large)}",
        flush=True,
    )


def print_real(pages: Path | None) -> None:
    """Print the analysis of each annotated set, and write a page of it."""
    for annotated in SETS.values():
        if not annotated.data.is_there:
            print(f"{annotated.name}: not there")
            continue
        with TemporaryDirectory() as folder:
            annotated.write(Path(folder))
            print(f"\n== {annotated.name}\n", flush=True)
            results, gold, responses = (
                f"{folder}/{name}.jsonl" for name in ("results", "gold", "responses")
            )
            people = ["--gold", gold, "--responses", responses]
            rub(["tail", results, *people])
            if pages is not None:
                page = str(pages / f"{annotated.name}.html")
                rubric = ["--rubric", f"{folder}/rubric.rub"]
                rub(["report", results, *people, *rubric, "--out", page])


def main() -> None:
    """Print a line for each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--responses", type=int, default=100_000)
    parser.add_argument("--real", action="store_true", help="analyse annotated sets")
    parser.add_argument("--pages", type=Path, metavar="FOLDER", help="with --real")
    given = parser.parse_args()
    if given.real:
        print_real(given.pages)
        return
    print(f"{given.responses:,} responses, {CRITERIA} criteria")
    print(f"{'':16}{'time':>10}{'':15}{'x sorts':>8}{'power':>8}{'memory':>10}")
    for name, prompts in SHAPES.items():
        measure(name, given.responses, prompts, given.rounds)


if __name__ == "__main__":
    main()
