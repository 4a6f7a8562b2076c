"""What a million responses cost, with a rubric that needs no judge: memory and time.

`rub eval` reads responses and writes results as they come, each size in a process of
its own.  Printed are its peak of memory by the number of rows (a flat curve is the
point), the time of the processor for a row, the exponent of its growth (1 is linear),
and the ratios to two bare loops over the same file in the same round: `json.loads` and
`json.dumps` of each line, and pyarrow reading and writing the table::

    python tests/benchmarks/columns.py
    python tests/benchmarks/columns.py --rows 100000 --out parquet
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from math import log
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from attrs import frozen

RUBRIC = """\
rubric manners
passing: 0.5
[3] brief: Has at most forty words.
    check: words(response) <= 40
[1] polite: Says please.
    check: contains(response, "please", case = no)
[2] numbered: Names a number.
    check: matches(response, "[0-9]+")
[-1] loud: Shouts.
    check: contains(response, "!!")
[1] whole: Ends with a full stop.
    check: matches(response, "[.]$")
"""
PARTS = (0.125, 0.25, 0.5, 1.0)
RUB = (sys.executable, "-m", "rubricdsl")
LINES_LOOP = """\
import json, sys
with open(sys.argv[1]) as rows, open(sys.argv[2], "w") as out:
    for line in rows:
        out.write(json.dumps(json.loads(line)) + "\\n")
"""
COLUMNS_LOOP = """\
import sys
import pyarrow.parquet as parquet
table = parquet.ParquetFile(sys.argv[1])
with parquet.ParquetWriter(sys.argv[2], table.schema_arrow) as out:
    for batch in table.iter_batches():
        out.write_batch(batch)
"""


@frozen
class Cost:
    """The time of the processor, in seconds, and the peak of memory, in MB."""

    seconds: float
    peak: float


def cost_of(*command: str) -> Cost:
    """Run a command, and say what it took."""
    # What it says goes to nobody; what it took is printed here.
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def rows(count: int) -> Iterator[dict[str, str]]:
    """Give responses as people's files have them, each another."""
    for number in range(count):
        words = "word " * (number % 60)
        please = "Please " if number % 3 else ""
        end = "." if number % 5 else "!!"
        yield {
            "prompt_id": f"p{number // 16}",
            "response_id": f"r{number % 16}",
            "response": f"{please}take number {number}: {words}now{end}",
        }


def write_lines(path: Path, count: int) -> None:
    """Write the rows as JSON Lines."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows(count):
            file.write(json.dumps(row) + "\n")


def write_columns(path: Path, count: int) -> None:
    """Write the rows as Parquet, ten thousand in a row group."""
    arrow: Any = import_module("pyarrow")
    parquet: Any = import_module("pyarrow.parquet")
    names = ("prompt_id", "response_id", "response")
    schema = arrow.schema([(name, arrow.string()) for name in names])
    waiting: list[dict[str, str]] = []
    with parquet.ParquetWriter(path, schema) as writer:
        for row in rows(count):
            waiting.append(row)
            if len(waiting) == 10_000:
                writer.write_table(arrow.Table.from_pylist(waiting, schema=schema))
                waiting = []
        writer.write_table(arrow.Table.from_pylist(waiting, schema=schema))


def apart(write: Callable[[Path, int], None], path: Path, count: int) -> None:
    """Write a file in another process.

    What a child is said to have used includes the memory of its parent, this one.
    """
    process = get_context("spawn").Process(target=write, args=(path, count))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise SystemExit(f"writing {path} ended with {process.exitcode}")


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """Give the slope of times over sizes, in logarithms."""
    slope, _ = statistics.linear_regression(
        list(map(log, sizes)), list(map(log, times))
    )
    return slope


def measure(
    most: int, ending: str, loop: str, write: Callable[[Path, int], None]
) -> None:
    """Measure all sizes with files of one kind, and print what came of it."""
    print(f"\n{ending} in and out")
    print(f"{'rows':>10} {'peak MB':>8} {'µs a row':>9} {'of bare loop':>13}")
    sizes = [int(most * part) for part in PARTS]
    start = cost_of(*RUB, "--version").seconds
    times: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "manners.rub").write_text(RUBRIC, "utf-8")
        responses, results = place / f"in{ending}", place / f"out{ending}"
        for size in sizes:
            apart(write, responses, size)
            bare = cost_of(
                sys.executable, "-c", loop, str(responses), str(place / f"bare{ending}")
            )
            done = cost_of(
                *(*RUB, "eval", str(place / "manners.rub"), "--format", "none"),
                *("--responses", str(responses), "--out", str(results), "--no-cache"),
            )
            times.append(done.seconds - start)
            print(
                f"{size:>10,} {done.peak:>8.0f} {times[-1] / size * 1e6:>9.0f} "
                f"{times[-1] / bare.seconds:>13.1f}",
                flush=True,
            )
    print(f"exponent {exponent(sizes, times):.2f}")


def main() -> None:
    """Measure both kinds of files, or one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--out", choices=("jsonl", "parquet"))
    options = parser.parse_args()
    if options.out != "parquet":
        measure(options.rows, ".jsonl", LINES_LOOP, write_lines)
    if options.out != "jsonl":
        measure(options.rows, ".parquet", COLUMNS_LOOP, write_columns)


if __name__ == "__main__":
    main()
