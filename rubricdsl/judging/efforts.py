"""What a run takes, as an estimate says it: requests, tokens, money and time."""

from collections.abc import Mapping
from math import ceil

from attrs import evolve, frozen

from rubricdsl.model.judgement import Usage


@frozen(kw_only=True)
class Learnt:
    """What earlier requests to a judge took on average.

    Tokens to write, of so many ``calls``, and ``seconds``, of those ``timed`` among
    them; None where it is not taken from them.
    """

    calls: int
    completion_tokens: float | None
    timed: int
    seconds: float | None


@frozen(kw_only=True)
class Load:
    """What one judge would be sent: its name, requests, and how many in flight.

    ``learnt`` is what earlier requests took, if there were any.
    """

    judge: str
    calls: int
    concurrency: int
    learnt: Learnt | None = None


@frozen(kw_only=True)
class Effort:
    """What a run takes, if no request fails and no answer is left out.

    ``questions`` are those to judges, each vote of a panel counted, of which
    ``cached`` are known before; ``calls`` are requests.  ``usage`` is None where a
    judge cannot tell, its cost also where a price is not known.
    """

    questions: int
    cached: int
    checks: int
    calls: int
    usage: Usage | None
    loads: tuple[Load, ...]

    def __add__(self, other: "Effort") -> "Effort":
        """Give what two runs take, one after the other."""
        loads = {one.judge: one for one in self.loads}
        for one in other.loads:
            before = loads.get(one.judge, evolve(one, calls=0))
            loads[one.judge] = evolve(before, calls=before.calls + one.calls)
        return Effort(
            questions=self.questions + other.questions,
            cached=self.cached + other.cached,
            checks=self.checks + other.checks,
            calls=self.calls + other.calls,
            usage=None
            if self.usage is None or other.usage is None
            else self.usage + other.usage,
            loads=tuple(loads.values()),
        )

    def __mul__(self, times: int) -> "Effort":
        """Give what so many such runs take."""
        return Effort(
            questions=self.questions * times,
            cached=self.cached * times,
            checks=self.checks * times,
            calls=self.calls * times,
            usage=None if self.usage is None else self.usage * times,
            loads=tuple(evolve(one, calls=one.calls * times) for one in self.loads),
        )

    def seconds(self, latency: float | None = None) -> float | None:
        """Give how long it takes if a request takes ``latency`` seconds.

        Without one, as long as earlier requests took; None where that is not known
        of a judge.
        """
        longest = 0.0
        for load in self.loads:
            each = latency
            if each is None and load.learnt is not None:
                each = load.learnt.seconds
            if each is None:
                return None
            longest = max(longest, ceil(load.calls / load.concurrency) * each)
        return longest


@frozen(kw_only=True)
class Estimate:
    """What a run takes at ``most`` and at ``least``; the same where nothing is open.

    ``unmeasured`` counts, by kind, the verdicts that cannot be had as it stands.
    """

    responses: int
    most: Effort
    least: Effort
    unmeasured: Mapping[str, int]

    @property
    def is_exact(self) -> bool:
        """Whether it is known however the verdicts turn out."""
        return self.most == self.least
