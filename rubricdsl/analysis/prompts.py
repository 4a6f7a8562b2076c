"""Responses by their prompt: what is compared, is compared within one prompt."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.scoring.arrays.columns import Floats, Truths

Rows: TypeAlias = npt.NDArray[np.intp]


@frozen(eq=False)
class ByPrompt:
    """The responses to each prompt.

    ``names`` are the prompts in the order in which they first come, ``codes`` the
    number of the prompt of each response.
    """

    names: tuple[str, ...]
    codes: Rows

    @classmethod
    def of(cls, prompts: Sequence[str]) -> "ByPrompt":
        """Number the prompts, one name for each response."""
        numbers: dict[str, int] = {}
        codes = [numbers.setdefault(name, len(numbers)) for name in prompts]
        return cls(tuple(numbers), np.array(codes, np.intp))

    def rows(self) -> Iterator[Rows]:
        """Give the numbers of the responses to one prompt after the other."""
        order = np.argsort(self.codes, kind="stable")
        ends = np.cumsum(np.bincount(self.codes, minlength=len(self.names)))
        yield from np.split(order, ends[:-1]) if len(self.names) else ()

    def sums(self, values: npt.ArrayLike) -> Floats:
        """Add up one number for each response, by prompt."""
        numbers = np.asarray(values, np.float64)
        sums = np.bincount(self.codes, numbers, len(self.names))
        return sums.astype(np.float64, copy=False)

    def means(self, values: Floats, known: Truths) -> Floats:
        """Give for each response the mean of what is known of those to its prompt.

        The last axis of both arrays are responses; NaN where nothing is known.
        """
        size = len(self.names)
        rows = np.where(known, values, 0.0).reshape(-1, len(self.codes))
        counted = known.reshape(rows.shape)
        with np.errstate(invalid="ignore"):
            by_prompt = [
                np.bincount(self.codes, row, size)
                / np.bincount(self.codes, there, size)
                for row, there in zip(rows, counted, strict=True)
            ]
        table = np.array(by_prompt).reshape(len(rows), size)
        means: Floats = table[:, self.codes].reshape(values.shape)
        return means


def as_values(numbers: npt.ArrayLike, size: int) -> Floats:
    """Take one number for each response; NaN stands for none.

    Raises ValueError for another count of them.
    """
    values = np.asarray(numbers, np.float64)
    if values.shape != (size,):
        raise ValueError(f"needs {size} numbers, one for each response")
    return values
