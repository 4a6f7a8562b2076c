"""Whether a judge is asked at all now, and when it is given up for the run.

A judge that refuses the key or has no money left is given up at once; one that
cannot be reached by the first requests of a run, within seconds.  When one that has
answered falls silent, its circuit opens: requests wait, and single ones probe, ever
more rarely, until it answers again or patience has run out.
"""

from enum import StrEnum

from attrs import frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.model.ruling import Failure, FailureKind

_SILENT = frozenset(
    {
        FailureKind.TRANSPORT_UNREACHABLE,
        FailureKind.TRANSPORT_PEER_DROP,
        FailureKind.TRANSPORT_TIMEOUT,
    }
)
# Replies, though of no use.
_UNREADABLE = frozenset({FailureKind.JUDGE_UNPARSEABLE, FailureKind.JUDGE_TRUNCATED})


class CircuitState(StrEnum):
    """How a judge stands."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"
    GIVEN_UP = "given up"


class Way(StrEnum):
    """What may be sent to a judge now."""

    FREE = "free"
    PROBE = "probe"
    SHUT = "shut"


# Looking a member up in its class takes longer than all that is done for a request.
_CLOSED, _OPEN, _PROBING, _GIVEN_UP = CircuitState
_FREE, _PROBE, _SHUT = Way


@frozen(kw_only=True)
class Patience:
    """How long a judge that is away is waited for, in seconds.

    ``first`` is for one that could never be reached in this run, ``outage`` for any
    other.  Probes begin ``probe`` seconds after the circuit has opened, and each
    interval is the double of the one before, up to ``longest_probe``.  The circuit
    opens when so many ``failures`` have come with no answer between them, or there is
    no connection; a key is refused for good when it was ``refusals`` times so.
    """

    first: float = 5.0
    outage: float = 300.0
    probe: float = 1.0
    longest_probe: float = 30.0
    failures: int = 8
    refusals: int = 3


class Circuit:
    """The circuit of one judge; times are seconds by one monotonic clock.

    Ask `admit` before each request, and tell of its end by `answered`, `failed` or,
    for one that was dropped or never sent, `withdrawn`.
    """

    def __init__(self, judge: str, patience: Patience | None = None) -> None:
        self._judge = judge
        self._patience = patience or Patience()
        self._state = _CLOSED
        self._failure: Failure | None = None
        self._has_answered = False
        self._failures = self._refusals = self._tries = 0
        self._since = 0.0
        self._held = 0.0
        self._interval = self._patience.probe
        self._next_probe = 0.0

    @property
    def state(self) -> CircuitState:
        """How the judge stands."""
        return self._state

    @property
    def failure(self) -> Failure | None:
        """With what every further question to the judge fails; None if it is asked."""
        return self._failure

    @property
    def next_probe(self) -> float | None:
        """When to ask `admit` again; None unless the circuit is open."""
        return self._next_probe if self._state is _OPEN else None

    def held(self, now: float) -> float:
        """Give the seconds for which requests have been held back, in all.

        A question's time limit is meant for the judge and not for its outages, so
        what is added here while a question waits is added to its deadline.
        """
        if self._state is _OPEN or self._state is _PROBING:
            return self._held + max(0.0, now - self._since)
        return self._held

    def admit(self, now: float) -> Way:
        """Tell whether a request may be sent, and as what.

        One that is sent as a probe must be reported with ``probe=True``.  What has
        failed goes to the end of the queue meanwhile: it may be what the judge dies of.
        """
        if self._state is _CLOSED:
            return _FREE
        if self._state is _OPEN and now >= self._next_probe:
            self._state = _PROBING
            return _PROBE
        return _SHUT

    def answered(self, now: float) -> None:
        """Take note that the judge answered, whatever it was.

        A request that it rejected, or an answer that cannot be read, is one, too.
        """
        self._failures = self._refusals = self._tries = 0
        self._has_answered = True
        if self._state is _OPEN or self._state is _PROBING:
            self._held = self.held(now)
            self._state = _CLOSED

    def withdrawn(self, *, probe: bool) -> None:
        """Take note that a request ended without a word about the judge."""
        if probe and self._state is _PROBING:
            self._state = _OPEN

    def failed(
        self, error: JudgeError, now: float, *, fresh: bool = True, probe: bool = False
    ) -> None:
        """Take note that a request failed as a whole.

        ``fresh`` says that it was the first attempt at its questions: what failed
        before may fail for reasons of its own, so it does not open the circuit.  That
        there was no connection is never a question's fault, and opens it at once.
        """
        kind = error.failure.kind
        is_unreachable = kind == FailureKind.TRANSPORT_UNREACHABLE
        if self._state is _GIVEN_UP:
            return
        if kind == FailureKind.QUOTA_EXHAUSTED or (
            is_unreachable and not error.transient and not self._has_answered
        ):
            self._give_up(error.failure, now)
        elif kind == FailureKind.AUTH_FAILED:
            self._refused(error.failure, now, probe=probe)
        elif kind == FailureKind.TRANSPORT_LOCAL_RESOURCE:
            self.withdrawn(probe=probe)
        elif kind in _SILENT or (error.transient and kind not in _UNREADABLE):
            self._away(error, now, fresh=fresh, probe=probe)
        else:
            self.answered(now)

    # ------------------------------------------------------------------ steps

    def _refused(self, failure: Failure, now: float, *, probe: bool) -> None:
        """A key that was good may be refused for one text, but not for each."""
        self._refusals += 1
        if not self._has_answered or self._refusals >= self._patience.refusals:
            self._give_up(failure, now)
        else:
            self.withdrawn(probe=probe)

    def _away(self, error: JudgeError, now: float, *, fresh: bool, probe: bool) -> None:
        self._tries += 1
        is_unreachable = error.failure.kind == FailureKind.TRANSPORT_UNREACHABLE
        self._failures += fresh
        never_reached = is_unreachable and not self._has_answered
        patience = self._patience.first if never_reached else self._patience.outage
        asked = error.retry_after or 0.0
        if self._state is _CLOSED:
            if not is_unreachable and self._failures < self._patience.failures:
                return
            self._since = now
            self._interval = self._patience.probe
            self._open(now, asked)
        elif probe and self._state is _PROBING:
            self._interval = min(2 * self._interval, self._patience.longest_probe)
            self._open(now, asked)
        elif self._state is _OPEN and asked > 0:
            self._next_probe = max(self._next_probe, now + asked)
        end = self._since + patience
        if self._state is not _OPEN:
            return
        if now >= end or now + asked > end:
            self._give_up(error.failure, now, waited=now - self._since, asked=asked)
        else:
            # The last of all probes comes just when patience ends.
            self._next_probe = min(self._next_probe, end)

    def _open(self, now: float, asked: float) -> None:
        self._state = _OPEN
        self._next_probe = now + max(self._interval, asked)

    def _give_up(
        self,
        failure: Failure,
        now: float,
        *,
        waited: float | None = None,
        asked: float = 0.0,
    ) -> None:
        reason = f"{self._judge} is asked no more in this run: {failure.reason}"
        if waited is not None:
            tries = "1 attempt" if self._tries == 1 else f"{self._tries} attempts"
            reason = f"{reason}; no answer to {tries} in {waited:.3g} s"
            if asked > 0:
                reason = f"{reason}, and it asks to be left alone for {asked:.4g} s"
        self._held = self.held(now)
        self._state = _GIVEN_UP
        self._failure = Failure(failure.kind, reason)
