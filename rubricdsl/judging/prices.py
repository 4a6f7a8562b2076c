"""What a request to a judge may cost, and that it is known where costs are bounded."""

from collections.abc import Iterable

from rubricdsl.diagnostics import fail
from rubricdsl.judging.panels import Judge
from rubricdsl.judging.planning import JudgedCriterion, RubricPlan
from rubricdsl.model.judgement import JudgeRequest, Usage
from rubricdsl.model.protocols import EstimatingBackend
from rubricdsl.model.response import Response

UNKNOWN = Usage()
_FREE = Usage(cost=0.0)


def cost_of(judge: Judge, request: JudgeRequest) -> Usage:
    """Give what a request may cost; what is no model costs nothing."""
    if not judge.backend.capabilities.is_model:
        return _FREE
    if isinstance(judge.backend, EstimatingBackend):
        return judge.backend.estimate(request)
    return UNKNOWN


def refuse_unpriced(plans: Iterable[RubricPlan]) -> None:
    """See that it is known of each judge what a request costs.

    Raises RubricError (D208) for the first that does not tell.
    """
    for plan in plans:
        for planned in plan.criteria.values():
            if isinstance(planned, JudgedCriterion):
                for judge in planned.panel.members:
                    _refuse_unpriced(judge, planned)


def _refuse_unpriced(judge: Judge, planned: JudgedCriterion) -> None:
    request = JudgeRequest(
        questions={"c1": planned.question},
        seen={"response": ""},
        response=Response(text="", prompt_id="", response_id=""),
        instructions=planned.panel.instructions,
    )
    if cost_of(judge, request).cost is None:
        fail(
            "D208",
            f"the prices of {judge.name} are not known, so --max-cost cannot be kept",
            hint="give its prices per million tokens, price_prompt and "
            "price_completion, in the SPEC or in rub.toml; or bound the run by "
            "--max-calls",
        )
