"""Two runs on the same responses: which scores, verdicts and criteria moved."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from attrs import define, field, frozen

from rubricdsl.analysis.bootstrap import Interval, bootstrap_mean
from rubricdsl.analysis.evaluation import Evaluation
from rubricdsl.formats.evaluations import evaluation_of
from rubricdsl.model.ruling import Ruling
from rubricdsl.model.scorecard import CriterionResult, Scorecard
from rubricdsl.scoring.leaves import TOLERANCE

Ids = tuple[str, str, str]


@frozen(kw_only=True)
class ScorePair:
    """The scores of one response in both runs; None where there is none."""

    prompt_id: str
    response_id: str
    before: float | None
    after: float | None
    changed: int

    @property
    def difference(self) -> float | None:
        """The second score less the first."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


@frozen(kw_only=True)
class CriterionMove:
    """A criterion in both runs, over the ``both`` responses where each measured it.

    ``before`` and ``after`` are mean values, the better the greater.  ``rose`` and
    ``fell`` count responses of which the value did, ``lost`` and ``won`` those that
    only the first run, or only the second, measured.
    """

    path: str
    responses: int
    both: int
    before: float | None
    after: float | None
    rose: int
    fell: int
    lost: int
    won: int


@frozen(kw_only=True)
class ChangedVerdict:
    """A verdict that is another; None where there is none."""

    prompt_id: str
    response_id: str
    path: str
    before: Ruling | None
    after: Ruling | None


@frozen(eq=False, kw_only=True)
class RunComparison:
    """Two runs.

    ``names`` are what they are called.  ``pairs`` are the responses in both; of others
    there are ``only_first`` and ``only_second``.  ``mean`` is the mean difference of
    scores, with an interval over prompts, None for fewer than two.  ``verdicts`` are
    in both runs, and ``changed`` those that are others.
    """

    names: tuple[str, str]
    pairs: tuple[ScorePair, ...]
    only_first: int
    only_second: int
    mean: Interval | None
    verdicts: int
    changed: tuple[ChangedVerdict, ...]
    criteria: tuple[CriterionMove, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def differences(self) -> tuple[float, ...]:
        """The differences of scores, of responses that have one in both runs."""
        found = (pair.difference for pair in self.pairs)
        return tuple(one for one in found if one is not None)


def run_comparison(
    first: Sequence[Scorecard],
    second: Sequence[Scorecard],
    *,
    names: tuple[str, str] = ("first", "second"),
    seed: int = 0,
) -> RunComparison:
    """Compare two runs by the ids of prompts and responses.

    Where one of them judged a response by several rubrics, their names count as well.
    Criteria are the same that have the same path.
    """
    by_rubric = _judged_twice(first) or _judged_twice(second)
    olds, news = _by_ids(first, by_rubric), _by_ids(second, by_rubric)
    helps = _helps(evaluation_of(first)) | _helps(evaluation_of(second))
    tallies: dict[str, _Tally] = {}
    pairs: list[ScorePair] = []
    changed: list[ChangedVerdict] = []
    for ids, old in olds.items():
        new = news.get(ids)
        if new is None:
            continue
        others = {result.path: result for result in new.criteria}
        found: list[ChangedVerdict] = []
        for result in old.criteria:
            other = others.get(result.path)
            if other is None:
                continue
            tally = tallies.setdefault(result.path, _Tally(result.path))
            is_good = (
                helps[old.rubric_digest, result.path],
                helps[new.rubric_digest, result.path],
            )
            tally.add(result, other, is_good)
            before, after = result.verdict.ruling, other.verdict.ruling
            if before != after:
                found.append(
                    ChangedVerdict(
                        prompt_id=old.prompt_id,
                        response_id=old.response_id,
                        path=result.path,
                        before=before,
                        after=after,
                    )
                )
        changed += found
        pairs.append(
            ScorePair(
                prompt_id=old.prompt_id,
                response_id=old.response_id,
                before=old.score,
                after=new.score,
                changed=len(found),
            )
        )
    before_paths, after_paths = _paths(first), _paths(second)
    return RunComparison(
        names=names,
        pairs=tuple(pairs),
        only_first=len(olds.keys() - news.keys()),
        only_second=len(news.keys() - olds.keys()),
        mean=_mean(pairs, seed),
        verdicts=sum(tally.responses for tally in tallies.values()),
        changed=tuple(changed),
        criteria=tuple(tally.move() for tally in tallies.values()),
        gone=tuple(path for path in before_paths if path not in after_paths),
        new=tuple(path for path in after_paths if path not in before_paths),
    )


def _judged_twice(cards: Iterable[Scorecard]) -> bool:
    counts = Counter((card.prompt_id, card.response_id) for card in cards)
    return max(counts.values(), default=0) > 1


def _by_ids(cards: Iterable[Scorecard], by_rubric: bool) -> dict[Ids, Scorecard]:  # noqa: FBT001
    return {
        (card.prompt_id, card.response_id, card.rubric if by_rubric else ""): card
        for card in cards
    }


def _helps(evaluation: Evaluation) -> dict[tuple[str, str], bool]:
    return {
        (sheet.digest, criterion.path): criterion.helps
        for sheet in evaluation.sheets
        for criterion in sheet.criteria
    }


def _paths(cards: Iterable[Scorecard]) -> Mapping[str, None]:
    return dict.fromkeys(result.path for card in cards for result in card.criteria)


def _mean(pairs: Iterable[ScorePair], seed: int) -> Interval | None:
    by_prompt: dict[str, list[float]] = {}
    for pair in pairs:
        if pair.difference is not None:
            by_prompt.setdefault(pair.prompt_id, []).append(pair.difference)
    if len(by_prompt) == 1:
        # One prompt tells nothing of others; its responses are what there is.
        return bootstrap_mean(next(iter(by_prompt.values())), seed=seed)
    return bootstrap_mean([fmean(values) for values in by_prompt.values()], seed=seed)


@define
class _Tally:
    """Counts what became of one criterion, response by response."""

    path: str
    responses: int = 0
    befores: list[float] = field(factory=list)
    afters: list[float] = field(factory=list)
    rose: int = 0
    fell: int = 0
    lost: int = 0
    won: int = 0

    def add(
        self, old: CriterionResult, new: CriterionResult, helps: tuple[bool, bool]
    ) -> None:
        """Take in a response; ``helps`` says of both runs whether more is better."""
        self.responses += 1
        self.lost += old.verdict.ruling is not None and new.verdict.ruling is None
        self.won += old.verdict.ruling is None and new.verdict.ruling is not None
        if old.value is None or new.value is None:
            return
        before, after = (
            value if is_good else 1 - value
            for value, is_good in zip((old.value, new.value), helps, strict=True)
        )
        self.befores.append(before)
        self.afters.append(after)
        self.rose += after > before + TOLERANCE
        self.fell += after < before - TOLERANCE

    def move(self) -> CriterionMove:
        """Give what was counted."""
        return CriterionMove(
            path=self.path,
            responses=self.responses,
            both=len(self.befores),
            before=fmean(self.befores) if self.befores else None,
            after=fmean(self.afters) if self.afters else None,
            rose=self.rose,
            fell=self.fell,
            lost=self.lost,
            won=self.won,
        )
