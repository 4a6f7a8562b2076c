"""A Ray cluster of two nodes on this machine, to lose parts of."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

from attrs import define

_JUDGING = "MapWorker(MapBatches(JudgingActor))"
# Enough for what is judged here; reserved on each node, of what all programs share.
_OBJECTS = 100 * 2**20
# How long a node may take to answer stays as it is: a slow one has not gone.
_WATCHFUL = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 250,
    "health_check_failure_threshold": 2,
}


@define
class Nodes:
    """A cluster whose nodes have a CPU each; the second can be taken away.

    The driver of a run, and with it the keeper, is on the first.
    """

    cluster: Any
    second: Any = None

    @classmethod
    @contextmanager
    def one(cls, *, watchful: bool = False) -> Iterator[Self]:
        """Start a cluster of one node, for as long as it is wanted.

        A ``watchful`` one finds out within a second that a node has gone, where others
        need a quarter of a minute or more.
        """
        from ray.cluster_utils import Cluster

        head = {
            "num_cpus": 1,
            "object_store_memory": _OBJECTS,
            "include_dashboard": False,
            "_system_config": _WATCHFUL if watchful else None,
        }
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            yield cls(cluster)
        finally:
            cluster.shutdown()

    @property
    def address(self) -> str:
        """Where runs can reach it."""
        return str(self.cluster.address)

    def have_second(self) -> None:
        """Bring a second node in, if there is none."""
        if self.second is None:
            self.second = self.cluster.add_node(
                num_cpus=1, object_store_memory=_OBJECTS
            )

    def lose_node(self) -> None:
        """Take the second node away, with the actors that judge there.

        As when a machine goes: without Ray's own process on their node, actors would
        go on for up to a second.
        """
        judging = self.judging(self.second.node_id)
        assert judging
        self.cluster.remove_node(self.second, allow_graceful=False)
        for process in judging:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.second = None

    def lose_actor(self) -> None:
        """Kill the process of an actor that judges on the first node."""
        os.kill(self.judging(self.cluster.head_node.node_id)[0], signal.SIGKILL)

    def judging(self, node: str) -> list[int]:
        """Give the processes of the actors that judge on a node."""
        return [
            actor["Pid"]
            for actor in self.cluster.global_state.actor_table(None).values()
            if actor["ActorClassName"] == _JUDGING
            and actor["State"] == "ALIVE"
            and actor["Address"]["NodeID"] == node
        ]
