"""What is known of the agreement of verdicts, as plain records."""

from attrs import frozen

from rubricdsl.analysis.agreement.cells import Scale
from rubricdsl.analysis.agreement.chances import ChanceAgreement
from rubricdsl.analysis.figures import Figure


@frozen(kw_only=True)
class Counts:
    """What was compared with one reference, and what was left out.

    Of the cells that the reference ``labelled``, the judge has a verdict on the
    ``measured`` ones, and ``compared`` are those on which both have a place on the
    scale.  ``both_na``, ``judge_na`` and ``reference_na`` say who says n/a;
    ``unlike`` are of another kind than the scale, such as a no among levels.
    ``tied`` are cells of which annotators say two things equally often, so that there
    is no majority; they are not among the labelled ones.
    """

    labelled: int
    measured: int
    compared: int
    both_na: int
    judge_na: int
    reference_na: int
    unlike: int
    tied: int


@frozen(kw_only=True)
class RaterAgreement:
    """How two raters agree.

    ``agreement`` is the share of equal rulings, ``kappa`` Cohen's, ``weighted_kappa``
    the same with squared distances (None where there are just two rulings), and
    ``alpha`` Krippendorff's, by the metric of the scale.
    """

    agreement: Figure
    kappa: Figure
    weighted_kappa: Figure
    alpha: Figure


@frozen(kw_only=True)
class JudgeAgreement:
    """How the judge agrees with one reference: an annotator, or the majority.

    ``prevalence`` is how often the reference says yes, and ``judge_prevalence`` the
    judge; ``tpr`` is how often the judge says yes where the reference does, ``fpr``
    where it does not.  ``table`` counts ``answers``, the judge's in rows and the
    reference's in columns.  ``chances`` look at probabilities of yes.
    """

    reference: str
    counts: Counts
    raters: RaterAgreement
    prevalence: Figure
    judge_prevalence: Figure
    tpr: Figure
    fpr: Figure
    answers: tuple[str, ...]
    table: tuple[tuple[int, ...], ...]
    chances: ChanceAgreement


@frozen(kw_only=True)
class PersonAgreement:
    """How one annotator agrees with the majority of the others, or with one other."""

    annotator: str
    reference: str
    compared: int
    raters: RaterAgreement


@frozen(kw_only=True)
class PeopleAgreement:
    """How annotators agree among each other: the most to be asked of a judge.

    ``alpha`` is that of all of them.  ``with_others`` holds each beside the majority
    of the others, as a judge is held beside that of all, and ``pairs`` each two of
    them.  ``ceiling`` is the mean kappa of the former, weighted where there are more
    than two rulings.
    """

    alpha: Figure
    ceiling: Figure
    with_others: tuple[PersonAgreement, ...]
    pairs: tuple[PersonAgreement, ...]


@frozen(kw_only=True)
class CriterionAgreement:
    """All of one criterion; ``people`` is None with fewer than two annotators."""

    rubric: str
    path: str
    scale: Scale
    judge: tuple[JudgeAgreement, ...]
    people: PeopleAgreement | None


@frozen(kw_only=True)
class MacroAgreement:
    """Means over criteria; each figure's ``items`` are the criteria that have it."""

    agreement: Figure
    kappa: Figure
    weighted_kappa: Figure
    alpha: Figure
    tpr: Figure
    fpr: Figure
    auc: Figure
    brier: Figure


@frozen(kw_only=True)
class OverallAgreement:
    """The judge against one reference on all criteria.

    ``micro`` takes all verdicts that are words as those of one criterion, levels and
    numbers left out since they are no categories that criteria share; ``criteria`` is
    how many there are of words.  ``macro`` is the mean over all criteria.
    """

    reference: str
    micro: JudgeAgreement
    criteria: int
    macro: MacroAgreement


@frozen(kw_only=True)
class VerdictAgreement:
    """How verdicts agree; ``overall`` and each criterion's ``judge`` by reference."""

    annotators: tuple[str, ...]
    resampled: str
    criteria: tuple[CriterionAgreement, ...]
    overall: tuple[OverallAgreement, ...]
    people: PeopleAgreement | None
