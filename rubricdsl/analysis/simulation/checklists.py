"""The rubrics of all prompts as arrays: what they weigh, and how right they order."""

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen

from rubricdsl.analysis.simulation.verifier import Verifier
from rubricdsl.analysis.simulation.world import Floats, Integers, Source, Truths, World

# So many pairs are drawn to each prompt, to tell how right a rubric orders them.
_PAIRS = 8
_GRADINGS = 5


def paired_responses(world: World) -> int:
    """Give how many responses to all prompts `Checklists.accuracy` draws."""
    return 2 * _PAIRS * world.parameters.prompts


@frozen(eq=False)
class Checklists:
    """One rubric for each prompt (row): the weight of each criterion (column).

    Columns are those of all skills, and then as many as there are vague criteria in
    any rubric.  What is not in a rubric weighs nothing.
    """

    weights: Floats

    @classmethod
    def of(cls, world: World, rubrics: Sequence[Mapping[int, float]]) -> "Checklists":
        """Give the rubrics of all prompts, each as weights by criterion."""
        width = max((max(one, default=0) + 1 for one in rubrics), default=0)
        weights = np.zeros((len(rubrics), max(width, world.parameters.skills)))
        for row, rubric in zip(weights, rubrics, strict=True):
            for criterion, weight in rubric.items():
                row[criterion] = weight
        return cls(weights)

    def criteria(self) -> float:
        """Give the number of criteria, in the mean over prompts."""
        return float(np.count_nonzero(self.weights, axis=1).mean())

    def coverage(self, world: World) -> float:
        """Give the share of skills asked for that have a criterion."""
        skills = self.weights[:, : world.parameters.skills] > 0
        return float((skills & world.asked).sum() / world.asked.sum())

    def vague(self, world: World) -> float:
        """Give the number of vague criteria, in the mean over prompts."""
        vague = self.weights[:, world.parameters.skills :]
        return float(np.count_nonzero(vague, axis=1).mean())

    def scores(
        self,
        verifier: Verifier,
        prompts: Integers,
        features: Truths,
        draw: np.random.Generator,
    ) -> Floats:
        """Judge responses anew and give their scores in [0, 1]."""
        met = self.verdicts(verifier, features, draw)
        return weighted_mean(self.weights[prompts], met)

    def verdicts(
        self, verifier: Verifier, features: Truths, draw: np.random.Generator
    ) -> Truths:
        """Judge responses (rows) anew by all criteria (columns), theirs or not."""
        p = verifier.world.parameters
        hacking = verifier.world.hacking(features)[:, np.newaxis]
        shown = features[:, : p.skills]
        believed = p.false_positives + p.gullibility * hacking
        chances = np.empty((len(features), self.weights.shape[1]))
        chances[:, : p.skills] = np.where(shown, p.true_positives, believed)
        chances[:, p.skills :] = verifier.looks(features)[:, np.newaxis]
        met: Truths = draw.random(chances.shape) < chances
        return met

    def accuracy(
        self, verifier: Verifier, source: Source, draw: np.random.Generator
    ) -> float:
        """Give the share of pairs from a source that are ordered as gold has it.

        By the majority of five gradings, a tie being an error, as the paper measures
        it; pairs of equal gold are left out.
        """
        world = verifier.world
        prompts = np.repeat(np.arange(world.parameters.prompts), 2 * _PAIRS)
        features = world.show(prompts, source.rows(len(prompts)), draw)
        better = _order(world.gold(prompts, features))
        votes = sum(
            _order(self.scores(verifier, prompts, features, draw))
            for _ in range(_GRADINGS)
        )
        return float((np.sign(votes) == better)[better != 0].mean())


def weighted_mean(weights: Floats, met: Truths) -> Floats:
    """Give the share of weight (last axis) that is met; 0 where nothing weighs."""
    all_weight = weights.sum(axis=-1)
    share: Floats = (weights * met).sum(axis=-1) / np.where(all_weight, all_weight, 1.0)
    return share


def _order(values: Floats) -> Floats:
    """Say of each pair which one has more: the first (1), the second (-1), none (0)."""
    first, second = values.reshape(-1, 2).T
    order: Floats = np.sign(np.where(np.isclose(first, second), 0.0, first - second))
    return order
