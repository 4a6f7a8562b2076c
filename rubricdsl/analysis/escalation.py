"""What a cascade saves and costs: how often the second judge is asked, how often right.

Two judges have answered the same questions, and people have said what is right.  A yes
of the first stands from one probability on, a no up to another; everything else is put
to the second.  Both are chosen on labelled verdicts, and what they are worth is told
from prompts that they were not chosen on.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from attrs import field, frozen

from rubricdsl.analysis.agreement.cells import LabelledCell, majority, scale_of
from rubricdsl.analysis.figures import Figure, Resampling
from rubricdsl.analysis.prompts import Rows
from rubricdsl.model.ruling import NO, YES
from rubricdsl.scoring.arrays.columns import Floats, Truths

FOLDS = 5
"""Into so many parts prompts are divided, each to be tried on once."""
# Thresholds that are tried on either side.
_TRIED = 64

Thresholds: TypeAlias = tuple[float, float]
"""Up to which probability of yes a no stands, and from which on a yes."""


@frozen(eq=False, kw_only=True)
class TwoJudges:
    """What two judges said to the same questions, an entry of each column a question.

    ``yes`` and ``no`` tell which the first judge said, neither where it said anything
    else or nothing; ``probability`` is that of yes, NaN where it gave none.
    ``first_right`` and ``second_right`` tell whether each said what people say.
    """

    prompts: tuple[str, ...] = field(repr=False)
    responses: tuple[str, ...] = field(repr=False)
    yes: Truths = field(repr=False)
    no: Truths = field(repr=False)
    probability: Floats = field(repr=False)
    first_right: Truths = field(repr=False)
    second_right: Truths = field(repr=False)

    @classmethod
    def of(cls, pairs: Iterable[tuple[LabelledCell, LabelledCell]]) -> "TwoJudges":
        """Hold what two judges said of the same beside what most people say.

        Left out is that of which people do not agree.
        """
        kept: list[LabelledCell] = []
        right: list[tuple[bool, bool]] = []
        for first, second in pairs:
            labels = list(first.labels.values())
            truth = majority(scale_of(labels), labels)
            if truth is not None:
                kept.append(first)
                right.append((first.ruling == truth, second.ruling == truth))
        rights = np.array(right, np.bool_).reshape(-1, 2)
        return cls(
            prompts=tuple(one.prompt_id for one in kept),
            responses=tuple(one.response_id for one in kept),
            yes=np.array([one.ruling == YES for one in kept], np.bool_),
            no=np.array([one.ruling == NO for one in kept], np.bool_),
            probability=np.array([one.probability for one in kept], np.float64),
            first_right=rights[:, 0],
            second_right=rights[:, 1],
        )

    def __len__(self) -> int:
        return len(self.prompts)

    @property
    def gives_probabilities(self) -> bool:
        """Whether the first judge gave any."""
        return not np.isnan(self.probability).all()

    def stands(self, thresholds: Thresholds) -> Truths:
        """Tell which answers of the first judge stand."""
        no, yes = thresholds
        stands: Truths = (self.yes & (self.probability >= yes)) | (
            self.no & (self.probability <= no)
        )
        return stands

    def right(self, thresholds: Thresholds) -> Truths:
        """Tell where the cascade is right."""
        right: Truths = np.where(
            self.stands(thresholds), self.first_right, self.second_right
        )
        return right

    def among(self, rows: Rows | Truths) -> "TwoJudges":
        """Give some of the questions, by their numbers or by a mask."""
        numbers = np.arange(len(self))[rows]
        return TwoJudges(
            prompts=tuple(self.prompts[n] for n in numbers.tolist()),
            responses=tuple(self.responses[n] for n in numbers.tolist()),
            yes=self.yes[numbers],
            no=self.no[numbers],
            probability=self.probability[numbers],
            first_right=self.first_right[numbers],
            second_right=self.second_right[numbers],
        )


@frozen
class Escalation:
    """Thresholds, the share of questions that is put to the second judge, and accuracy.

    Both are shares of the questions on which the thresholds were tried.
    """

    thresholds: Thresholds
    asked_on: float
    accuracy: float


def escalation_curve(judges: TwoJudges) -> tuple[Escalation, ...]:
    """Give the thresholds that none beats, from those that ask least to all.

    Each is right more often than all that ask the second judge less.  Raises
    ValueError where there is no question.
    """
    if not len(judges):
        raise ValueError("there is nothing that two judges and people answered")
    count = len(judges)
    gain = judges.first_right.astype(np.int64) - judges.second_right
    yes_at, yes_stands, yes_gain = _side(judges.probability, judges.yes, gain, 1.0)
    minus_no_at, no_stands, no_gain = _side(-judges.probability, judges.no, gain, 0.0)
    no_at = 0.0 - minus_no_at
    stands = yes_stands[:, None] + no_stands[None, :]
    right = judges.second_right.sum() + yes_gain[:, None] + no_gain[None, :]
    in_order = no_at[None, :] <= yes_at[:, None]
    asked_on = np.where(in_order, count - stands, count + 1)
    found: list[Escalation] = []
    best = -1
    order = np.lexsort((-right.ravel(), asked_on.ravel()))
    for place in order.tolist():
        row, column = divmod(place, len(no_at))
        if asked_on[row, column] > count:
            break
        if right[row, column] > best:
            best = int(right[row, column])
            found.append(
                Escalation(
                    (float(no_at[column]), float(yes_at[row])),
                    float(asked_on[row, column] / count),
                    best / count,
                )
            )
    return tuple(found)


def _side(
    sure: Floats, said: Truths, gain: Rows, certain: float
) -> tuple[Floats, Rows, Rows]:
    """Try thresholds on the answers of one kind, by how sure the judge is of them.

    The surest are ``certain``, and always stand.  Gives the thresholds, how many
    answers stand from each on, and by how many more the cascade is right than the
    second judge.
    """
    kept = said & ~np.isnan(sure)
    order = np.argsort(-sure[kept], kind="stable")
    levels, gains = sure[kept][order], np.cumsum(gain[kept][order])
    # A threshold lies at the last of equal answers: they stand or fall together.
    ends = np.flatnonzero(np.append(np.diff(levels) != 0, True)[: len(levels)])
    if len(ends) > _TRIED:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, _TRIED).astype(np.intp))]
    at = np.append(certain, levels[ends])
    stands = np.append(0, ends + 1)
    gained = np.append(0, gains[ends])
    if len(ends) and levels[ends[0]] >= certain:
        at, stands, gained = at[1:], stands[1:], gained[1:]
    return at, stands, gained


def chosen(judges: TwoJudges, within: float) -> Escalation:
    """Choose the thresholds that ask least and are right as often as the second judge.

    Or less often, by ``within`` at most.
    """
    bar = float(judges.second_right.mean()) - within
    curve = escalation_curve(judges)
    return next((one for one in curve if one.accuracy >= bar - 1e-12), curve[-1])


@frozen(kw_only=True)
class HeldOut:
    """What thresholds are worth on prompts that they were not chosen on.

    ``accuracy`` is that of the cascade, ``difference`` by how much it is right more
    often than the second judge, and ``asked_on`` the share that is put to that one.
    """

    accuracy: Figure
    difference: Figure
    asked_on: Figure


@frozen(kw_only=True)
class CascadeAnalysis:
    """Two judges alone, all thresholds that none beats, and the ones that were chosen.

    ``held_out`` is None where there are fewer prompts than it takes to hold some out.
    """

    questions: int
    prompts: int
    first: Figure
    second: Figure
    curve: tuple[Escalation, ...]
    within: float
    choice: Escalation
    held_out: HeldOut | None


def analyse_cascade(
    judges: TwoJudges, *, within: float = 0.01, seed: int = 0
) -> CascadeAnalysis:
    """Work out what a cascade of two judges is worth.

    Raises ValueError where there is no question.
    """
    resampling = Resampling.of(judges.prompts, judges.responses, seed=seed)
    ones = np.ones(len(judges))

    def share(*columns: Truths | Floats) -> list[Figure]:
        sums = resampling.sums(np.stack([ones, *columns], axis=1))
        return [
            resampling.figure(
                sums[:, [0, place]],
                lambda drawn: drawn[:, 1] / drawn[:, 0],
                items=len(judges),
                lacking="there is no question",
            )
            for place in range(1, len(columns) + 1)
        ]

    first, second = share(judges.first_right, judges.second_right)
    held_out = None
    if len(set(judges.prompts)) >= FOLDS:
        right, asked_on = _crossed(judges, within, seed)
        gain = right.astype(np.float64) - judges.second_right
        accuracy, difference, asked = share(right, gain, asked_on)
        held_out = HeldOut(accuracy=accuracy, difference=difference, asked_on=asked)
    return CascadeAnalysis(
        questions=len(judges),
        prompts=len(set(judges.prompts)),
        first=first,
        second=second,
        curve=escalation_curve(judges),
        within=within,
        choice=chosen(judges, within),
        held_out=held_out,
    )


def _crossed(judges: TwoJudges, within: float, seed: int) -> tuple[Truths, Truths]:
    """Try on each part of the prompts what was chosen on all others."""
    folds = _folds(judges.prompts, seed)
    right = np.zeros(len(judges), np.bool_)
    asked_on = np.ones(len(judges), np.bool_)
    for fold in range(FOLDS):
        inside = folds == fold
        thresholds = chosen(judges.among(~inside), within).thresholds
        right[inside] = judges.right(thresholds)[inside]
        asked_on[inside] = ~judges.stands(thresholds)[inside]
    return right, asked_on


def _folds(prompts: Sequence[str], seed: int) -> Rows:
    numbers: dict[str, int] = {}
    codes = np.array([numbers.setdefault(one, len(numbers)) for one in prompts])
    shuffled = np.random.default_rng(seed).permutation(len(numbers))
    folds: Rows = shuffled[codes] % FOLDS
    return folds
