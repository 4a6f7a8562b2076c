"""A policy, and its training by the scores of rubrics: GRPO on independent features.

The policy is a logit for each feature, the same for all prompts.  Of a group of
rollouts to one prompt the advantage is the score less the group's mean, over its
standard deviation (Shao et al., arXiv 2402.03300); the gradient of a rollout is that
of the features that its prompt can have, and the KL divergence from the base policy
is held against it.
"""

import numpy as np
from attrs import frozen

from rubricdsl.analysis.simulation.checklists import Checklists
from rubricdsl.analysis.simulation.onset import Curve
from rubricdsl.analysis.simulation.rewards import rewards
from rubricdsl.analysis.simulation.verifier import Verifier
from rubricdsl.analysis.simulation.world import (
    Floats,
    Truths,
    World,
    generator,
    logit,
    sigmoid,
)

# The spread of a group in which all score alike divides nothing.
_SOFT = 1e-6


@frozen(eq=False)
class Training:
    """How a policy fared: its curve, and the logits that it ended with."""

    curve: Curve
    logits: Floats


def train(verifier: Verifier, checklists: Checklists, seed: int) -> Training:
    """Train the base policy of a world on the scores of its rubrics.

    Gold, score and KL divergence are measured on fresh responses, before the first
    step and then every ``look_every`` steps.
    """
    world = verifier.world
    p = world.parameters
    draw = generator(seed, "training")
    eyes = generator(seed, "looking")
    base = logit(world.base)
    logits = base.copy()
    looks = []
    for step in range(p.steps + 1):
        if step % p.look_every == 0 or step == p.steps:
            looks.append((float(step), *_look(verifier, checklists, logits, eyes)))
        if step < p.steps:
            gradient = _gradient(verifier, checklists, logits, draw)
            logits += p.learning_rate * (gradient - _pull(world, logits, base))
    steps, gold, proxy, kl = zip(*looks, strict=True)
    return Training(Curve(steps=steps, gold=gold, proxy=proxy, kl=kl), logits)


def _gradient(
    verifier: Verifier,
    checklists: Checklists,
    logits: Floats,
    draw: np.random.Generator,
) -> Floats:
    world = verifier.world
    p = world.parameters
    size = min(p.batch, p.prompts)
    chosen = draw.choice(p.prompts, size, replace=False)
    prompts = np.repeat(chosen, p.rollouts)
    chances = sigmoid(logits)
    features = world.show(prompts, chances, draw)
    met = checklists.verdicts(verifier, features, draw)
    groups = rewards(
        checklists.weights[chosen], met.reshape(size, p.rollouts, -1), p, draw
    )
    advantages = groups - groups.mean(axis=1, keepdims=True)
    if p.normalises:
        advantages /= groups.std(axis=1, keepdims=True) + _SOFT
    slopes = (features - chances) * _possible(world)[prompts]
    gradient: Floats = advantages.reshape(-1) @ slopes / len(prompts)
    return gradient


def _pull(world: World, logits: Floats, base: Floats) -> Floats:
    """Give the gradient of the KL term: each feature as often as it is asked for."""
    chances = sigmoid(logits)
    slope: Floats = chances * (1.0 - chances) * (logits - base)
    slope *= world.parameters.kl_coefficient * _possible(world).mean(axis=0)
    return slope


def _possible(world: World) -> Truths:
    """Say which features (columns) a response to a prompt (row) may show."""
    hacks = np.ones((world.parameters.prompts, world.parameters.hacks), dtype=np.bool_)
    return np.hstack([world.asked, hacks])


def _look(
    verifier: Verifier,
    checklists: Checklists,
    logits: Floats,
    draw: np.random.Generator,
) -> tuple[float, float, float]:
    """Measure gold, score and KL divergence of a policy on fresh responses."""
    world = verifier.world
    p = world.parameters
    chances = sigmoid(logits)
    prompts = np.repeat(np.arange(p.prompts), p.rollouts)
    features = world.show(prompts, chances, draw)
    return (
        float(world.gold(prompts, features).mean()),
        float(checklists.scores(verifier, prompts, features, draw).mean()),
        world.divergence(chances),
    )
