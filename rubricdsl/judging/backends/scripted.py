"""The judge ``scripted``: answers that were recorded, for tests and for replays.

A file of JSON Lines, each row ``{"prompt_id", "response_id", "criterion",
"verdict", "rubric"?, "probability"?, "evidence"?, "reason"?}``; ``criterion`` is a
name or a path.  The most precise row answers: with the rubric before without, by
path before by name.  What is not in the file has no verdict.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.judging.recorded_rows import RecordedRow, RowForm, read_rows
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
    Usage,
)
from rubricdsl.model.protocols import JudgeBackendOffer, JudgeSettings
from rubricdsl.model.rubric import LevelScale
from rubricdsl.model.ruling import Failure, FailureKind, Ruling, RulingWord

_NEEDED = ("prompt_id", "response_id", "criterion", "verdict")
_OPTIONAL = ("rubric", "probability", "evidence", "reason")
# What the recordings of `rub test` hold besides, to know what has gone stale.
_BESIDES = ("judge", "question", "seen")
_FORM = RowForm(
    "recorded verdict",
    'write {"prompt_id", "response_id", "criterion", "verdict"}, '
    "and if you like rubric, probability, evidence, reason",
)


@frozen(kw_only=True)
class RecordedAnswer:
    """A row: an answer, and what it is an answer to."""

    prompt_id: str
    response_id: str
    criterion: str
    ruling: Ruling
    rubric: str | None = None
    probability: float | None = None
    evidence: str | None = None
    reason: str | None = None

    @property
    def key(self) -> tuple[str | None, str, str, str]:
        """What the row answers."""
        return (self.rubric, self.criterion, self.prompt_id, self.response_id)


class ScriptedJudge:
    """Answers from recorded rows, by the criterion's name."""

    # The file may say something else tomorrow, so it is the only place to keep it.
    capabilities = Capabilities(
        probabilities=True, is_model=False, by_name=True, storable=False
    )
    template = ""

    def __init__(self, rows: Iterable[RecordedAnswer]) -> None:
        self._rows = {row.key: row for row in rows}

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Look the answers up."""
        return JudgeReply(
            answers=tuple(
                self._answer(name, question)
                for name, question in request.questions.items()
            )
        )

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give what looking up takes: nothing."""
        del request
        return Usage()

    async def close(self) -> None:
        """Nothing to give back."""

    def _answer(self, name: str, question: Question) -> Answer:
        rubric, path, prompt_id, response_id = question.asker
        last = path.rpartition(".")[2]
        for criterion in dict.fromkeys((path, last)):
            for named in (rubric, None):
                row = self._rows.get((named, criterion, prompt_id, response_id))
                if row is not None:
                    return Answer(
                        id=name,
                        ruling=_on_scale(row.ruling, question),
                        probability=row.probability,
                        evidence=row.evidence,
                        reason=row.reason,
                    )
        reason = (
            f"no verdict is recorded for {path} of response {response_id!r} to "
            f"prompt {prompt_id!r}"
        )
        return Answer(id=name, failure=Failure(FailureKind.NOT_RECORDED.value, reason))


def _on_scale(ruling: Ruling, question: Question) -> Ruling:
    """Read a bare number as a level where levels are asked for."""
    if ruling.word is RulingWord.NUMBER and isinstance(question.scale, LevelScale):
        return Ruling.level(ruling.number or 0.0)
    return ruling


def read_recording(path: Path) -> tuple[RecordedAnswer, ...]:
    """Read a file of recorded verdicts.

    Raises:
        RubricError: D206 with file and line for what cannot be read, also for two
            rows that say different things of the same.
    """
    rows: dict[tuple[str | None, str, str, str], RecordedAnswer] = {}
    missing = "scripted:FILE names a file of JSON Lines"
    for found in read_rows(path, _FORM, missing=missing):
        row = _row(found)
        known = rows.setdefault(row.key, row)
        if known != row:
            found.refuse(
                f"a second verdict on {row.criterion} of response "
                f"{row.response_id!r}, other than the first"
            )
    return tuple(rows.values())


def _row(row: RecordedRow) -> RecordedAnswer:
    row.expect(_NEEDED, (*_OPTIONAL, *_BESIDES))
    return RecordedAnswer(
        prompt_id=row.text("prompt_id"),
        response_id=row.text("response_id"),
        criterion=row.text("criterion"),
        ruling=_ruling(row),
        rubric=row.optional_text("rubric"),
        probability=_probability(row),
        evidence=row.optional_text("evidence"),
        reason=row.optional_text("reason"),
    )


def _ruling(row: RecordedRow) -> Ruling:
    value = row.fields["verdict"]
    try:
        if isinstance(value, str | int | float):
            return Ruling.from_record(value)
    except ValueError:
        pass
    return row.refuse("`verdict` must be yes, no, partly, n/a, level N or a number")


def _probability(row: RecordedRow) -> float | None:
    value = row.fields.get("probability")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        row.refuse("`probability` must be a number")
    if not (math.isfinite(value) and 0 <= value <= 1):
        row.refuse("`probability` must be from 0 to 1")
    return float(value)


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> ScriptedJudge:
    """Make the judge of a file; raises as `read_recording`."""
    del environ
    if not settings.model:
        fail(
            "D205",
            "the judge `scripted` needs a file",
            hint="name one, as in scripted:verdicts.jsonl",
        )
    return ScriptedJudge(read_recording(Path(settings.model)))


OFFER = JudgeBackendOffer(
    name="scripted",
    description="verdicts recorded in a file of JSON Lines",
    create=create,
)
