"""What repeated answers say of each judge: overall, by criterion, and as a panel."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from attrs import evolve, frozen

from rubricdsl.judging.reliability.consistency import (
    Consistency,
    ScoreNoise,
    consistency,
    score_noise,
)
from rubricdsl.judging.reliability.dawid_skene import DawidSkene, dawid_skene
from rubricdsl.judging.reliability.positions import (
    DRAWS,
    Listing,
    PositionEffect,
    position_effect,
)
from rubricdsl.model.execution import Job
from rubricdsl.model.judgement import Question, Verdict
from rubricdsl.model.ruling import Ruling, RulingWord
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.scoring.meaning import Meaning, MissingVerdictError

_FEWER_DRAWS = DRAWS // 5
_PANEL = 2


@frozen(kw_only=True)
class CriterionReliability:
    """How a judge does on one criterion; None where that is not known."""

    rubric: str
    path: str
    consistency: Consistency | None
    position: PositionEffect | None


@frozen(kw_only=True)
class JudgeReliability:
    """How a judge does on all; ``noise`` is what its wavering does to scores."""

    judge: str
    consistency: Consistency | None
    position: PositionEffect | None
    noise: ScoreNoise | None
    criteria: tuple[CriterionReliability, ...]


@frozen(kw_only=True)
class Reliability:
    """What is known of all judges; ``panel`` where there are at least two."""

    judges: tuple[JudgeReliability, ...]
    panel: DawidSkene | None


def reliability(
    jobs: Sequence[Job],
    scorecards: Sequence[Scorecard],
    listings: Mapping[str, Sequence[Listing]],
    *,
    seed: int = 0,
) -> Reliability:
    """Measure the judges of a run in which all was asked several times.

    ``scorecards`` are those of the jobs, in the same order, with the ballots of all
    repeats; ``listings`` what was noted of the requests, by judge.
    """
    answers = _Answers(jobs, scorecards)
    return Reliability(
        judges=tuple(
            _judge(judge, answers, listings.get(judge, ()), seed)
            for judge in answers.judges
        ),
        panel=_panel(answers) if len(answers.judges) >= _PANEL else None,
    )


_Place = tuple[str, str]
"""A rubric's name and a criterion's path."""


class _Answers:
    """The ballots of a run: by judge, by criterion, and by repeat."""

    def __init__(self, jobs: Sequence[Job], scorecards: Sequence[Scorecard]) -> None:
        self.jobs = jobs
        self.scorecards = scorecards
        self.units: dict[str, dict[_Place, list[list[Ruling]]]] = {}
        for card in scorecards:
            for result in card.criteria:
                place = card.rubric, result.path
                for judge, rulings in _by_judge(result.verdict).items():
                    units = self.units.setdefault(judge, {})
                    units.setdefault(place, []).append([r for r in rulings if r])

    @property
    def judges(self) -> tuple[str, ...]:
        return tuple(sorted(self.units))

    def scores(self, judge: str) -> list[list[float]]:
        """Give the score of each response in each repeat in which it has one."""
        meanings: dict[int, Meaning] = {}
        found: list[list[float]] = []
        for job, card in zip(self.jobs, self.scorecards, strict=True):
            meaning = meanings.get(id(job.rubric))
            if meaning is None:
                meaning = meanings[id(job.rubric)] = Meaning.of(job.rubric)
            said = {r.path: _by_judge(r.verdict).get(judge) for r in card.criteria}
            fixed = {
                r.path: r.verdict.ruling
                for r in card.criteria
                if said[r.path] is None and r.verdict.ruling and not r.verdict.ballots
            }
            repeats = max(
                (len(rulings) for rulings in said.values() if rulings), default=0
            )
            scores = []
            for repeat in range(repeats):
                rulings = dict(fixed)
                for path, given in said.items():
                    if given and repeat < len(given) and (ruling := given[repeat]):
                        rulings[path] = ruling
                try:
                    score = meaning.score(rulings)
                except MissingVerdictError:
                    continue
                if score is not None:
                    scores.append(score)
            found.append(scores)
        return found


def _by_judge(verdict: Verdict) -> Mapping[str, list[Ruling | None]]:
    """Give what each judge said, by repeat; nothing for what no judge decided."""
    found: dict[str, list[Ruling | None]] = defaultdict(list)
    for ballot in verdict.ballots:
        found[ballot.judge].append(ballot.ruling)
    return found


def _judge(
    judge: str, answers: _Answers, listings: Sequence[Listing], seed: int
) -> JudgeReliability:
    units = answers.units[judge]
    # Replies came in any order; the draws must not depend on it.
    ordered = sorted(listings, key=repr)
    return JudgeReliability(
        judge=judge,
        consistency=consistency([unit for found in units.values() for unit in found]),
        position=position_effect(ordered, seed=seed),
        noise=score_noise(answers.scores(judge)),
        criteria=tuple(
            CriterionReliability(
                rubric=rubric,
                path=path,
                consistency=consistency(units[rubric, path]),
                position=position_effect(
                    _only(ordered, digest), seed=seed, draws=_FEWER_DRAWS
                ),
            )
            for (rubric, path), digest in _places(answers.jobs).items()
            if (rubric, path) in units
        ),
    )


def _places(jobs: Sequence[Job]) -> Mapping[_Place, str]:
    """Give the digests of the questions that are judged, by rubric and path."""
    rubrics = {id(job.rubric): job.rubric for job in jobs}
    return {
        (rubric.name, criterion.path): Question.of(criterion).digest
        for rubric in rubrics.values()
        for criterion in rubric.criteria()
        if criterion.check is None
    }


def _only(listings: Sequence[Listing], question: str) -> list[Listing]:
    """Leave the answers to one question only, where they stood."""
    return [
        evolve(
            listing,
            answers=tuple(
                (other, truth if other == question else None)
                for other, truth in listing.answers
            ),
        )
        for listing in listings
        if any(other == question for other, _ in listing.answers)
    ]


def _panel(answers: _Answers) -> DawidSkene | None:
    """Let the votes of a panel say how often each judge is right, levels left out."""
    items = []
    for card in answers.scorecards:
        for result in card.criteria:
            votes = [
                (ballot.judge, str(ballot.ruling))
                for ballot in result.verdict.ballots
                if ballot.ruling is not None
                and ballot.ruling.word not in {RulingWord.LEVEL, RulingWord.NUMBER}
            ]
            if votes:
                items.append(votes)
    return dawid_skene(items) if items else None
