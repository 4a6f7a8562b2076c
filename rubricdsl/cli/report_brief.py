"""A report in brief, for a terminal: scores, criteria, and what people say of them."""

from typing import TYPE_CHECKING

from rubricdsl.analysis.criterion_sets import CriterionSet, criterion_sets
from rubricdsl.analysis.evaluation import Evaluation
from rubricdsl.cli.drawing import Column, blocks, draw_line, draw_table
from rubricdsl.cli.output import plural
from rubricdsl.formats.evaluations import evaluation_of
from rubricdsl.report.criterion_findings import CriterionFinding, criterion_findings
from rubricdsl.report.people import agreement_of, tail_of
from rubricdsl.report.run_summary import RunSummary, run_summary
from rubricdsl.report.sections.distribution import Distribution
from rubricdsl.report.wording import number, percent, signed

if TYPE_CHECKING:
    from rubricdsl.report.page import Material

_MOST_SETS = 3


def draw_brief(material: "Material") -> None:
    """Draw a report in brief on standard output."""
    cards = material.cards
    summary = run_summary(material.runs)
    _draw_run(summary)
    scores = tuple(card.score for card in cards if card.score is not None)
    counts = Distribution(scores, len(cards) - len(scores)).counts
    bars = blocks([count or None for count in counts], 0, max(counts) or 1)
    draw_line(f"scores  0 |{bars}| 1   mean {number(summary.mean)}")
    evaluation = evaluation_of(cards)
    sets = criterion_sets(evaluation.sheets)
    for one in sets[:_MOST_SETS]:
        _draw_criteria(evaluation, one, material)
    if len(sets) > _MOST_SETS:
        draw_line(f"and criteria of {plural(len(sets) - _MOST_SETS, 'more rubric')}")
    _draw_people(evaluation, material)


def _draw_run(summary: RunSummary) -> None:
    responses = plural(summary.responses, "response")
    parts = [
        f"{responses} to {plural(summary.prompts, 'prompt')}",
        f"{summary.scored:,}/{summary.responses:,} scored",
        f"{summary.measured:,}/{summary.verdicts:,} verdicts",
        plural(summary.calls, "call"),
        *([] if summary.cost is None else [f"cost {summary.cost:.4g}"]),
    ]
    draw_line(", ".join(parts))
    for kind, count in summary.failures.items():
        draw_line(f"  {count:,} failed: {kind}")


def _draw_criteria(
    evaluation: Evaluation, criteria: CriterionSet, material: "Material"
) -> None:
    found = criterion_findings(evaluation, criteria, material.gold, seed=material.seed)
    draw_table(
        [
            Column(title="criterion"),
            Column(title="weight", number=True),
            Column(title="met or avoided", number=True),
            Column(title="measured", number=True),
            Column(title="rest", number=True),
            Column(title="gold", number=True),
            Column(title="look at"),
        ],
        [_row(one) for one in found],
        title=", ".join(criteria.rubrics[:_MOST_SETS]),
    )


def _row(one: CriterionFinding) -> list[str]:
    criterion = one.criterion
    is_weighed = criterion.weight is not None and criterion.mark == "weight"
    gold = one.difference
    return [
        criterion.path,
        f"{criterion.weight:g}" if is_weighed else criterion.mark,
        percent(one.rate),
        f"{one.measured:,}/{one.responses:,}",
        signed(one.rest),
        signed(None if gold is None else gold.estimate),
        ", ".join(one.flags),
    ]


def _draw_people(evaluation: Evaluation, material: "Material") -> None:
    known = tail_of(evaluation, material.gold, seed=material.seed)
    if known is not None:
        inside = known.tail.half
        told = number(inside.value) if inside.why is None else f"n/a: {inside.why}"
        share = percent(known.target.share, 1)
        draw_line(f"pairs of the best {share} in order: {told}")
        draw_line(f"no policy wins more than {number(known.ceiling.win_rate.value)}")
    agreed = agreement_of(material.cards, material.gold, seed=material.seed)
    if agreed is not None and agreed.verdicts is not None:
        for one in agreed.verdicts.overall[:1]:
            kappa = one.micro.raters.kappa
            told = number(kappa.value) if kappa.value is not None else "n/a"
            draw_line(f"judge against people: kappa {told}")
