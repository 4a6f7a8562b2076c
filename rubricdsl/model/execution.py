"""Runs as they are ordered, and whoever makes them: here, or on other machines.

What a run is of, and what may be spent on it, is plain data, so that it can be sent
elsewhere.  What comes of it is the same wherever it was made.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from attrs import field, frozen

from rubricdsl.model.events import Listener, RunStarted
from rubricdsl.model.judgement import Usage
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric
from rubricdsl.model.scorecard import Scorecard

# A coin's answers differ so often.
_FLIP_RATE_OF_A_COIN = 0.5


@frozen
class Job:
    """A response to be judged by a rubric."""

    rubric: BoundRubric
    response: Response


@frozen(kw_only=True)
class JudgeOptions:
    """Who shall judge, as said beside the rubric.

    ``specs`` are SPECs: ``BACKEND:MODEL?…`` replaces every judge, ``NAME=SPEC``
    the judge block NAME.  ``origin`` is the option that they came from, if any.
    ``concurrency`` holds for judges that set none.
    """

    specs: tuple[str, ...] = ()
    origin: str = ""
    concurrency: int | None = None


@frozen(kw_only=True)
class Limits:
    """The bounds of a run; None means without bound.

    ``max_cost`` is in the currency of the judges' prices; ``max_seconds`` count from
    the beginning of the run.
    """

    max_calls: int | None = None
    max_cost: float | None = None
    max_seconds: float | None = None


@frozen(kw_only=True)
class Precision:
    """How well scores shall be known: ``within`` a half-width, at 95 % confidence.

    No judge is asked the same more than ``most`` times.  ``flip_rate`` is how often
    two answers of a judge to the same are held to differ, before any are in.  Raises
    ValueError for a half-width of 0 or less, for fewer than one vote, and for a flip
    rate that is not between 0 and one half.
    """

    within: float
    most: int = 5
    flip_rate: float = 0.25

    def __attrs_post_init__(self) -> None:
        if self.within <= 0:
            raise ValueError(f"the half-width must be over 0, not {self.within}")
        if self.most < 1:
            raise ValueError(f"everything is asked at least once, not {self.most}")
        if not 0 < self.flip_rate < _FLIP_RATE_OF_A_COIN:
            raise ValueError(f"a flip rate is between 0 and 0.5, not {self.flip_rate}")


@frozen(kw_only=True)
class EvaluationResult:
    """What a run came to.

    ``scorecards`` are in the order of the jobs; there are none where an outlet took
    them.  ``peaks`` tells how many requests each judge had in flight at most.
    ``remarks`` are sentences for a person to read,
    and ``hidden`` counts the characters that a judge was not shown, by its name and by
    the digest of what it saw; `notices` says both.  ``retries`` are the judge calls
    beyond the first of each request.
    """

    # Python 3.11 writes out the result of a task that `asyncio.run` ran, twice.
    scorecards: tuple[Scorecard, ...] = field(repr=False)
    judge_calls: int
    retries: int
    cached: int
    usage: Usage
    seconds: float
    remarks: tuple[str, ...]
    hidden: Mapping[str, Mapping[str, int]] = field(factory=dict, hash=False)
    peaks: Mapping[str, int] = field(hash=False)
    cancelled: bool

    def __add__(self, other: "EvaluationResult") -> "EvaluationResult":
        """Give two runs as one, the scorecards one after the other.

        The runs went on one after the other, too: ``peaks`` are the higher ones.
        """
        hidden = {judge: dict(counts) for judge, counts in self.hidden.items()}
        for judge, counts in other.hidden.items():
            hidden.setdefault(judge, {}).update(counts)
        judges = dict.fromkeys((*self.peaks, *other.peaks))
        return EvaluationResult(
            scorecards=self.scorecards + other.scorecards,
            judge_calls=self.judge_calls + other.judge_calls,
            retries=self.retries + other.retries,
            cached=self.cached + other.cached,
            usage=self.usage + other.usage,
            seconds=self.seconds + other.seconds,
            remarks=tuple(sorted({*self.remarks, *other.remarks})),
            hidden=hidden,
            peaks={
                judge: max(self.peaks.get(judge, 0), other.peaks.get(judge, 0))
                for judge in judges
            },
            cancelled=self.cancelled or other.cancelled,
        )

    @property
    def notices(self) -> tuple[str, ...]:
        """All that a person should read, in the order of the words."""
        hidden = (
            f"{judge} was not shown {_counted(sum(counts.values()), 'character')} "
            f"that cannot be seen, of {_counted(len(counts), 'response')}"
            for judge, counts in self.hidden.items()
        )
        return tuple(sorted((*self.remarks, *hidden)))


class Execution(Protocol):
    """A run that is about to be made, once."""

    async def run(self) -> EvaluationResult:
        """Judge and score everything.

        Raises:
            RubricError: when the run cannot be made, or when a verdict cannot be
                kept; what was kept before stays.
        """
        ...

    def cancel(self) -> None:
        """Stop asking; called again, drop what is in flight, too.

        `run` then returns soon, with all that was judged.  Called in the event loop
        in which that runs.
        """
        ...

    def result(self) -> EvaluationResult:
        """Give what is known by now; what is missing failed as ``cancelled``."""
        ...


@frozen(kw_only=True)
class Commission:
    """A run that is ordered: all that it takes to make it elsewhere.

    ``here`` is the same run, set up in this process, of which nothing was asked.
    ``folder`` is that of the project, where ``rub.toml`` is looked for, and ``environ``
    holds the environment variables that judges and keys are read from.  ``judges``
    says who judges, and ``consulted`` which variables that took to find out.  Verdicts
    are kept in the file ``store``, if there is one; with ``durable``, each outlives a
    power cut.  ``listener`` hears of everything that happens, first that the run has
    ``started``.
    """

    here: Execution
    started: RunStarted
    folder: Path
    environ: Mapping[str, str] = field(repr=False, hash=False)
    consulted: frozenset[str] = frozenset()
    jobs: tuple[Job, ...] = field(repr=False)
    judges: JudgeOptions
    limits: Limits = Limits()
    seed: int = 0
    top: int | None = None
    precision: Precision | None = None
    store: Path | None = None
    durable: bool = False
    listener: Listener | None = None


@frozen(kw_only=True)
class ExecutorSettings:
    """An executor as it was named: ``NAME?key=value&…``.  No secret is ever in it."""

    name: str
    options: Mapping[str, str | float | bool] = field(factory=dict, hash=False)


@frozen(kw_only=True)
class ExecutorOffer:
    """A way to make runs that a plugin offers.

    ``create`` gets the settings and the run that is ordered, and gives the run that is
    about to be made; it raises `rubricdsl.diagnostics.RubricError` if that cannot be.
    Results are those that the run would have come to here.  ``options`` names the
    options that it takes.
    """

    name: str
    description: str
    create: Callable[[ExecutorSettings, Commission], Execution]
    options: tuple[str, ...] = ()


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
