"""What is compared: verdicts and scores of a judge beside those of people."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

from attrs import frozen

from rubricdsl.model.ruling import NO, PARTLY, YES, Ruling, RulingWord

MAJORITY = "majority"
"""The name of what most annotators say."""

Place: TypeAlias = tuple[str, str]
"""The name of a rubric, and the path of a criterion in it."""


@frozen(kw_only=True)
class LabelledCell:
    """One criterion of one response: what the judge says of it, and what people say.

    ``ruling`` is None where the judge has no verdict, ``probability`` (of yes) where it
    gave none.  ``labels`` are by annotator, at least one.
    """

    rubric: str
    path: str
    prompt_id: str
    response_id: str
    ruling: Ruling | None
    probability: float | None
    labels: Mapping[str, Ruling]

    @property
    def place(self) -> Place:
        """The criterion that it is of."""
        return self.rubric, self.path


@frozen(kw_only=True)
class RatedResponse:
    """One response: the score that it got, and what annotators gave it, in their units.

    ``score`` is None where there is none; ``ratings`` may be empty.
    """

    prompt_id: str
    response_id: str
    score: float | None
    ratings: Mapping[str, float]


class Scale(StrEnum):
    """What verdicts on a criterion are: words, levels, or numbers.

    ``binary`` is yes and no; ``graded`` has partly between the two; ``levels`` are
    numbered steps.  ``numbers`` are measured, and have no categories.
    """

    BINARY = "binary"
    GRADED = "graded"
    LEVELS = "levels"
    NUMBERS = "numbers"

    @property
    def has_yes(self) -> bool:
        """Whether yes is one of the verdicts."""
        return self in {Scale.BINARY, Scale.GRADED}


_WORDS = {NO: 0.0, PARTLY: 0.5, YES: 1.0}


def scale_of(rulings: Iterable[Ruling]) -> Scale:
    """Tell the scale of a criterion by the verdicts that it was given, n/a left out."""
    found = {ruling.word for ruling in rulings}
    if RulingWord.LEVEL in found:
        return Scale.LEVELS
    if RulingWord.NUMBER in found:
        return Scale.NUMBERS
    return Scale.GRADED if RulingWord.PARTLY in found else Scale.BINARY


def value_on(scale: Scale, ruling: Ruling) -> float | None:
    """Give the place of a ruling on a scale.

    None for one that has none there: n/a, and on levels whatever is no level, such as
    the no that an unmet need decides.
    """
    if scale is Scale.LEVELS:
        return ruling.number if ruling.word is RulingWord.LEVEL else None
    if ruling.word is RulingWord.NUMBER:
        return ruling.number
    return _WORDS.get(ruling)


def majority(scale: Scale, rulings: Sequence[Ruling]) -> Ruling | None:
    """Give what most say; None where nobody leads.

    n/a is a ruling like others.  Where two or more are said equally often, and all
    have a place on the scale, it is the one in the middle, if there is one.
    """
    counts = Counter(rulings).most_common()
    if len(counts) < 2:  # noqa: PLR2004 - all say the same, or nobody says anything
        return counts[0][0] if counts else None
    leaders = [ruling for ruling, count in counts if count == counts[0][1]]
    if len(leaders) == 1:
        return leaders[0]
    placed = [(value_on(scale, ruling), ruling) for ruling in rulings]
    ordered = sorted(
        ((value, ruling) for value, ruling in placed if value is not None),
        key=lambda pair: pair[0],
    )
    if len(ordered) < len(rulings):
        return None
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return low[1] if low[0] == high[0] else None
