"""What the conventions of OpenTelemetry say of a scorecard; no OpenTelemetry needed.

See the events of the semantic conventions for generative AI: an evaluation has a name,
and a score, a label, an explanation or an error as far as there are any.  What they
have no word for stands under ``rubricdsl.``.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from attrs import field, frozen

from rubricdsl.model.judgement import Verdict
from rubricdsl.model.ruling import Ruling, RulingWord
from rubricdsl.model.scorecard import CriterionResult, Scorecard, Status

EVENT_NAME = "gen_ai.evaluation.result"
ERROR_TYPE = "error.type"

Attribute: TypeAlias = str | bool | int | float | Sequence[str]


@frozen(kw_only=True)
class EvaluationRecord:
    """One evaluation of a response: by a criterion, or by the whole rubric.

    ``value`` is in [0, 1].  ``error`` says by kind why there is none; without either,
    there was nothing to measure (n/a).  ``further`` are attributes of our own.
    """

    name: str
    response_id: str
    value: float | None = None
    label: str | None = None
    explanation: str | None = None
    error: str | None = None
    further: Mapping[str, Attribute] = field(factory=dict, hash=False)

    def attributes(self) -> dict[str, Attribute]:
        """Give the attributes of the event, in fixed order."""
        named: dict[str, Attribute | None] = {
            "gen_ai.evaluation.name": self.name,
            "gen_ai.evaluation.score.value": self.value,
            "gen_ai.evaluation.score.label": self.label,
            "gen_ai.evaluation.explanation": self.explanation,
            "gen_ai.response.id": self.response_id,
            ERROR_TYPE: self.error,
        }
        return stated({**named, **self.further})


def evaluations(scorecard: Scorecard, *, reasons: bool) -> Iterator[EvaluationRecord]:
    """Give the evaluations that a scorecard stands for, the one by all of it last.

    A criterion that was not asked since it could not change what was wanted has none.
    """
    for result in scorecard.criteria:
        if result.verdict.asked:
            yield _of_criterion(scorecard, result, reasons=reasons)
    yield overall(scorecard)


def overall(scorecard: Scorecard) -> EvaluationRecord:
    """Give the evaluation of a response by the whole rubric.

    It is called as the rubric is, and a criterion as rubric and path.  The label is
    pass or fail where the rubric has a pass mark; of a score that there is not, it is
    the status.
    """
    if scorecard.status is not Status.COMPLETE:
        label: str | None = str(scorecard.status)
    elif scorecard.passed is None:
        label = None
    else:
        label = "pass" if scorecard.passed else "fail"
    further: dict[str, Attribute | None] = {
        "rubricdsl.coverage": scorecard.coverage,
        "rubricdsl.gates": tuple(gate.path for gate in scorecard.gates) or None,
    }
    return EvaluationRecord(
        name=scorecard.rubric,
        response_id=clean(scorecard.response_id),
        value=scorecard.score,
        label=label,
        error=_missing(scorecard),
        further=stated({**_subject(scorecard), **further}),
    )


def _of_criterion(
    scorecard: Scorecard, result: CriterionResult, *, reasons: bool
) -> EvaluationRecord:
    verdict = result.verdict
    model = verdict.provenance.model
    further: dict[str, Attribute | None] = {
        "rubricdsl.criterion.path": result.path,
        "rubricdsl.criterion.mark": result.mark,
        "rubricdsl.judge.name": verdict.provenance.judge or None,
        "rubricdsl.judge.model": None if model is None else clean(model),
        "rubricdsl.verdict.probability": verdict.probability,
        "rubricdsl.verdict.cached": verdict.cached,
    }
    return EvaluationRecord(
        name=f"{scorecard.rubric}.{result.path}",
        response_id=clean(scorecard.response_id),
        value=None if verdict.failure is not None else result.value,
        label=_label(verdict.ruling),
        explanation=_explanation(verdict) if reasons else None,
        error=None if verdict.failure is None else verdict.failure.kind,
        further=stated({**_subject(scorecard), **further}),
    )


def _subject(scorecard: Scorecard) -> dict[str, Attribute | None]:
    """Say what was measured by what."""
    return {
        "rubricdsl.rubric.name": scorecard.rubric,
        "rubricdsl.rubric.version": scorecard.rubric_version,
        "rubricdsl.rubric.digest": scorecard.rubric_digest,
        "rubricdsl.prompt.id": clean(scorecard.prompt_id),
    }


def _label(ruling: Ruling | None) -> str | None:
    """Give a ruling's word; labels shall be few, so measured numbers have none."""
    if ruling is None or ruling.word is RulingWord.NUMBER:
        return None
    # A panel's mean of levels may be any number between them.
    is_between = ruling.number is not None and not ruling.number.is_integer()
    return None if is_between else str(ruling)


def _explanation(verdict: Verdict) -> str | None:
    reason = verdict.failure.reason if verdict.failure else verdict.reason
    return clean(reason) if reason else None


def _missing(scorecard: Scorecard) -> str | None:
    """Say why a score could not be had: the commonest of its failures.

    A response that was not believed since it talks to the judge is ``suspect``.
    """
    if scorecard.status is Status.SUSPECT:
        return str(scorecard.status)
    if scorecard.status is not Status.INCOMPLETE:
        return None
    kinds = Counter(
        result.verdict.failure.kind
        for result in scorecard.criteria
        if result.verdict.failure is not None and result.mark != "info"
    )
    return kinds.most_common(1)[0][0] if kinds else None


def clean(text: str) -> str:
    """Replace halves of surrogate pairs, which no exporter can send."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def stated(attributes: Mapping[str, Attribute | None]) -> dict[str, Attribute]:
    """Leave out what is not known."""
    return {name: value for name, value in attributes.items() if value is not None}
