"""How good a rubric is where it matters, and what win rate it buys until it turns."""

from collections.abc import Iterator

from rubricdsl.analysis.tail.figures import Figure as TailFigure
from rubricdsl.analysis.tail.records import (
    Accuracy,
    FrontierFigures,
    PredictedOnset,
    TailAnalysis,
)
from rubricdsl.report.curves import CurvePoint, banded_curve
from rubricdsl.report.frame import Column, Figure, figures, note, opened, section, table
from rubricdsl.report.markup import Child, Element, h
from rubricdsl.report.wording import NONE, number, of, percent, several

_FOUR = (
    ("a tie is wrong", "strict"),
    ("a tie is half right", "half"),
    ("tied", "tie_rate"),
    ("without ties", "decisive"),
)


def tail(found: TailAnalysis) -> Element:
    """Show an analysis of the tail."""
    population, target = found.population, found.target
    aim = "" if target.kl is None else f", which is what matters at {target.kl:g} nats"
    rated = several(population.rated, "response")
    return section(
        "tail",
        "The tail",
        note(
            f"{rated} of {population.responses:,} are rated by people. The tail is the "
            f"best {percent(target.share, 1)} of them{aim}. A figure that cannot be "
            "supported is not given, with the reason."
        ),
        figures(_figures(found)),
        _accuracies(found),
        _notices(found.accuracy, found.tail),
        *_frontier(found.frontier, found.onset),
        _others(found),
    )


def _figures(found: TailAnalysis) -> Iterator[Figure]:
    yield _figure("Pairs of the tail in order", found.tail.half)
    yield _figure("People on the same pairs", found.human.people)
    if found.preferences is not None:
        compared = found.preferences
        yield _figure("Compared pairs in order", compared.accuracy.half)
        yield _figure("People on compared pairs", compared.human.people)
    yield _figure("No policy wins more than", found.ceiling.win_rate)
    yield _figure("The best two are tied", found.ties.tied)
    yield _figure("Leaks beyond noise", found.leak.excess)
    onset = found.onset
    if onset.kl is not None:
        sure = "" if onset.is_sure else "not certain"
        words = h("span", sure, class_="of")
        yield Figure("Turns at", f"{onset.kl:.2f} nats", words)
    elif onset.searched is not None:
        words = h("span", f"up to {onset.searched:.2f} nats", class_="of")
        yield Figure("Turns at", "nowhere", words)


def _figure(name: str, figure: TailFigure) -> Figure:
    basis: Child = of(figure.count.measured, figure.count.total)
    if figure.value is None:
        basis = h("span", figure.why, class_="reason")
    return Figure(name, number(figure.value), basis)


def _accuracies(found: TailAnalysis) -> Element:
    measured = {"Everywhere": found.accuracy, "In the tail": found.tail}
    if found.preferences is not None:
        measured["Compared by people"] = found.preferences.accuracy
    columns = [Column("Pairs in the right order")]
    columns += [Column(title, is_number=True) for title in measured]
    rows: list[list[Child]] = [
        [name, *(written(getattr(one, attribute)) for one in measured.values())]
        for name, attribute in _FOUR
    ]
    counts = [one.half.count for one in measured.values()]
    rows.append(["measured", *(of(one.measured, one.total) for one in counts)])
    return table("How well scores order pairs", columns, rows)


def written(figure: TailFigure) -> str:
    """Write a figure with its interval."""
    if figure.value is None or figure.low is None or figure.high is None:
        return number(figure.value)
    return f"{number(figure.value)} [{number(figure.low)}, {number(figure.high)}]"


def _notices(*accuracies: Accuracy) -> Element | None:
    told = dict.fromkeys(
        words
        for one in accuracies
        for words in (one.notice, one.half.why)
        if words is not None
    )
    return note("; ".join(told) + ".") if told else None


def _frontier(found: FrontierFigures, onset: PredictedOnset) -> Iterator[Element]:
    yield h("h3", "Win rate by divergence")
    if not found.points:
        yield note(f"Not known: {found.gap.why}. What would help: {found.gap.cure}.")
        return
    yield note(
        "What share of comparisons with the untrained policy a policy wins that is "
        "drawn to high scores, with the 95 % interval; dashed, if gold were the score. "
        f"It rests on {several(found.prompts, 'prompt')}, ",
        of(found.gap.count.measured, found.gap.count.total),
        f" {found.gap.count.unit}.",
    )
    points = [
        CurvePoint(
            one.kl,
            one.win_rate.value,
            one.win_rate.low,
            one.win_rate.high,
            one.perfect,
        )
        for one in found.points
        if one.win_rate.value is not None
    ]
    if points:
        chart = banded_curve(points, labels=("nats", "win rate"), turn=onset.kl)
        yield h("figure", chart)
    if found.notice is not None:
        yield note(f"{found.notice}.")
    columns = [
        Column("Nats"),
        Column("Win rate", is_number=True),
        Column("Perfect score", is_number=True),
        Column("Effective responses", is_number=True),
    ]
    rows = [
        (
            number(one.kl, 2),
            written(one.win_rate),
            number(one.perfect),
            number(one.effective, 0),
        )
        for one in found.points
    ]
    yield opened("The numbers", table("Win rate by divergence", columns, rows))


def _others(found: TailAnalysis) -> Element:
    leak = found.leak
    named = (
        ("responses with a full score", found.ceiling.full),
        ("sharing the best score of their prompt", found.ceiling.best),
        (f"scores among the best {found.ties.top}", found.ties.levels),
        (f"worst {leak.bad:.0%} among the best {leak.top:.0%}", leak.bad_at_top),
        ("the other way round", leak.good_at_bottom),
        ("gold rises with the score by", found.slope),
        ("the score follows length, at equal gold, by", found.length),
        ("people better than the rubric by", found.human.gap),
    )
    columns = [
        Column("Figure"),
        Column("Value", is_number=True),
        Column("Measured", is_number=True),
        Column("Why there is none"),
    ]
    rows = [
        (
            name,
            written(figure),
            of(figure.count.measured, figure.count.total),
            figure.why or NONE,
        )
        for name, figure in named
    ]
    return opened("All figures of the tail", table("Other figures", columns, rows))
