"""A real cluster of two nodes on this machine, and runs of ``rub eval`` on it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import define

from tests.faults.runs import Project
from tests.faults.server import Apart, running_apart

_LONGEST = 120.0


@define
class TwoNodes:
    """A cluster of two nodes with a CPU each; the second can be taken away."""

    cluster: Any
    second: Any
    address: str

    def lose_node(self) -> None:
        """Take the second node away, with all that runs there."""
        self.cluster.remove_node(self.second, allow_graceful=False)

    def gain_node(self) -> None:
        """Bring a second node in again."""
        self.second = _add_node(self.cluster)


@pytest.fixture(scope="session")
def nodes() -> Iterator[TwoNodes]:
    pytest.importorskip("ray", reason="ray is not installed")
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 1,
            "object_store_memory": 100 * 2**20,
            "include_dashboard": False,
        },
    )
    yield TwoNodes(cluster, _add_node(cluster), cluster.address)
    cluster.shutdown()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    folder = tmp_path_factory.mktemp("server")
    with running_apart(folder / "log.jsonl", delay=0.1) as running:
        yield running


@define
class Run:
    """A run of ``rub eval`` in a process of its own."""

    process: subprocess.Popen[str]

    def interrupt(self) -> None:
        """Do what Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)

    def ended(self) -> tuple[int, str]:
        """Wait for the end; gives the exit code, and what was said."""
        _, err = self.process.communicate(timeout=_LONGEST)
        return self.process.returncode, err


@pytest.fixture
def started() -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(project: Project, *arguments: str) -> Run:
        spec = f"openai:test?base_url={project.base}&ask=each&concurrency=8"
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "rubricdsl", "eval", "capital.rub"),
                *("--responses", "responses.jsonl", "--judge", spec),
                *("--out", "results.jsonl", "--store", "store.sqlite", *arguments),
            ],
            cwd=project.folder,
            env={**os.environ, "OPENAI_API_KEY": "sk-local-0123456789"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        runs.append(Run(process))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


def _add_node(cluster: Any) -> Any:
    return cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20)
