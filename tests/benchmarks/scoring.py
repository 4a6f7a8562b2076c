"""How long scoring takes: 100,000 responses by 20 criteria in 7 groups.

The rubric has a gate, a worst-of and a best-of group and negative weights; another
has all kinds of groups and marks, needs and n/a.  Times are given as ratios to a plain
recursive evaluator over dicts and floats, run in turn with the others in each round,
so that they carry over between machines.  Bounds and scorecards are timed on a tenth
of the responses.  Numpy is needed for the evaluator over arrays::

    python tests/benchmarks/scoring.py --responses 100000 --rounds 5
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from math import isnan
from typing import Any, TypeAlias

from attrs import frozen

from rubricdsl.model.expression import Arithmetic, Name
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import (
    Bonus,
    BoundRubric,
    Cap,
    Criterion,
    Group,
    Kind,
    Mark,
    Must,
    NaPolicy,
    Never,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, YES, Failure, Ruling
from rubricdsl.scoring.bounds import Bounds
from rubricdsl.scoring.meaning import Meaning
from rubricdsl.scoring.scorecards import Scorer
from rubricdsl.testing.strategies import rubric_of

Plain: TypeAlias = dict[str, Any]


def twenty_criteria() -> BoundRubric:
    """Give the rubric: 20 criteria, 7 groups, the root among them."""

    def criterion(number: int, mark: Mark) -> Criterion:
        return Criterion(name=f"c{number}", mark=mark, text="Is so.")

    def group(name: str, kind: Kind, weight: float, *items: Criterion | Group) -> Group:
        return Group(name=name, mark=Weight(weight), kind=kind, items=items)

    weights = [3.0, 2.0, 1.0, -1.0, 2.0, 1.0, 3.0, 1.0, 2.0, 1.0]
    weights += [1.0, 2.0, 1.0, 3.0, 1.0, 2.0, -2.0, 1.0, 1.0]
    gate, *c = [
        criterion(0, Must()),
        *(criterion(n, Weight(w)) for n, w in enumerate(weights, 1)),
    ]
    inner = group("g1", Kind.MEAN, 2.0, *c[4:7])
    return rubric_of(
        [
            gate,
            group("g2", Kind.MEAN, 5.0, *c[0:4], inner),
            group("g3", Kind.WORST, 2.0, *c[7:10]),
            group("g4", Kind.BEST, 1.0, *c[10:13]),
            group("g5", Kind.MEAN, 3.0, *c[13:15], group("g6", Kind.MEAN, 1.0, c[15])),
            c[16],
            *c[17:],
        ]
    )


def every_kind() -> BoundRubric:
    """Give 20 criteria in 8 groups: all kinds, marks, needs and rules for n/a."""

    def criterion(number: int, mark: Mark | None = None) -> Criterion:
        return Criterion(
            name=f"c{number}",
            mark=mark or Weight(1.0 + number % 3),
            text="Is so.",
            na=NaPolicy.SKIP if number % 4 == 0 else None,
            needs=("g.c1",) if number == 18 else (),
        )

    def group(name: str, kind: Kind, *items: Criterion | Group) -> Group:
        count = 2 if kind is Kind.AT_LEAST else None
        combine = None
        if kind is Kind.FORMULA:
            first, second = (Name(item.name) for item in items)
            combine = Arithmetic("*", first, second)
        return Group(
            name=name,
            mark=Weight(2.0),
            kind=kind,
            items=items,
            count=count,
            combine=combine,
        )

    c = [criterion(number) for number in range(20)]
    return rubric_of(
        [
            criterion(20, Must()),
            criterion(21, Never()),
            criterion(22, Cap(0.5)),
            criterion(23, Bonus(0.5)),
            criterion(24, Weight(-1.0)),
            group("g", Kind.MEAN, c[0], c[1]),
            group("all", Kind.ALL, c[2], c[3]),
            group("any", Kind.ANY, c[4], c[5]),
            group("some", Kind.AT_LEAST, c[6], c[7], c[8]),
            group("worst", Kind.WORST, c[9], c[10]),
            group("best", Kind.BEST, c[11], c[12]),
            group("geomean", Kind.GEOMEAN, c[13], c[18]),
            group("formula", Kind.FORMULA, c[14], c[15]),
        ]
    )


def plain(node: Criterion | Group) -> Plain:
    """Give the rubric as dicts, for the evaluator that the others are held to."""
    weight = node.mark.value if isinstance(node.mark, Weight) else None
    if isinstance(node, Criterion):
        return {"path": node.path, "weight": weight}
    children = [plain(child) for child in node.nodes]
    return {"kind": str(node.kind), "children": children, "weight": weight}


def plain_score(node: Plain, values: Mapping[str, float]) -> float:
    """Score without n/a, needs, pass marks or caps: the least that can be done."""
    children = node.get("children")
    if children is None:
        return values[node["path"]]
    pairs = [(child["weight"], plain_score(child, values)) for child in children]
    if any(weight is None and value < 1 for weight, value in pairs):
        return 0.0
    if node["kind"] == "worst":
        return min(value for _, value in pairs)
    if node["kind"] == "best":
        return max(value for _, value in pairs)
    counted = [(weight, value) for weight, value in pairs if weight is not None]
    points = sum(float(weight * value) for weight, value in counted)
    total = sum(float(weight) for weight, _ in counted if weight > 0)
    return min(1.0, max(0.0, points / total))


def main() -> None:
    """Run all evaluators in turn, round by round, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--responses", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    rubric = twenty_criteria()
    paths = [criterion.path for criterion in rubric.criteria()]
    draw = random.Random(options.seed)  # noqa: S311 - no secret
    bits = [[draw.random() < 0.7 for _ in paths] for _ in range(options.responses)]
    rulings = [dict(zip(paths, map(Ruling.of_bool, row), strict=True)) for row in bits]
    values = [dict(zip(paths, map(float, row), strict=True)) for row in bits]

    tree, meaning = plain(rubric.root), Meaning.of(rubric)
    expected = [plain_score(tree, row) for row in values]
    worst = max(
        abs((meaning.score(row) or 0.0) - score)
        for row, score in zip(rulings, expected, strict=True)
    )
    write(f"largest difference between plain and reference: {worst:.1e}")

    provenance = Provenance(judge="bench")
    said = {word: Verdict(ruling=word, provenance=provenance) for word in (YES, NO)}
    lost = Verdict(failure=Failure("rate_limited", "lost"), provenance=provenance)
    few = rulings[: max(1, options.responses // 10)]
    verdicts = [{p: said[r] for p, r in row.items()} for row in few]
    leaning = [
        Verdict(ruling=YES, probability=0.5 + n / 40, provenance=provenance)
        for n in range(20)
    ]
    sure = [{p: leaning[draw.randrange(20)] for p in row} for row in few]
    partial = [row | {paths[-1]: lost} for row in verdicts]
    known = [{p: r for p, r in row.items() if p != paths[-1]} for row in few]
    response = Response(text="", prompt_id="p", response_id="r")
    scorer, reach = Scorer.of(rubric), Bounds(meaning)
    contestants = [
        Contestant("plain recursive dicts", values, lambda row: plain_score(tree, row)),
        Contestant("reference (Meaning.score)", rulings, meaning.score),
        Contestant("bounds, one missing", known, reach.score),
        Contestant(
            "scorecard, complete", verdicts, lambda row: scorer.scorecard(response, row)
        ),
        Contestant(
            "scorecard, one lost", partial, lambda row: scorer.scorecard(response, row)
        ),
        Contestant(
            "scorecard, probabilities",
            sure,
            lambda row: scorer.scorecard(response, row),
        ),
    ]
    contestants += over_arrays("arrays", rubric, rulings)
    mixed = every_kind()
    words = (YES, YES, NO)
    drawn: list[Mapping[str, Ruling]] = [
        {
            criterion.path: NA
            if criterion.na is not None and draw.random() < 0.1
            else draw.choice(words)
            for criterion in mixed.criteria()
        }
        for _ in range(options.responses)
    ]
    contestants.append(
        Contestant("reference, every kind", drawn, Meaning.of(mixed).score)
    )
    contestants += over_arrays("arrays, every kind", mixed, drawn)
    report(contestants, rounds=options.rounds)


def over_arrays(
    name: str, rubric: BoundRubric, rulings: Sequence[Mapping[str, Ruling]]
) -> "list[Contestant]":
    """Give the evaluator over arrays, once it has the scores of the reference."""
    try:
        from rubricdsl.scoring.arrays.evaluating import ArrayMeaning
        from rubricdsl.scoring.arrays.worths import Worths
    except ImportError:
        write(f"{name}: numpy is not installed")
        return []
    arrays, worths = ArrayMeaning.of(rubric), Worths.of_rulings(rubric, rulings)
    meaning = Meaning.of(rubric)
    worst = 0.0
    for row, score in zip(rulings, arrays.scores(worths).scores.tolist(), strict=True):
        expected = meaning.score(row)
        if (expected is None) is not isnan(score):
            raise ValueError(f"{name}: {score} instead of {expected} for {row}")
        worst = max(worst, 0.0 if expected is None else abs(expected - score))
    write(f"{name}: largest difference from the reference {worst:.1e}")
    return [Contestant(name, [worths], arrays.scores, len(rulings))]


@frozen(eq=False)
class Contestant:
    """An evaluator, the rows that it is timed on, and the responses in each row."""

    name: str
    rows: Sequence[Any]
    score: Callable[[Any], object]
    responses: int = 1

    def seconds(self) -> float:
        """Give the CPU time for one response."""
        score = self.score
        start = time.process_time()
        for row in self.rows:
            score(row)
        return (time.process_time() - start) / len(self.rows) / self.responses


def report(contestants: Sequence[Contestant], *, rounds: int) -> None:
    """Time all in turn, round by round; write medians and spreads of the ratios."""
    times = [[c.seconds() for c in contestants] for _ in range(rounds)]
    write(f"{rounds} rounds, CPU time, ratio to the first line")
    for number, contestant in enumerate(contestants):
        ratios = [row[number] / row[0] for row in times]
        median = statistics.median(row[number] for row in times)
        write(
            f"{contestant.name:26} {statistics.median(ratios):7.3f} "
            f"[{min(ratios):.2f} to {max(ratios):.2f}]"
            f"{median * 1e6:9.3f} us a response"
        )


def write(line: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
