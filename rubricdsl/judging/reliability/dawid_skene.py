"""Who of a panel is right how often, where nobody knows what is true.

Dawid and Skene (Applied Statistics 28, 1979): each item has one true answer, drawn
from a prior; each judge answers by its own table of how often it gives which answer
when which is true, independently of the others.  Expectation maximisation finds
prior, tables and the probability of each answer being true, beginning with the
share of votes.  One vote more is added to each cell (Laplace), and to the right
answers of each judge as many as there are wrong ones, so that what was seen seldom
is not taken for certain and judges are taken to be rather right than wrong.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

Votes: TypeAlias = Sequence[tuple[str, str]]
"""What was said of one item: judge and answer, a judge perhaps more than once."""

MOST_STEPS = 500
_CLOSE = 1e-9


@frozen(eq=False)
class JudgeTable:
    """How a judge answers.

    ``confusion[true][said]`` is the probability that it gives one answer where
    another is true; ``accuracy`` that it gives the true one, by the prior.
    ``votes`` is the number of its answers.
    """

    judge: str
    votes: int
    confusion: Mapping[str, Mapping[str, float]]
    accuracy: float


@frozen(eq=False)
class DawidSkene:
    """What panels' votes say of the judges and of what is true.

    ``posteriors`` are, in the order of the items, the probabilities of each answer.
    ``log_likelihood`` is that of the votes; ``objective`` adds the log prior that
    the smoothing stands for, and is what rises in each step.
    """

    judges: tuple[JudgeTable, ...]
    prior: Mapping[str, float]
    posteriors: tuple[Mapping[str, float], ...]
    log_likelihood: float
    objective: float
    steps: int
    converged: bool

    def truths(self) -> tuple[str, ...]:
        """Give the likeliest answer for each item, among equals the first."""
        return tuple(max(p, key=lambda answer: p[answer]) for p in self.posteriors)


def dawid_skene(
    items: Sequence[Votes], *, most_steps: int = MOST_STEPS, smoothing: float = 1.0
) -> DawidSkene:
    """Fit the model; the order of items, judges and votes makes no difference.

    Answers are the classes, in sorted order.  Raises ValueError for an item without
    votes, or where there are no items.
    """
    if not items or not all(items):
        raise ValueError("every item needs a vote, and there must be one")
    model = _Model(items, smoothing)
    prior, tables = model.maximised(model.shares())
    posteriors, likelihood = model.expected(prior, tables)
    objective = likelihood + model.log_prior(prior, tables)
    steps, converged = 1, False
    while steps < most_steps and not converged:
        steps += 1
        prior, tables = model.maximised(posteriors)
        posteriors, likelihood = model.expected(prior, tables)
        new = likelihood + model.log_prior(prior, tables)
        converged = new - objective < _CLOSE * (1 + abs(new))
        objective = new
    return DawidSkene(
        judges=tuple(model.table(j, prior, tables[j]) for j in range(len(tables))),
        prior=dict(zip(model.answers, prior, strict=True)),
        posteriors=tuple(
            dict(zip(model.answers, posteriors[number], strict=True))
            for number in model.pattern_of
        ),
        log_likelihood=likelihood,
        objective=objective,
        steps=steps,
        converged=converged,
    )


_Table: TypeAlias = list[list[float]]


class _Model:
    """Votes by number of judge and answer, and the two steps of the algorithm.

    Items with the same votes are worked out once, as one of ``patterns``, which are
    sorted; so no order shows.
    """

    def __init__(self, items: Sequence[Votes], smoothing: float) -> None:
        self.judges = sorted({judge for votes in items for judge, _ in votes})
        self.answers = sorted({answer for votes in items for _, answer in votes})
        judge_of = {judge: number for number, judge in enumerate(self.judges)}
        answer_of = {answer: number for number, answer in enumerate(self.answers)}
        numbered = [
            tuple(sorted((judge_of[judge], answer_of[said]) for judge, said in votes))
            for votes in items
        ]
        counts = Counter(numbered)
        self.patterns = sorted(counts.items())
        places = {pattern: place for place, (pattern, _) in enumerate(self.patterns)}
        self.pattern_of = [places[pattern] for pattern in numbered]
        wrong = max(len(self.answers) - 1, 1)
        self.extra = [
            [smoothing * (wrong if said == true else 1.0) for said in self.classes]
            for true in self.classes
        ]
        self.smoothing = smoothing

    @property
    def classes(self) -> range:
        return range(len(self.answers))

    def shares(self) -> list[list[float]]:
        """Give the share of votes for each answer, by pattern."""
        return [
            [sum(said == c for _, said in votes) / len(votes) for c in self.classes]
            for votes, _ in self.patterns
        ]

    def maximised(
        self, posteriors: Sequence[Sequence[float]]
    ) -> tuple[list[float], list[_Table]]:
        """Give the prior and the tables that are likeliest, given what is true."""
        counts = [count for _, count in self.patterns]
        weighted = [
            [count * p for p in posterior]
            for count, posterior in zip(counts, posteriors, strict=True)
        ]
        totals = [
            math.fsum(w[c] for w in weighted) + self.smoothing for c in self.classes
        ]
        prior = [total / math.fsum(totals) for total in totals]
        cells: list[list[list[list[float]]]] = [
            [[[] for _ in self.classes] for _ in self.classes] for _ in self.judges
        ]
        for (votes, _), weights in zip(self.patterns, weighted, strict=True):
            for judge, said in votes:
                for true in self.classes:
                    cells[judge][true][said].append(weights[true])
        tables = []
        for table in cells:
            rows = []
            for true in self.classes:
                masses = [
                    math.fsum(table[true][said]) + self.extra[true][said]
                    for said in self.classes
                ]
                rows.append([mass / math.fsum(masses) for mass in masses])
            tables.append(rows)
        return prior, tables

    def expected(
        self, prior: Sequence[float], tables: Sequence[_Table]
    ) -> tuple[list[list[float]], float]:
        """Give the probability of each answer being true, and the log likelihood."""
        log_prior = [math.log(p) for p in prior]
        logs = [[[math.log(p) for p in row] for row in table] for table in tables]
        posteriors: list[list[float]] = []
        likelihoods: list[float] = []
        for votes, count in self.patterns:
            joint = [
                math.fsum(
                    [
                        log_prior[true],
                        *(logs[judge][true][said] for judge, said in votes),
                    ]
                )
                for true in self.classes
            ]
            most = max(joint)
            weights = [math.exp(log - most) for log in joint]
            total = math.fsum(weights)
            posteriors.append([weight / total for weight in weights])
            likelihoods.append(count * (most + math.log(total)))
        return posteriors, math.fsum(likelihoods)

    def log_prior(self, prior: Sequence[float], tables: Sequence[_Table]) -> float:
        """Give the log density, but for a constant, that the smoothing stands for."""
        terms = [self.smoothing * math.log(p) for p in prior]
        for table in tables:
            for extra, row in zip(self.extra, table, strict=True):
                terms += [k * math.log(p) for k, p in zip(extra, row, strict=True)]
        return math.fsum(terms)

    def table(self, judge: int, prior: Sequence[float], rows: _Table) -> JudgeTable:
        return JudgeTable(
            judge=self.judges[judge],
            votes=sum(
                count * sum(number == judge for number, _ in votes)
                for votes, count in self.patterns
            ),
            confusion={
                self.answers[true]: dict(zip(self.answers, rows[true], strict=True))
                for true in self.classes
            },
            accuracy=math.fsum(prior[true] * rows[true][true] for true in self.classes),
        )
