"""A scorecard as a row of a results file, and back.

The row holds all of a scorecard but the times at which verdicts were reached.  Where
responses were ranked it has a ``rank`` (null if not just one place is left) and a
``rank_interval``, and criteria left out as not needed say ``"asked": false`` beside
``verdict`` and ``error``, which are both null then.  Where questions were asked until
the best were known well enough there is a ``rank_doubt``: the risks that it is on the
wrong side of the ``border`` of the best, and that its ``place`` is wrong.  Where they
were asked until scores, or the best, were known well enough it has a ``noise``: the
``half_width`` of the score's 95 % interval (null if there is none) and the ``votes`` on
which it rests.
"""

import math
from collections.abc import Callable
from typing import TypeVar

from rubricdsl.formats.fields import (
    FieldError,
    Fields,
    kind_of,
    needed_number,
    needed_objects,
    needed_text,
    optional_members,
    optional_number,
    optional_text,
    optional_truth,
)
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Ballot, Provenance, Usage, Verdict
from rubricdsl.model.ruling import Failure, Ruling
from rubricdsl.model.scorecard import (
    CriterionResult,
    Doubt,
    Gate,
    GroupResult,
    Noise,
    Scorecard,
    Standing,
    Status,
)

T = TypeVar("T")


def result_row(scorecard: Scorecard) -> dict[str, Plain]:
    """Give the row that stands for a scorecard: plain data, keys in fixed order.

    Raises ValueError for a number that is not finite.
    """
    interval = scorecard.interval
    row: dict[str, Plain] = {
        "rubric": scorecard.rubric,
        "rubric_version": scorecard.rubric_version,
        "rubric_digest": scorecard.rubric_digest,
        "prompt_id": _clean(scorecard.prompt_id),
        "response_id": _clean(scorecard.response_id),
        "score": _finite(scorecard.score),
        "points": _short(scorecard.points),
        "passed": scorecard.passed,
        "status": str(scorecard.status),
        "coverage": _finite(scorecard.coverage),
        "interval": None if interval is None else [_finite(end) for end in interval],
        "expected": _finite(scorecard.expected),
        "gates": [_gate_record(gate) for gate in scorecard.gates],
        "criteria": [_criterion_record(result) for result in scorecard.criteria],
        "groups": [_group_record(result) for result in scorecard.groups],
        "judge_calls": scorecard.judge_calls,
        "tokens": {
            "prompt": scorecard.usage.prompt_tokens,
            "completion": scorecard.usage.completion_tokens,
        },
        "cost": _finite(scorecard.usage.cost),
        "seconds": _finite(scorecard.seconds),
    }
    standing = scorecard.standing
    if standing is not None:
        row["rank"] = standing.rank
        row["rank_interval"] = [standing.best, standing.worst]
        doubt = standing.doubt
        if doubt is not None:
            row["rank_doubt"] = {
                "border": _finite(doubt.border),
                "place": _finite(doubt.place),
            }
    noise = scorecard.noise
    if noise is not None:
        row["noise"] = {"half_width": _finite(noise.half_width), "votes": noise.votes}
    return row


def _gate_record(gate: Gate) -> dict[str, Plain]:
    return {
        "name": gate.name,
        "path": gate.path,
        "mark": gate.mark,
        "cap": _finite(gate.cap),
    }


def _criterion_record(result: CriterionResult) -> dict[str, Plain]:
    verdict = result.verdict
    record: dict[str, Plain] = {
        "name": result.name,
        "path": result.path,
        "mark": result.mark,
        "verdict": None if verdict.ruling is None else verdict.ruling.record,
        "value": _finite(result.value),
        "weight": _short(result.weight),
        "share": _finite(result.share),
        "probability": _finite(verdict.probability),
        "judge": verdict.provenance.judge or None,
        "evidence": _clean(verdict.evidence),
        "reason": _clean(verdict.reason),
        "cached": verdict.cached,
        "error": _failure_record(verdict.failure),
        "provenance": _provenance_record(result),
    }
    if not verdict.asked:
        record["asked"] = False
    if verdict.ballots:
        record["ballots"] = [_ballot_record(ballot) for ballot in verdict.ballots]
    return record


def _failure_record(failure: Failure | None) -> dict[str, Plain] | None:
    if failure is None:
        return None
    return {"kind": failure.kind, "reason": _clean(failure.reason)}


def _ballot_record(ballot: Ballot) -> dict[str, Plain]:
    return {
        "judge": ballot.judge,
        "verdict": None if ballot.ruling is None else ballot.ruling.record,
        "probability": _finite(ballot.probability),
        "error": _failure_record(ballot.failure),
    }


def _provenance_record(result: CriterionResult) -> dict[str, Plain]:
    """Name by digest all that a verdict depends on, so that it can be told apart."""
    provenance = result.verdict.provenance
    return {
        "question": result.question,
        "response": provenance.response,
        "settings": provenance.settings,
        "template": provenance.template,
        "model": _clean(provenance.model),
    }


def _group_record(result: GroupResult) -> dict[str, Plain]:
    return {
        "name": result.name,
        "path": result.path,
        "mark": result.mark,
        "value": _finite(result.value),
        "weight": _short(result.weight),
    }


def _finite(number: float | None) -> float | None:
    if number is not None and not math.isfinite(number):
        raise ValueError(f"a result must be finite, not {number}")
    return number


def _short(number: float | None) -> float | None:
    """Write 3.0 as 3, as a rubric does."""
    number = _finite(number)
    return number if number is None or number % 1 else int(number)


def _clean(text: str | None) -> str | None:
    """Replace halves of surrogate pairs, which no file can hold."""
    if text is None:
        return None
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# ------------------------------------------------------------------ and back


def scorecard_of(row: Fields) -> Scorecard:
    """Give the scorecard that a row stands for.

    Raises FieldError for a field that is missing or not as `result_row` writes it.
    """
    tokens = optional_members(row, "tokens") or {}
    return Scorecard(
        rubric=needed_text(row, "rubric"),
        rubric_version=optional_text(row, "rubric_version"),
        rubric_digest=needed_text(row, "rubric_digest"),
        prompt_id=needed_text(row, "prompt_id"),
        response_id=needed_text(row, "response_id"),
        score=score_of(row),
        points=optional_number(row, "points"),
        passed=optional_truth(row, "passed"),
        status=_status(row),
        coverage=needed_number(row, "coverage"),
        interval=interval_of(row),
        expected=_expected(row),
        gates=_each(row, "gates", _gate),
        criteria=_each(row, "criteria", _criterion),
        groups=_each(row, "groups", _group),
        judge_calls=int(optional_number(row, "judge_calls") or 0),
        usage=Usage(
            prompt_tokens=int(optional_number(tokens, "prompt") or 0),
            completion_tokens=int(optional_number(tokens, "completion") or 0),
            cost=optional_number(row, "cost"),
        ),
        seconds=optional_number(row, "seconds") or 0.0,
        standing=_standing(row),
        noise=_noise(row),
    )


def _each(row: Fields, name: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
    found = []
    for number, entry in enumerate(needed_objects(row, name), 1):
        try:
            found.append(read(entry))
        except FieldError as error:
            message = f"entry {number} of `{name}`: {error.message}"
            raise FieldError(message, error.hint) from None
    return tuple(found)


def score_of(row: Fields) -> float | None:
    """Give the score of a row; raises FieldError as `scorecard_of`."""
    score = optional_number(row, "score")
    is_complete = row.get("status") == Status.COMPLETE
    if is_complete != (score is not None):
        raise FieldError(
            f"`score` is {kind_of(row.get('score'))} and `status` is not in keeping",
            "a row has a score just when its status is complete",
        )
    if score is not None and not 0 <= score <= 1:
        raise FieldError(f"`score` is {score:g}", "a score is between 0 and 1")
    return score


def _status(row: Fields) -> Status:
    text = needed_text(row, "status")
    if text not in set(Status):
        raise FieldError(f"`status` is {text!r}", f"use one of {', '.join(Status)}")
    return Status(text)


def interval_of(row: Fields) -> tuple[float, float] | None:
    """Give the scores that a row could still have; raises as `scorecard_of`."""
    match row.get("interval"):
        case None:
            return None
        case [int() | float() as low, int() | float() as high] if low <= high:
            return float(low), float(high)
        case _:
            raise FieldError(
                "`interval` is not a pair of numbers", "write [low, high] or null"
            )


def _expected(row: Fields) -> float | None:
    expected = optional_number(row, "expected")
    if expected is not None and not 0 <= expected <= 1:
        raise FieldError(
            f"`expected` is {expected:g}", "an expected score is between 0 and 1"
        )
    return expected


def _standing(row: Fields) -> Standing | None:
    match row.get("rank_interval"):
        case None:
            return None
        case [int() as best, int() as worst] if 1 <= best <= worst:
            return Standing(best, worst, _doubt(row))
        case _:
            raise FieldError(
                "`rank_interval` is not a pair of places", "write [best, worst]"
            )


def _doubt(row: Fields) -> Doubt | None:
    doubt = optional_members(row, "rank_doubt")
    if doubt is None:
        return None
    border, place = needed_number(doubt, "border"), needed_number(doubt, "place")
    if not (0 <= border <= 1 and 0 <= place <= 1):
        raise FieldError(
            "`rank_doubt` is not a pair of risks",
            'write {"border": X, "place": Y}, each from 0 to 1',
        )
    return Doubt(border, place)


def _noise(row: Fields) -> Noise | None:
    noise = optional_members(row, "noise")
    if noise is None:
        return None
    half_width, votes = optional_number(noise, "half_width"), noise.get("votes")
    if not isinstance(votes, int) or votes < 0 or (half_width or 0) < 0:
        raise FieldError(
            "`noise` is not a half-width and a number of votes",
            'write {"half_width": X, "votes": N}',
        )
    return Noise(half_width, votes)


def _gate(entry: Fields) -> Gate:
    return Gate(
        name=needed_text(entry, "name"),
        path=needed_text(entry, "path"),
        mark=needed_text(entry, "mark"),
        cap=needed_number(entry, "cap"),
    )


def _group(entry: Fields) -> GroupResult:
    return GroupResult(
        name=needed_text(entry, "name"),
        path=needed_text(entry, "path"),
        mark=needed_text(entry, "mark"),
        value=optional_number(entry, "value"),
        weight=optional_number(entry, "weight"),
    )


def _criterion(entry: Fields) -> CriterionResult:
    error = optional_members(entry, "error")
    provenance = optional_members(entry, "provenance") or {}
    return CriterionResult(
        name=needed_text(entry, "name"),
        path=needed_text(entry, "path"),
        mark=needed_text(entry, "mark"),
        verdict=Verdict(
            ruling=_ruling(entry.get("verdict")),
            failure=None if error is None else _failure(error),
            probability=optional_number(entry, "probability"),
            evidence=optional_text(entry, "evidence"),
            reason=optional_text(entry, "reason"),
            ballots=_each(entry, "ballots", _ballot) if "ballots" in entry else (),
            cached=optional_truth(entry, "cached") or False,
            asked=optional_truth(entry, "asked") is not False,
            provenance=_provenance(entry, provenance),
        ),
        value=optional_number(entry, "value"),
        weight=optional_number(entry, "weight"),
        share=optional_number(entry, "share"),
        question=optional_text(provenance, "question") or "",
    )


def _ballot(entry: Fields) -> Ballot:
    error = optional_members(entry, "error")
    return Ballot(
        judge=needed_text(entry, "judge"),
        ruling=_ruling(entry.get("verdict")),
        failure=None if error is None else _failure(error),
        probability=optional_number(entry, "probability"),
    )


def _provenance(entry: Fields, record: Fields) -> Provenance:
    return Provenance(
        judge=optional_text(entry, "judge") or "",
        response=optional_text(record, "response") or "",
        settings=optional_text(record, "settings") or "",
        template=optional_text(record, "template") or "",
        model=optional_text(record, "model"),
    )


def _failure(error: Fields) -> Failure:
    return Failure(needed_text(error, "kind"), needed_text(error, "reason"))


def _ruling(record: Plain) -> Ruling | None:
    if record is None:
        return None
    try:
        if isinstance(record, str | int | float) and not isinstance(record, bool):
            return Ruling.from_record(record)
    except ValueError:
        pass
    raise FieldError(
        f"`verdict` is {record!r}"
        if isinstance(record, str)
        else f"`verdict` is {kind_of(record)}",
        "write yes, no, partly, n/a, level N, a number or null",
    )
