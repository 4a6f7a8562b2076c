"""What happens in a run, for whoever wants to hear of it."""

from collections.abc import Mapping
from typing import Protocol

from attrs import field, frozen

from rubricdsl.model.judgement import Usage, Verdict
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Criterion
from rubricdsl.model.scorecard import Scorecard


@frozen(kw_only=True)
class RunStarted:
    """A run begins: how many responses, by which rubrics and judges, by name."""

    jobs: int
    rubrics: tuple[str, ...]
    judges: tuple[str, ...]


@frozen(kw_only=True)
class VerdictReached:
    """A criterion of a response has its verdict, or the reason why there is none.

    Where questions are asked again there is another with each vote; the last counts.
    """

    rubric: BoundRubric
    response: Response
    criterion: Criterion
    verdict: Verdict


@frozen(kw_only=True)
class Progress:
    """How far a run is.

    Judge requests are ``sent`` (each attempt counts), ``in_flight`` and ``waiting``
    (a failed one that will be sent again waits, too).  ``verdicts`` counts criteria
    that have a verdict or its failure, ``cached`` those of them for which nobody was
    asked, and ``failures`` those that failed, by kind.  ``retries`` counts attempts
    after the first.  ``cost`` is None where no price is known.  ``paused`` names the
    judges that are left alone for now.
    """

    sent: int
    in_flight: int
    waiting: int
    retries: int
    verdicts: int
    cached: int
    failures: Mapping[str, int] = field(hash=False)
    tokens: int
    cost: float | None
    scored: int
    jobs: int
    seconds: float
    paused: tuple[str, ...] = ()


@frozen(kw_only=True)
class RunFinished:
    """A run has ended; ``stopped`` says that it was before all was judged.

    ``incomplete`` counts the responses without a score for want of a verdict.
    """

    jobs: int
    incomplete: int
    judge_calls: int
    usage: Usage
    seconds: float
    stopped: bool


class Listener(Protocol):
    """Hears of a run, in the order in which things happen.

    What a listener raises is noted in the run's result and hurts nothing else.
    """

    def run_started(self, event: RunStarted) -> None:
        """The run begins; nothing was asked yet."""
        ...

    def verdict_reached(self, event: VerdictReached) -> None:
        """A verdict was reached."""
        ...

    def scored(self, scorecard: Scorecard) -> None:
        """A response has all the verdicts it will get."""
        ...

    def progressed(self, progress: Progress) -> None:
        """A request was answered, or a response scored."""
        ...

    def run_finished(self, event: RunFinished) -> None:
        """The run has ended, or was stopped."""
        ...
