"""Verdicts of tests, recorded beside their rubric in ``NAME.verdicts.jsonl``.

A row is one of the judge ``scripted`` (``prompt_id`` is the title of the test,
``response_id`` the name of the response) with the judge's name and two digests:
``question``, of all that is asked, and ``seen``, of all that may be read for it.  A
verdict answers whatever has its two digests and nothing else.  So a reworded
criterion, a changed response or prompt is never answered by an old verdict, while
tests and criteria can be renamed and reweighed; the names in a row are for people,
and to say which verdict is out of date.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from attrs import evolve, frozen

from rubricdsl.cases.trials import Trial
from rubricdsl.diagnostics import FactMissingError, fail
from rubricdsl.diagnostics.strict_json import StrictJsonError, loads_strict
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.judging.sight import EVERYTHING, look
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.judgement import Provenance, Question, Verdict
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Criterion
from rubricdsl.model.ruling import Failure, FailureKind, Ruling
from rubricdsl.model.source import Span
from rubricdsl.scoring.leaves import IllegalRulingError, RulingWorths

_SUFFIX = ".verdicts.jsonl"
_NAMES = ("rubric", "prompt_id", "response_id", "criterion")
_DIGESTS = ("question", "seen")
_OPTIONAL = ("evidence", "reason")
_AGAIN = "record it again: rub test --judge SPEC --record"

Key = tuple[str, str]


@frozen(kw_only=True)
class Asked:
    """What a test leaves to a judge: by name, and by content."""

    rubric: str
    prompt_id: str
    response_id: str
    criterion: str
    question: str
    seen: str

    @classmethod
    def of(cls, trial: Trial, response: Response, criterion: Criterion) -> "Asked":
        """Say what is asked of a response.

        The name and the instructions of the criterion's judge are part of the
        question, since they change what is asked; who is behind that name is not.

        Raises FactMissingError for something to be seen that is not there.
        """
        rubric = trial.rubric
        block = next((j for j in rubric.judges if j.name == criterion.judge), None)
        instructions = block.instructions if block else None
        sight = look(criterion.sees or EVERYTHING, rubric, response)
        return cls(
            rubric=rubric.name,
            prompt_id=response.prompt_id,
            response_id=response.response_id,
            criterion=criterion.path,
            question=digest(
                Question.of(criterion).digest, criterion.judge, instructions
            ),
            seen=sight.digest,
        )

    @property
    def key(self) -> Key:
        """The identity of the content."""
        return self.question, self.seen

    @property
    def names(self) -> tuple[str, ...]:
        """The identity by name."""
        return self.rubric, self.prompt_id, self.response_id, self.criterion


@frozen(kw_only=True)
class RecordedVerdict:
    """A row of a recording."""

    asked: Asked
    judge: str
    ruling: Ruling
    probability: float | None = None
    evidence: str | None = None
    reason: str | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict as it was given."""
        return Verdict(
            ruling=self.ruling,
            probability=self.probability,
            evidence=self.evidence,
            reason=self.reason,
            cached=True,
            provenance=Provenance(judge=self.judge, response=self.asked.seen),
        )


class Recording:
    """The recorded verdicts of one rubric file."""

    def __init__(self, rows: Iterable[RecordedVerdict] = ()) -> None:
        self.rows: Mapping[Key, RecordedVerdict] = {row.asked.key: row for row in rows}
        self._by_name = {row.asked.names: row for row in self.rows.values()}
        self._tests = {names[:2] for names in self._by_name}

    @staticmethod
    def path_of(file: str) -> Path:
        """Give the path of the recording that belongs to a rubric file."""
        return Path(file).with_suffix(_SUFFIX)

    @classmethod
    def read(cls, path: Path) -> "Recording":
        """Read a recording; an empty one where there is no file.

        Raises RubricError: D101 if the file cannot be read, D206 with file and line
        for a row that is none, or that contradicts another.
        """
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return cls()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            fail(
                "D101",
                f"recorded verdicts cannot be read from {path}: {reason}",
                hint="make the file readable, or delete it and record again",
            )
        rows: dict[Key, RecordedVerdict] = {}
        for number, line in enumerate(data.split(b"\n"), 1):
            if not line.strip():
                continue
            row = _Reader(str(path), number, len(line)).read(line)
            known = rows.setdefault(row.asked.key, row)
            if known.ruling != row.ruling:
                place = Span(str(path), number, 1, number, len(line) + 1)
                fail(
                    "D206",
                    "the row contradicts an earlier one about the same question",
                    hint="keep one of the two",
                    span=place,
                )
        return cls(rows.values())

    def knows(self, trial: Trial) -> bool:
        """Tell whether anything is recorded for a test, under its name."""
        return (trial.rubric.name, trial.test.title) in self._tests

    def verdict(
        self, trial: Trial, response: Response, criterion: Criterion
    ) -> Verdict:
        """Give a recorded verdict, or the reason why there is none."""
        try:
            asked = Asked.of(trial, response, criterion)
        except FactMissingError as error:
            failure = Failure(FailureKind.FACT_MISSING.value, str(error))
            provenance = Provenance(judge="recorded")
            return Verdict(failure=failure, provenance=provenance)
        row = self.rows.get(asked.key)
        if row is not None and _is_legal(row.ruling, criterion):
            return row.verdict
        reason = self._lack(asked)
        if row is not None:
            reason = f"{row.ruling}, which is recorded, is no verdict here; {_AGAIN}"
        failure = Failure(FailureKind.NOT_RECORDED.value, reason)
        provenance = Provenance(judge="recorded", response=asked.seen)
        return Verdict(failure=failure, provenance=provenance)

    def _lack(self, asked: Asked) -> str:
        old = self._by_name.get(asked.names)
        if old is None:
            return f"no verdict is recorded; {_AGAIN}"
        changed = "criterion" if old.asked.question != asked.question else "response"
        if old.asked.seen != asked.seen and old.asked.question != asked.question:
            changed = "criterion and the response"
        return f"the {changed} changed since the verdict was recorded; {_AGAIN}"

    def renewed(
        self, fresh: Iterable[RecordedVerdict], current: Sequence[Asked]
    ) -> "Recording":
        """Give the recording with fresh verdicts, and without those nobody asks for.

        ``current`` is all that the tests of the file leave to a judge; rows come in
        its order and bear its names.
        """
        known = {**self.rows, **{row.asked.key: row for row in fresh}}
        kept: dict[Key, RecordedVerdict] = {}
        for asked in current:
            row = known.get(asked.key)
            if row is not None and asked.key not in kept:
                kept[asked.key] = evolve(row, asked=asked)
        return Recording(kept.values())

    def write(self, path: Path) -> None:
        """Write the recording whole; raises RubricError (D111) if it cannot be."""
        with whole_file(str(path)) as file:
            for row in self.rows.values():
                text = json.dumps(_record(row), ensure_ascii=False, allow_nan=False)
                file.write(text.encode("utf-8", "replace") + b"\n")


def _is_legal(ruling: Ruling, criterion: Criterion) -> bool:
    try:
        RulingWorths.of(criterion).worth(ruling)
    except IllegalRulingError:
        return False
    return True


def _record(row: RecordedVerdict) -> dict[str, Plain]:
    asked = row.asked
    record: dict[str, Plain] = {
        **dict(zip(_NAMES, asked.names, strict=True)),
        "verdict": row.ruling.record,
    }
    if row.probability is not None:
        record["probability"] = row.probability
    for name in _OPTIONAL:
        if getattr(row, name):
            record[name] = getattr(row, name)
    return {
        **record,
        "judge": row.judge,
        "question": asked.question,
        "seen": asked.seen,
    }


@frozen
class _Reader:
    """Reads one row."""

    file: str
    line: int
    width: int

    def read(self, line: bytes) -> RecordedVerdict:
        try:
            row = loads_strict(line.decode("utf-8"))
        except UnicodeDecodeError:
            self.refuse("it is not UTF-8")
        except StrictJsonError as error:
            self.refuse(f"it is no JSON: {error.reason}")
        if not isinstance(row, dict):
            self.refuse("it is no JSON object")
        known = {*_NAMES, *_DIGESTS, *_OPTIONAL, "verdict", "probability", "judge"}
        unknown = sorted(row.keys() - known)
        if unknown:
            self.refuse(f"`{unknown[0]}` is not known")
        texts = {name: self.text(row, name) for name in (*_NAMES, *_DIGESTS)}
        return RecordedVerdict(
            asked=Asked(**texts),
            judge=self.text(row, "judge"),
            ruling=self.ruling(row.get("verdict")),
            probability=self.probability(row.get("probability")),
            evidence=self.text(row, "evidence") if "evidence" in row else None,
            reason=self.text(row, "reason") if "reason" in row else None,
        )

    def text(self, row: Mapping[str, Plain], name: str) -> str:
        value = row.get(name)
        if not isinstance(value, str):
            self.refuse(f"`{name}` must be a text")
        return value

    def ruling(self, value: Plain) -> Ruling:
        if not isinstance(value, str | int | float):
            self.refuse("`verdict` is missing")
        try:
            return Ruling.from_record(value)
        except ValueError:
            self.refuse("`verdict` must be yes, no, partly, n/a, level N or a number")

    def probability(self, value: Plain) -> float | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse("`probability` must be a number")
        if not 0 <= value <= 1:
            self.refuse("`probability` must be from 0 to 1")
        return float(value)

    def refuse(self, reason: str) -> NoReturn:
        fail(
            "D206",
            f"the row is no recorded verdict: {reason}",
            hint="delete the file and record again: rub test --judge SPEC --record",
            span=Span(self.file, self.line, 1, self.line, self.width + 1),
        )
