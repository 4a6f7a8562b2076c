"""Flow control: how fast judges are asked, how often again, and when no more.

All of it is deterministic: clock values and random sources are passed in, nothing
here waits, sends or reads a clock.
"""

from rubricdsl.judging.flow.budget import Budget
from rubricdsl.judging.flow.circuit import Circuit, CircuitState, Patience, Way
from rubricdsl.judging.flow.opening import Load, may_open, most_open
from rubricdsl.judging.flow.pace import Pace
from rubricdsl.judging.flow.retries import Again, GiveUp, RetryBudget, RetryPolicy
from rubricdsl.model.execution import Limits

__all__ = [
    "Again",
    "Budget",
    "Circuit",
    "CircuitState",
    "GiveUp",
    "Limits",
    "Load",
    "Pace",
    "Patience",
    "RetryBudget",
    "RetryPolicy",
    "Way",
    "may_open",
    "most_open",
]
