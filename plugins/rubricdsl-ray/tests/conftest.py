"""A judge on this machine, in a process of its own."""

from collections.abc import Iterator

import pytest

from tests.faults.server import Apart, running_apart


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    folder = tmp_path_factory.mktemp("server")
    with running_apart(folder / "log.jsonl", delay=0.1) as running:
        yield running
