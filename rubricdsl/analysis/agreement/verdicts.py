"""A judge's verdicts beside those of people, criterion by criterion and overall.

Two rulings are compared where both have a place on the criterion's scale.  Verdicts
that could not be had are left out and counted, and so is n/a, which says that there is
nothing to compare: how far the two agree on that is told apart.  Yes is what is looked
for: where verdicts are graded, partly is not yes.  Levels and numbers have no yes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

from rubricdsl.analysis import confusion
from rubricdsl.analysis.agreement.bodies import Body, Matched
from rubricdsl.analysis.agreement.cells import (
    MAJORITY,
    LabelledCell,
    Place,
    Scale,
)
from rubricdsl.analysis.agreement.chances import ChanceAgreement, chance_agreement
from rubricdsl.analysis.agreement.people import people_agreement
from rubricdsl.analysis.agreement.raters import NOTHING, on_tables, rater_agreement
from rubricdsl.analysis.agreement.records import (
    Counts,
    CriterionAgreement,
    JudgeAgreement,
    MacroAgreement,
    OverallAgreement,
    VerdictAgreement,
)
from rubricdsl.analysis.bootstrap import Statistic
from rubricdsl.analysis.figures import Figure, Resampling, mean_figure
from rubricdsl.model.ruling import NA, Ruling

_NO_YES = "{} have no yes"
_RATES = ("prevalence", "judge_prevalence", "tpr", "fpr")


def verdict_agreement(
    cells: Sequence[LabelledCell], *, seed: int = 0
) -> VerdictAgreement | None:
    """Hold a judge's verdicts beside those of people; None for no cell."""
    if not cells:
        return None
    # The order of cells makes no difference.
    ordered = sorted(cells, key=_key)
    annotators = tuple(sorted({name for cell in ordered for name in cell.labels}))
    resampling = Resampling.of(
        [cell.prompt_id for cell in ordered],
        [cell.response_id for cell in ordered],
        seed=seed,
    )
    rows: dict[Place, list[int]] = defaultdict(list)
    for number, cell in enumerate(ordered):
        rows[cell.place].append(number)
    first_seen = list(dict.fromkeys(cell.place for cell in cells))
    bodies = [Body.of(ordered, rows[place], resampling) for place in first_seen]
    references = (*((MAJORITY,) if len(annotators) > 1 else ()), *annotators)
    criteria = tuple(_criterion(body, references) for body in bodies)
    worded = [body for body in bodies if body.scale.has_yes]
    pooled = Body.of(
        ordered, sorted(n for body in worded for n in body.numbers), resampling
    )
    return VerdictAgreement(
        annotators=annotators,
        resampled=resampling.unit,
        criteria=criteria,
        overall=tuple(
            OverallAgreement(
                reference=name,
                micro=_judge(pooled, name),
                criteria=len(worded),
                macro=_macro(name, criteria),
            )
            for name in references
        ),
        people=people_agreement(pooled, annotators) if len(annotators) > 1 else None,
    )


def _key(cell: LabelledCell) -> tuple[str, str, str, str]:
    return cell.prompt_id, cell.response_id, cell.rubric, cell.path


def _criterion(body: Body, references: Sequence[str]) -> CriterionAgreement:
    annotators = body.annotators
    return CriterionAgreement(
        rubric=body.cells[0].rubric,
        path=body.cells[0].path,
        scale=body.scale,
        judge=tuple(
            _judge(body, name)
            for name in references
            if name == MAJORITY or name in annotators
        ),
        people=people_agreement(body, annotators) if len(annotators) > 1 else None,
    )


def _judge(body: Body, reference: str) -> JudgeAgreement:
    said = body.of_judge()
    labels = (
        body.of_majority() if reference == MAJORITY else body.of_annotator(reference)
    )
    matched = Matched.of(body, said, labels)
    size = len(body.values)
    answers: tuple[str, ...] = ()
    table: tuple[tuple[int, ...], ...] = ()
    if body.scale is not Scale.NUMBERS:
        answers = tuple(_name_of(body.scale, value) for value in body.values)
        terms = confusion.confusion_terms(matched.first, matched.second, size)
        counts = terms.sum(axis=0).reshape(size, size)
        table = tuple(tuple(int(n) for n in row) for row in counts)
    return JudgeAgreement(
        reference=reference,
        counts=_counts(
            body,
            said,
            labels,
            len(matched.rows),
            is_majority=reference == MAJORITY,
        ),
        raters=rater_agreement(body, matched),
        **_rates(body, matched),
        answers=answers,
        table=table,
        chances=chance_agreement(body.cells, labels, body.resampling)
        if body.scale.has_yes
        else ChanceAgreement.missing(_NO_YES.format(body.scale)),
    )


def _name_of(scale: Scale, value: float) -> str:
    if scale is Scale.LEVELS:
        return f"level {value:g}"
    return {0.0: "no", 0.5: "partly", 1.0: "yes"}[value]


def _counts(
    body: Body,
    said: Sequence[Ruling | None],
    labels: Sequence[Ruling | None],
    compared: int,
    *,
    is_majority: bool,
) -> Counts:
    labelled = [
        (own, label)
        for own, label in zip(said, labels, strict=True)
        if label is not None
    ]
    measured = [(own, label) for own, label in labelled if own is not None]
    na = Counter((own == NA, label == NA) for own, label in measured)
    both, judge, reference = na[True, True], na[True, False], na[False, True]
    return Counts(
        labelled=len(labelled),
        measured=len(measured),
        compared=compared,
        both_na=both,
        judge_na=judge,
        reference_na=reference,
        unlike=len(measured) - compared - both - judge - reference,
        tied=len(body.cells) - len(labelled) if is_majority else 0,
    )


def _rates(body: Body, matched: Matched) -> dict[str, Figure]:
    items = len(matched.rows)
    if not body.scale.has_yes:
        none = Figure.missing(_NO_YES.format(body.scale), items=items)
        return dict.fromkeys(_RATES, none)
    if not items:
        return dict.fromkeys(_RATES, Figure.missing(NOTHING))
    size = len(body.values)
    yes = size - 1
    drawn = body.resampling.among(matched.rows)
    statistics: dict[str, tuple[Statistic, str]] = {
        "prevalence": (
            on_tables(size, partial(confusion.share_of, category=yes, second=True)),
            NOTHING,
        ),
        "judge_prevalence": (
            on_tables(size, partial(confusion.share_of, category=yes)),
            NOTHING,
        ),
        "tpr": (
            on_tables(size, partial(confusion.rate_given, category=yes)),
            "the reference never says yes",
        ),
        "fpr": (
            on_tables(size, partial(confusion.rate_given, category=yes, absent=True)),
            "the reference always says yes",
        ),
    }
    terms = confusion.confusion_terms(matched.first, matched.second, size)
    return drawn.figures(drawn.sums(terms), statistics, items=items)


def _macro(reference: str, criteria: Sequence[CriterionAgreement]) -> MacroAgreement:
    found = [one for c in criteria for one in c.judge if one.reference == reference]

    def mean(figures: Iterable[Figure]) -> Figure:
        return mean_figure(figures, lacking="no criterion has it")

    return MacroAgreement(
        agreement=mean(one.raters.agreement for one in found),
        kappa=mean(one.raters.kappa for one in found),
        weighted_kappa=mean(one.raters.weighted_kappa for one in found),
        alpha=mean(one.raters.alpha for one in found),
        tpr=mean(one.tpr for one in found),
        fpr=mean(one.fpr for one in found),
        auc=mean(one.chances.auc for one in found),
        brier=mean(one.chances.brier for one in found),
    )
