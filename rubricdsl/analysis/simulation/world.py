"""What prompts ask for, what responses show, and what that is really worth.

Everything is an array: the features of a response are booleans, one for each skill and
then one for each hack; a prompt is the number of its row.
"""

from hashlib import blake2b
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.analysis.simulation.parameters import Parameters, Quality

Floats: TypeAlias = npt.NDArray[np.float64]
Truths: TypeAlias = npt.NDArray[np.bool_]
Integers: TypeAlias = npt.NDArray[np.int64]

# Chances of exactly 0 or 1 have no logit.
_NEARLY = 1e-6


def generator(seed: int, *words: object) -> np.random.Generator:
    """Give a generator for one purpose, which no other purpose disturbs."""
    text = "\x1f".join(map(str, words)).encode()
    number = int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
    return np.random.default_rng([seed, number])


def sigmoid(logits: Floats) -> Floats:
    """Give the chances of logits."""
    with np.errstate(over="ignore"):  # the chance is 0 then
        return 1.0 / (1.0 + np.exp(-logits))


def logit(chances: Floats | float) -> Floats:
    """Give the logits of chances."""
    clipped = np.clip(chances, _NEARLY, 1.0 - _NEARLY)
    logits: Floats = np.log(clipped / (1.0 - clipped))
    return logits


@frozen(eq=False)
class Source:
    """Where responses come from: one or several profiles, taken in turn.

    ``chances`` has a row for each profile and a column for each feature.
    """

    name: str
    chances: Floats

    def rows(self, count: int) -> Floats:
        """Give the chances for so many responses, profile by profile."""
        return self.chances[np.arange(count) % len(self.chances)]


@frozen(eq=False)
class Samples:
    """Responses to all prompts, by prompt and then number: features, and worth."""

    source: str
    features: Truths
    gold: Floats


@frozen(eq=False)
class World:
    """Prompts and skills, and the policy that training starts from.

    ``values`` is what each skill is worth, ``asked`` which skills (columns) a prompt
    (row) asks for, ``base`` the chances by which the untrained policy shows features.
    """

    parameters: Parameters
    seed: int
    values: Floats
    asked: Truths
    base: Floats

    @classmethod
    def of(cls, parameters: Parameters, seed: int) -> "World":
        """Draw a world."""
        draw = generator(seed, "world")
        p = parameters
        values = draw.integers(1, p.most_value, size=p.skills, endpoint=True)
        asked = np.zeros((p.prompts, p.skills), dtype=np.bool_)
        basic = np.arange(p.basic_skills)
        advanced = np.arange(p.basic_skills, p.skills)
        for row in asked:
            row[draw.choice(basic, p.asked_basic, replace=False)] = True
            row[draw.choice(advanced, p.asked_advanced, replace=False)] = True
        base = np.concatenate(
            [
                draw.uniform(*p.base_basic, size=len(basic)),
                draw.uniform(*p.base_advanced, size=len(advanced)),
                np.full(p.hacks, p.base_hack),
            ]
        )
        return cls(p, seed, values.astype(np.float64), asked, base)

    @property
    def is_basic(self) -> Truths:
        """Which skills are basic."""
        return np.arange(self.parameters.skills) < self.parameters.basic_skills

    def first_rubrics(self) -> list[dict[int, int]]:
        """Give what rubrics say that know the prompts alone: weights by criterion.

        Most basic skills asked for, few advanced ones, and vague criteria.
        """
        p = self.parameters
        draw = generator(self.seed, "first rubrics")
        chances = np.where(self.is_basic, p.known_basic, p.known_advanced)
        known = self.asked & (draw.random(self.asked.shape) < chances)
        vague = {p.skills + number: p.vague_weight for number in range(p.vague)}
        return [
            {int(n): int(self.values[n]) for n in np.flatnonzero(row)} | vague
            for row in known
        ]

    # --------------------------------------------------------------- responses

    def source(self, name: str, quality: Quality, profiles: int = 1) -> Source:
        """Draw a source; the same name gives the same one."""
        draw = generator(self.seed, "source", name)
        p = self.parameters
        means = np.where(self.is_basic, quality.basic, quality.advanced)
        spreads = np.where(self.is_basic, quality.basic_spread, quality.advanced_spread)
        noise = draw.standard_normal((profiles, p.skills))
        skills = sigmoid(logit(means) + spreads * noise)
        hacks = draw.uniform(*quality.hack, size=(profiles, 1))
        return Source(name, np.hstack([skills, np.repeat(hacks, p.hacks, axis=1)]))

    def good(self) -> Source:
        """Give a source that does what is usual well."""
        return self.source("good", self.parameters.good)

    def great(self) -> Source:
        """Give a source that shows most advanced skills, by one profile."""
        return self.source("great", self.parameters.great)

    def diverse(self) -> Source:
        """Give great sources, each of a profile of its own."""
        p = self.parameters
        return self.source("diverse", p.diverse, p.profiles)

    def strong(self, responses: int) -> Source:
        """Give great sources, one for each response, to test rubrics with.

        No rubric is refined by any of them.  Two responses of one profile differ in
        the few skills that it leaves to chance, so what rubrics made of these would
        say more of that profile than of strong responses.
        """
        return self.source("strong", self.parameters.great, responses)

    def untrained(self) -> Source:
        """Give the base policy as a source."""
        return Source("base", self.base[np.newaxis])

    def show(
        self, prompts: Integers, chances: Floats, draw: np.random.Generator
    ) -> Truths:
        """Draw the features of responses, one for each prompt.

        Of skills a response shows only such as its prompt asks for.
        """
        shown = draw.random((len(prompts), self.parameters.features)) < chances
        shown[:, : self.parameters.skills] &= self.asked[prompts]
        return shown

    def samples(self, source: Source, count: int, purpose: str) -> "Samples":
        """Draw so many responses to each prompt, the same for the same purpose."""
        prompts = np.repeat(np.arange(self.parameters.prompts), count)
        chances = np.tile(source.rows(count), (self.parameters.prompts, 1))
        draw = generator(self.seed, "samples", source.name, purpose)
        features = self.show(prompts, chances, draw)
        gold = self.gold(prompts, features)
        shape = (self.parameters.prompts, count)
        return Samples(source.name, features.reshape(*shape, -1), gold.reshape(shape))

    def junk(self, count: int) -> "Samples":
        """Give responses that show all hacks and no skill."""
        p = self.parameters
        prompts = np.repeat(np.arange(p.prompts), count)
        features = np.zeros((len(prompts), p.features), dtype=np.bool_)
        features[:, p.skills :] = True
        gold = self.gold(prompts, features)
        shape = (p.prompts, count)
        return Samples("junk", features.reshape(*shape, -1), gold.reshape(shape))

    # -------------------------------------------------------------------- worth

    def gold(self, prompts: Integers, features: Truths) -> Floats:
        """Say what responses are really worth.

        The share of the value asked for that is shown, less what hacks cost.
        """
        skills = features[:, : self.parameters.skills]
        wanted = self.asked[prompts] @ self.values
        worth: Floats = (skills @ self.values) / wanted
        return worth - self.parameters.hack_cost * self.hacking(features)

    def hacking(self, features: Truths) -> Floats:
        """Give the share of hacks that responses show."""
        share: Floats = features[:, self.parameters.skills :].mean(axis=1)
        return share

    def basics(self, features: Truths) -> Floats:
        """Give the share of the basic skills asked for that responses show."""
        width = self.parameters.basic_skills
        share: Floats = features[:, :width].sum(axis=1) / self.parameters.asked_basic
        return share

    def divergence(self, chances: Floats) -> float:
        """Give the KL divergence of a policy from the base policy, in nats.

        It is that of a response, in the mean over prompts: features are independent.
        """
        one = _relative(chances, self.base) + _relative(1 - chances, 1 - self.base)
        skills = self.parameters.skills
        asked: Floats = self.asked @ one[:skills]
        return float(asked.mean() + one[skills:].sum())


def _relative(chances: Floats, base: Floats) -> Floats:
    chances = np.maximum(chances, 1e-300)
    terms: Floats = chances * np.log(chances / base)
    return terms
