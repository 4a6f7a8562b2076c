"""20,000 judgements on two nodes, as a ratio to one node and to a run without Ray.

1,000 responses and 20 criteria, one request each, against a local server in a process
of its own that answers after 50 ms.  Each actor, and the run without Ray, has 32
requests in flight at most.  Throughput is that between the first and the last request;
beside it stands how long a run takes with all that is before and after.

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
from pathlib import Path

import orjson
from attrs import frozen
from ray.cluster_utils import Cluster

from tests.benchmarks.servers.answering import Answering, answering

CRITERIA = 20
PER_ACTOR = 32


@frozen
class Measured:
    """A run: requests, those in a second between the first and the last, seconds."""

    requests: int
    rate: float
    seconds: float
    peak: int


def _rub(folder: Path, base: str, *arguments: str) -> None:
    spec = f"openai:bench?base_url={base}&ask=each"
    done = subprocess.run(  # noqa: S603 - our own command
        [
            *(sys.executable, "-m", "rubricdsl", "eval", "many.rub"),
            *("--responses", "responses.jsonl", "--judge", spec, "--no-cache"),
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


def measured(folder: Path, server: Answering, *arguments: str) -> Measured:
    """Run, and see at the server how fast it goes."""
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
    seconds = time.perf_counter() - started
    if not (folder / "results.jsonl").exists() or last == first:
        raise SystemExit("the run has failed")
    rate = (requests - before) / (last - first)
    return Measured(requests, rate, seconds, peak)


def rows(folder: Path) -> list[bytes]:
    """Give the rows of results, without their seconds."""
    _, *lines = (folder / "results.jsonl").read_bytes().splitlines()
    return [orjson.dumps({**orjson.loads(line), "seconds": 0}) for line in lines]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=1000)
    parser.add_argument("--delay", type=float, default=0.05)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
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
                for n in range(options.responses)
            )
        )
        cluster = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 1, "include_dashboard": False},
        )
        with answering(options.delay, '{"c1":"yes"}') as server:
            here = measured(folder, server, "--concurrency", str(PER_ACTOR))
            expected = rows(folder)
            far = f"ray?address={cluster.address}&per_actor={PER_ACTOR}&actors="
            one = measured(folder, server, "--executor", f"{far}1")
            assert rows(folder) == expected  # noqa: S101 - a benchmark of equals
            cluster.add_node(num_cpus=1)
            two = measured(folder, server, "--executor", f"{far}2")
            assert rows(folder) == expected  # noqa: S101 - a benchmark of equals
        cluster.shutdown()
    print(f"{'':18}requests  in flight  per second  to local  to one node  seconds")
    for what, run in (("local", here), ("one node", one), ("two nodes", two)):
        print(
            f"{what:18}{run.requests:8,}{run.peak:11}{run.rate:12,.0f}"
            f"{run.rate / here.rate:10.2f}{run.rate / one.rate:13.2f}{run.seconds:9.1f}"
        )


if __name__ == "__main__":
    main()
