"""Flow control: how fast judges are asked, how often again, and when no more.

All of it is deterministic: clock values and random sources are passed in, nothing
here waits, sends or reads a clock.
"""

from rubricdsl.judging.flow.circuit import Circuit, CircuitState, Patience, Way
from rubricdsl.judging.flow.pace import Pace
from rubricdsl.judging.flow.retries import Again, GiveUp, RetryBudget, RetryPolicy

__all__ = [
    "Again",
    "Circuit",
    "CircuitState",
    "GiveUp",
    "Pace",
    "Patience",
    "RetryBudget",
    "RetryPolicy",
    "Way",
]
