"""What it costs to start: ``rub --version``, importing, checking, the parser's table.

Each is measured in turn with its yardstick, in fresh processes, and given as a ratio
of medians; times alone carry over to no other machine.

    python tests/benchmarks/startup.py --rounds 15
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FIFTY_LINES = "rubric small\n" + "".join(
    f"[{i % 3 + 1}] c{i}: States fact number {i} about the capital.\n"
    for i in range(49)
)
TABLE = (
    "import time; from rubricdsl.language import grammar; s = time.perf_counter(); "
    "grammar.parser(); print(time.perf_counter() - s)"
)


def seconds(*arguments: str, compiled: str) -> float:
    """Run Python once, and give how long that took.

    ``compiled`` is where bytecode is kept, as it is beside an installed package.
    """
    environ = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, *arguments]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environ)
    return time.perf_counter() - start


def main() -> None:
    """Measure, and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        rubric = Path(folder) / "small.rub"
        rubric.write_text(FIFTY_LINES, "utf-8")
        pairs = {
            "rub --version / python -c pass": (
                ("-m", "rubricdsl", "--version"),
                ("-c", "pass"),
            ),
            "import rubricdsl / import attrs": (
                ("-c", "import rubricdsl"),
                ("-c", "import attrs"),
            ),
            "rub check (50 lines) / import attrs, lark": (
                ("-m", "rubricdsl", "check", str(rubric)),
                ("-c", "import attrs, lark"),
            ),
        }
        for name, (ours, yardstick) in pairs.items():
            compiled = str(Path(folder) / "bytecode")
            for each in (ours, yardstick):
                seconds(*each, compiled=compiled)  # compiles what it imports
            taken = [
                (
                    seconds(*ours, compiled=compiled),
                    seconds(*yardstick, compiled=compiled),
                )
                for _ in range(rounds)
            ]
            ratios = sorted(one / other for one, other in taken)
            middle = statistics.median(one for one, _ in taken)
            print(
                f"{name:44}{statistics.median(ratios):6.2f}"
                f"  [{ratios[0]:.2f}, {ratios[-1]:.2f}]  {middle * 1000:6.0f} ms"
            )
    loads = []
    for _ in range(rounds):
        command = [sys.executable, "-c", TABLE]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        loads.append(float(done.stdout))
    print(f"{'loading the table of the parser':44}{'':22}", end="")
    print(f"{statistics.median(loads) * 1000:6.0f} ms")


if __name__ == "__main__":
    main()
