"""A number, how sure it is, and on how much of what there is it rests."""

from typing import Self

import numpy as np
from attrs import frozen

from rubricdsl.analysis.bootstrap import Interval, bootstrap_mean
from rubricdsl.scoring.arrays.columns import Floats


@frozen
class Count:
    """How many of ``total`` things were ``measured``; ``unit`` names them, plural."""

    measured: int
    total: int
    unit: str = "responses"


@frozen(kw_only=True)
class Figure:
    """A metric, or why there is none.

    ``value`` is None where the pool cannot support it: then ``why`` says so, and
    ``cure`` what would.  ``low`` and ``high`` are the 95 % interval over prompts, None
    where there are too few of them.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    count: Count
    why: str | None = None
    cure: str | None = None

    @classmethod
    def missing(cls, count: Count, why: str, cure: str) -> Self:
        """Say why there is no figure, and what it would take."""
        return cls(count=count, why=why, cure=cure)

    @classmethod
    def exact(cls, value: float, count: Count) -> Self:
        """Give a number that needs no interval."""
        return cls(value=value, count=count)

    @classmethod
    def over_prompts(
        cls,
        values: Floats,
        count: Count,
        *,
        seed: int,
        why: str = "no prompt has what it takes",
        cure: str = "judge more responses to each prompt",
    ) -> Self:
        """Average one number for each prompt, NaN for none."""
        known = values[~np.isnan(values)]
        if not len(known):
            return cls.missing(count, why, cure)
        interval = bootstrap_mean(known, seed=seed)
        return cls(
            value=float(known.mean()),
            low=None if interval is None else interval.low,
            high=None if interval is None else interval.high,
            count=count,
        )

    @classmethod
    def of_interval(
        cls, interval: Interval | None, count: Count, *, why: str, cure: str
    ) -> Self:
        """Take an interval as it is."""
        if interval is None:
            return cls.missing(count, why, cure)
        return cls(
            value=interval.estimate, low=interval.low, high=interval.high, count=count
        )
