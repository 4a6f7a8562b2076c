"""What junk reaches the top, which criteria it fools, and what would stop it."""

from rubricdsl.formats.audits import (
    Part,
    ToldAudit,
    ToldCredit,
    ToldMutation,
    ToldRemedy,
)
from rubricdsl.report.frame import Column, note, opened, section, table
from rubricdsl.report.markup import Child, Element, h
from rubricdsl.report.sections.criteria import rate_bar
from rubricdsl.report.wording import NONE, among, percent, several, written_path

_MOST_PROBES = 3


def audit(found: ToldAudit) -> Element:
    """Show an audit."""
    through = found.through
    return section(
        "audit",
        "Audit",
        note(
            f"{through.count:,} of {several(through.total, 'junk response')} reached "
            f"the top {found.top:.0%}. At most is the share that may get through, at "
            "95 %; it holds for junk like this only."
        ),
        _probes(found),
        _credits(found),
        *map(_remedy, found.remedies),
        _mutations(found),
        _killers(found),
        _blind_spots(found),
    )


def _probes(found: ToldAudit) -> Element:
    columns = [
        Column("Probe"),
        Column("Got through", is_number=True),
        Column("", hint="the share that got through"),
        Column("At most", is_number=True),
        Column("What it attacks"),
    ]
    rows = [
        (
            written_path(one.name),
            among(one.through.count, one.through.total),
            rate_bar(_share(one.through)),
            percent(one.upper, 1),
            one.attacks,
        )
        for one in found.probes
    ]
    return table("What reaches the top", columns, rows)


def _share(part: Part) -> float | None:
    return part.count / part.total if part.total else None


def _credits(found: ToldAudit) -> Element | None:
    fooled = [one for one in found.credits if one.fooled.count]
    if not fooled:
        return None
    fooled.sort(key=lambda one: -(_share(one.fooled) or 0.0))
    columns = [
        Column("Criterion"),
        Column("How"),
        Column("Junk", is_number=True),
        Column("Most by"),
    ]
    rows = [
        (
            _named(one.rubric, one.path, found),
            "meets it" if one.helps else "is passed over",
            among(one.fooled.count, one.fooled.total),
            _by(one),
        )
        for one in fooled
    ]
    return table("Criteria that are fooled", columns, rows)


def _named(rubric: str, path: str, found: ToldAudit) -> Element:
    several_rubrics = len({one.rubric for one in found.credits}) > 1
    return written_path(f"{rubric}.{path}" if several_rubrics else path)


def _by(credit: ToldCredit) -> str:
    ranked = sorted(credit.by_probe, key=lambda pair: -(_share(pair[1]) or 0.0))
    named = [f"{name} {part.count}/{part.total}" for name, part in ranked if part.count]
    return ", ".join(named[:_MOST_PROBES]) or NONE


def _remedy(one: ToldRemedy) -> Element:
    tried = "not tried: a judge has to decide it"
    if one.stops is not None and one.harms is not None:
        tried = (
            f"stops {one.stops.count:,} of {one.stops.total:,} that got through, and "
            f"{one.harms.count:,} of the {one.harms.total:,} best responses"
        )
    what = f"Add to {one.rubric}"
    if one.replaces is not None:
        what = f"Replace {one.replaces} of {one.rubric}"
    against = f", against {', '.join(one.probes)}" if one.probes else ""
    return h(
        "div",
        h("h3", f"{what}{against}"),
        h("p", f"{one.why}; {tried}.", class_="note"),
        h("pre", one.lines, class_="text"),
    )


def _mutations(found: ToldAudit) -> Element | None:
    if not found.mutations:
        return None
    columns = [
        Column("Mutation"),
        Column("Noticed", is_number=True),
        Column("", hint="the share that was noticed"),
        Column("Interval", is_number=True),
        Column("What it does"),
    ]
    rows = [_mutation_row(one) for one in found.mutations]
    return table("Mutants of the best responses", columns, rows)


def _mutation_row(one: ToldMutation) -> list[Child]:
    low, high = one.interval or (None, None)
    return [
        written_path(one.name),
        among(one.killed.count, one.killed.total),
        rate_bar(_share(one.killed)),
        NONE if low is None else f"{percent(low)} to {percent(high)}",
        one.description,
    ]


def _killers(found: ToldAudit) -> Element | None:
    killers = sorted(found.killers, key=lambda one: -one.kills.count)
    if not killers:
        return None
    columns = [Column("Criterion"), Column("Mutants noticed", is_number=True)]
    rows = [
        (
            _named(one.rubric, one.path, found),
            among(one.kills.count, one.kills.total) if one.kills.total else NONE,
        )
        for one in killers
    ]
    return opened(
        "Which criteria notice mutants",
        table("Which criteria notice mutants", columns, rows, sortable=True),
    )


def _blind_spots(found: ToldAudit) -> Element | None:
    if not found.not_measured:
        return None
    entries = [h("li", one) for one in found.not_measured]
    return h("div", h("h3", "Not measured"), h("ul", *entries, class_="spots"))
