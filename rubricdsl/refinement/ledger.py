"""The ledger of a refinement: what judges and proposers took, and what is left."""

from attrs import define, field

from rubricdsl.model.digest import Plain
from rubricdsl.model.execution import Limits
from rubricdsl.model.judgement import Usage
from rubricdsl.model.ruling import Failure, FailureKind


@define(eq=False)
class Ledger:
    """Calls, tokens and money of all judging and proposing together.

    The ``limits`` bound judges and proposers alike.  What a proposer's answer will
    cost nobody knows beforehand, so the last one may go beyond ``max_cost``.
    """

    limits: Limits = Limits()
    judge_calls: int = field(default=0, init=False)
    proposer_calls: int = field(default=0, init=False)
    judged: Usage = field(default=Usage(), init=False)
    proposed: Usage = field(default=Usage(), init=False)
    seconds: float = field(default=0.0, init=False)

    def add_judging(self, calls: int, usage: Usage, seconds: float) -> None:
        """Count a run of the engine."""
        self.judge_calls += calls
        self.judged += usage
        self.seconds += seconds

    def add_proposal(self, calls: int, usage: Usage) -> None:
        """Count an answer of a proposer, or of an attacker."""
        self.proposer_calls += calls
        self.proposed += usage

    @property
    def left(self) -> Limits:
        """What may still be spent."""
        calls, cost = self.limits.max_calls, self.limits.max_cost
        seconds = self.limits.max_seconds
        return Limits(
            max_calls=None if calls is None else max(0, calls - self._calls),
            max_cost=None if cost is None else max(0.0, cost - self._cost),
            max_seconds=None if seconds is None else max(0.0, seconds - self.seconds),
        )

    @property
    def refusal(self) -> Failure | None:
        """Why no proposer may be asked any more; None while one may."""
        left = self.left
        for spent, what in (
            (left.max_calls, "calls"),
            (left.max_cost, "cost"),
            (left.max_seconds, "seconds"),
        ):
            if spent is not None and spent <= 0:
                reason = f"not asked: the budget of --max-{what} is spent"
                return Failure(FailureKind.BUDGET_EXHAUSTED.value, reason)
        return None

    @property
    def record(self) -> dict[str, Plain]:
        """What was spent, as plain data; ``cost`` is null where no price is known."""
        total = self.judged + self.proposed
        return {
            "judge_calls": self.judge_calls,
            "proposer_calls": self.proposer_calls,
            "tokens": {
                "prompt": total.prompt_tokens,
                "completion": total.completion_tokens,
            },
            "cost": total.cost,
        }

    @property
    def _calls(self) -> int:
        return self.judge_calls + self.proposer_calls

    @property
    def _cost(self) -> float:
        return (self.judged + self.proposed).cost or 0.0
