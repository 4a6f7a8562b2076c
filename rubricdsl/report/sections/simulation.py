"""How policies fared that were trained on rubrics: gold and score, by KL and step."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from rubricdsl.analysis.simulation.onset import Curve, gold_at_kl, loss, onset, peak
from rubricdsl.analysis.simulation.pool_policy import PoolOutcome
from rubricdsl.refinement.simulated.expectations import Expectation
from rubricdsl.refinement.simulated.experiment import KLS, Experiment, Mean
from rubricdsl.report.curves import CurvePoint, banded_curve
from rubricdsl.report.frame import Column, note, opened, section, table
from rubricdsl.report.markup import Child, Element, h
from rubricdsl.report.wording import NONE, number, several

Named: TypeAlias = Sequence[tuple[str, Curve]]

_FIGURES: Mapping[str, str] = {
    "criteria": "Criteria",
    "coverage": "Coverage",
    "accuracy_high": "Accuracy, strong",
    "accuracy_low": "Accuracy, base",
    "peak_gold": "Peak gold",
    "onset_kl": "Onset KL",
    "onset_step": "Onset step",
    "final_gold": "Final gold",
    **{f"gold_at_kl_{kl}": f"Gold at KL {kl}" for kl in KLS},
}


def experiment_sections(
    experiment: Experiment, expected: Sequence[Expectation]
) -> Iterator[Element]:
    """Show the experiment in the built-in world."""
    curves = [(one.condition, one.curve) for one in experiment.findings]
    yield section(
        "curves",
        "Gold and score",
        note(
            "What responses are really worth (the line), and their score by the rubric "
            "(dashed), while a policy is trained on it; upright, the onset of "
            f"over-optimization. Means of {several(experiment.seeds, 'world')}."
        ),
        *_charts(curves),
    )
    rows: list[list[Child]] = []
    for found in experiment.findings:
        told = (_told(found.mean(name), experiment.seeds) for name in _FIGURES)
        rows.append([found.condition, *told])
    columns = [Column(title, is_number=True) for title in _FIGURES.values()]
    yield section(
        "conditions",
        "Conditions",
        note(
            "Means with standard errors; in how many worlds there was one, if not all."
        ),
        table("Figures by condition", [Column("Condition"), *columns], rows),
    )
    if expected:
        yield section(
            "expected",
            "What is expected",
            table(
                "What is expected of refinement, and whether it holds",
                [Column("Expected"), Column("Holds"), Column("Figures")],
                [
                    [one.name, "yes" if one.holds else "no", one.figures]
                    for one in expected
                ],
            ),
        )


def pool_sections(outcomes: Sequence[PoolOutcome]) -> Iterator[Element]:
    """Show how policies over a pool fared, one for each seed."""
    first = outcomes[0]
    left = f"; {first.left_out:,} are left out" if first.left_out else ""
    curves = [(f"seed {seed}", one.curve) for seed, one in enumerate(outcomes)]
    yield section(
        "curves",
        "Gold and score",
        note(
            "The chance to beat a response of the pool (the line), and the score "
            "(dashed), while a policy learns to choose among "
            f"{several(first.used, 'response')} to {several(first.prompts, 'prompt')}"
            f"{left}. It can get no further than {first.most_kl:.2f} nats from the "
            "pool; the upright line is the onset of over-optimization."
        ),
        *_charts(curves),
    )
    names = ("Peak", "Onset KL", "Onset step", "Lost", *(f"At KL {kl}" for kl in KLS))
    rows: list[list[Child]] = []
    for name, curve in curves:
        found = onset(curve)
        figures = (
            peak(curve).gold,
            None if found is None else found.kl,
            None if found is None else found.step,
            loss(curve),
            *(gold_at_kl(curve, kl) for kl in KLS),
        )
        rows.append([name, *map(number, figures)])
    columns = [Column(name, is_number=True) for name in names]
    yield section(
        "trainings",
        "Trainings",
        table("Win rates by training", [Column("Training"), *columns], rows),
    )


def _charts(curves: Named) -> Iterator[Element]:
    """Draw each training by divergence, all to one scale; and by step, put away."""
    values = [
        value
        for _, curve in curves
        for row in (curve.gold, curve.proxy)
        for value in row
    ]
    heights = (min(*values, 0.0), max(*values, 1.0))
    yield h(
        "div",
        *(_chart(*one, heights, by_kl=True) for one in curves),
        class_="multiples",
    )
    steps = [_chart(*one, heights, by_kl=False) for one in curves]
    yield opened("By step", h("div", *steps, class_="multiples"))
    yield opened("The numbers", _numbers(curves))


def _chart(
    name: str, curve: Curve, heights: tuple[float, float], *, by_kl: bool
) -> Element:
    found = onset(curve)
    across = curve.kl if by_kl else curve.steps
    points = [
        CurvePoint(x, gold, None, None, proxy)
        for x, gold, proxy in zip(across, curve.gold, curve.proxy, strict=True)
    ]
    turn = None if found is None else found.kl if by_kl else found.step
    told = "no onset" if turn is None else f"onset at {number(turn, 1 if by_kl else 0)}"
    chart = banded_curve(
        points,
        labels=("nats" if by_kl else "step", "gold and score"),
        turn=turn,
        heights=heights,
    )
    caption = h("figcaption", name, h("span", f" {told}", class_="of"))
    return h("figure", caption, chart)


def _numbers(curves: Named) -> Element:
    columns = [
        Column("Training"),
        *(Column(name, is_number=True) for name in ("Step", "KL", "Gold", "Score")),
    ]
    rows = [
        [name, f"{step:g}", number(kl, 2), number(gold), number(proxy)]
        for name, curve in curves
        for step, kl, gold, proxy in zip(
            curve.steps, curve.kl, curve.gold, curve.proxy, strict=True
        )
    ]
    return table("Gold and score by step", columns, rows)


def _told(mean: Mean | None, of: int) -> str:
    return NONE if mean is None else mean.told(of)
