"""20,000 judgements on two nodes, as a ratio to one node and to a run without Ray.

1,000 responses and 20 criteria, one request each, against a local server in a process
of its own that answers after 50 ms.  Each actor, and the run without Ray, has 32
requests in flight at most.  Throughput is that between the first and the last request;
beside it stands how long a run takes with all that is before and after.

The last run loses an actor to SIGKILL after a quarter and a node after half.  Every
run must give the same rows byte for byte but for ``seconds``; of questions only those
that were in flight may be asked again: see `losses`.  Otherwise the exit code is 1.

Run it from the root of the repository:
``python plugins/rubricdsl-ray/benchmarks/two_nodes.py [--responses N] [--delay S]``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import orjson
from attrs import frozen
from losses import Losing, Repeats

from tests.benchmarks.servers.noting import Noting, noting
from tests.faults.nodes import Nodes

CRITERIA = 20
PER_ACTOR = 32
STORE = "verdicts.sqlite"


@frozen
class Measured:
    """A run: requests, those in a second between the first and the last, seconds.

    ``peak`` is of connections, and ``rows`` are those of results without seconds.
    """

    requests: int
    rate: float
    seconds: float
    peak: int
    repeats: Repeats
    rows: list[bytes]


def _rub(folder: Path, base: str, *arguments: str) -> None:
    spec = f"openai:bench?base_url={base}&ask=each"
    done = subprocess.run(  # noqa: S603 - our own command
        [
            *(sys.executable, "-m", "rubricdsl", "eval", "many.rub"),
            *("--responses", "responses.jsonl", "--judge", spec),
            *("--out", "results.jsonl", *arguments),
        ],
        cwd=folder,
        env={**os.environ, "OPENAI_API_KEY": "sk-local-0123456789"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr.decode())


def measured(
    folder: Path,
    server: Noting,
    *arguments: str,
    losing: Losing | None = None,
) -> Measured:
    """Run, and see at the server how fast it goes, and what was asked again."""
    server.counts()
    (folder / "results.jsonl").unlink(missing_ok=True)
    started = time.perf_counter()
    run = threading.Thread(target=_rub, args=(folder, server.base, *arguments))
    run.start()
    requests = peak = before = 0
    first = last = started
    while run.is_alive():
        time.sleep(0.05)
        counts = server.counts()
        now = time.perf_counter()
        peak = max(peak, counts.peak)
        if counts.requests:
            if not requests:
                first, before = now, counts.requests
            last = now
            requests += counts.requests
        if losing is not None:
            losing.see(requests)
    seconds = time.perf_counter() - started
    if not (folder / "results.jsonl").exists() or last == first:
        raise SystemExit("the run has failed")
    rate = (requests - before) / (last - first)
    losses = () if losing is None else losing.losses
    repeats = Repeats.of(server.noted(), losses)
    return Measured(requests, rate, seconds, peak, repeats, rows(folder))


def rows(folder: Path) -> list[bytes]:
    """Give the rows of results, without their seconds."""
    _, *lines = (folder / "results.jsonl").read_bytes().splitlines()
    return [orjson.dumps({**orjson.loads(line), "seconds": 0}) for line in lines]


def write(folder: Path, responses: int) -> None:
    """Write the rubric and the responses."""
    criteria = "".join(f"[1] c{n}: Shows property {n}.\n" for n in range(CRITERIA))
    (folder / "many.rub").write_text(f"rubric many\n{criteria}")
    (folder / "responses.jsonl").write_bytes(
        b"\n".join(
            orjson.dumps(
                {
                    "prompt_id": "p",
                    "response_id": f"r{n}",
                    "response": f"Response {n}. " + "Words to be read. " * 40,
                }
            )
            for n in range(responses)
        )
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=1000)
    parser.add_argument("--delay", type=float, default=0.05)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        Nodes.one() as nodes,
        noting(options.delay) as server,
    ):
        folder = Path(name)
        write(folder, options.responses)
        far = f"ray?address={nodes.address}&per_actor={PER_ACTOR}&actors="
        one, two = ("--no-cache", "--executor", f"{far}1"), ("--executor", f"{far}2")
        local = ("--no-cache", "--concurrency", str(PER_ACTOR))
        runs = {"local": measured(folder, server, *local)}
        runs["one node"] = measured(folder, server, *one)
        nodes.have_second()
        runs["two nodes"] = measured(folder, server, *two, "--no-cache")
        losing = Losing(nodes, options.responses * CRITERIA, folder / STORE)
        runs["with losses"] = measured(
            folder, server, *two, "--store", STORE, losing=losing
        )
    report(runs)
    wrong = [
        f"the rows of {what} are not those of local"
        for what, run in runs.items()
        if run.rows != runs["local"].rows
    ] + [
        f"{what}: more was asked again than was in flight: {run.repeats}"
        for what, run in runs.items()
        if run.repeats.are_too_many
    ]
    if len(losing.losses) < 2:  # noqa: PLR2004 - an actor and a node
        wrong.append("the run was over before all was lost that was to be")
    sys.exit("\n".join(wrong) or 0)


def report(runs: Mapping[str, Measured]) -> None:
    """Print how fast the runs were, and what was asked again."""
    here, one = runs["local"], runs["one node"]
    print(
        f"{'':18}requests  asked again  in flight  per second  to local  to one node"
        "  seconds"
    )
    for what, run in runs.items():
        print(
            f"{what:18}{run.requests:8,}{run.repeats.requests:13,}{run.peak:11}"
            f"{run.rate:12,.0f}{run.rate / here.rate:10.2f}{run.rate / one.rate:13.2f}"
            f"{run.seconds:9.1f}"
        )
    repeats = runs["with losses"].repeats
    print(
        f"asked again: {repeats.requests}; in flight at the losses: "
        f"{repeats.in_flight}, of which {repeats.unanswered} without an answer"
    )


if __name__ == "__main__":
    main()
