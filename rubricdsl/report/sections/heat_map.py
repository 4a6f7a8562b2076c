"""Criteria against responses: where a rubric tells them apart, and where it cannot."""

from collections.abc import Iterator, Sequence
from math import isnan

import attrs

from rubricdsl.analysis.heat_map import HeatMap
from rubricdsl.formats.marks import cell
from rubricdsl.formats.terminal import Style
from rubricdsl.model.ruling import RulingWord
from rubricdsl.model.scorecard import CriterionResult, Scorecard
from rubricdsl.report.frame import legend, note, scrolled, section
from rubricdsl.report.markup import Element, h
from rubricdsl.report.sections.criteria import left_out_note, rubrics_name
from rubricdsl.report.wording import NONE, several, written_path

_STYLE = Style()
_STEPS = 10
_LEGEND = (
    ("v10", "✓", "met, or a penalty avoided"),
    ("v5", "½", "in part"),
    ("v0", "✗", "not met, or a penalty incurred"),
    ("na", "\N{EN DASH}", "not applicable"),
    ("un", "?", "not measured"),
)


@attrs.frozen(eq=False, kw_only=True)
class CriterionMap:
    """The verdicts under one rubric, or several of the same criteria.

    ``cards`` are the responses in the order in which the map numbers them, and
    ``numbers`` their numbers on the page, None for those that are not listed.
    """

    rubrics: tuple[str, ...]
    heat: HeatMap
    cards: Sequence[Scorecard]
    numbers: Sequence[int | None]


def heat_maps(maps: Sequence[CriterionMap], left_out: int = 0) -> Element:
    """Show criteria against responses."""
    is_grouped = any(one.heat.is_grouped for one in maps)
    how = (
        "Where responses are many, a column stands for several of neighbouring scores, "
        "best first, and a cell for their mean value in per cent."
        if is_grouped
        else "Like stands beside like: both axes are in an order found by clustering."
    )
    return section(
        "map",
        "Criteria and responses",
        note(f"The bluer a cell, the better for the score; hatched was not had. {how}"),
        legend(_LEGEND),
        *(_map(one) for one in maps),
        None if not left_out else left_out_note(left_out),
    )


def _map(one: CriterionMap) -> Element:
    heat = one.heat
    caption = f"{rubrics_name(one.rubrics)}, {several(len(one.cards), 'response')}"
    head = [h("th", "Criterion", scope="col"), *_heads(one)]
    body = [_score_row(one)]
    body += [_row(one, place, number) for place, number in enumerate(heat.criteria)]
    grid = h(
        "table",
        h("caption", caption),
        h("thead", h("tr", *head)),
        h("tbody", *body),
        class_="heat grouped" if heat.is_grouped else "heat",
    )
    return scrolled(grid, f"Heat map of {caption}")


def _heads(one: CriterionMap) -> Iterator[Element]:
    first = 1
    for rows in one.heat.columns:
        if one.heat.is_grouped:
            last = first + len(rows) - 1
            yield h("th", h("span", f"{first}\N{EN DASH}{last}"), scope="col")
            first = last + 1
            continue
        card, number = one.cards[rows[0]], one.numbers[rows[0]]
        if number is None:
            yield h("th", h("span", card.response_id), scope="col", title=_ids(card))
            continue
        link = h("a", card.response_id, href=f"#r{number}", title=_ids(card))
        yield h("th", link, scope="col")


def _ids(card: Scorecard) -> str:
    return f"{card.response_id} to {card.prompt_id}"


def _score_row(one: CriterionMap) -> Element:
    cells: list[Element] = []
    for rows in one.heat.columns:
        scores = [one.cards[row].score for row in rows]
        known = [score for score in scores if score is not None]
        mean = sum(known) / len(known) if known else None
        title = f"score, {len(known)} of {len(scores)} measured"
        cells.append(_shaded(mean, len(known), len(scores), title, _hundred(mean)))
    return h("tr", h("th", "score", scope="row"), *cells, class_="scores")


def _row(one: CriterionMap, place: int, number: int) -> Element:
    heat = one.heat
    name = one.cards[heat.columns[0][0]].criteria[number].path
    cells: list[Element] = []
    for column, rows in enumerate(heat.columns):
        results = [one.cards[row].criteria[number] for row in rows]
        mean = float(heat.means[place, column])
        value = None if isnan(mean) else mean
        measured = int(heat.measured[place, column])
        if heat.is_grouped:
            title = f"{name}, {measured} of {len(rows)} measured"
            mark = _hundred(value)
        else:
            title = f"{name}, {_ids(one.cards[rows[0]])}: {told(results[0])}"
            mark = _mark(results[0])
        cells.append(_shaded(value, measured, len(rows), title, mark))
    label = h("th", written_path(name), scope="row")
    return h("tr", label, *cells)


def _mark(result: CriterionResult) -> str:
    """Give the mark of a verdict; a number without the nought that all begin with."""
    ruling = result.verdict.ruling
    if ruling is None or ruling.word is not RulingWord.NUMBER:
        return cell(result, _STYLE)[0]
    return f"{round(ruling.number or 0.0, 1):g}".removeprefix("0") or "0"


def _shaded(
    value: float | None, measured: int, total: int, title: str, mark: str
) -> Element:
    if not measured:
        class_, mark = "un", "?"
    elif value is None:
        class_, mark = "na", NONE
    else:
        class_ = f"v{round(value * _STEPS)}"
        if measured < total:
            class_ += " part"
    return h("td", mark, class_=class_, title=title)


def _hundred(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.0f}"


def told(result: CriterionResult) -> str:
    """Say a verdict in words."""
    verdict = result.verdict
    if not verdict.asked:
        return "not asked, since it was not needed"
    if verdict.failure is not None:
        return f"not measured ({verdict.failure.kind})"
    if verdict.ruling is None:
        return "not measured"
    chance = verdict.probability
    return f"{verdict.ruling}" + ("" if chance is None else f" (p {chance:.2f})")
