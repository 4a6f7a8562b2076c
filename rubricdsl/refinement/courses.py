"""The course of a refinement: which strategies, by which pairs, for how long."""

from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from rubricdsl.model.refinement import PairSelector, RefinementStrategy


@frozen(kw_only=True)
class Stage:
    """A strategy, and for how many rounds it is followed."""

    name: str
    strategy: RefinementStrategy
    rounds: int


@frozen(kw_only=True)
class Course:
    """How rubrics are refined, all in the same way.

    Where ``scores`` is false the pool is not judged before a pair is drawn from it.
    ``excludes_used`` says that a response is shown to a proposer once.  After
    ``patience`` rounds in a row by which nothing entered the refinement ends.
    ``author`` and ``on`` stand in the history of the rubric: who proposed, and the
    date.
    """

    stages: tuple[Stage, ...]
    selector: PairSelector
    selector_name: str
    gate: bool = True
    scores: bool = True
    excludes_used: bool = True
    shows_weights: bool = True
    shows_verdicts: bool = True
    patience: int = 2
    author: str = ""
    on: str = ""

    @property
    def rounds(self) -> int:
        """How many rounds there are at most."""
        return sum(stage.rounds for stage in self.stages)


@frozen(kw_only=True)
class Preset:
    """A condition of the paper: a strategy with a selector, and for how many rounds.

    The paper's conditions differ in the pool as well: good responses or great ones, of
    one model or of many.  That is for the owner of the pool to see to, so two presets
    may do the same with different pools.
    """

    strategy: str
    rounds: int
    scores: bool
    meaning: str
    select: str = "top2"


def _one_pair(pool: str) -> Preset:
    """Give the condition of one pair, which nobody scores before it is drawn."""
    meaning = f"one pair, drawn blind, of {pool}"
    return Preset(strategy="rtd", rounds=1, scores=False, meaning=meaning)


def _four_pairs(pool: str) -> Preset:
    """Give the condition of four rounds, each with what then scores best."""
    meaning = f"four rounds, each with the best two that are left, of {pool}"
    return Preset(strategy="rtd_iterative", rounds=4, scores=True, meaning=meaning)


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "1-good": _one_pair("good responses"),
        "1-great": _one_pair("great responses"),
        "4-great": _four_pairs("one model's great responses"),
        "4-great-diverse": _four_pairs("great responses by many models"),
    }
)
"""Those of Zhang et al. ("Chasing the Tail", 2025); `top2_far` is none of theirs."""
