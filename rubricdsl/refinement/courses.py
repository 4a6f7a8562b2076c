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

    Whether the pool is good, great or diverse is for its owner to see to.
    """

    strategy: str
    select: str
    rounds: int
    scores: bool
    meaning: str


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "1-good": Preset(
            strategy="rtd",
            select="random_top_k",
            rounds=1,
            scores=False,
            meaning="one pair, drawn blind from all responses",
        ),
        "1-great": Preset(
            strategy="rtd",
            select="random_top_k",
            rounds=1,
            scores=True,
            meaning="one pair, drawn from the best four",
        ),
        "4-great": Preset(
            strategy="rtd_iterative",
            select="top2",
            rounds=4,
            scores=True,
            meaning="four rounds, each with the best two that are left",
        ),
        "4-great-diverse": Preset(
            strategy="rtd_iterative",
            select="top2_far",
            rounds=4,
            scores=True,
            meaning="four rounds, each with two of the best that are far apart",
        ),
    }
)
