"""Small runs for reports, made of scorecards."""

from collections.abc import Iterable, Mapping, Sequence

from rubricdsl.formats.results import Results
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Provenance, Usage, Verdict
from rubricdsl.model.ruling import NO, YES, Failure, Ruling
from rubricdsl.model.scorecard import CriterionResult, Scorecard, Status

RULINGS: Mapping[str, Ruling | None] = {"y": YES, "n": NO, "?": None}
NAMES = ("first", "second", "third", "fourth")


def criterion(  # noqa: PLR0913 - a verdict has that many parts
    path: str,
    ruling: Ruling | None,
    *,
    evidence: str | None = None,
    reason: str | None = None,
    judge: str = "a judge",
    model: str | None = None,
    failure: str = "it was cut short",
    weight: float | None = 1.0,
    mark: str = "weight",
) -> CriterionResult:
    """Make the result of a criterion; no ruling is a failure."""
    return CriterionResult(
        name=path.rpartition(".")[2],
        path=path,
        mark=mark,
        verdict=Verdict(
            ruling=ruling,
            failure=None if ruling else Failure("judge_truncated", failure),
            evidence=evidence,
            reason=reason,
            provenance=Provenance(judge=judge, response="r", model=model),
        ),
        value=None if ruling is None else float(ruling == YES),
        weight=weight,
        share=0.25,
    )


def card(
    criteria: Sequence[CriterionResult],
    *,
    prompt_id: str = "p1",
    response_id: str = "r1",
    rubric: str = "steps",
    version: str | None = "1.0.0",
) -> Scorecard:
    """Make a scorecard; it has a score where all is known."""
    values = [one.value for one in criteria]
    known = [value for value in values if value is not None]
    is_complete = len(known) == len(values)
    low, high = sum(known) / len(values), 1 - (len(known) - sum(known)) / len(values)
    return Scorecard(
        rubric=rubric,
        rubric_version=version,
        rubric_digest=f"digest of {rubric}",
        prompt_id=prompt_id,
        response_id=response_id,
        score=low if is_complete else None,
        points=sum(known) if is_complete else None,
        passed=None,
        status=Status.COMPLETE if is_complete else Status.INCOMPLETE,
        coverage=len(known) / len(values),
        interval=(low, high),
        gates=(),
        criteria=tuple(criteria),
        groups=(),
        judge_calls=1,
        usage=Usage(prompt_tokens=10, completion_tokens=2, cost=0.5),
    )


def cards(marks: Mapping[str, str], **fields: str) -> list[Scorecard]:
    """Make scorecards of marks by response id, such as ``{"r1": "yn?"}``."""
    return [
        card(
            [
                criterion(name, RULINGS[mark])
                for name, mark in zip(NAMES, given, strict=False)
            ],
            response_id=response_id,
            **fields,
        )
        for response_id, given in marks.items()
    ]


def results(
    scorecards: Iterable[Scorecard], run: Mapping[str, Plain] | None = None
) -> Results:
    """Make results of scorecards."""
    return Results(run=run or {}, scorecards=tuple(scorecards))
