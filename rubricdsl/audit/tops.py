"""Where the top of a pool begins, prompt by prompt."""

from collections.abc import Sequence
from math import ceil
from typing import TypeAlias

from attrs import frozen

from rubricdsl.model.scorecard import Scorecard
from rubricdsl.scoring.leaves import TOLERANCE

Key: TypeAlias = tuple[str, str]
"""A rubric and a prompt, by their names."""


@frozen(kw_only=True)
class Top:
    """The best responses of a pool to one prompt, by one rubric.

    ``bar`` is the score from which on a response is among the best ``size`` of those
    that have a score: the score at the quantile 1 - x.  It is None, with the reason
    ``why``, where no top can be told.
    """

    rubric: str
    prompt_id: str
    responses: int
    scored: int
    size: int
    bar: float | None
    why: str = ""

    @property
    def key(self) -> Key:
        """The rubric and the prompt."""
        return self.rubric, self.prompt_id


def key_of(card: Scorecard) -> Key:
    """Give the rubric and the prompt of a scorecard."""
    return card.rubric, card.prompt_id


def tops(cards: Sequence[Scorecard], share: float) -> tuple[Top, ...]:
    """Give where the best ``share`` of the responses to each prompt begin.

    At least one response is the top.  Where even those have the least score there is,
    every response reaches it, and no bar is given.
    """
    groups: dict[Key, list[Scorecard]] = {}
    for card in cards:
        groups.setdefault(key_of(card), []).append(card)
    return tuple(_top(key, group, share) for key, group in groups.items())


def _top(key: Key, group: Sequence[Scorecard], share: float) -> Top:
    rubric, prompt_id = key
    scores = sorted(
        (card.score for card in group if card.score is not None), reverse=True
    )
    size = max(1, ceil(share * len(scores) - TOLERANCE)) if scores else 0
    bar = scores[size - 1] if scores else None
    why = "" if scores else "no response of the pool has a score"
    if bar is not None and bar <= TOLERANCE:
        bar, why = None, "the top of the pool begins at a score of 0"
    return Top(
        rubric=rubric,
        prompt_id=prompt_id,
        responses=len(group),
        scored=len(scores),
        size=size,
        bar=bar,
        why=why,
    )
