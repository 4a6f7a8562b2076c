"""Which sections a report has: those for which there is something to show."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from attrs import field, frozen

from rubricdsl.analysis.criterion_sets import CriterionSet, criterion_sets
from rubricdsl.analysis.evaluation import Evaluation
from rubricdsl.analysis.heat_map import heat_map
from rubricdsl.formats.audits import ToldAudit
from rubricdsl.formats.evaluations import evaluation_of
from rubricdsl.formats.gold import Gold
from rubricdsl.formats.results import Results
from rubricdsl.formats.tables import ranked
from rubricdsl.model.response import Response
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.report.assembly import assembled
from rubricdsl.report.criterion_findings import criterion_findings
from rubricdsl.report.markup import Element
from rubricdsl.report.people import agreement_of, tail_of
from rubricdsl.report.run_comparison import RunComparison
from rubricdsl.report.run_summary import run_summary
from rubricdsl.report.sections.agreement import agreement
from rubricdsl.report.sections.audit import audit
from rubricdsl.report.sections.comparison import comparison
from rubricdsl.report.sections.criteria import CriterionTable, criteria
from rubricdsl.report.sections.distribution import Distribution, distribution
from rubricdsl.report.sections.heat_map import CriterionMap, heat_maps
from rubricdsl.report.sections.overview import overview
from rubricdsl.report.sections.refinement import RefinedWay, refinement
from rubricdsl.report.sections.responses import MOST_LISTED, ResponseList, responses
from rubricdsl.report.sections.tail import tail
from rubricdsl.report.wording import several

_MOST_NAMED = 3
MOST_SETS = 6
"""Of rubrics with different criteria, those of most responses are shown."""


@frozen(eq=False, kw_only=True)
class Material:
    """What a report is made of.

    ``runs`` are the parts of one run, ``texts`` the responses by the ids of prompt and
    response, and ``statements`` what criteria say, by the rubric's name and the path;
    ``comparison`` is with another run.
    """

    runs: Sequence[Results]
    gold: Gold = field(factory=Gold)
    texts: Mapping[tuple[str, str], Response] = field(factory=dict)
    statements: Mapping[str, Mapping[str, str]] = field(factory=dict)
    comparison: RunComparison | None = None
    audit: ToldAudit | None = None
    refinements: Sequence[RefinedWay] = ()
    seed: int = 0

    @property
    def cards(self) -> tuple[Scorecard, ...]:
        """All scorecards of the run, the best first."""
        return tuple(ranked(card for run in self.runs for card in run.scorecards))


def report(material: Material) -> str:
    """Write a report; the same material gives the same bytes.

    It needs numpy.  Raises RubricError (D103) for one response that comes twice.
    """
    cards = material.cards
    summary = run_summary(material.runs)
    evaluation = evaluation_of(cards)
    sets = criterion_sets(evaluation.sheets)
    listed = responses(ResponseList(cards, material.texts))
    shown = sets[:MOST_SETS]
    left_out = sum(len(one.rubrics) for one in sets[MOST_SETS:])
    scores = tuple(card.score for card in cards if card.score is not None)
    sections = [
        overview(summary),
        *([] if material.comparison is None else [comparison(material.comparison)]),
        heat_maps(list(_maps(evaluation, shown, cards)), left_out),
        criteria(list(_tables(evaluation, shown, material)), left_out),
        distribution(Distribution(scores, len(cards) - len(scores))),
        *_people(evaluation, cards, material),
        *([] if material.audit is None else [audit(material.audit)]),
        *([refinement(material.refinements)] if material.refinements else []),
        listed.section,
    ]
    title = _title(dict.fromkeys(rubric.name for rubric in summary.rubrics))
    return assembled(title, sections, listed.packed)


def _maps(
    evaluation: Evaluation, sets: Sequence[CriterionSet], cards: Sequence[Scorecard]
) -> Iterator[CriterionMap]:
    for one in sets:
        chosen = [cards[row] for row in one.rows]
        yield CriterionMap(
            rubrics=one.rubrics,
            heat=heat_map(one.credit, one.measured, evaluation.scores[one.rows]),
            cards=chosen,
            numbers=[row if row < MOST_LISTED else None for row in map(int, one.rows)],
        )


def _tables(
    evaluation: Evaluation, sets: Sequence[CriterionSet], material: Material
) -> Iterator[CriterionTable]:
    for one in sets:
        findings = criterion_findings(
            evaluation, one, material.gold, seed=material.seed
        )
        yield CriterionTable(one.rubrics, findings, _statements(one.rubrics, material))


def _statements(rubrics: Sequence[str], material: Material) -> Mapping[str, str]:
    """Give what the criteria of some rubrics say, where they say the same."""
    told = [material.statements.get(name, {}) for name in rubrics]
    first, others = told[0], told[1:]
    return {
        path: text
        for path, text in first.items()
        if all(one.get(path) == text for one in others)
    }


def _people(
    evaluation: Evaluation, cards: Sequence[Scorecard], material: Material
) -> Iterator[Element]:
    known = tail_of(evaluation, material.gold, seed=material.seed)
    if known is not None:
        yield tail(known)
    agreed = agreement_of(cards, material.gold, seed=material.seed)
    if agreed is not None:
        yield agreement(agreed)


def _title(names: Collection[str]) -> str:
    if len(names) > _MOST_NAMED:
        return several(len(names), "rubric")
    return ", ".join(names)
