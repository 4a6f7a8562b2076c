"""A judge that errs: it misses little, believes too much, and likes good looks.

A criterion has a number: that of the skill that it asks for, or, if it is vague, one
after those of all skills; each vague criterion is a number of its own.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.analysis.simulation.world import (
    Floats,
    Integers,
    Truths,
    World,
    sigmoid,
)

Words: TypeAlias = npt.NDArray[np.uint64]


@frozen(eq=False)
class Verifier:
    """Says yes or no to criteria of responses, right or wrong."""

    world: World

    def chances(self, features: Truths, criteria: Integers) -> Floats:
        """Give the chance of a yes, by response (row) and criterion (column)."""
        p = self.world.parameters
        hacking = self.world.hacking(features)[:, np.newaxis]
        believed = p.false_positives + p.gullibility * hacking
        vague = criteria >= p.skills
        skills = np.where(vague, 0, criteria)
        specific = np.where(features[:, skills], p.true_positives, believed)
        looks = self.looks(features)[:, np.newaxis]
        return np.where(vague, looks, specific)

    def looks(self, features: Truths) -> Floats:
        """Give the chance that responses meet a vague criterion."""
        p = self.world.parameters
        return sigmoid(
            p.vague_start
            + p.vague_hack * self.world.hacking(features)
            + p.vague_basic * self.world.basics(features)
        )

    def judge(
        self,
        features: Sequence[Sequence[bool]],
        keys: Sequence[int],
        criteria: Sequence[int],
    ) -> list[list[bool]]:
        """Judge responses as `verdicts` does, from lists to lists."""
        if not features or not criteria:
            return [[] for _ in features]
        found: list[list[bool]] = self.verdicts(
            np.array(features, dtype=np.bool_),
            np.array(keys, dtype=np.uint64),
            np.array(criteria, dtype=np.int64),
        ).tolist()
        return found

    def verdicts(
        self,
        features: Truths,
        keys: Words,
        criteria: Integers,
    ) -> Truths:
        """Judge responses, by response (row) and criterion (column).

        ``keys`` tell responses apart: the same response is judged in the same way
        whenever it is asked about.
        """
        seed = np.array([self.world.seed], dtype=np.uint64)
        rows = _mixed(keys ^ _mixed(seed))
        columns = _mixed(criteria.astype(np.uint64) + np.uint64(1))
        words = _mixed(rows[:, np.newaxis] ^ columns[np.newaxis, :])
        drawn = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return drawn < self.chances(features, criteria)


def _mixed(words: Words) -> Words:
    """Mix the bits of words, as SplitMix64 does (Steele, Lea and Flood, 2014)."""
    with np.errstate(over="ignore"):
        words = words + np.uint64(0x9E3779B97F4A7C15)
        words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return words ^ (words >> np.uint64(31))
