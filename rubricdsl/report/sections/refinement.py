"""How a rubric was refined: what was proposed, what entered and why, what it became."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from rubricdsl.changes.differences import Aspect, Change, Difference, NodeChange
from rubricdsl.changes.wording import compare_words
from rubricdsl.formats.refinements import ToldDecision, ToldRefinement, ToldRound
from rubricdsl.language.printing import print_mark
from rubricdsl.model.refinement import TailMeasure
from rubricdsl.report.frame import Column, note, opened, section, table
from rubricdsl.report.markup import Child, Element, h
from rubricdsl.report.wording import NONE, percent, several, written_path

_MOST_OPEN = 3
_TEXTS = (Aspect.TEXT, Aspect.NOTE, Aspect.LEVEL, Aspect.TITLE, Aspect.WHY)


@frozen(eq=False)
class RefinedWay:
    """A refinement, and how the rubric differs in the end, if that can be told."""

    told: ToldRefinement
    difference: Difference | None


def refinement(ways: Sequence[RefinedWay]) -> Element:
    """Show the rounds that rubrics went through, and what became of them."""
    proposed = sum(len(one.decisions) for way in ways for one in way.told.rounds)
    accepted = sum(
        decision.accepted
        for way in ways
        for one in way.told.rounds
        for decision in one.decisions
    )
    return section(
        "refinement",
        "Refinement",
        note(
            f"{accepted:,} of {several(proposed, 'proposed edit')} entered. Each was "
            "tried on held-out responses: accuracy is the share of pairs ordered as "
            "people did, ties of those not ordered, leak of junk that scores as the "
            "best do."
        ),
        *(_way(way, is_open=len(ways) <= _MOST_OPEN) for way in ways),
    )


def _way(way: RefinedWay, *, is_open: bool) -> Element:
    told = way.told
    children = [
        *(_round(one) for one in told.rounds),
        h("p", f"It ended: {told.stop}.", class_="note"),
        _difference(way),
    ]
    if is_open:
        return h("div", h("h3", told.name), *children, class_="way")
    summary = f"{told.name}: {several(len(told.rounds), 'round')}"
    return opened(summary, *children)


def _round(one: ToldRound) -> Element:
    pair = " against ".join(one.pair)
    to = f" to {one.prompt_id}" if one.prompt_id and pair else ""
    calls = several(one.calls, "judge call")
    heading = h(
        "h4",
        f"Round {one.number}",
        h("span", f"{one.strategy}{', ' if pair else ''}{pair}{to}; {calls}"),
    )
    failed = one.failure and h("p", one.failure, class_="lost")
    if not one.decisions:
        return h("div", heading, failed or h("p", "Nothing was proposed."))
    columns = [
        Column("Edit"),
        Column("Decision"),
        Column("Accuracy", is_number=True),
        Column("Ties", is_number=True),
        Column("Leak", is_number=True),
    ]
    rows = [_decision_row(decision) for decision in one.decisions]
    caption = f"Edits proposed in round {one.number}"
    return h(
        "div",
        heading,
        failed or None,
        table(caption, columns, rows, class_="edits quiet"),
    )


def _decision_row(one: ToldDecision) -> list[Child]:
    kind = f"{one.type}: " if one.type else ""
    reason = f"{kind}{one.reason or ''}".removesuffix(": ")
    word = "accepted" if one.accepted else "rejected"
    sign = "+" if one.accepted else "\u2212"
    return [
        h("div", h("p", one.edit), h("p", reason, class_="reason") if reason else None),
        h(
            "div",
            h("p", h("span", f"{sign} {word}", class_=f"decision {word}")),
            h("p", one.why, class_="reason"),
        ),
        *(
            _moved(*pair)
            for pair in zip(_measured(one.before), _measured(one.after), strict=True)
        ),
    ]


def _measured(one: TailMeasure | None) -> tuple[float | None, ...]:
    return (None,) * 3 if one is None else (one.accuracy, one.ties, one.leak)


def _moved(old: float | None, new: float | None) -> str:
    if old is None and new is None:
        return NONE
    return percent(old) if old == new else f"{percent(old)} → {percent(new)}"


# ------------------------------------------------------------- the rubric's diff


def _difference(way: RefinedWay) -> Element | None:
    found = way.difference
    if found is None:
        return None
    if found.same:
        return h("p", "The rubric is as it was.", class_="note")
    columns = [
        Column("Criterion"),
        Column("Change"),
        Column("Share", is_number=True, hint="before and after"),
    ]
    rows = [_node_row(change) for change in found.changed]
    return table("What became of the rubric", columns, rows, class_="edits")


def _node_row(change: NodeChange) -> list[Child]:
    status = _status(change)
    node = change.node
    text = h("p", node.text) if status in {"added", "removed"} and node.text else None
    shares = f"{percent(change.old_share, 1)} → {percent(change.new_share, 1)}"
    return [
        h(
            "div",
            h("p", written_path(node.path), f" [{print_mark(node.mark)}]"),
        ),
        h(
            "div",
            h(
                "p",
                h("span", f"{_SIGNS[status]} {status}", class_=f"decision {status}"),
            ),
            text,
            *(h("p", *_told(one)) for one in change.changes),
        ),
        shares,
    ]


_SIGNS = {"added": "+", "removed": "\u2212", "changed": "~", "share only": "="}


def _status(change: NodeChange) -> str:
    if change.old is None:
        return "added"
    if change.new is None:
        return "removed"
    return "changed" if change.changes else "share only"


def _told(change: Change) -> Iterator[Child]:
    what = f"{change.aspect} {change.detail}".rstrip()
    yield h("span", f"{what}: ", class_="aspect")
    before, after = change.before, change.after
    if before is not None and after is not None and change.aspect in _TEXTS:
        for passage in compare_words(before, after):
            tag = {"removed": "del", "added": "ins"}.get(passage.fate)
            yield passage.text if tag is None else h(tag, passage.text)
        return
    if before is not None:
        yield h("del", before or "the top")
    if before is not None and after is not None:
        yield " → "
    if after is not None:
        yield h("ins", after or "the top")
