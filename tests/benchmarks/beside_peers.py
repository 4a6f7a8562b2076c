"""The engine beside autorubric and rubric, in one run, against the same server.

2,000 judgements (100 responses, 20 criteria, one request each), 64 at once, against a
local server that answers at once or after 50 ms.  In each round the clients run in
turn, each in a process of its own; printed are the medians of the ratios to the bare
HTTP client of the same round, with their spread.

The peers are no dependencies of this project.  ``--install`` puts the versions named
here into a virtual environment of their own (about a gigabyte); without it they are
left out.  Run it with ``python tests/benchmarks/beside_peers.py [--install]``.
"""

import argparse
import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import frozen

from tests.benchmarks.engine import (
    CONCURRENCY,
    CRITERIA,
    EACH,
    RESPONSES,
    Cost,
    bare,
    engine,
    head,
    measure,
    say,
)
from tests.benchmarks.servers.answering import Answering, answering

PEERS = {"autorubric": "autorubric==1.6.1", "rubric": "rubric==2.2.0"}
_VENV = Path(".venv-peers")
_MET = '{"criterion_status":"MET","explanation":"It does."}'


@frozen
class Peer:
    """A peer's client, waiting in a process of its own."""

    name: str
    process: subprocess.Popen[str]

    def round(self) -> tuple[Cost, float]:
        """Have it judge everything once; gives what it took, and its peak in MB."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended")
        spent = json.loads(line)
        return Cost(spent["cpu"], spent["wall"]), spent["peak"] or 0.0


def python_of(folder: Path) -> Path:
    """Give the interpreter of a virtual environment."""
    return folder / "bin" / "python"


def install(folder: Path) -> None:
    """Make the peers' environment."""
    venv.create(folder, with_pip=True)
    subprocess.run(
        [python_of(folder), "-m", "pip", "install", "--quiet", *PEERS.values()],
        check=True,
    )


@contextmanager
def started(name: str, base: str, folder: Path) -> Iterator[Peer]:
    """Start a peer's client."""
    script = Path(__file__).parent / "peers" / f"with_{name}.py"
    with subprocess.Popen(
        [python_of(folder), script, base],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # It would look for prices on the network before it begins.
        env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
    ) as process:
        yield Peer(name, process)
        process.kill()


def compare(delay: float, rounds: int, folder: Path | None) -> None:
    """Run all clients in turn and print."""
    judgements = RESPONSES * CRITERIA
    head(f"{delay * 1000:.0f} ms, {judgements} judgements, {rounds} rounds")
    with ExitStack() as stack:
        ours = stack.enter_context(answering(delay, EACH))
        theirs = stack.enter_context(answering(delay, _MET))
        peers = (
            []
            if folder is None
            else [
                stack.enter_context(started(name, theirs.base, folder))
                for name in PEERS
            ]
        )
        names = ["rubricdsl", *(peer.name for peer in peers)]
        ratios: dict[str, list[tuple[Cost, Cost]]] = {name: [] for name in names}
        peaks: dict[str, float] = {}
        connections: dict[str, int] = {}
        measure(bare(), ours.base)
        measure(engine(), ours.base)
        for number in range(rounds + 1):
            ground = measure(bare(), ours.base)
            ours.counts()
            costs = {"rubricdsl": measure(engine(), ours.base)}
            connections["rubricdsl"] = ours.counts().peak
            for peer in peers:
                costs[peer.name], peaks[peer.name] = _round_of(
                    peer, theirs, connections
                )
            if number:  # The first round warms all of them up.
                for name, cost in costs.items():
                    ratios[name].append((cost, ground))
    for name, pairs in ratios.items():
        say(f"{name}: CPU / bare aiohttp", [a.cpu / b.cpu for a, b in pairs])
        say(f"{name}: wall, s", [a.wall for a, _ in pairs])
        peak = f", {peaks[name]:.0f} MB at most" if name in peaks else ""
        head(f"  {name}: {connections[name]} connections at most{peak}")
    if delay:
        head(f"  ideal: {judgements * delay / CONCURRENCY:.2f} s")


def _round_of(
    peer: Peer, server: Answering, connections: dict[str, int]
) -> tuple[Cost, float]:
    server.counts()
    spent = peer.round()
    connections[peer.name] = server.counts().peak
    return spent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--venv", type=Path, default=_VENV)
    options = parser.parse_args()
    folder: Path | None = options.venv
    if options.install and not options.venv.exists():
        install(options.venv)
    if not python_of(options.venv).exists():
        sys.stdout.write(
            f"the peers are left out: {options.venv} is not there; --install makes it\n"
        )
        folder = None
    for delay in (0.0, 0.05):
        compare(delay, options.rounds, folder)


if __name__ == "__main__":
    main()
