"""What the verdicts on a pool say, laid out for analysis.

A verdict that could not be had is no number here (NaN), nor is one that is n/a.
"""

from collections.abc import Iterable, Sequence
from math import nan

from attrs import frozen

from rubricdsl.model.refinement import Candidate, Occasion, Preference
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.refinement.strategies.places import Place

LEAST_RESPONSES = 10
"""From fewer responses nothing is concluded."""


@frozen(eq=False)
class Evidence:
    """The responses of a pool that have a score, and what is known of them.

    ``preferences`` are numbers of responses, the better one first.
    """

    candidates: tuple[Candidate, ...]
    preferences: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, occasion: Occasion) -> "Evidence":
        """Take the pool of a round."""
        return cls.among(occasion.candidates, occasion.preferences)

    @classmethod
    def among(
        cls, candidates: Iterable[Candidate], preferences: Iterable[Preference]
    ) -> "Evidence":
        """Take the candidates that have a score, and what was said of them."""
        chosen = tuple(one for one in candidates if one.score is not None)
        numbers = {one.key: number for number, one in enumerate(chosen)}
        pairs: list[tuple[int, int]] = []
        for said in preferences:
            better = numbers.get((said.prompt_id, said.better))
            worse = numbers.get((said.prompt_id, said.worse))
            if better is not None and worse is not None:
                pairs.append((better, worse))
        return cls(chosen, tuple(pairs))

    @property
    def prompts(self) -> list[str]:
        """The prompt of each response."""
        return [one.response.prompt_id for one in self.candidates]

    @property
    def gold(self) -> list[float]:
        """How good each response is as people said; NaN where nobody did."""
        return [nan if one.gold is None else one.gold for one in self.candidates]

    @property
    def scores(self) -> list[float]:
        """The score of each response."""
        return [nan if one.score is None else one.score for one in self.candidates]

    @property
    def has_gold(self) -> bool:
        """Tell whether two responses to a prompt have gold."""
        known = [
            one.response.prompt_id for one in self.candidates if one.gold is not None
        ]
        return len(set(known)) < len(known)

    @property
    def shortage(self) -> str | None:
        """Say that there are too few responses to conclude anything; None if not."""
        count = len(self.candidates)
        if count >= LEAST_RESPONSES:
            return None
        return f"{count} responses have a score, and {LEAST_RESPONSES} are needed"

    def credit(self, places: Sequence[Place]) -> list[list[float]]:
        """Give what each response has of each node, 1 being what helps.

        One row for each node, one column for each response.
        """
        tables = [_values(one.scorecard) for one in self.candidates]
        rows: list[list[float]] = []
        for place in places:
            values = [table.get(place.node.path, nan) for table in tables]
            rows.append(values if place.helps else [1 - value for value in values])
        return rows


def _values(card: Scorecard | None) -> dict[str, float]:
    """Give the values of all nodes by path; those that have none are left out."""
    if card is None:
        return {}
    values = {result.path: result.value for result in card.criteria}
    values |= {result.path: result.value for result in card.groups}
    return {path: value for path, value in values.items() if value is not None}
