"""What is analysed: judged responses, what people said of them, and their origin."""

from collections.abc import Iterable, Sequence

import numpy as np
from attrs import field, frozen

from rubricdsl.analysis.evaluation import Evaluation
from rubricdsl.analysis.tail.preferences import Preferences
from rubricdsl.analysis.tail.ratings import Ratings
from rubricdsl.model.refinement import Preference
from rubricdsl.scoring.arrays.columns import Floats, Truths


@frozen(eq=False, kw_only=True)
class Pool:
    """Judged responses, one entry of each column for each of them.

    ``groups`` names the pool of each response: its prompt, and the rubric if there
    are several, since scores of two rubrics are not compared.  ``in_base`` tells which
    stand for the untrained policy, ``base`` what that is called; ``lengths`` are in
    characters, NaN where not known.  ``preferences`` are what people said of pairs.
    """

    evaluation: Evaluation
    ratings: Ratings
    preferences: Preferences
    groups: tuple[str, ...] = field(repr=False)
    gold: Floats = field(repr=False)
    in_base: Truths = field(repr=False)
    base: str | None
    lengths: Floats | None = field(repr=False)

    @classmethod
    def of(  # noqa: PLR0913 - what is known, by name
        cls,
        evaluation: Evaluation,
        ratings: Ratings,
        *,
        preferences: Iterable[Preference] = (),
        sources: Sequence[str | None] | None = None,
        base: str | None = None,
        lengths: Sequence[float] | None = None,
    ) -> "Pool":
        """Put together what is known of the responses of an evaluation.

        ``sources`` say who wrote them, and ``base`` which source is the untrained
        policy; without one all responses stand for it.
        """
        in_base = np.ones(len(evaluation), np.bool_)
        if base is not None:
            known = sources or [None] * len(evaluation)
            in_base = np.array([source == base for source in known], np.bool_)
        groups = _groups(evaluation)
        return cls(
            evaluation=evaluation,
            ratings=ratings,
            preferences=Preferences.of(evaluation, groups, preferences),
            groups=groups,
            gold=ratings.means,
            in_base=in_base,
            base=base,
            lengths=None if lengths is None else np.array(lengths, np.float64),
        )

    @property
    def scores(self) -> Floats:
        """The scores, NaN for none."""
        return self.evaluation.scores

    @property
    def base_gold(self) -> Floats:
        """Gold of the untrained policy's responses, NaN for all others."""
        return np.where(self.in_base, self.gold, np.nan)

    @property
    def base_scores(self) -> Floats:
        """Scores of the untrained policy's responses, NaN for all others."""
        return np.where(self.in_base, self.scores, np.nan)


def _groups(evaluation: Evaluation) -> tuple[str, ...]:
    if len(evaluation.sheets) == 1:
        return evaluation.prompts
    names = list(evaluation.prompts)
    for sheet in evaluation.sheets:
        for row in sheet.rows.tolist():
            names[row] = f"{names[row]} {sheet.digest}"
    return tuple(names)
