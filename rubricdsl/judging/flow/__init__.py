"""Flow control: how fast judges are asked, how often again, and when no more.

All of it is deterministic: clock values and random sources are passed in, nothing
here waits, sends or reads a clock.
"""

from rubricdsl.judging.flow.retries import Again, GiveUp, RetryBudget, RetryPolicy

__all__ = ["Again", "GiveUp", "RetryBudget", "RetryPolicy"]
