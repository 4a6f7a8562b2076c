"""Canvas's rubric CSV: a row for each criterion, with ratings worth points.

The columns are ``Rubric Name``, ``Criteria Name``, ``Criteria Description``,
``Criteria Enable Range``, then ``Rating Name``, ``Rating Description``, ``Rating
Points`` again and again.  Canvas adds the points of the ratings chosen; the score is
that sum over the most that there is, so a criterion weighs its most points and its
scale begins at 0 even where its ratings do not.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.formats.fields import FieldError, Fields
from rubricdsl.formats.foreign.documents import Entry
from rubricdsl.formats.foreign.drafting import Draft, imported, level_scale, stem_of
from rubricdsl.formats.foreign.flattening import Weighed, scored, weighed
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.formats.foreign.writing import Bind, exported, refuse_empty
from rubricdsl.formats.sources import place, unpacked_text
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import ExportedFile, ImportedRubric, RubricFormatOffer
from rubricdsl.model.rubric import (
    AnswerScale,
    Criterion,
    Info,
    Level,
    LevelScale,
    Rubric,
    Scale,
    Weight,
)

HEAD = (
    "Rubric Name",
    "Criteria Name",
    "Criteria Description",
    "Criteria Enable Range",
)
RATING = ("Rating Name", "Rating Description", "Rating Points")
_HINT = f"the columns are {', '.join(HEAD)}, then {', '.join(RATING)} for each rating"
_YES, _NO = "Yes", "No"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read_canvas(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read rubrics; raises RubricError (D102, D109) for what cannot be read."""
    text = unpacked_text(data, name)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        message = f"{name} is not valid CSV: {error}"
        fail("D102", message, hint=_HINT, span=place(name, 1))
    head = [cell.strip() for cell in rows[0]] if rows else []
    if tuple(head[: len(HEAD)]) != HEAD:
        message = f"{name} does not begin with the columns of Canvas"
        fail("D109", message, hint=_HINT, span=place(name, 1))
    yield from imported(_entries(rows[1:], name), name, _rubric, hint=_HINT)


def write_canvas(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write a row for each criterion."""
    rows: list[list[str]] = []
    paths: list[tuple[str, str]] = []
    ledgers = [Ledger(rubric) for rubric in rubrics]
    for ledger in ledgers:
        bound = bind(ledger.rubric)
        ledger.rubric_but(frozenset({"title"}))
        ledger.lose_names()
        before = len(rows)
        for one in scored(weighed(bound, ledger), ledger):
            if one.weight < 0:
                ledger.lose(one.path, "a criterion with a negative weight")
                continue
            paths.append((f"{bound.name}/{len(rows) - before}", one.path))
            rows.append(_row(bound.title or bound.name, one, ledger))
        refuse_empty(rows[before:], ledger.rubric, "canvas")
    ratings = max((len(row) - len(HEAD)) // len(RATING) for row in rows)
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([*HEAD, *RATING * ratings])
    writer.writerows(rows)
    return exported(out.getvalue(), ".csv", paths, ledgers)


CANVAS = RubricFormatOffer(
    name="canvas",
    description="Canvas's rubric CSV: criteria with ratings worth points",
    read=read_canvas,
    write=write_canvas,
)


# --------------------------------------------------------------------- writing


def _row(title: str, one: Weighed, ledger: Ledger) -> list[str]:
    criterion, scale = one.criterion, one.criterion.scale
    told = {"title"}
    ratings: list[tuple[str, str, float]] = []
    if isinstance(scale, LevelScale):
        told.add("scale")
        described = {level.number: level for level in scale.levels}
        for n in reversed(scale.numbers):
            level = described.get(n)
            points = (n - scale.low) / (scale.high - scale.low) * one.weight
            label = f"{n:g}" if level is None else level.label or level.text
            more = "" if level is None or level.label is None else level.text
            ratings.append((label, more, points))
        if scale.low or scale.high != one.weight:
            ledger.lose(one.path, "the numbers of its levels", "points of its weight")
    else:
        ratings = [(_YES, "", one.weight), (_NO, "", 0.0)]
    ledger.node_but(criterion, frozenset(told))
    name, text = criterion.title or criterion.text, criterion.text
    ranged = isinstance(scale, LevelScale) and scale.stated
    row = [title, name, text if criterion.title else "", str(ranged).lower()]
    for label, more, points in ratings:
        row += [label, more, f"{points:.15g}"]
    safe = [_safe(cell) for cell in row]
    if safe != row:
        instead = "written after `'`, so that no spreadsheet computes it"
        ledger.lose(one.path, "a text that begins as a formula does", instead)
    return safe


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


# --------------------------------------------------------------------- reading


@frozen
class _Rating:
    name: str
    description: str
    points: float


def _entries(rows: Sequence[Sequence[str]], file: str) -> Iterator[Entry]:
    """Give an entry for each rubric: its rows, under its name."""
    rubrics: dict[str, list[Plain]] = {}
    lines: dict[str, int] = {}
    title = ""
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        title = row[0].strip() or title
        lines.setdefault(title, number)
        rubrics.setdefault(title, []).append({"row": number, "cells": list(row)})
    for name, criteria in rubrics.items():
        value: Mapping[str, Plain] = {"name": name, "rows": criteria}
        yield Entry(dict(value), place(file, lines[name]), f"row {lines[name]}")


def _rubric(fields: Fields, draft: Draft) -> Rubric:
    title = draft.optional_text(str(fields["name"]), "Rubric Name")
    rows = fields["rows"]
    items: list[Criterion] = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and isinstance(row["cells"], list):
            cells = [str(cell) for cell in row["cells"]]
            items.append(_criterion(cells, f"row {row['row']}", draft))
    name = draft.rubric_name(title or stem_of(draft.file))
    return Rubric(name=name, items=tuple(items), title=None if title == name else title)


def _criterion(cells: list[str], row: str, draft: Draft) -> Criterion:
    padded = [*cells, "", "", ""]
    label = draft.optional_text(padded[1], row)
    said = draft.optional_text(padded[2], row)
    text = said or label
    if text is None:
        raise FieldError(f"{row} has no `Criteria Name`", _HINT)
    ratings = list(_ratings(cells[len(HEAD) :], row, draft))
    if not ratings:
        raise FieldError(f"{row} has no ratings", _HINT)
    most = max(rating.points for rating in ratings)
    if min(rating.points for rating in ratings) < 0:
        raise FieldError(f"{row} has negative points", "Canvas has none below 0")
    name = draft.name(label or text)
    draft.path(label or text, name)
    return Criterion(
        name=name,
        mark=Weight(most) if most else Info(),
        text=text,
        title=label if said is not None else None,
        scale=_scale(ratings, padded[3], most, row, draft),
    )


def _ratings(cells: list[str], row: str, draft: Draft) -> Iterator[_Rating]:
    for start in range(0, len(cells), len(RATING)):
        name, said, points = [*cells[start : start + len(RATING)], "", "", ""][:3]
        if not (name.strip() or said.strip() or points.strip()):
            continue
        try:
            value = float(points)
        except ValueError:
            value = float("nan")
        if not -1e300 < value < 1e300:  # noqa: PLR2004 - no NaN, no infinity
            raise FieldError(f"{row}: `{points}` is no number of points", _HINT)
        kept = draft.text(name if name.strip() else points, row)
        yield _Rating(kept, draft.optional_text(said, row) or "", value)


def _scale(
    ratings: list[_Rating], ranged: str, most: float, row: str, draft: Draft
) -> Scale:
    by_points: dict[float, _Rating] = {}
    for rating in ratings:
        points = rating.points
        if points in by_points:
            draft.lose(row, "two ratings of the same points", "one level with both")
            other = by_points[points]
            name = f"{other.name}; or: {rating.name}"
            said = "; or: ".join(
                s for s in (other.description, rating.description) if s
            )
            rating = _Rating(name, said, points)  # noqa: PLW2901 - the two as one
        by_points[points] = rating
    plain = {(r.name, r.description, r.points) for r in by_points.values()}
    if plain == {(_YES, "", most), (_NO, "", 0.0)} or len(by_points) == 1:
        if len(by_points) == 1:
            draft.lose(row, "a single rating", "met or not: yes is worth its points")
        return AnswerScale()
    is_range = ranged.strip().casefold() == "true"
    if is_range:
        draft.lose(row, "points between the ratings", "whole steps between them")
    if 0.0 not in by_points:
        draft.lose(row, "that no rating is worth 0", "the scale begins at 0")
    levels = tuple(_level(by_points[points]) for points in sorted(by_points))
    return level_scale(0.0, most, levels, stated=is_range or 0.0 not in by_points)


def _level(rating: _Rating) -> Level:
    if not rating.description:
        return Level(rating.points, None, rating.name)
    return Level(rating.points, " ".join(rating.name.split()), rating.description)
