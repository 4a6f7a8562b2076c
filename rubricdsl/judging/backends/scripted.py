"""The judge ``scripted``: answers that were recorded, for tests and for replays.

A file of JSON Lines, each row ``{"prompt_id", "response_id", "criterion",
"verdict", "rubric"?, "probability"?, "evidence"?, "reason"?}``; ``criterion`` is a
name or a path.  The most precise row answers: with the rubric before without, by
path before by name.  What is not in the file has no verdict.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.diagnostics.strict_json import StrictJsonError, loads_strict
from rubricdsl.model.digest import Plain
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
from rubricdsl.model.source import Span

_NEEDED = ("prompt_id", "response_id", "criterion", "verdict")
_OPTIONAL = ("rubric", "probability", "evidence", "reason")
# What the recordings of `rub test` hold besides, to know what has gone stale.
_BESIDES = ("judge", "question", "seen")


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
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        fail(
            "D206",
            f"recorded verdicts cannot be read from {path}: {reason}",
            hint="scripted:FILE names a file of JSON Lines",
        )
    rows: dict[tuple[str | None, str, str, str], RecordedAnswer] = {}
    for place, text in _lines(data, str(path)):
        row = _row(text, place)
        known = rows.setdefault(row.key, row)
        if known != row:
            _refuse(
                f"a second verdict on {row.criterion} of response "
                f"{row.response_id!r}, other than the first",
                place,
            )
    return tuple(rows.values())


@frozen
class _Place:
    file: str
    line: int
    width: int


def _lines(data: bytes, file: str) -> Iterator[tuple[_Place, str]]:
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            text = line.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            place = _Place(file, number, 1)
            _refuse(f"byte {error.start + 1} of the line is not UTF-8", place)
        if text:
            yield _Place(file, number, len(text)), text


def _row(text: str, place: _Place) -> RecordedAnswer:
    try:
        row = loads_strict(text)
    except StrictJsonError as error:
        _refuse(f"no JSON: {error.reason}", place)
    if not isinstance(row, dict):
        _refuse("no JSON object", place)
    for name in _NEEDED:
        if name not in row:
            _refuse(f"`{name}` is missing", place)
    for name in row:
        if name not in (*_NEEDED, *_OPTIONAL, *_BESIDES):
            _refuse(f"`{name}` is not known", place)
    return RecordedAnswer(
        prompt_id=_text(row, "prompt_id", place),
        response_id=_text(row, "response_id", place),
        criterion=_text(row, "criterion", place),
        ruling=_ruling(row["verdict"], place),
        rubric=_optional(row, "rubric", place),
        probability=_probability(row.get("probability"), place),
        evidence=_optional(row, "evidence", place),
        reason=_optional(row, "reason", place),
    )


def _text(row: Mapping[str, Plain], name: str, place: _Place) -> str:
    value = row[name]
    if not isinstance(value, str) or not value:
        _refuse(f"`{name}` must be a text", place)
    return value


def _optional(row: Mapping[str, Plain], name: str, place: _Place) -> str | None:
    return None if row.get(name) is None else _text(row, name, place)


def _ruling(value: Plain, place: _Place) -> Ruling:
    try:
        if isinstance(value, str | int | float):
            return Ruling.from_record(value)
    except ValueError:
        pass
    return _refuse("`verdict` must be yes, no, partly, n/a, level N or a number", place)


def _probability(value: Plain, place: _Place) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse("`probability` must be a number", place)
    if not (math.isfinite(value) and 0 <= value <= 1):
        _refuse("`probability` must be from 0 to 1", place)
    return float(value)


def _refuse(message: str, place: _Place) -> NoReturn:
    fail(
        "D206",
        f"a recorded verdict cannot be read: {message}",
        hint='write {"prompt_id", "response_id", "criterion", "verdict"}, '
        "and if you like rubric, probability, evidence, reason",
        span=Span(place.file, place.line, 1, place.line, place.width + 1),
    )


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
