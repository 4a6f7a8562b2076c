"""The score of one response under one rubric, criterion by criterion."""

from collections.abc import Sequence
from enum import StrEnum

from attrs import field, frozen

from rubricdsl.model.judgement import Usage, Verdict

CONFIDENCE = 0.95
"""How sure it shall be what is asked until it is known: 1 means for certain."""


class Status(StrEnum):
    """What is known of a score.

    ``incomplete``: a verdict that counts could not be had.  ``undefined``: all
    that counts is n/a.  ``suspect``: a canary criterion failed.
    """

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    UNDEFINED = "undefined"
    SUSPECT = "suspect"


@frozen(kw_only=True)
class CriterionResult:
    """One criterion's part in a score.

    ``value`` is in [0, 1], or None where there is no verdict or it is n/a and
    skipped.  ``share`` is the part of the whole score that it decides: the product
    of weight over positive weight along its path; None for gates and info.
    ``question`` is the digest of its question, whoever asks, or of its check; empty
    where that is not known.
    """

    name: str
    path: str
    mark: str
    verdict: Verdict
    value: float | None
    weight: float | None
    share: float | None
    question: str = field(default="", eq=False)


@frozen(kw_only=True)
class GroupResult:
    """One group's value in [0, 1]; None if it is n/a or not known."""

    name: str
    path: str
    mark: str
    value: float | None
    weight: float | None


@frozen(kw_only=True)
class Gate:
    """A gate that fired; ``cap`` is the most that its group can be worth."""

    name: str
    path: str
    mark: str
    cap: float


@frozen
class Doubt:
    """How likely a ranking is wrong about a response, since its judges waver.

    Both are at most 1, and bounds, within what was wanted: ``border`` of the
    probability that it is among the best K and should not be, or the other way
    round, ``place`` of the probability that its place should be another.
    """

    border: float
    place: float


@frozen
class Standing:
    """How a response stands among those to the same prompt, as far as is certain.

    ``best`` and ``worst`` are the places, from 1, that it can still come to by the
    verdicts as they are.  ``doubt`` is given where questions were asked again until
    the best were known well enough.
    """

    best: int
    worst: int
    doubt: Doubt | None = None

    @property
    def is_decided(self) -> bool:
        """Whether its place is certain, and enough so though judges waver."""
        is_sure = self.doubt is None or self.doubt.place <= 1 - CONFIDENCE
        return self.rank is not None and is_sure

    @property
    def rank(self) -> int | None:
        """Its place, if just one is left."""
        return self.best if self.best == self.worst else None


@frozen
class Noise:
    """How well a score is known where judges that waver were asked repeatedly.

    Half of the score's 95 % interval, and the votes on which it rests: answers to
    all questions that may be asked again.  It tells how far the score might move if
    they were asked on and on, and nothing of how right the judges are; all other
    verdicts are taken at their word.  ``half_width`` is None where there is no score,
    or no such question.
    """

    half_width: float | None
    votes: int


@frozen(kw_only=True)
class Scorecard:
    """The score of one response.

    ``score`` is in [0, 1] and a number only when ``status`` is complete;
    ``points`` is the sum at the root before it is divided and clipped.
    ``coverage`` is the judged share of the effective weight and ``interval`` the
    least and the greatest score that missing verdicts could still give.
    ``expected`` is the mean of the scores that the verdicts could have made, given
    the judges' probabilities; None where one that counts has none.
    ``passed`` is None where the rubric has no pass mark or there is no score.
    ``seconds`` is how long judging took, for people to read.  ``standing`` is given
    where responses were ranked, and some verdicts left out since they were not needed
    for it (`Verdict.asked`), ``noise`` where questions were asked until the score was
    known well enough.
    """

    rubric: str
    rubric_version: str | None
    rubric_digest: str
    prompt_id: str
    response_id: str
    score: float | None
    points: float | None
    passed: bool | None
    status: Status
    coverage: float
    interval: tuple[float, float] | None
    gates: tuple[Gate, ...]
    criteria: Sequence[CriterionResult]
    groups: tuple[GroupResult, ...]
    judge_calls: int = 0
    usage: Usage = Usage()
    seconds: float = 0.0
    expected: float | None = None
    standing: Standing | None = None
    noise: Noise | None = None
