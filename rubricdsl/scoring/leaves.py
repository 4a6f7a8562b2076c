"""What a ruling on one criterion is worth, and which rulings are legal there.

A value is a number in [0, 1], or None where the criterion is not applicable.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

from attrs import frozen

from rubricdsl.model.rubric import (
    AnswerScale,
    Criterion,
    LevelScale,
    Mark,
    NaPolicy,
    NaRule,
    Never,
    Weight,
)
from rubricdsl.model.ruling import Ruling, RulingWord

Worth: TypeAlias = float | None

TOLERANCE = 1e-9
_WORDS = {RulingWord.YES: 1.0, RulingWord.PARTLY: 0.5, RulingWord.NO: 0.0}


class IllegalRulingError(ValueError):
    """A ruling that its criterion does not allow, such as n/a without a rule."""


def met(value: Worth, passing: float) -> bool:
    """Say whether a value reaches a pass mark; not applicable never does."""
    return value is not None and value >= passing - TOLERANCE


def hurts(criterion: Criterion) -> float:
    """Give the value that lowers the score: 0, or 1 where the mark says so.

    Decided by the criterion's own mark, never by the groups around it: 1 for
    ``never`` and for a negative weight, 0 for everything else, ``info`` included.
    """
    return float(turns(criterion.mark))


def turns(mark: Mark) -> bool:
    """Tell whether the score falls, if anything, as the value under a mark rises."""
    match mark:
        case Never():
            return True
        case Weight(value):
            return value < 0
        case _:
            return False


@lru_cache(maxsize=256)
def _words(
    answers: tuple[str, ...], na: NaRule | None, worst: float
) -> Mapping[RulingWord, Worth]:
    """Give the values of words; there are few kinds of criteria, and they share them.

    ``worst`` is the value that lowers the score.
    """
    words: dict[RulingWord, Worth] = {RulingWord.NO: 0.0}
    for answer in answers:
        word = RulingWord(answer)
        words[word] = _WORDS[word]
    match na:
        case None:
            pass
        case NaPolicy.SKIP:
            words[RulingWord.NA] = None
        case NaPolicy.FAIL:
            words[RulingWord.NA] = worst
        case NaPolicy.PASS:
            words[RulingWord.NA] = 1.0 - worst
        case number:
            words[RulingWord.NA] = number
    return words


def answer_limits(scale: AnswerScale) -> tuple[float, float]:
    """Give the least and the greatest value of a scale's answers."""
    values = [_WORDS[RulingWord(answer)] for answer in scale.answers]
    return min(values), max(values)


@frozen(eq=False)
class RulingWorths:
    """The values that one criterion's rulings have.

    ``words`` are the legal words with a fixed value.  ``no`` is always among them,
    because an unmet need decides it on every scale.
    """

    criterion: Criterion
    words: Mapping[RulingWord, Worth]

    @classmethod
    def of(cls, criterion: Criterion) -> "RulingWorths":
        """Work out the values of a bound criterion's rulings."""
        scale = criterion.scale
        answers = scale.answers if isinstance(scale, AnswerScale) else ()
        return cls(criterion, _words(answers, criterion.na, hurts(criterion)))

    def worth(self, ruling: Ruling) -> Worth:
        """Give the value of a ruling.

        A level may lie between two steps and a number stand on any scale: a panel
        that takes the mean gives such.  Raises IllegalRulingError.
        """
        try:
            return self.words[ruling.word]
        except KeyError:
            pass
        number = ruling.number
        if ruling.word is RulingWord.NUMBER and number is not None and 0 <= number <= 1:
            return number
        scale = self.criterion.scale
        if (
            ruling.word is RulingWord.LEVEL
            and number is not None
            and isinstance(scale, LevelScale)
            and scale.low <= number <= scale.high
        ):
            return (number - scale.low) / (scale.high - scale.low)
        raise IllegalRulingError(
            f"{self.criterion.path}: {ruling} is no legal verdict; {self._legal()}"
        )

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest value that a judge's or check's word can have.

        So can the mean of several judges, which lies among the answers.  n/a counts
        where it has a value; ``no`` by an unmet need does not.
        """
        values = [
            worth for worth in (self.words.get(RulingWord.NA),) if worth is not None
        ]
        scale = self.criterion.scale
        if self.criterion.check is not None:
            values += [0.0, 1.0]
        elif isinstance(scale, LevelScale):
            steps = scale.numbers
            span = scale.high - scale.low
            values += [(step - scale.low) / span for step in (steps[0], steps[-1])]
        else:
            values += answer_limits(scale)
        return min(values), max(values)

    @property
    def skippable(self) -> bool:
        """Whether the criterion can be not applicable."""
        return self.words.get(RulingWord.NA, 0.0) is None

    def _legal(self) -> str:
        if isinstance(self.criterion.scale, LevelScale):
            scale = self.criterion.scale
            legal = f"give a level from {scale.low:g} to {scale.high:g}"
        else:
            words = ", ".join(self.criterion.scale.answers)
            legal = f"give one of {words}, or a number from 0 to 1"
        if self.criterion.na is None:
            legal += " (n/a only after a line such as n/a: skip)"
        return legal
