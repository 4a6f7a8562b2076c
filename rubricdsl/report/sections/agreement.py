"""How far a judge agrees with people, and how sure it may be."""

from collections.abc import Iterator

from rubricdsl.analysis.agreement.analysis import AgreementAnalysis
from rubricdsl.analysis.agreement.chances import ChanceAgreement
from rubricdsl.analysis.agreement.records import (
    JudgeAgreement,
    OverallAgreement,
    VerdictAgreement,
)
from rubricdsl.analysis.agreement.scores import ScoreAgreement
from rubricdsl.analysis.figures import Figure as AgreementFigure
from rubricdsl.report.curves import Share, reliability_diagram
from rubricdsl.report.frame import Column, Figure, figures, note, opened, section, table
from rubricdsl.report.markup import Child, Element, h
from rubricdsl.report.wording import number, of, percent, several, written_path


def agreement(found: AgreementAnalysis) -> Element:
    """Show how results agree with people."""
    parts: list[Child] = []
    if found.verdicts is not None:
        parts += _verdicts(found.verdicts)
    if found.scores is not None:
        parts.append(_scores(found.scores))
    return section(
        "agreement",
        "Agreement with people",
        note(
            "Kappa is agreement beyond chance, beside how often people say yes. "
            "Verdicts that could not be had are left out and counted."
        ),
        *parts,
    )


def _verdicts(found: VerdictAgreement) -> Iterator[Element]:
    for overall in found.overall[:1]:
        yield figures(_figures(overall, found))
        yield from _calibration(overall.micro.chances)
    if found.criteria:
        yield _criteria(found)


def _figures(overall: OverallAgreement, found: VerdictAgreement) -> Iterator[Figure]:
    micro = overall.micro
    compared = of(micro.counts.compared, micro.counts.labelled)
    yield Figure("Kappa", written(micro.raters.kappa), compared)
    yield Figure("Equal verdicts", percent(micro.raters.agreement.value), compared)
    yield Figure("People say yes", percent(micro.prevalence.value), compared)
    yield Figure("Yes where people do", percent(micro.tpr.value), compared)
    yield Figure("Yes where people do not", percent(micro.fpr.value), compared)
    if found.people is not None:
        words = h("span", several(len(found.annotators), "annotator"), class_="of")
        yield Figure("Kappa among people", written(found.people.ceiling), words)


def written(figure: AgreementFigure) -> str:
    """Write a figure with its interval."""
    if figure.value is None or figure.low is None or figure.high is None:
        return number(figure.value, 2)
    low, high = number(figure.low, 2), number(figure.high, 2)
    return f"{number(figure.value, 2)} [{low}, {high}]"


def _calibration(found: ChanceAgreement) -> Iterator[Element]:
    yield h("h3", "Calibration")
    if not found.bins:
        yield note(f"Not known: {found.brier.reason}.")
        return
    yield note(
        "How often yes was true of verdicts that were called so likely; on the line a "
        f"judge is as sure as it is right. AUC {written(found.auc)}, Brier "
        f"{written(found.brier)}, expected calibration error {written(found.ece)}, "
        f"over {several(found.brier.items, 'verdict')}."
    )
    shares = [Share(one.probability, one.frequency, one.count) for one in found.bins]
    yield h("figure", reliability_diagram(shares), class_="square")
    columns = [
        Column("Called likely"),
        Column("True", is_number=True),
        Column("Verdicts", is_number=True),
    ]
    rows = [
        (
            f"{number(one.low, 2)} to {number(one.high, 2)}",
            percent(one.frequency),
            f"{one.count:,}",
        )
        for one in found.bins
    ]
    yield opened("The numbers", table("Calibration", columns, rows))


def _criteria(found: VerdictAgreement) -> Element:
    columns = [
        Column("Criterion"),
        Column("Compared", is_number=True),
        Column("Equal", is_number=True),
        Column("Kappa", is_number=True),
        Column("People say yes", is_number=True),
        Column("Judge says yes", is_number=True),
        Column("AUC", is_number=True),
        Column("Kappa among people", is_number=True),
    ]
    several_rubrics = len({one.rubric for one in found.criteria}) > 1
    rows: list[list[Child]] = []
    for one in found.criteria:
        name = f"{one.rubric}.{one.path}" if several_rubrics else one.path
        if one.judge:
            people = None if one.people is None else one.people.ceiling
            rows.append([written_path(name), *_cells(one.judge[0], people)])
    return table("Agreement by criterion", columns, rows, sortable=True)


def _cells(judge: JudgeAgreement, people: AgreementFigure | None) -> list[Child]:
    return [
        of(judge.counts.compared, judge.counts.labelled),
        percent(judge.raters.agreement.value),
        written(judge.raters.kappa),
        percent(judge.prevalence.value),
        percent(judge.judge_prevalence.value),
        written(judge.chances.auc),
        number(None if people is None else people.value, 2),
    ]


def _scores(found: ScoreAgreement) -> Element:
    columns = [
        Column("Scores beside"),
        Column("Compared", is_number=True),
        Column("Spearman within prompts", is_number=True),
        Column("Spearman over all", is_number=True),
        Column("Pairs in order", is_number=True),
    ]
    rows = [
        (
            one.reference,
            of(one.compared, one.rated),
            written(one.macro.spearman),
            written(one.micro.spearman),
            written(one.pairs.half),
        )
        for one in found.references
    ]
    return table("Scores beside what people gave", columns, rows)
