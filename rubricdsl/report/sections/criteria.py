"""What each criterion does, and what its author should look at."""

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from rubricdsl.report.criterion_findings import CriterionFinding, Flag
from rubricdsl.report.frame import Column, note, section, table
from rubricdsl.report.markup import Child, Element, h, joined
from rubricdsl.report.svg import bar
from rubricdsl.report.wording import (
    NONE,
    interval,
    number,
    of,
    percent,
    several,
    signed,
    written_path,
)

_MEANINGS = {
    Flag.NEVER_MET: "says the same of all: nobody meets it",
    Flag.ALWAYS_MET: "says the same of all: everybody meets it",
    Flag.INVERTED: "worse responses meet it rather than better ones",
    Flag.DUPLICATE: "says what another criterion says",
    Flag.UNMEASURED: "lacks more than a tenth of its verdicts",
}


@frozen(eq=False)
class CriterionTable:
    """The criteria of one rubric, or of several that have the same.

    ``statements`` are what they say, by path, as far as that is known.
    """

    rubrics: tuple[str, ...]
    findings: tuple[CriterionFinding, ...]
    statements: Mapping[str, str] = field(factory=dict)

    @property
    def name(self) -> str:
        """The rubric, or how many they are."""
        return rubrics_name(self.rubrics)


def rubrics_name(rubrics: Sequence[str]) -> str:
    """Name a rubric, or say how many have the same criteria."""
    if len(rubrics) == 1:
        return rubrics[0]
    return f"{several(len(rubrics), 'rubric')} with the same criteria"


def criteria(tables: Sequence[CriterionTable], left_out: int = 0) -> Element:
    """Show the criteria; ``left_out`` rubrics have too few responses to be shown."""
    with_gold = any(one.gold for table in tables for one in table.findings)
    told = (
        "Gold is the mean value among better responses less that among worse ones, "
        "with its 95 % interval. "
        if with_gold
        else ""
    )
    return section(
        "criteria",
        "Criteria",
        note(
            "Met is the mean value, of penalties how far they were avoided. "
            "Rest is the correlation with the mean of the other criteria. ",
            told,
            "Most like names the criterion that goes most with it, within prompts.",
        ),
        *(_table(one, with_gold) for one in tables),
        _flags(tables),
        None if not left_out else left_out_note(left_out),
    )


def left_out_note(left_out: int) -> Element:
    """Say that not all rubrics are shown."""
    what = several(left_out, "more rubric")
    return note(f"{what} with fewer responses, under other criteria, not shown here.")


def _table(found: CriterionTable, with_gold: bool) -> Element:  # noqa: FBT001
    columns = [
        Column("Criterion"),
        Column("Weight", is_number=True),
        Column("Share", is_number=True, hint="the part of the score that it decides"),
        Column("Met", is_number=True),
        Column("", hint="how far it is met"),
        Column("Measured", is_number=True),
        Column("Rest", is_number=True),
        *([Column("Gold", is_number=True)] if with_gold else []),
        Column("Most like"),
        Column("Look at"),
    ]
    rows = [
        [_named(one, found.statements), *_figures(one, with_gold)]
        for one in found.findings
    ]
    return table(found.name, columns, rows, class_="criteria", sortable=True)


def _named(one: CriterionFinding, statements: Mapping[str, str]) -> Child:
    path = one.criterion.path
    if path not in statements:
        return written_path(path)
    statement = h("span", statements[path], class_="statement", dir="auto")
    return h("span", written_path(path), statement)


def _figures(one: CriterionFinding, with_gold: bool) -> list[Child]:  # noqa: FBT001
    criterion = one.criterion
    is_weighed = criterion.weight is not None and criterion.mark == "weight"
    weight = f"{criterion.weight:g}" if is_weighed else criterion.mark
    row: list[Child] = [
        weight.replace("-", "\u2212"),
        percent(criterion.share, 1),
        percent(one.rate),
        rate_bar(one.rate),
        of(one.measured, one.responses),
        signed(one.rest),
    ]
    if with_gold:
        row.append(interval(one.difference))
    row.append(_likeness(one))
    row.append(h("span", *joined(map(_flag, one.flags))) if one.flags else NONE)
    return row


def rate_bar(rate: float | None) -> Element:
    """Draw a share as a bar; hatched where it is not known."""
    known = rate is not None
    return h(
        "svg",
        bar(0, 0, 100, 8, "track", hatched=not known),
        bar(0, 0, 100 * (rate or 0), 8, "bar") if known else None,
        class_="rate",
        viewBox="0 0 100 8",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def _likeness(one: CriterionFinding) -> Child:
    if one.twin is None:
        return NONE
    return h("span", written_path(one.twin), f" {number(one.likeness, 2)}")


def _flag(flag: Flag) -> Element:
    return h("span", str(flag), class_="flag", title=_MEANINGS[flag])


def _flags(tables: Sequence[CriterionTable]) -> Element | None:
    seen = {flag for table in tables for one in table.findings for flag in one.flags}
    entries = [
        h("li", _flag(flag), f" {_MEANINGS[flag]}") for flag in Flag if flag in seen
    ]
    return h("ul", *entries, class_="flags") if entries else None
