"""Gold: what people said of responses, as scores, verdicts or preferences.

Rows of JSON Lines, JSON, CSV or Parquet: ``{"prompt_id", "response_id", "gold"}`` for
a score, ``{"prompt_id", "response_id", "criterion", "verdict"}`` for a verdict and
``{"prompt_id", "better", "worse"}`` for a preference, each with an ``annotator`` or
without.  Other fields are left alone.
"""

from collections.abc import Mapping
from math import fsum, isfinite
from typing import IO, TYPE_CHECKING, TypeAlias

from attrs import frozen

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.formats.fields import FieldError, Fields, needed_text, optional_text
from rubricdsl.formats.labels import label_of
from rubricdsl.formats.rows import Row, RowProblem, read_rows, sound
from rubricdsl.judging.calibration.labels import LabelledVerdict
from rubricdsl.model.refinement import Preference

if TYPE_CHECKING:
    from rubricdsl.analysis.evaluation import Evaluation
    from rubricdsl.analysis.tail.ratings import Ratings


@frozen(kw_only=True)
class GoldScore:
    """How good somebody found a response, in units of their own."""

    prompt_id: str
    response_id: str
    gold: float
    annotator: str | None = None


GoldRow: TypeAlias = GoldScore | LabelledVerdict | Preference


@frozen
class Gold:
    """What people said; annotators are kept apart."""

    scores: tuple[GoldScore, ...] = ()
    verdicts: tuple[LabelledVerdict, ...] = ()
    preferences: tuple[Preference, ...] = ()

    def means(self) -> Mapping[tuple[str, str], float]:
        """Give the mean score of each response over annotators, by its ids."""
        found: dict[tuple[str, str], list[float]] = {}
        for one in self.scores:
            found.setdefault((one.prompt_id, one.response_id), []).append(one.gold)
        return {key: fsum(values) / len(values) for key, values in found.items()}

    def ratings(self, evaluation: "Evaluation") -> "Ratings":
        """Give the scores of an evaluation's responses as columns; it needs numpy."""
        from rubricdsl.analysis.tail.ratings import Rating, Ratings

        return Ratings.of(
            evaluation,
            (
                Rating(
                    key=(one.prompt_id, one.response_id),
                    value=one.gold,
                    annotator=one.annotator,
                )
                for one in self.scores
            ),
        )


def read_gold(path: str, *, stdin: IO[bytes] | None = None) -> Gold:
    """Read gold; ``-`` is ``stdin``, or standard input.

    Raises RubricError for a file that cannot be read, with all rows that are none.
    """
    rows = list(sound(map(_gold, read_rows(path, stdin=stdin))))
    return Gold(
        scores=tuple(row for row in rows if isinstance(row, GoldScore)),
        verdicts=tuple(row for row in rows if isinstance(row, LabelledVerdict)),
        preferences=tuple(row for row in rows if isinstance(row, Preference)),
    )


def _gold(row: Row | RowProblem) -> GoldRow | RowProblem:
    if isinstance(row, RowProblem):
        return row
    try:
        if "better" in row.fields or "worse" in row.fields:
            return _preference(row.fields)
        if "criterion" in row.fields:
            return label_of(row.fields)
        return _score(row.fields)
    except FieldError as error:
        message = f"this is no row of gold: {error.message}"
        return RowProblem(Diagnostic(error.code, message, row.span, error.hint))


def _preference(fields: Fields) -> Preference:
    found = Preference(
        prompt_id=needed_text(fields, "prompt_id"),
        better=needed_text(fields, "better"),
        worse=needed_text(fields, "worse"),
        annotator=optional_text(fields, "annotator"),
    )
    if found.better == found.worse:
        hint = "name two different responses"
        raise FieldError(f"`better` and `worse` are both {found.better!r}", hint)
    return found


def _score(fields: Fields) -> GoldScore:
    value = fields.get("gold")
    number = _number(value)
    if number is None:
        raise FieldError(
            "`gold` is missing" if value is None else f"`gold` is {value!r}",
            "write a finite number in `gold`; or `criterion` and `verdict`; or "
            "`better` and `worse`",
        )
    return GoldScore(
        prompt_id=needed_text(fields, "prompt_id"),
        response_id=needed_text(fields, "response_id"),
        gold=number,
        annotator=optional_text(fields, "annotator"),
    )


def _number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) else None
    except ValueError:
        return None
    if isinstance(value, bool) or number is None or not isfinite(number):
        return None
    return number
