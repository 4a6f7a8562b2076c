"""What a run may spend, as it is asked for."""

from attrs import frozen


@frozen(kw_only=True)
class Limits:
    """The bounds of a run; None means without bound.

    ``max_cost`` is in the currency of the judges' prices; ``max_seconds`` count from
    the beginning of the run.
    """

    max_calls: int | None = None
    max_cost: float | None = None
    max_seconds: float | None = None
