"""Sequential judging: ask again only while the score is too uncertain to stop.

A judge that is asked the same again says yes with some probability of its own,
theta.  What it said so far leaves a Beta distribution of theta, from a prior that is
stated; how sure its verdict is follows from that:

* under ``majority`` the verdict is what an endless vote would decide, so the belief
  in yes is the probability that theta is over one half;
* under ``mean`` the verdict is theta itself.

Beliefs go through the rubric as probabilities do (`rubricdsl.scoring.expected`), so
the score has an expectation, and, by the delta method, a variance: the sum over
questions of how much the score depends on each, squared, times the variance of its
belief.  The next question to ask is the one whose next answer is expected to lower
that sum most.  So what weighs much and wavers is asked again, and what the score
does not hang on, such as anything behind a gate that is shut, is not.
"""

import math
from collections.abc import Mapping
from functools import cached_property, lru_cache
from statistics import NormalDist

import attrs
from attrs import evolve, frozen

from rubricdsl.model.execution import Precision
from rubricdsl.model.judgement import Verdict
from rubricdsl.model.rubric import AnswerScale, Scale, VoteRule
from rubricdsl.model.ruling import NO, YES, Ruling
from rubricdsl.model.scorecard import CONFIDENCE
from rubricdsl.scoring.expected import Expectation, Expected
from rubricdsl.scoring.meaning import Leaf

_BINARY = {str(YES), str(NO)}
_STEPS = 200
_TINY = 1e-300
_CLOSE = 1e-14
# A question that lowers the variance by less is not worth a call.
LEAST_GAIN = 1e-12


@frozen
class Votes:
    """What was said to one question so far, and the rule that decides on it.

    ``yes`` sums the answers: 1 for yes and 0 for no, or the probability of yes
    where the judge gives one.  ``asked`` counts the answers of all ``judges``.
    It is ``closed`` where it shall not be asked again.
    """

    yes: float
    asked: int
    rule: VoteRule = VoteRule.MAJORITY
    judges: int = 1
    closed: bool = False


@frozen
class Prior:
    """A Beta distribution of how likely a judge says yes to a question.

    The default is Jeffreys', which holds judges that waver for as likely as a flip
    rate of one fourth has it.
    """

    yes: float = 0.5
    no: float = 0.5

    @classmethod
    def of_flip_rate(cls, rate: float) -> "Prior":
        """Give the prior of a judge whose repeated answers differ that often.

        ``rate`` is what ``rub reliability`` measures, over 0 and under one half;
        ValueError else.
        """
        if not 0 < rate < 0.5:  # noqa: PLR2004 - the flip rate of a coin
            raise ValueError(f"a flip rate is between 0 and 0.5, not {rate}")
        half = rate / (1 - 2 * rate)
        return cls(half, half)


@frozen
class Estimate:
    """What is known of a score: its expectation, and a half-width of confidence."""

    score: float
    half_width: float


@attrs.frozen(kw_only=True, eq=False, slots=False)
class SequentialPolicy:
    """When to stop, and what to ask again until then, for one rubric.

    The score is known well enough when the half of its interval at ``confidence`` is
    at most ``within``.  No judge is asked the same more than ``most`` times.
    """

    expectation: Expectation
    within: float
    most: int
    confidence: float = CONFIDENCE
    prior: Prior = Prior()

    @classmethod
    def of(cls, expectation: Expectation, precision: Precision) -> "SequentialPolicy":
        """Make the policy of a rubric, of which ``expectation`` gives the scores."""
        return cls(
            expectation=expectation,
            within=precision.within,
            most=precision.most,
            prior=Prior.of_flip_rate(precision.flip_rate),
        )

    def estimate(
        self, verdicts: Mapping[str, Verdict], votes: Mapping[str, Votes]
    ) -> Estimate | None:
        """Say what is known of the score.

        ``verdicts`` are by path, one for each criterion; ``votes`` those of the
        questions that can be asked again, which are answered yes or no, under a
        majority or a mean.  All else is taken at its word, or at its probability.
        None where a verdict that counts is missing.
        """
        found = self.weigh(verdicts, votes)
        if found is None:
            return None
        return Estimate(found.score, self.quantile * math.sqrt(found.variance))

    def next(
        self, verdicts: Mapping[str, Verdict], votes: Mapping[str, Votes]
    ) -> str | None:
        """Give the path of what to ask again: of the question that tells most.

        None where the score is known well enough, where no question may be asked
        again, and where none would tell more.  Arguments as of `estimate`.
        """
        found = self.weigh(verdicts, votes)
        if found is None or self.quantile * math.sqrt(found.variance) <= self.within:
            return None
        gains = found.gains
        best = max(gains, key=gains.__getitem__, default=None)
        return None if best is None or gains[best] <= LEAST_GAIN else best

    def weigh(
        self, verdicts: Mapping[str, Verdict], votes: Mapping[str, Votes]
    ) -> "Weighing | None":
        """Say what is known of the score, and what one more vote would tell.

        Arguments as of `estimate`, and None where it is.
        """
        believed = self._believed(verdicts, votes)
        expected = self.expectation.score(believed)
        if expected is None:
            return None
        slopes = {path: self._slope(believed, path, expected) for path in votes}
        variance = math.fsum(
            slopes[path] ** 2 * self.belief(said).variance
            for path, said in votes.items()
        )
        gains = {
            path: slopes[path] ** 2 * self._gain(said)
            for path, said in votes.items()
            if self.has_room(said)
        }
        return Weighing(expected.score, variance, slopes, gains)

    def has_room(self, votes: Votes) -> bool:
        """Say whether there may be more votes on a question."""
        return not votes.closed and votes.asked < self.most * votes.judges

    # --------------------------------------------------------------- beliefs

    @property
    def quantile(self) -> float:
        """How many standard deviations the half of an interval has."""
        return NormalDist().inv_cdf((1 + self.confidence) / 2)

    def belief(self, votes: Votes) -> "Belief":
        """Give what a verdict is held to be worth after these votes."""
        yes = self.prior.yes + votes.yes
        no = self.prior.no + votes.asked - votes.yes
        if votes.rule is VoteRule.MEAN:
            total = yes + no
            return Belief(yes / total, yes * no / (total * total * (total + 1)))
        mean = over_half(yes, no)
        return Belief(mean, mean * (1 - mean))

    def _gain(self, votes: Votes) -> float:
        """Give how much the variance of a belief is expected to fall by one vote."""
        yes = self.prior.yes + votes.yes
        chance = yes / (self.prior.yes + self.prior.no + votes.asked)
        no_more = evolve(votes, asked=votes.asked + 1)
        one_more = evolve(no_more, yes=votes.yes + 1)
        after = chance * self.belief(one_more).variance
        after += (1 - chance) * self.belief(no_more).variance
        return max(self.belief(votes).variance - after, 0.0)

    def _believed(
        self, verdicts: Mapping[str, Verdict], votes: Mapping[str, Votes]
    ) -> dict[str, Verdict]:
        believed = {path: _at_its_word(said) for path, said in verdicts.items()}
        for path, said in votes.items():
            mean = self.belief(said).mean
            ruling = YES if mean > 0.5 else NO  # noqa: PLR2004 - the likelier one
            believed[path] = evolve(verdicts[path], ruling=ruling, probability=mean)
        return believed

    def _slope(
        self, believed: Mapping[str, Verdict], path: str, expected: Expected
    ) -> float:
        """Give how much more the score is expected to be with a yes than with a no.

        What is expected lies between these two as the probability of yes does
        between 1 and 0, where there is a score in any case: the further one will do.
        """
        said = believed[path]
        chance = said.probability or 0.0
        if expected.exact and self._has_score:
            if chance > 0.5:  # noqa: PLR2004 - the likelier one
                return (expected.score - self._at(believed, path, NO)) / chance
            return (self._at(believed, path, YES) - expected.score) / (1 - chance)
        return self._at(believed, path, YES) - self._at(believed, path, NO)

    def _at(self, believed: Mapping[str, Verdict], path: str, ruling: Ruling) -> float:
        """Give what the score is expected to be with this ruling."""
        said = evolve(believed[path], ruling=ruling, probability=float(ruling == YES))
        end = self.expectation.score({**believed, path: said})
        return 0.0 if end is None else end.score

    @cached_property
    def _has_score(self) -> bool:
        """Whether there is a score whatever is answered: nothing can be skipped."""
        return not any(
            isinstance(node, Leaf) and node.worths.skippable
            for node in self.expectation.meaning.nodes
        )


@frozen(eq=False)
class Weighing:
    """What is known of a score: its expectation and variance.

    By path, ``slopes`` say how much more the score is with a yes than with a no, and
    ``gains`` how much the variance is expected to fall by one more vote, for the
    questions on which there may be one.
    """

    score: float
    variance: float
    slopes: Mapping[str, float]
    gains: Mapping[str, float]


@frozen
class Belief:
    """Mean and variance of what a verdict is worth."""

    mean: float
    variance: float


def repeatable(scale: Scale, rule: VoteRule) -> bool:
    """Say whether a question can be judged sequentially.

    That is: by yes or no, nothing else, and by a rule under which one more vote can
    go either way.
    """
    if not isinstance(scale, AnswerScale) or set(scale.answers) != _BINARY:
        return False
    return rule in {VoteRule.MAJORITY, VoteRule.MEAN}


def _at_its_word(verdict: Verdict) -> Verdict:
    if verdict.ruling is None or verdict.probability is not None:
        return verdict
    return evolve(verdict, probability=float(verdict.ruling == YES))


# -------------------------------------------------------------- distributions


@lru_cache(maxsize=4096)
def over_half(yes: float, no: float) -> float:
    """Give the probability that a Beta(yes, no) variable is over one half."""
    # The fraction converges quickly on one side of the mean only.
    if no <= yes:
        return 1 - _incomplete(yes, no)
    return _incomplete(no, yes)


def _incomplete(a: float, b: float) -> float:
    """Give the regularised incomplete beta function at one half, for ``a >= b``.

    By Lentz's method for its continued fraction (DLMF 8.17.22).
    """
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    log_front -= (a + b) * math.log(2)
    c, d = 1.0, 1 / _off_zero(1 - (a + b) / (a + 1) / 2)
    fraction = d
    for m in range(1, _STEPS):
        even = m * (b - m) / ((a + 2 * m - 1) * (a + 2 * m)) / 2
        odd = -(a + m) * (a + b + m) / ((a + 2 * m) * (a + 2 * m + 1)) / 2
        for step in (even, odd):
            d = 1 / _off_zero(1 + step * d)
            c = _off_zero(1 + step / c)
            fraction *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return min(max(math.exp(log_front) * fraction / a, 0.0), 1.0)


def _off_zero(x: float) -> float:
    return x if abs(x) > _TINY else _TINY
