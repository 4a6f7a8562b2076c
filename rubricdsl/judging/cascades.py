"""Cascades: a cheap judge first, and the next only where its answer is not decisive.

An answer decides if it is yes or no and its probability says so clearly enough.  One
without a probability, one that is neither, and a failure are put to the next judge;
what the last one says counts.  So a cascade fails only where its last judge does, or
where one of them has yet to answer: then nobody is asked in its place.
"""

from collections.abc import Sequence

from attrs import frozen

from rubricdsl.judging import degenerate
from rubricdsl.model.judgement import Verdict
from rubricdsl.model.ruling import NO, YES, FailureKind


@frozen
class Decisive:
    """Which answers end a cascade, by their probability of yes.

    A yes with at least ``yes`` does, and a no with at most ``no``.  Raises ValueError
    unless 0 <= no <= yes <= 1.
    """

    no: float = 0.1
    yes: float = 0.9

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.no <= self.yes <= 1:
            raise ValueError("needs 0 <= no <= yes <= 1")

    def ends_with(self, ballot: Verdict) -> bool:
        """Say whether no other judge needs to be asked after this answer."""
        if is_pending(ballot):
            return True
        if ballot.provenance.judge == degenerate.JUDGE_NAME:
            # Any model would have been spared the question.
            return True
        probability = ballot.probability
        if probability is None:
            return False
        if ballot.ruling == YES:
            return probability >= self.yes
        return ballot.ruling == NO and probability <= self.no


def is_pending(ballot: Verdict) -> bool:
    """Say whether a judge was asked and will answer in a later run."""
    failure = ballot.failure
    return failure is not None and failure.kind == FailureKind.JUDGE_PENDING


def deciding(ballots: Sequence[Verdict], *, skip_failed: bool) -> int:
    """Give the place of the ballot that counts: the last, or the last that is one.

    What is pending counts, too: it is no failure that could be left out.
    """
    last = len(ballots) - 1
    if not skip_failed or is_pending(ballots[last]):
        return last
    cast = [place for place, one in enumerate(ballots) if one.ruling is not None]
    return cast[-1] if cast else last
