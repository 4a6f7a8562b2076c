"""How fast text becomes a checked rubric, against parsers of simpler languages.

Criteria per second at 1,000 and 20,000 criteria of 285 bytes, diagnostics on, beside
`json.loads` and (where it is installed) PyYAML's C loader on the same content, taking
turns within each round.  Printed are medians of CPU time, their spread, the exponent
of growth and the ratio to PyYAML on the same content: plain criteria, or those with
fields.  Run it with ``python tests/benchmarks/parsing.py [--rounds N]``.
"""

import argparse
import importlib
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from math import log
from pathlib import Path

from attrs import frozen

from rubricdsl.language.loading import load_text

SIZES = (1_000, 20_000)
BYTES = 285
_YAML = "PyYAML C"
_SENTENCE = "States that the dose is best given between 27 and 36 weeks of pregnancy. "


@frozen
class Shape:
    """A way of writing criteria: how a file of ``n`` of them looks."""

    name: str
    text: Callable[[int], str]


def _padded(head: str, length: int) -> str:
    return (head + _SENTENCE * 5)[: length - 1].rstrip() + "\n"


def _plain(number: int) -> str:
    return _padded(f"[{number % 3 + 1}] c{number}: ", BYTES)


def _with_body(number: int) -> str:
    body = "    tags: axis = accuracy, expert\n    n/a: skip\n    why: A safe step.\n"
    return _padded(f"[{number % 3 + 1}] c{number}: ", BYTES - len(body)) + body


def _in_groups(number: int) -> str:
    line = "    " + _padded(f"[{number % 3 + 1}] c{number}: ", BYTES - 8)
    return (f"[1] mean of g{number}\n" if number % 8 == 0 else "") + line


def _file(criterion: Callable[[int], str]) -> Callable[[int], str]:
    return lambda n: "rubric r\n\n" + "".join(criterion(i) for i in range(n))


SHAPES = (
    Shape("plain lines", _file(_plain)),
    Shape("in groups of 8", _file(_in_groups)),
    Shape("with three fields", _file(_with_body)),
)


def _peers(
    rows: list[dict[str, object]], what: str
) -> Mapping[str, Callable[[], object]]:
    """Give other parsers, each with the same content in its own language."""
    as_json = json.dumps(rows)
    peers: dict[str, Callable[[], object]] = {
        f"json.loads, {what}": lambda: json.loads(as_json)
    }
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        return peers
    if hasattr(yaml, "CSafeLoader"):
        as_yaml = yaml.safe_dump(rows, allow_unicode=True, width=10_000)
        loader = yaml.CSafeLoader
        peers[f"{_YAML}, {what}"] = lambda: yaml.load(as_yaml, Loader=loader)
    return peers


def _ours(text: str) -> Callable[[], object]:
    def load() -> object:
        return load_text(text, {}, folder=Path()).checked()

    return load


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    result = work()
    seconds = time.process_time() - start
    del result
    return seconds


def measure(size: int, rounds: int) -> dict[str, list[float]]:
    """Give criteria per second of each parser, one number a round."""
    rows: list[dict[str, object]] = [
        {"name": f"c{i}", "weight": i % 3 + 1, "text": _plain(i).partition(": ")[2]}
        for i in range(size)
    ]
    fields = {"tags": {"axis": "accuracy", "expert": None}, "n/a": "skip"}
    full = [
        {
            **row,
            "text": _with_body(i).partition("\n")[0].partition(": ")[2],
            **fields,
            "why": "A safe step.",
        }
        for i, row in enumerate(rows)
    ]
    parsers: dict[str, Callable[[], object]] = {
        shape.name: _ours(shape.text(size)) for shape in SHAPES
    }
    parsers.update(_peers(rows, "plain"))
    parsers.update(_peers(full, "fields"))
    rates: dict[str, list[float]] = {name: [] for name in parsers}
    for _ in range(rounds):
        for name, work in parsers.items():
            rates[name].append(size / _seconds(work))
    return rates


def _growth(text: str) -> float:
    """Give the megabytes by which loading raises this process's peak."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _ours(text)()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    _ours(SHAPES[0].text(10))()  # load Lark and the parser's table
    growth = _growth(SHAPES[0].text(SIZES[-1]))
    small, large = (measure(size, rounds) for size in SIZES)
    lines = [f"{'':20}{'1,000':>10}{'20,000':>10}  {'spread':>7}  exponent  x {_YAML}"]
    for name, rates in large.items():
        at_small, at_large = (statistics.median(r[name]) for r in (small, large))
        spread = (max(rates) - min(rates)) / at_large
        yaml = large.get(f"{_YAML}, {'fields' if 'fields' in name else 'plain'}", rates)
        ratio = statistics.median(
            ours / theirs for ours, theirs in zip(rates, yaml, strict=True)
        )
        exponent = 1 + log(at_small / at_large) / log(SIZES[1] / SIZES[0])
        lines.append(
            f"{name:20}{at_small:10,.0f}{at_large:10,.0f}  {spread:7.0%}"
            f"  {exponent:8.2f}  {ratio:10.2f}"
        )
    lines.append(f"peak memory grows by {growth:.0f} MB at {SIZES[-1]:,} plain lines")
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
