"""What can be heard of a run while it goes on."""

from typing import Protocol

from attrs import frozen

from rubricdsl.model.judgement import Verdict
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Criterion
from rubricdsl.model.scorecard import Scorecard


@frozen(kw_only=True)
class VerdictReached:
    """A criterion of a response has its verdict, or the reason why there is none."""

    rubric: BoundRubric
    response: Response
    criterion: Criterion
    verdict: Verdict


@frozen(kw_only=True)
class Progress:
    """How far a run is: judge requests sent, in flight and waiting; scorecards."""

    requests_sent: int
    requests_in_flight: int
    requests_waiting: int
    scored: int
    jobs: int


class Listener(Protocol):
    """Hears of a run, in the order in which things happen.

    What a listener raises is noted in the run's result and hurts nothing else.
    """

    def verdict_reached(self, event: VerdictReached) -> None:
        """A verdict was reached."""
        ...

    def scored(self, scorecard: Scorecard) -> None:
        """A response has all the verdicts it will get."""
        ...

    def progressed(self, progress: Progress) -> None:
        """A request was answered, or a response scored."""
        ...


class Silence:
    """A listener that does nothing; a base for those that want some events."""

    def verdict_reached(self, event: VerdictReached) -> None:
        """Do nothing."""

    def scored(self, scorecard: Scorecard) -> None:
        """Do nothing."""

    def progressed(self, progress: Progress) -> None:
        """Do nothing."""
