"""Ray as a run needs it: reached or started, quiet, and left as it was."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from rubricdsl.diagnostics import RubricError, fail

# Nothing is sent to anybody, and Ray's own log is in its files: what goes wrong with
# an actor or a node is dealt with, and what cannot be is said in our words.
_SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
_OF_ITS_OWN = "local"


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Be connected to a cluster; one that is started here ends with it.

    A connection that there is already is used, and stays.  Raises RubricError (D404)
    where there is no cluster at the address.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():
        yield
        return
    # By itself Ray would join whatever cluster was last started on this machine.
    address = address or os.environ.get("RAY_ADDRESS") or _OF_ITS_OWN
    try:
        ray.init(
            address=address,
            include_dashboard=False if address == _OF_ITS_OWN else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        fail(
            "D404",
            f"Ray cannot be had at `{address}`: {first_line(error)}",
            hint="see that `ray status` answers there, or leave `address` out",
        )
    try:
        yield
    finally:
        ray.shutdown()


def cpus() -> int:
    """Give how many CPUs the cluster has, and at least one."""
    import ray

    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return max(1, int(resources.get("CPU", 1)))


def packed(value: object) -> bytes:
    """Pickle what another process is to get, as Ray does: also what is read-only."""
    from ray import cloudpickle

    data: bytes = cloudpickle.dumps(value)  # type: ignore[no-untyped-call]
    return data


def first_line(error: BaseException) -> str:
    """Say in a line what an error is."""
    said = str(error).strip().splitlines()
    name = type(error).__name__
    return f"{name}: {said[0][:200]}" if said else name


@contextmanager
def explained() -> Iterator[None]:
    """Say in our words (D404) what Ray cannot do; what is ours goes through."""
    from ray.exceptions import RayError

    try:
        yield
    except RubricError as error:
        # It may be an error of Ray's that carries ours.
        raise RubricError(error.diagnostics) from None
    except RayError as error:
        fail(
            "D404",
            f"the run has failed on the Ray cluster: {first_line(error)}",
            hint="give the same command again, which goes on where it was; Ray's logs "
            "say more",
        )
