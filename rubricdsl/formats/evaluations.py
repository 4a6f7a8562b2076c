"""A results file as columns for analysis, row by row and without its texts.

`results.read_results` gives all that a file holds; this gives what the metrics need of
it, in a fraction of the memory.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import nan
from typing import IO, TYPE_CHECKING

from attrs import frozen

from rubricdsl.diagnostics import Diagnostic, fail
from rubricdsl.formats.fields import (
    FieldError,
    Fields,
    needed_objects,
    needed_text,
    optional_number,
)
from rubricdsl.formats.result_rows import interval_of, result_row, score_of
from rubricdsl.formats.results import NO_RESULTS_HINT, result_rows
from rubricdsl.formats.rows import Row, RowProblem, sound
from rubricdsl.model.digest import Plain
from rubricdsl.model.scorecard import Scorecard

if TYPE_CHECKING:
    from rubricdsl.analysis.evaluation import (
        Evaluation,
        EvaluationBuilder,
        SheetCriterion,
    )


@frozen
class EvaluatedRun:
    """How results were made, and what they say."""

    run: Mapping[str, Plain]
    evaluation: "Evaluation"


def read_evaluation(
    path: str, *, stdin: IO[bytes] | None = None, one_score: bool = False
) -> EvaluatedRun:
    """Read a results file as columns; ``-`` is ``stdin``, or standard input.

    With ``one_score`` a response may have been scored by one rubric only, for those who
    would compare the scores of different ones.  It needs numpy.  Raises RubricError for
    a file that cannot be read or is no results file, with all that is wrong with its
    rows, and for one response that comes twice.
    """
    from rubricdsl.analysis.evaluation import EvaluationBuilder

    run, rows = result_rows(path, stdin=stdin)
    builder = EvaluationBuilder()
    seen: set[tuple[str, ...]] = set()
    sound(_added(row, builder, seen, one_score=one_score) for row in rows)
    return EvaluatedRun(run, builder.evaluation())


def evaluation_of(scorecards: Iterable[Scorecard]) -> "Evaluation":
    """Give scorecards that are in memory as columns.

    It needs numpy.  Raises RubricError (D103) for one response that comes twice.
    """
    from rubricdsl.analysis.evaluation import EvaluationBuilder

    builder = EvaluationBuilder()
    seen: set[tuple[str, ...]] = set()
    for scorecard in scorecards:
        try:
            _add(result_row(scorecard), builder, seen, one_score=False)
        except FieldError as error:
            fail(error.code, error.message, hint=error.hint)
    return builder.evaluation()


def _added(
    row: Row | RowProblem,
    builder: "EvaluationBuilder",
    seen: set[tuple[str, ...]],
    *,
    one_score: bool,
) -> RowProblem | None:
    if isinstance(row, RowProblem):
        return row
    try:
        _add(row.fields, builder, seen, one_score=one_score)
    except FieldError as error:
        message = f"this is no result: {error.message}"
        hint = f"{error.hint}; or {NO_RESULTS_HINT}"
        return RowProblem(Diagnostic(error.code, message, row.span, hint))
    return None


def _add(
    fields: Fields,
    builder: "EvaluationBuilder",
    seen: set[tuple[str, ...]],
    *,
    one_score: bool,
) -> None:
    rubric = needed_text(fields, "rubric")
    key = needed_text(fields, "prompt_id"), needed_text(fields, "response_id")
    place = key if one_score else (rubric, *key)
    if place in seen:
        raise FieldError(
            f"the response {key[1]!r} to {key[0]!r} comes a second time",
            "analyse one run, and one rubric for a response, at a time",
        )
    seen.add(place)
    entries = needed_objects(fields, "criteria")
    builder.add(
        key,
        score=score_of(fields),
        interval=interval_of(fields),
        rubric=rubric,
        digest=needed_text(fields, "rubric_digest"),
        paths=tuple(needed_text(entry, "path") for entry in entries),
        criteria=_criteria(fields, entries),
        values=[_number(entry, "value") for entry in entries],
        probabilities=[_number(entry, "probability") for entry in entries],
        measured=[entry.get("verdict") is not None for entry in entries],
    )


def _number(entry: Fields, name: str) -> float:
    value = optional_number(entry, name)
    if value is None:
        return nan
    if not 0 <= value <= 1:
        raise FieldError(f"`{name}` is {value:g}", f"a {name} is between 0 and 1")
    return value


def _criteria(fields: Fields, entries: Sequence[Fields]) -> Iterator["SheetCriterion"]:
    """Describe the criteria of a row; a penalty turns what is in it round."""
    from rubricdsl.analysis.evaluation import SheetCriterion

    turning = {
        needed_text(group, "path")
        for group in needed_objects(fields, "groups")
        if _turns(group)
    }
    for entry in entries:
        path = needed_text(entry, "path")
        around = _around(path)
        turns = _turns(entry) + sum(outer in turning for outer in around)
        yield SheetCriterion(
            path=path,
            mark=needed_text(entry, "mark"),
            weight=optional_number(entry, "weight"),
            share=optional_number(entry, "share"),
            helps=turns % 2 == 0,
        )


def _turns(entry: Fields) -> bool:
    weight = optional_number(entry, "weight")
    return entry.get("mark") == "never" or (weight is not None and weight < 0)


def _around(path: str) -> Iterator[str]:
    """Give the paths of the groups that a node is in."""
    parts = path.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts)))
