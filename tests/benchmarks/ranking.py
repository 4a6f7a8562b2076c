"""How many questions the best 2 of 16 take, as a share of all, on simulated pools.

Each pool has 16 responses, each as good as a draw says, and 20 criteria, met with
that probability.  Asked one by one a question is a call; asked together a request
holds several.  The floor is what it takes to show that the best are the best where
they, and their scores, are known beforehand, asking about each response first what
weighs most.  Run it with ``python tests/benchmarks/ranking.py [--pools N]``.
"""

import argparse
import random
import statistics
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen

from rubricdsl.judging.ranking import Ranker
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.rubric import BoundRubric, Criterion, Must, Weight
from rubricdsl.model.ruling import NO, YES
from rubricdsl.scoring.scorecards import Scorer
from rubricdsl.testing.strategies import rubric_of

RESPONSES = 16
CRITERIA = 20
TOP = 2
Verdicts = Mapping[str, Verdict]


@frozen
class Kind:
    """A kind of pool; a response is as good as a number between ``good``."""

    name: str
    weight: Callable[[random.Random], int]
    good: tuple[float, float]
    failing: float = 0.0


KINDS = (
    Kind("weights 1 to 5", lambda draw: draw.randint(1, 5), (0.2, 0.95)),
    Kind("weights 1 to 3", lambda draw: draw.randint(1, 3), (0.2, 0.95)),
    Kind("equal weights", lambda _: 1, (0.2, 0.95)),
    Kind("equally good", lambda draw: draw.randint(1, 5), (0.6, 0.6)),
    Kind("a gate 40 % fail", lambda draw: draw.randint(1, 5), (0.2, 0.95), 0.4),
)


def _pool(kind: Kind, draw: random.Random) -> tuple[BoundRubric, list[Verdicts]]:
    items = [
        Criterion(name=f"c{n}", mark=Weight(float(kind.weight(draw))), text="Is so.")
        for n in range(CRITERIA)
    ]
    if kind.failing:
        items.append(Criterion(name="gate", mark=Must(), text="Is so."))
    rubric = rubric_of(items)
    tables: list[Verdicts] = []
    for _ in range(RESPONSES):
        good = draw.uniform(*kind.good)
        chances = {c.path: good for c in rubric.criteria()}
        if kind.failing:
            chances["gate"] = 1.0 - kind.failing
        tables.append(
            {
                path: Verdict(
                    ruling=YES if draw.random() < chance else NO,
                    provenance=Provenance(judge="drawn"),
                )
                for path, chance in chances.items()
            }
        )
    return rubric, tables


@frozen
class Cost:
    """What a ranking took, as shares of what a full evaluation takes."""

    questions: float
    calls: float
    rounds: int


def _rank(rubric: BoundRubric, tables: Sequence[Verdicts], *, together: bool) -> Cost:
    ranker = Ranker.of(Scorer.of(rubric), TOP)
    known: list[dict[str, Verdict]] = [{} for _ in tables]
    outlooks = [ranker.outlook(verdicts) for verdicts in known]
    questions = calls = rounds = 0
    while wanted := ranker.ask(outlooks, lambda _: together or None):
        rounds += 1
        for place, criteria in wanted.items():
            calls += 1
            questions += len(criteria)
            known[place].update((c.path, tables[place][c.path]) for c in criteria)
            outlooks[place] = ranker.outlook(known[place])
    assert sum((s.rank or TOP + 1) <= TOP for s in ranker.standings(outlooks)) == TOP
    each = len(tables) * len(tables[0])
    return Cost(questions / each, calls / (len(tables) if together else each), rounds)


def _floor(rubric: BoundRubric, tables: Sequence[Verdicts]) -> float:
    """Give the share of questions that takes whoever knows the best and their scores.

    The best are asked about in full, all others until they cannot come before the
    last of the best.
    """
    ranker = Ranker.of(Scorer.of(rubric), TOP)
    full = [ranker.outlook(verdicts) for verdicts in tables]
    standings = ranker.standings(full)
    last = next(place for place, s in enumerate(standings) if s.rank == TOP)
    questions = 0
    for place, verdicts in enumerate(tables):
        if (standings[place].rank or 0) <= TOP:
            questions += len(verdicts)
            continue
        known: dict[str, Verdict] = {}
        while not ranker.precedes(
            [*full[:place], ranker.outlook(known), *full[place + 1 :]], last, place
        ):
            (first, *_) = ranker.outlook(known).askable
            known[first.path] = verdicts[first.path]
        questions += len(known)
    return questions / (len(tables) * len(tables[0]))


def main() -> None:
    """Print a line for each kind of pool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pools", type=int, default=50)
    pools = parser.parse_args().pools
    print(f"top {TOP} of {RESPONSES} responses x {CRITERIA} criteria, {pools} pools")
    for kind in KINDS:
        draw = random.Random(0)  # noqa: S311 - nothing secret
        drawn = [_pool(kind, draw) for _ in range(pools)]
        floor = statistics.mean(_floor(*pool) for pool in drawn)
        for together in (False, True):
            costs = [_rank(*pool, together=together) for pool in drawn]
            shares = [cost.questions for cost in costs]
            print(
                f"{kind.name:18} {'together' if together else 'each':8} "
                f"questions {statistics.mean(shares):.3f} "
                f"({min(shares):.2f}-{max(shares):.2f}) "
                f"calls {statistics.mean(cost.calls for cost in costs):.2f} "
                f"rounds {statistics.mean(cost.rounds for cost in costs):.0f} "
                f"floor {floor:.3f}"
            )


if __name__ == "__main__":
    main()
