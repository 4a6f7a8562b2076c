"""A policy over responses that are there: where a score drives it, and how gold fares.

To each prompt the policy is a softmax over the responses of a pool, which are taken for
samples of the untrained one.  It can come to know which of them score best and nothing
else, so this is what a rubric buys by choosing among them; what a trained model would
find outside of the pool is not seen.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import field, frozen
from attrs.validators import ge

from rubricdsl.analysis.prompts import ByPrompt, as_values
from rubricdsl.analysis.simulation.onset import Curve
from rubricdsl.analysis.simulation.parameters import AMOUNT, RATE
from rubricdsl.analysis.simulation.world import Floats, Integers, Truths, generator

LEAST_RESPONSES = 4
"""Among fewer responses to a prompt there is nothing to be driven to."""
_SOFT = 1e-6


@frozen(kw_only=True)
class PoolTraining:
    """How a policy over a pool is trained: GRPO, on all prompts in each step.

    ``kl_coefficient`` is small, so that the policy comes to the end of what the pool
    has to tell.
    """

    steps: int = field(default=320, validator=ge(1))
    rollouts: int = field(default=16, validator=ge(2))
    learning_rate: float = field(default=0.6, validator=RATE)
    kl_coefficient: float = field(default=0.01, validator=AMOUNT)
    normalises: bool = True
    look_every: int = field(default=10, validator=ge(1))


@frozen(eq=False, kw_only=True)
class PoolOutcome:
    """How a policy over a pool fared.

    ``gold`` of the curve is the chance to beat the untrained policy, a tie being half
    won, in the mean over ``prompts``; ``proxy`` the score.  Of the responses ``used``
    are known by score and gold, to prompts with enough of them; ``left_out`` are not.
    Beyond ``most_kl`` no policy over this pool can go.
    """

    curve: Curve
    prompts: int
    used: int
    left_out: int
    most_kl: float


def train_on_pool(
    prompts: Sequence[str],
    scores: npt.ArrayLike,
    gold: npt.ArrayLike,
    training: PoolTraining,
    *,
    seed: int = 0,
) -> PoolOutcome | None:
    """Train a policy over a pool on its scores; one of all arrays for each response.

    NaN stands for what is not known.  None where no prompt has `LEAST_RESPONSES` with
    both.  Raises ValueError for arrays of other lengths.
    """
    proxy = as_values(scores, len(prompts))
    worth = as_values(gold, len(prompts))
    known = ~(np.isnan(proxy) | np.isnan(worth))
    rows = [
        usable
        for of_prompt in ByPrompt.of(prompts).rows()
        if len(usable := of_prompt[known[of_prompt]]) >= LEAST_RESPONSES
    ]
    if not rows:
        return None
    width = max(map(len, rows))
    there = np.array([[i < len(one) for i in range(width)] for one in rows], np.bool_)
    pool = _Pool(
        there=there,
        scores=_padded([proxy[one] for one in rows], width),
        wins=_padded([_wins(worth[one]) for one in rows], width),
    )
    used = int(there.sum())
    return PoolOutcome(
        curve=_train(pool, training, generator(seed, "pool training")),
        prompts=len(rows),
        used=used,
        left_out=len(prompts) - used,
        most_kl=float(np.log(there.sum(axis=1)).mean()),
    )


@frozen(eq=False, kw_only=True)
class _Pool:
    """Prompts by responses; what is not ``there`` is 0."""

    there: Truths
    scores: Floats
    wins: Floats

    def policy(self, logits: Floats) -> Floats:
        """Give the chances of responses."""
        raised = np.where(self.there, logits, -math.inf)
        weights = np.exp(raised - raised.max(axis=1, keepdims=True))
        chances: Floats = weights / weights.sum(axis=1, keepdims=True)
        return chances

    def surprise(self, chances: Floats) -> Floats:
        """Give the logarithm of how much likelier responses have become."""
        counts = self.there.sum(axis=1, keepdims=True)
        ratios = np.where(self.there & (chances > 0), chances * counts, 1.0)
        logs: Floats = np.log(ratios)
        return logs


def _train(pool: _Pool, training: PoolTraining, draw: np.random.Generator) -> Curve:
    logits = np.zeros(pool.there.shape)
    looks: list[tuple[float, float, float, float]] = []
    for step in range(training.steps + 1):
        chances = pool.policy(logits)
        surprise = pool.surprise(chances)
        divergence = (chances * surprise).sum(axis=1, keepdims=True)
        if step % training.look_every == 0 or step == training.steps:
            gold, proxy = (
                float((chances * worth).sum(axis=1).mean())
                for worth in (pool.wins, pool.scores)
            )
            looks.append((float(step), gold, proxy, float(divergence.mean())))
        if step < training.steps:
            pull = training.kl_coefficient * chances * (surprise - divergence)
            gradient = _gradient(pool, chances, training, draw)
            logits += training.learning_rate * (gradient - pull)
    steps, gold_row, proxy_row, kl = zip(*looks, strict=True)
    return Curve(steps=steps, gold=gold_row, proxy=proxy_row, kl=kl)


def _gradient(
    pool: _Pool, chances: Floats, training: PoolTraining, draw: np.random.Generator
) -> Floats:
    """Give the policy gradient of one group of rollouts to each prompt."""
    chosen = _drawn(chances, training.rollouts, draw)
    advantages = np.take_along_axis(pool.scores, chosen, axis=1)
    advantages = advantages - advantages.mean(axis=1, keepdims=True)
    if training.normalises:
        advantages /= advantages.std(axis=1, keepdims=True) + _SOFT
    # The advantages of a group add up to 0, so the part of what was not drawn is 0.
    gradient = np.zeros(chances.shape)
    lines = np.arange(len(chances))[:, np.newaxis]
    np.add.at(gradient, (lines, chosen), advantages / training.rollouts)
    return gradient


def _drawn(chances: Floats, count: int, draw: np.random.Generator) -> Integers:
    """Draw so many responses to each prompt."""
    ends = np.cumsum(chances, axis=1)
    points = draw.random((len(chances), count)) * ends[:, -1:]
    found: Integers = (points[:, :, np.newaxis] >= ends[:, np.newaxis, :]).sum(axis=2)
    last: Integers = np.minimum(found, chances.shape[1] - 1)
    return last


def _wins(gold: Floats) -> Floats:
    """Give the chance of each response to beat another drawn from all of them."""
    ordered = np.sort(gold)
    worse = np.searchsorted(ordered, gold, "left")
    not_better = np.searchsorted(ordered, gold, "right")
    wins: Floats = (worse + not_better) / (2 * len(gold))
    return wins


def _padded(rows: Sequence[Floats], width: int) -> Floats:
    table = np.zeros((len(rows), width))
    for line, row in zip(table, rows, strict=True):
        line[: len(row)] = row
    return table
