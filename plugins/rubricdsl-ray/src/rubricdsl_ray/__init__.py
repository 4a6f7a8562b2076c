"""Offers the executor `ray`, which makes runs on a Ray cluster."""

from collections.abc import Sequence

from rubricdsl.model.execution import (
    Commission,
    Execution,
    ExecutorOffer,
    ExecutorSettings,
)
from rubricdsl.plugins.specs import hookimpl


def _create(settings: ExecutorSettings, commission: Commission) -> Execution:
    from rubricdsl_ray.execution import RayExecution
    from rubricdsl_ray.options import read_options

    return RayExecution(read_options(settings), commission)


@hookimpl
def rubricdsl_executors() -> Sequence[ExecutorOffer]:
    """Offer the executor."""
    return (
        ExecutorOffer(
            name="ray",
            description="makes a run on a Ray cluster, by response",
            create=_create,
            options=("address", "actors", "per_actor", "block", "cpus"),
        ),
    )
