"""What ``--executor "ray?key=value&…"`` may say."""

from typing import NoReturn

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.model.execution import ExecutorSettings

_MOST_ACTORS = 100_000
_MOST_PER_ACTOR = 4_096
_MOST_IN_A_BLOCK = 65_536
_MOST_CPUS = 1_024.0


@frozen(kw_only=True)
class RayOptions:
    """How a run is spread out.

    ``address`` is that of the cluster, or `auto` for the one of this machine; without
    one it is RAY_ADDRESS, and if that is not set a cluster of this run's own.
    ``actors`` is how many processes judge (as many as the cluster has CPUs, if not
    said), ``cpus`` the share of a CPU that is set aside for each, and ``per_actor`` how
    many requests each has in flight to judges of which no other limit is known.
    ``block`` is how many responses go to an actor together.
    """

    address: str | None = None
    actors: int | None = None
    per_actor: int | None = None
    block: int | None = None
    cpus: float = 0.25


def read_options(settings: ExecutorSettings) -> RayOptions:
    """Read the options of an executor; raises RubricError (D401) for what cannot be."""
    address = settings.options.get("address")
    if address is not None:
        if not isinstance(address, str) or not address:
            _refuse("address", "must be HOST:PORT, or `auto`")
        if address.startswith("ray://"):
            _refuse(
                "address",
                "cannot be that of a Ray client: the verdict store is a file, and its "
                "keeper must run where rub does; run rub on a node of the cluster",
            )
    return RayOptions(
        address=address,
        actors=_count(settings, "actors", _MOST_ACTORS),
        per_actor=_count(settings, "per_actor", _MOST_PER_ACTOR),
        block=_count(settings, "block", _MOST_IN_A_BLOCK),
        cpus=_cpus(settings),
    )


def _count(settings: ExecutorSettings, name: str, most: int) -> int | None:
    value = settings.options.get(name)
    if value is None:
        return None
    if (
        isinstance(value, bool | str)
        or value != int(value)
        or not 1 <= int(value) <= most
    ):
        _refuse(name, f"must be a whole number from 1 to {most:,}")
    return int(value)


def _cpus(settings: ExecutorSettings) -> float:
    value = settings.options.get("cpus", RayOptions().cpus)
    if isinstance(value, bool | str) or not 0 <= value <= _MOST_CPUS:
        _refuse("cpus", f"must be a number from 0 to {_MOST_CPUS:g}")
    return float(value)


def _refuse(name: str, message: str) -> NoReturn:
    fail(
        "D401",
        f"--executor ray: `{name}` {message}",
        hint="write it as in ray?actors=8&per_actor=32",
    )
