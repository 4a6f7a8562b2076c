"""What an analysis of the tail finds, part by part."""

from attrs import frozen

from rubricdsl.analysis.discrimination import Discrimination
from rubricdsl.analysis.tail.figures import Figure


@frozen(kw_only=True)
class Target:
    """The part of the responses that matters: the best ``share`` by gold.

    ``kl`` is the divergence, in nats, that was aimed at; None where the share was
    given outright.
    """

    share: float
    kl: float | None


@frozen(kw_only=True)
class Accuracy:
    """How well pairs are ordered: the four figures of `pairs.PairAccuracy`.

    ``notice`` says where more than the wanted pairs were looked at.
    """

    strict: Figure
    half: Figure
    tie_rate: Figure
    decisive: Figure
    notice: str | None = None


@frozen(kw_only=True)
class HumanCeiling:
    """How well people order the same pairs, each against the mean of the others.

    ``people`` and ``rubric`` are figures of `Accuracy.half`, and ``gap`` is what the
    rubric falls short of people.
    """

    people: Figure
    rubric: Figure
    gap: Figure


@frozen(kw_only=True)
class PreferenceFigures:
    """How well the pairs that people compared are ordered, all of them being in it.

    ``accuracy`` is against what most people prefer, ``human`` compares each annotator
    with the others.
    """

    accuracy: Accuracy
    human: HumanCeiling


@frozen(kw_only=True)
class Best:
    """What it brings to keep the best by score of k: `best_of_k.BestOfK`."""

    k: int
    kl: float
    hit: Figure
    random: Figure
    quantile: Figure
    regret: Figure


@frozen(kw_only=True)
class Ceiling:
    """What saturation caps: `saturation`.

    ``full`` is the share of responses with the highest attainable score, ``best`` of
    those that share the highest of their prompt.  ``win_rate`` and ``kl`` are what no
    policy exceeds; the latter None where scores do not end.
    """

    full: Figure
    best: Figure
    win_rate: Figure
    kl: float | None


@frozen(kw_only=True)
class Ties:
    """What is not told apart at the top: `ties.TopTies`, among the best ``top``."""

    tied: Figure
    levels: Figure
    top: int


@frozen(kw_only=True)
class LeakFigures:
    """Bad responses that score at the top: `leaks.Leak`.

    ``bad_at_top`` and ``good_at_bottom`` are shares of all responses, ``excess`` is
    the difference, and what noise does not explain.
    """

    bad_at_top: Figure
    good_at_bottom: Figure
    excess: Figure
    top: float
    bad: float


@frozen(kw_only=True)
class Twin:
    """Another criterion that says nearly the same."""

    path: str
    phi: float


@frozen(kw_only=True)
class CriterionAnalysis:
    """What one criterion says about who is good among the good.

    Its values are turned so that more is better.  ``twins`` are the criteria that it
    is redundant with; ``measured`` of ``responses`` have a verdict on it.
    """

    path: str
    mark: str
    share: float | None
    discrimination: Discrimination
    twins: tuple[Twin, ...]
    measured: int
    responses: int


@frozen(kw_only=True)
class RubricAnalysis:
    """The criteria of one rubric; ``effective`` is how many different things they say.

    `redundancy.Redundancy.effective`; 0 where none varies.
    """

    rubric: str
    digest: str
    criteria: tuple[CriterionAnalysis, ...]
    effective: float


@frozen(kw_only=True)
class FrontierPoint:
    """The win rate at a divergence, and on how many responses to a prompt it rests."""

    kl: float
    win_rate: Figure
    perfect: float
    effective: float


@frozen(kw_only=True)
class FrontierFigures:
    """Win rate against divergence: `frontier.Frontier`.

    ``gap`` is how much a perfect score wins more, on the average up to ``gap_kl``, and
    ``peak`` the highest point of the curve, at ``peak_kl``.  ``points`` are empty, and
    all is missing, where no pool can speak for it.  ``notice`` says that it ends before
    the target.
    """

    points: tuple[FrontierPoint, ...]
    gap: Figure
    gap_kl: float | None
    peak: Figure
    peak_kl: float | None
    prompts: int
    notice: str | None


@frozen(kw_only=True)
class PredictedOnset:
    """The divergence from which on a higher score means less gold.

    ``kl`` is where the covariance of gold and score turns; ``is_sure`` says whether it
    is below 0 with its whole interval at the end of what the pool can speak for, which
    is ``searched``.  A training need not follow that path: its onset is later where
    its steps help other prompts.  Where ``kl`` is not there, ``why`` says whether there
    is no turn so far, or nothing could be looked at.
    """

    kl: float | None
    is_sure: bool
    searched: float | None
    end_rise: Figure
    why: str | None = None


@frozen(kw_only=True)
class Population:
    """What was looked at: all counts are of responses but the last four.

    ``base`` names the untrained policy, whose ``base_responses`` stand for what it
    answers; None where all responses do.
    """

    responses: int
    scored: int
    rated: int
    both: int
    base: str | None
    base_responses: int
    prompts: int
    annotators: int
    preferences: int
    strangers: int


@frozen(kw_only=True)
class TailAnalysis:
    """How good a rubric is where it matters.

    ``preferences`` is None where people compared no two responses.
    """

    population: Population
    target: Target
    accuracy: Accuracy
    tail: Accuracy
    human: HumanCeiling
    preferences: PreferenceFigures | None
    best: tuple[Best, ...]
    ceiling: Ceiling
    ties: Ties
    leak: LeakFigures
    rubrics: tuple[RubricAnalysis, ...]
    frontier: FrontierFigures
    slope: Figure
    onset: PredictedOnset
    length: Figure
    seed: int
