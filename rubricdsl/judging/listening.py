"""Hearing of a run while it goes on."""

from collections.abc import Callable, Sequence

from rubricdsl.model.events import (
    Listener,
    Progress,
    RunFinished,
    RunStarted,
    VerdictReached,
)
from rubricdsl.model.scorecard import Scorecard


class ListenerError(RuntimeError):
    """A listener could not hear something; the text is for people to read."""


class Silence:
    """A listener that does nothing; a base for those that want some events."""

    def run_started(self, event: RunStarted) -> None:
        """Do nothing."""

    def verdict_reached(self, event: VerdictReached) -> None:
        """Do nothing."""

    def scored(self, scorecard: Scorecard) -> None:
        """Do nothing."""

    def progressed(self, progress: Progress) -> None:
        """Do nothing."""

    def run_finished(self, event: RunFinished) -> None:
        """Do nothing."""


class Audience:
    """Several listeners as one: each hears everything, whatever others raise."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = tuple(listeners)

    def run_started(self, event: RunStarted) -> None:
        """Tell all."""
        self._tell(lambda listener: listener.run_started(event))

    def verdict_reached(self, event: VerdictReached) -> None:
        """Tell all."""
        self._tell(lambda listener: listener.verdict_reached(event))

    def scored(self, scorecard: Scorecard) -> None:
        """Tell all."""
        self._tell(lambda listener: listener.scored(scorecard))

    def progressed(self, progress: Progress) -> None:
        """Tell all."""
        self._tell(lambda listener: listener.progressed(progress))

    def run_finished(self, event: RunFinished) -> None:
        """Tell all."""
        self._tell(lambda listener: listener.run_finished(event))

    def _tell(self, say: Callable[[Listener], None]) -> None:
        problems: list[str] = []
        for listener in self._listeners:
            try:
                say(listener)
            except Exception as error:  # noqa: BLE001 - a listener never ends a run
                problems.append(problem_of(listener, error))
        if problems:
            raise ListenerError("; ".join(problems))


def problem_of(listener: Listener, error: Exception) -> str:
    """Say what went wrong when a listener heard something."""
    if isinstance(error, ListenerError):
        return str(error)
    name = type(listener).__name__
    return f"the listener {name} raised {type(error).__name__}: {error}"
