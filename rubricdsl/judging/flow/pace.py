"""How many requests a judge may have in flight now.

A limit that is set (fixed) is used at once; one that is to be found (adaptive)
begins small, doubles as long as more in flight brings more answers, and goes on
trying a little more or less from time to time.  Either is halved on overload and
then grown back: by quarters of the way to just below where it was too much, as in
binary increase congestion control (Xu, Harfoush and Rhee, INFOCOM 2004), a while at
rest, and beyond with growing steps.
"""

from math import log

from attrs import define, frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.model.ruling import FailureKind

_FIRST = 4
# A window tells something from so many answers on, and for sure from so many.
_FEW = 8
_ENOUGH = 32
# More in flight pays if a rise by a factor f makes throughput rise by f**0.4.
_PAYS = 0.4
_REST = 2
_LONGEST_REST = 16
# What may or may not come of load: too much if so many of the last ones failed so.
_MEMORY = 16
_TOO_MANY = 0.4
_UNCERTAIN = frozenset(
    {
        FailureKind.PROVIDER_UNAVAILABLE,
        FailureKind.TRANSPORT_TIMEOUT,
        FailureKind.TRANSPORT_PEER_DROP,
    }
)


@define
class _Window:
    """Answers to requests that were sent after ``start``, at one limit."""

    start: float
    due: int
    answers: int = 0
    latency: float = 0.0
    is_full: bool = False


@frozen
class _Level:
    """A limit, and the answers in a second that it brought."""

    limit: int
    throughput: float


class Pace:
    """The limit of one judge, always from 1 to ``most``.

    Times are seconds by one monotonic clock.  What it is told of is every request,
    once, when it has ended: by `answered`, `failed` or `overloaded`.
    """

    def __init__(self, most: int, *, adaptive: bool) -> None:
        self._most = most
        self._adaptive = adaptive
        self._limit = min(most, _FIRST) if adaptive else most
        self._window = self._opened(float("-inf"))
        # Where to climb to after an overload; None where there was none, or no more.
        self._target: int | None = None
        # What the present limit is compared with, to find a better one.
        self._known: _Level | None = None
        self._goes_up = True
        self._rest = self._next_rest = _REST
        self._streak = 2
        self._strain = 0.0
        self._round_trip = 0.0
        self._halved = float("-inf")
        self._since_halved = 0

    @property
    def limit(self) -> int:
        """How many requests may be in flight now."""
        return self._limit

    def answered(
        self, latency: float, now: float, *, in_flight: int | None = None
    ) -> None:
        """Take note of an answer that took ``latency`` seconds.

        ``in_flight`` is how many there were with this one: where the limit is not
        used, nothing can be learnt about it.
        """
        self._strain -= self._strain / _MEMORY
        self._round_trip += (latency - self._round_trip) / _FEW
        if not self._adaptive and self._target is None:
            return
        window = self._window
        if now - latency < window.start:
            return
        window.answers += 1
        window.latency += latency
        window.is_full |= in_flight is None or in_flight >= self._limit
        if window.answers >= window.due:
            if not window.is_full:
                self._set(self._limit, now)
            elif self._target is not None:
                self._climb(self._target, now)
            else:
                self._search(now)

    def failed(self, error: JudgeError, latency: float, now: float) -> None:
        """Take note of a request that failed after ``latency`` seconds.

        Being told to slow down is an overload.  Errors of the server, timeouts and
        lost connections are one when there are many; a single question that always
        fails so is none.
        """
        kind = error.failure.kind
        if kind == FailureKind.RATE_LIMITED or (
            kind == FailureKind.TRANSPORT_LOCAL_RESOURCE and error.transient
        ):
            self.overloaded(now, latency=latency)
        elif kind in _UNCERTAIN and error.transient:
            self._strain += (1 - self._strain) / _MEMORY
            if self._strain > _TOO_MANY:
                self.overloaded(now, latency=latency)

    def overloaded(self, now: float, *, latency: float | None = None) -> None:
        """Halve the limit; once for all requests that were sent before that.

        Refusals come faster than answers, so a halving is given the time of a round
        trip to have its effect, unless it is seen to have been too little.
        """
        if latency is not None and now - latency < self._halved:
            return
        self._since_halved += 1
        is_fresh = now < self._halved + self._round_trip
        if is_fresh and (latency is None or self._since_halved <= self._limit):
            return
        was = self._limit
        self._target = max(1, min(was - 1, was * 9 // 10))
        self._rest = self._next_rest = min(2 * self._next_rest, _LONGEST_REST)
        self._streak, self._known, self._goes_up = 0, None, True
        self._halved, self._since_halved = now, 0
        self._strain = 0.0
        self._set(was // 2, now)

    # ------------------------------------------------------------------ steps

    def _set(self, limit: int, now: float) -> None:
        self._limit = max(1, min(limit, self._most))
        self._window = self._opened(now)

    def _opened(self, start: float) -> _Window:
        return _Window(start, due=max(self._limit, _FEW if self._adaptive else 1))

    def _climb(self, target: int, now: float) -> None:
        """Grow back after an overload, one step for a window without one."""
        if self._limit < target:
            self._set(self._limit + max(1, (target - self._limit) // 4), now)
            return
        self._rest -= 1
        if self._rest > 0:
            self._set(self._limit, now)
        elif self._adaptive:
            self._target = None
            self._search(now)
        else:
            self._rest, self._streak = 1, self._streak + 1
            self._target = None if target >= self._most else self._raised(target)
            self._set(self._limit, now)

    def _search(self, now: float) -> None:
        """Compare the present limit with the last one, and try the next."""
        window, known = self._window, self._known
        mean = max(window.latency / window.answers, 1e-9)
        level = _Level(self._limit, self._limit / mean)
        if known is None or known.limit == level.limit:
            self._known = level
            self._rest -= known is not None
            if known is None or self._rest <= 0:
                self._try(now)
            else:
                self._set(self._limit, now)
            return
        goes_up = level.limit > known.limit
        gain = log(level.throughput / known.throughput)
        pays = gain / log(level.limit / known.limit) >= _PAYS
        if not pays and window.answers < _ENOUGH:
            # By chance, answers may have taken long: look at some more of them.
            window.due = window.answers + max(self._limit, _FEW)
        elif pays == goes_up:
            self._streak += 1
            self._known, self._next_rest = level, _REST
            self._try(now)
        else:
            self._turn(known.limit, now)

    def _try(self, now: float) -> None:
        limit = self._limit
        if self._goes_up and limit < self._most:
            self._set(self._raised(limit), now)
        elif not self._goes_up and limit > 1:
            lower = limit // 2 if self._streak > 1 else limit * 4 // 5
            self._set(min(limit - 1, lower), now)
        else:
            self._turn(limit, now)

    def _turn(self, limit: int, now: float) -> None:
        """Stay at a limit for a while, and then try the other direction."""
        self._goes_up = not self._goes_up
        self._rest, self._streak = self._next_rest, 0
        self._set(limit, now)

    def _raised(self, limit: int) -> int:
        """Give the next higher limit: after two steps that paid, the double."""
        higher = 2 * limit if self._streak > 1 else limit * 5 // 4
        return min(self._most, max(limit + 1, higher))
