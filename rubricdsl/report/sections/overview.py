"""The run at a glance."""

from collections.abc import Iterator

from rubricdsl.model.scorecard import Status
from rubricdsl.report.frame import Column, Figure, figures, opened, section, table
from rubricdsl.report.markup import Element, h
from rubricdsl.report.run_summary import RunSummary
from rubricdsl.report.wording import NONE, among, count, number, of, percent, several

_MOST_RUBRICS = 50
_MEANINGS = {
    Status.COMPLETE: "has a score",
    Status.INCOMPLETE: "a verdict that counts could not be had",
    Status.UNDEFINED: "all that counts is n/a",
    Status.SUSPECT: "a canary criterion failed: somebody talks to the judge",
}


def overview(summary: RunSummary) -> Element:
    """Show a run's figures, judges, rubrics and how it was made."""
    return section(
        "overview",
        "Overview",
        figures(_figures(summary)),
        _statuses(summary),
        _judges(summary),
        _failures(summary),
        _rubrics(summary),
        _facts(summary),
    )


def _figures(summary: RunSummary) -> Iterator[Figure]:
    scored = of(summary.scored, summary.responses)
    yield Figure("Mean score", number(summary.mean), scored)
    yield Figure("Median score", number(summary.median), scored)
    if summary.passable:
        basis = among(summary.passed, summary.passable)
        yield Figure("Passed", percent(summary.passed / summary.passable), basis)
    yield Figure("Responses", count(summary.responses), _prompts(summary))
    basis = of(summary.measured, summary.verdicts)
    measured = percent(_share(summary.measured, summary.verdicts), 1)
    yield Figure("Verdicts measured", measured, basis)
    tokens = summary.prompt_tokens + summary.completion_tokens
    basis = h("span", f"{count(tokens)} tokens", class_="of")
    yield Figure("Judge calls", count(summary.calls), basis)
    if summary.cost is not None:
        yield Figure("Cost", f"{summary.cost:,.4g}", None)
    basis = among(summary.cached, summary.verdicts)
    cached = percent(_share(summary.cached, summary.verdicts))
    yield Figure("From earlier runs", cached, basis)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _prompts(summary: RunSummary) -> Element:
    return h("span", f"to {several(summary.prompts, 'prompt')}", class_="of")


def _statuses(summary: RunSummary) -> Element | None:
    others = [one for one in _MEANINGS if summary.statuses.get(one)]
    if others == [Status.COMPLETE]:
        return None
    rows = [
        (
            h("span", str(one), class_=f"status {one}"),
            among(summary.statuses[one], summary.responses),
            _MEANINGS[one],
        )
        for one in others
    ]
    columns = [Column("Status"), Column("Responses", is_number=True), Column("Meaning")]
    return table("Scores by status", columns, rows)


def _judges(summary: RunSummary) -> Element:
    columns = [
        Column("Judge"),
        Column("Model"),
        Column("Measured", is_number=True),
        Column("From earlier runs", is_number=True),
    ]
    rows = [
        (
            judge.name,
            ", ".join(judge.models) or NONE,
            of(judge.measured, judge.verdicts),
            percent(judge.cached / judge.verdicts),
        )
        for judge in summary.judges
    ]
    return table("Who gave the verdicts", columns, rows)


def _failures(summary: RunSummary) -> Element | None:
    rows = [
        (h("code", kind), among(found, summary.verdicts))
        for kind, found in summary.failures.items()
    ]
    if summary.unasked:
        rows.append((h("span", "not needed"), among(summary.unasked, summary.verdicts)))
    if not rows:
        return None
    columns = [Column("Reason"), Column("Verdicts", is_number=True)]
    return table("Why verdicts are missing", columns, rows)


def _rubrics(summary: RunSummary) -> Element:
    columns = [
        Column("Rubric"),
        Column("Version"),
        Column("Responses", is_number=True),
        Column("Digest"),
    ]
    shown = summary.rubrics[:_MOST_RUBRICS]
    rows = [
        (
            rubric.name,
            rubric.version or NONE,
            count(rubric.responses),
            h("code", rubric.digest[:12]),
        )
        for rubric in shown
    ]
    caption = several(len(summary.rubrics), "rubric").capitalize()
    if len(shown) < len(summary.rubrics):
        caption += f", of which {len(shown)} are shown"
    whole = table(caption, columns, rows)
    few = 5
    return whole if len(shown) <= few else opened(caption, whole)


def _facts(summary: RunSummary) -> Element | None:
    if not summary.facts:
        return None
    pairs: list[Element] = []
    for name, value in summary.facts:
        pairs += [h("dt", name), h("dd", value)]
    return opened("How the run was made", h("dl", *pairs, class_="facts"))
