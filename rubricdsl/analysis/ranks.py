"""Where responses stand among those to the same prompt, and who is behind whom.

Equal values share a place.  All prompts are looked at in one go, in time n log n and
with a few numbers for each response in memory, so that a single prompt may have a
hundred thousand responses.
"""

import numpy as np
from attrs import frozen

from rubricdsl.analysis.prompts import ByPrompt, Rows
from rubricdsl.scoring.arrays.columns import Floats, Truths
from rubricdsl.scoring.leaves import TOLERANCE

NOWHERE = -1
"""The level of a response without a value."""


def levels_of(groups: ByPrompt, values: Floats) -> Rows:
    """Number the different values of all prompts, each prompt's from low to high.

    Every value of a prompt has a greater number than all of the prompts before it;
    `NOWHERE` stands for NaN.
    """
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.lexsort((values[known], groups.codes[known]))]
    prompt, value = groups.codes[order], values[order]
    steps = np.ones(len(order), np.bool_)
    steps[1:] = (np.diff(prompt) != 0) | (np.diff(value) > TOLERANCE)
    levels = np.full(len(values), NOWHERE, np.intp)
    levels[order] = np.cumsum(steps) - 1
    return levels


@frozen(eq=False)
class Ranks:
    """The place of each response among those of its prompt that have a value.

    ``below`` counts those with a lesser value, ``tied`` those with the same, itself
    included, ``count`` all; ``known`` tells which responses have a place at all, and
    for others all three are 0.
    """

    known: Truths
    below: Rows
    tied: Rows
    count: Rows

    @classmethod
    def of(cls, groups: ByPrompt, values: Floats) -> "Ranks":
        """Rank values, NaN for none."""
        levels = levels_of(groups, values)
        known = levels != NOWHERE
        size = len(groups.names)
        in_level = np.bincount(levels[known], minlength=1)
        # Of the levels before a response's, those of its prompt alone count.
        before = np.cumsum(in_level) - in_level
        in_prompt = np.bincount(groups.codes[known], minlength=size)
        first = np.cumsum(in_prompt) - in_prompt
        below, tied, count = (np.zeros(len(values), np.intp) for _ in range(3))
        below[known] = before[levels[known]] - first[groups.codes[known]]
        tied[known] = in_level[levels[known]]
        count[known] = in_prompt[groups.codes[known]]
        return cls(known, below, tied, count)

    @property
    def start(self) -> Floats:
        """Where the ranks of a response's equals begin, in [0, 1]; NaN for none."""
        return _share(self.below, self.count)

    @property
    def stop(self) -> Floats:
        """Where they end."""
        return _share(self.below + self.tied, self.count)

    @property
    def middle(self) -> Floats:
        """The quantile of each response: ties in the middle of their places."""
        return _share(2 * self.below + self.tied, 2 * self.count)

    def within(self, low: float, high: float) -> Floats:
        """Give how likely each is to stand between two ranks, ties in any order."""
        inside = np.minimum(self.stop, high) - np.maximum(self.start, low)
        part: Floats = np.clip(inside, 0.0, None) / (self.stop - self.start)
        return np.where(self.known, part, 0.0)


def less_in_both(one: Rows, other: Rows) -> Rows:
    """Count for each item those that are less in both of two numberings.

    Among items with an equal number in either, none counts.
    """
    # Of equals in `one`, those greater in `other` come first, and so never count.
    order = np.lexsort((-other, one))
    counts = np.zeros(len(one), np.intp)
    counts[order] = _earlier_and_less(other[order])
    return counts


def _earlier_and_less(numbers: Rows) -> Rows:
    """Count for each number the lesser ones before it.

    Bit by bit from the highest: of those that agree in all higher bits, the ones that
    stand before with a 0 are less than a number with a 1.
    """
    counts = np.zeros(len(numbers), np.intp)
    places = np.arange(len(numbers))
    order = places.copy()
    for bit in reversed(range(int(numbers.max(initial=0)).bit_length())):
        in_order = numbers[order]
        zero = (in_order >> bit) & 1 == 0
        agreeing = in_order >> (bit + 1)
        begins = np.ones(len(order), np.bool_)
        begins[1:] = agreeing[1:] != agreeing[:-1]
        starts = np.flatnonzero(begins)
        block = np.cumsum(begins) - 1
        zeros_before = np.cumsum(zero) - zero
        here = zeros_before - zeros_before[starts][block]
        counts[order[~zero]] += here[~zero]
        # Those with a 0 go before those with a 1, and stay in their order otherwise.
        zeros = np.add.reduceat(zero, starts, dtype=np.intp)[block]
        first = starts[block]
        moved = np.empty_like(order)
        moved[np.where(zero, first + here, zeros + places - here)] = order
        order = moved
    return counts


def _share(part: Rows, whole: Rows) -> Floats:
    with np.errstate(invalid="ignore"):
        share: Floats = part / whole
    return share
