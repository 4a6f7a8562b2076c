"""What is known of agreement, as plain data and as lines for a terminal."""

from collections.abc import Iterator, Sequence
from enum import Enum
from textwrap import wrap
from typing import TYPE_CHECKING, cast

from attrs import asdict

from rubricdsl.formats.terminal import Style, Tone, cut, left, right, width_of
from rubricdsl.model.digest import Plain

if TYPE_CHECKING:
    from attrs import Attribute

    from rubricdsl.analysis.agreement.analysis import AgreementAnalysis
    from rubricdsl.analysis.agreement.chances import ChanceAgreement
    from rubricdsl.analysis.agreement.records import (
        JudgeAgreement,
        MacroAgreement,
        PeopleAgreement,
        RaterAgreement,
        VerdictAgreement,
    )
    from rubricdsl.analysis.agreement.scores import (
        PairAgreement,
        ScoreAgreement,
        ScoreComparison,
    )
    from rubricdsl.analysis.figures import Figure

_INDENT = "  "
_BAR = 20


def agreement_record(analysis: "AgreementAnalysis") -> dict[str, Plain]:
    """Give an analysis as plain data; its keys are the names of the records' fields.

    A figure is ``{"value", "low", "high", "items", "reason"}``.
    """
    record = asdict(analysis, filter=_is_told, value_serializer=_plain)
    return cast("dict[str, Plain]", record)


def _is_told(attribute: "Attribute[object]", _: object) -> bool:
    return attribute.name != "drawn"


def _plain(_: object, __: object, value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def agreement_lines(analysis: "AgreementAnalysis", style: Style) -> Iterator[str]:
    """Give an analysis as lines for people."""
    if analysis.verdicts is not None:
        yield from _verdict_lines(analysis.verdicts, style)
    if analysis.verdicts is not None and analysis.scores is not None:
        yield ""
    if analysis.scores is not None:
        yield from _score_lines(analysis.scores, style)


# -------------------------------------------------------------------- verdicts

_HEAD = ("criterion", "measured", "equal", "kappa", "yes", "TPR", "FPR", "AUC")
_RIGHT = frozenset({1, 2, 4, 5, 6, 7})


def _verdict_lines(found: "VerdictAgreement", style: Style) -> Iterator[str]:
    for overall in found.overall:
        rows = [
            _row(
                criterion.path,
                next(j for j in criterion.judge if j.reference == overall.reference),
            )
            for criterion in found.criteria
            if any(j.reference == overall.reference for j in criterion.judge)
        ]
        total = [
            _row("micro", overall.micro),
            _macro_row(overall.macro),
        ]
        yield style.paint(_against(overall.reference, found), Tone.STRONG)
        yield from _table([_HEAD, *rows, *total], style)
        yield ""
    yield from _note(
        f"Intervals are at 95 %, over {found.resampled}.  Kappa has squared distances"
        " where there are more than two answers (w).  Yes is how often the reference"
        " says it, and the judge.  Micro takes all verdicts that are words as one;"
        " macro is the mean of the criteria that have a figure.",
        style,
    )
    yield from _left_out(found, style)
    yield from _people_lines(found, style)
    yield from _chance_lines(found.overall[0].micro, style)


def _against(reference: str, found: "VerdictAgreement") -> str:
    if reference == "majority":
        return f"Verdicts against the majority of {len(found.annotators)} annotators"
    return f"Verdicts against {reference}"


def _row(name: str, found: "JudgeAgreement") -> tuple[str, ...]:
    return (
        name,
        f"{found.counts.compared}/{found.counts.labelled}",
        _percent(found.raters.agreement),
        _kappa(found.raters),
        f"{_percent(found.prevalence)}/{_percent(found.judge_prevalence)}"
        if found.prevalence.value is not None
        else "n/a",
        _short(found.tpr),
        _short(found.fpr),
        _short(found.chances.auc),
    )


def _macro_row(found: "MacroAgreement") -> tuple[str, ...]:
    return (
        "macro",
        f"{found.agreement.items}",
        _percent(found.agreement),
        _interval(found.kappa),
        "",
        _short(found.tpr),
        _short(found.fpr),
        _short(found.auc),
    )


def _kappa(raters: "RaterAgreement") -> str:
    if raters.weighted_kappa.value is not None:
        return f"{_interval(raters.weighted_kappa)} w"
    if raters.kappa.value is None and raters.alpha.value is not None:
        return f"{_interval(raters.alpha)} alpha"
    return _interval(raters.kappa)


def _left_out(found: "VerdictAgreement", style: Style) -> Iterator[str]:
    counts = [
        judge.counts for criterion in found.criteria for judge in criterion.judge[:1]
    ]
    parts = {
        "without a verdict of the judge": sum(c.labelled - c.measured for c in counts),
        "n/a for both": sum(c.both_na for c in counts),
        "n/a for the judge alone": sum(c.judge_na for c in counts),
        "n/a for the reference alone": sum(c.reference_na for c in counts),
        "of another kind than the scale": sum(c.unlike for c in counts),
        "tied, so without a majority": sum(c.tied for c in counts),
    }
    told = [f"{number} {what}" for what, number in parts.items() if number]
    if told:
        yield from _note(f"Left out: {'; '.join(told)}.", style)


def _people_lines(found: "VerdictAgreement", style: Style) -> Iterator[str]:
    if found.people is None:
        return
    yield ""
    yield style.paint("How far people agree, which is the ceiling", Tone.STRONG)
    rows: list[tuple[str, ...]] = [("criterion", "alpha", "kappa with the others")]
    rows += [
        (c.path, _interval(c.people.alpha), _interval(c.people.ceiling))
        for c in found.criteria
        if c.people is not None
    ]
    rows.append(_people_row("micro", found.people))
    yield from _table(rows, style, to_right=frozenset())


def _people_row(name: str, people: "PeopleAgreement") -> tuple[str, ...]:
    return name, _interval(people.alpha), _interval(people.ceiling)


def _chance_lines(micro: "JudgeAgreement", style: Style) -> Iterator[str]:
    chances = micro.chances
    if chances.parts is None:
        return
    parts = chances.parts
    yield ""
    head = f"Probabilities of yes against {micro.reference}"
    yield style.paint(head, Tone.STRONG)
    yield f"{_INDENT}Brier {_interval(chances.brier)}:"
    yield (
        f"{_INDENT * 2}reliability {parts.reliability:.3f} - resolution "
        f"{parts.resolution:.3f} + uncertainty {parts.uncertainty:.3f} "
        f"{'+' if parts.within >= 0 else '-'} {abs(parts.within):.3f} in bins"
    )
    yield f"{_INDENT}ECE {_interval(chances.ece)}, AUC {_interval(chances.auc)}"
    yield from _curve(chances, style)


def _curve(chances: "ChanceAgreement", style: Style) -> Iterator[str]:
    symbols = style.symbols
    rows: list[tuple[str, ...]] = [("called", "was", "", "verdicts")]
    for one in chances.bins:
        filled = round(one.frequency * _BAR)
        bar = symbols.bar * filled + symbols.rest * (_BAR - filled)
        rows.append(
            (f"{one.probability:.2f}", f"{one.frequency:.2f}", bar, str(one.count))
        )
    yield from _table(rows, style, to_right=frozenset({0, 1, 3}))


# ---------------------------------------------------------------------- scores


def _score_lines(found: "ScoreAgreement", style: Style) -> Iterator[str]:
    for one in found.references:
        name = (
            f"the mean of {len(found.annotators)} annotators"
            if one.reference == "mean"
            else one.reference
        )
        yield style.paint(f"Scores against {name}", Tone.STRONG)
        yield from _comparison_lines(one, style)
        yield ""
    if found.people is not None:
        yield style.paint("How far people agree, which is the ceiling", Tone.STRONG)
        yield f"{_INDENT}alpha (interval) {_interval(found.people.alpha)}"
        yield (
            f"{_INDENT}each with the mean of the others, within prompts: Spearman "
            f"{_interval(found.people.ceiling)}"
        )
        yield (
            f"{_INDENT}pairs in the right order, a tie being half: "
            f"{_interval(found.people.pair_ceiling)}"
        )
        yield ""
    if found.preferences is not None:
        yield style.paint("Scores against preferences", Tone.STRONG)
        yield from _pair_lines(found.preferences)
        yield ""
    yield from _note(
        f"Intervals are at 95 %, over {found.resampled}.  Macro is the mean over"
        " prompts of what is worked out within each; micro takes all responses as one.",
        style,
    )


def _comparison_lines(one: "ScoreComparison", style: Style) -> Iterator[str]:
    yield f"{_INDENT}{one.compared} of {one.rated} rated responses have a score"
    macro, micro = one.macro, one.micro
    rows: list[tuple[str, ...]] = [("", "within prompts (macro)", "all (micro)")]
    rows += [
        ("Spearman", _interval(macro.spearman), _interval(micro.spearman)),
        ("Kendall", _interval(macro.kendall), _interval(micro.kendall)),
        ("Pearson", _interval(macro.pearson), _interval(micro.pearson)),
    ]
    yield from _table(rows, style, to_right=frozenset())
    yield from _pair_lines(one.pairs)


def _pair_lines(found: "PairAgreement") -> Iterator[str]:
    accuracy = found.accuracy
    if accuracy.pairs == 0:
        yield f"{_INDENT}pairs: n/a ({found.half.reason})"
        return
    yield (
        f"{_INDENT}pairs in the right order: strict {_number(accuracy.strict)}, half "
        f"{_interval(found.half)}, decisive {_number(accuracy.decisive)}"
    )
    prompts = "1 prompt" if accuracy.prompts == 1 else f"{accuracy.prompts} prompts"
    yield (
        f"{_INDENT}of {accuracy.pairs} pairs in {prompts}, {_number(accuracy.tie_rate)}"
        f" tied; left out: {accuracy.equal} equally good, {accuracy.unscored} unscored"
    )


# ----------------------------------------------------------------------- parts


def _table(
    rows: Sequence[Sequence[str]],
    style: Style,
    *,
    to_right: frozenset[int] = _RIGHT,
) -> Iterator[str]:
    """Give rows under a head, the first column cut to what is left of the width."""
    cells = [[style.clean(text) for text in row] for row in rows]
    widths = [max(map(width_of, column)) for column in zip(*cells, strict=True)]
    rest = sum(widths[1:]) + len(_INDENT) * len(widths)
    widths[0] = max(8, min(widths[0], style.width - rest))
    for number, row in enumerate(cells):
        if width_of(row[0]) > widths[0]:
            # Of a path that is too long, the name says most.
            row[0] = row[0].rpartition(".")[2]
        fitted = [
            right(cut(text, width), width)
            if place in to_right
            else left(cut(text, width, ellipsis=style.symbols.ellipsis), width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        line = (_INDENT + _INDENT.join(fitted)).rstrip()
        yield style.paint(line, Tone.FAINT) if not number else line


def _note(text: str, style: Style) -> Iterator[str]:
    for line in wrap(text, style.width, initial_indent="  ", subsequent_indent="  "):
        yield style.paint(line, Tone.FAINT)


def _percent(figure: "Figure") -> str:
    return "n/a" if figure.value is None else f"{figure.value:.0%}"


def _short(figure: "Figure") -> str:
    return _number(figure.value)


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def _interval(figure: "Figure") -> str:
    if figure.value is None:
        return "n/a"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.2f}"
    return f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]"
