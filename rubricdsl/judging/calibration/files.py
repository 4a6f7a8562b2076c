"""Calibration files: JSON, one calibration for each judge.

::

    {"rub_calibration": 1,
     "fitted_by": "rubricdsl 0.4.0",
     "labels_digest": "…",
     "calibrations": [
       {"judge": "openai:gpt-4.1-mini", "template": "…",
        "method": "platt", "slope": 0.6, "intercept": -0.2,
        "labels": 240, "yes": 131,
        "before": {"log_loss": 0.61, "brier": 0.2, "ece": 0.11},
        "after": {"log_loss": 0.52, "brier": 0.17, "ece": 0.03}}]}

``template`` is the digest of the prompt template that the judge used, since another
way of asking has other probabilities.  ``labels_digest`` names the labels and the
probabilities that they were held against.  An isotonic one has ``points`` in place
of ``slope`` and ``intercept``.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from attrs import frozen

from rubricdsl.analysis.probabilities import Fitness
from rubricdsl.diagnostics import fail
from rubricdsl.diagnostics.strict_json import StrictJsonError, loads_strict
from rubricdsl.judging.calibration.curves import Curve, Identity, Isotonic, Platt
from rubricdsl.judging.calibration.fitting import Fit
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.source import Span

EDITION = 1
_HINT = "give a file that `rub judges --calibrate` wrote"
_LARGEST = 4 * 2**20


@frozen
class Calibration:
    """The fit for one judge, by its name and the digest of its prompt template."""

    judge: str
    template: str
    fit: Fit


@frozen(kw_only=True)
class CalibrationFile:
    """Calibrations, and what they were made by and of."""

    calibrations: tuple[Calibration, ...]
    fitted_by: str
    labels_digest: str

    @property
    def digest(self) -> str:
        """The identity of all that the calibrations do."""
        return digest([_record(calibration) for calibration in self.calibrations])

    def of(self, judge: str) -> tuple[Calibration, ...]:
        """Give the calibrations of a judge: one for each template that it used."""
        return tuple(c for c in self.calibrations if c.judge == judge)


def dumps(file: CalibrationFile) -> str:
    """Give the text of a calibration file; the same for the same file."""
    record: dict[str, Plain] = {
        "rub_calibration": EDITION,
        "fitted_by": file.fitted_by,
        "labels_digest": file.labels_digest,
        "calibrations": [_record(calibration) for calibration in file.calibrations],
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _record(calibration: Calibration) -> dict[str, Plain]:
    fit = calibration.fit
    record: dict[str, Plain] = {
        "judge": calibration.judge,
        "template": calibration.template,
        "method": fit.curve.method,
    }
    match fit.curve:
        case Platt(slope, intercept):
            record |= {"slope": slope, "intercept": intercept}
        case Isotonic(points):
            record["points"] = [list(point) for point in points]
    return record | {
        "labels": fit.labels,
        "yes": fit.yes,
        "before": _fitness_record(fit.before),
        "after": _fitness_record(fit.after),
    }


def _fitness_record(fitness: Fitness) -> dict[str, Plain]:
    return {"log_loss": fitness.log_loss, "brier": fitness.brier, "ece": fitness.ece}


# --------------------------------------------------------------------- reading


def read_calibration(path: Path) -> CalibrationFile:
    """Read a calibration file.

    Raises RubricError: D101 if it cannot be read, D207 where it is no calibration.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        fail("D101", f"{path} cannot be read: {reason}", hint=_HINT)
    if len(data) > _LARGEST:
        _refuse(path, "it is over 4 MB")
    try:
        record = loads_strict(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        _refuse(path, f"byte {error.start} is not UTF-8")
    except StrictJsonError as error:
        _refuse(path, error.reason, line=error.line, column=error.column)
    return _file(_Reader(path, "the file", record))


def _file(reader: "_Reader") -> CalibrationFile:
    edition = reader.number("rub_calibration")
    if edition != EDITION:
        reader.refuse(f"it is of edition {edition:g}, not {EDITION}")
    entries = reader.list_of("calibrations")
    calibrations = tuple(
        _calibration(_Reader(reader.path, f"calibration {number}", entry))
        for number, entry in enumerate(entries, 1)
    )
    if len({(c.judge, c.template) for c in calibrations}) < len(calibrations):
        reader.refuse("it has two calibrations of one judge and template")
    return CalibrationFile(
        calibrations=calibrations,
        fitted_by=reader.text("fitted_by"),
        labels_digest=reader.text("labels_digest"),
    )


def _calibration(reader: "_Reader") -> Calibration:
    return Calibration(
        reader.text("judge"),
        reader.text("template"),
        Fit(
            _curve(reader),
            int(reader.number("labels")),
            int(reader.number("yes")),
            _fitness(reader.below("before")),
            _fitness(reader.below("after")),
        ),
    )


def _curve(reader: "_Reader") -> Curve:
    match reader.text("method"):
        case Identity.method:
            return Identity()
        case Platt.method:
            slope = reader.number("slope")
            if slope < 0:
                reader.refuse("its curve falls: `slope` is below 0")
            return Platt(slope, reader.number("intercept"))
        case Isotonic.method:
            points = tuple(_point(reader, p) for p in reader.list_of("points"))
            xs, ys = [x for x, _ in points], [y for _, y in points]
            rising = xs == sorted(set(xs)) and ys == sorted(ys)
            if not points or not rising or ys[0] < 0 or ys[-1] > 1:
                reader.refuse("its `points` do not rise from 0 to 1")
            return Isotonic(points)
        case other:
            return reader.refuse(f"there is no method {other!r}")


def _point(reader: "_Reader", value: Plain) -> tuple[float, float]:
    match value:
        case [int() | float() as x, int() | float() as y]:
            return float(x), float(y)
        case _:
            return reader.refuse("a point is no pair of numbers")


def _fitness(reader: "_Reader") -> Fitness:
    return Fitness(*(reader.number(name) for name in ("log_loss", "brier", "ece")))


class _Reader:
    """An object of the file, its members taken with the type that is needed."""

    def __init__(self, path: Path, what: str, value: Plain) -> None:
        self.path = path
        self.what = what
        if not isinstance(value, dict):
            self.refuse(f"{what} is no object")
        self.members: Mapping[str, Plain] = value

    def text(self, name: str) -> str:
        value = self.members.get(name)
        return value if isinstance(value, str) else self._wrong(name, "a text")

    def number(self, name: str) -> float:
        value = self.members.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong(name, "a number")
        return float(value)

    def list_of(self, name: str) -> list[Plain]:
        value = self.members.get(name)
        return value if isinstance(value, list) else self._wrong(name, "a list")

    def below(self, name: str) -> "_Reader":
        return _Reader(self.path, f"`{name}` of {self.what}", self.members.get(name))

    def _wrong(self, name: str, kind: str) -> NoReturn:
        self.refuse(f"`{name}` of {self.what} is not {kind}")

    def refuse(self, message: str) -> NoReturn:
        _refuse(self.path, message)


def _refuse(path: Path, message: str, *, line: int = 1, column: int = 1) -> NoReturn:
    fail(
        "D207",
        f"{path} is no calibration: {message}",
        hint=_HINT,
        span=Span(str(path), line, column, line, column + 1),
    )
