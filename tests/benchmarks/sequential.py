"""How many questions sequential judging saves against a fixed number of votes.

Simulated judges say yes to each question with a probability of its own, drawn so
that repeated answers differ at the given flip rate.  The truth is the score that an
endless vote would give.  Fixed votes and sequential judging are held against it on
the same questions: calls for each response, and the root of the mean squared error
of the score.  The last lines compare calls at the same error::

    python tests/benchmarks/sequential.py --responses 150 --flip-rate 0.1

With ``--top K`` the responses come in pools of 12, of which the best K are looked for:
by one vote on what bounds leave open, by as many votes on that as told, and by asking
again about the border.  Each line gives the calls for each response, how often the K
found are the best, and how much worse they are than these, summed::

    python tests/benchmarks/sequential.py --top 2 --pools 60
"""

import argparse
import math
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from attrs import evolve, frozen

from rubricdsl.judging.border import Border, Prospects, ProspectsOf
from rubricdsl.judging.ranking import Outlook, Ranker
from rubricdsl.judging.sequential import Prior, SequentialPolicy, Votes
from rubricdsl.model.execution import Precision
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.rubric import BoundRubric, Criterion, VoteRule, Weight
from rubricdsl.model.ruling import Ruling
from rubricdsl.scoring.expected import Expectation
from rubricdsl.scoring.leaves import TOLERANCE
from rubricdsl.scoring.meaning import Meaning
from rubricdsl.scoring.scorecards import Scorer
from rubricdsl.testing.strategies import rubric_of

PROVENANCE = Provenance(judge="bench")
MOST = 15
POOL = 12


@frozen
class Outcome:
    """Calls for each response, and the error of the score."""

    name: str
    calls: float
    error: float


def ten_criteria() -> BoundRubric:
    """Give the rubric: weights from 1 to 5, and a negative one."""
    weights = (5.0, 3.0, 3.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, -2.0)
    return rubric_of(
        [
            Criterion(name=f"c{n}", mark=Weight(weight), text="Is so.")
            for n, weight in enumerate(weights)
        ]
    )


def main() -> None:
    """Try fixed votes and half-widths in turn; write what each came to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--responses", type=int, default=150)
    parser.add_argument("--flip-rate", type=float, default=0.1)
    parser.add_argument("--rule", choices=("majority", "mean"), default="mean")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--top", type=int)
    parser.add_argument("--pools", type=int, default=60)
    options = parser.parse_args()
    if options.top is not None:
        rank(options)
        return
    meaning = Meaning.of(ten_criteria())
    prior = Prior.of_flip_rate(options.flip_rate)
    rule = VoteRule(options.rule)

    def outcome(name: str, judged: Callable[[Asked], None]) -> Outcome:
        draw = random.Random(options.seed)  # noqa: S311 - no secret
        calls, squares = 0, []
        for _ in range(options.responses):
            asked = Asked(meaning, prior, rule, draw)
            judged(asked)
            calls += sum(votes.asked for votes in asked.votes.values())
            squares.append((asked.score() - asked.truth()) ** 2)
        error = math.sqrt(math.fsum(squares) / len(squares))
        return Outcome(name, calls / options.responses, error)

    def times(n: int) -> Callable[[Asked], None]:
        return lambda asked: asked.fixed(n)

    fixed = [outcome(f"{n} votes each", times(n)) for n in (1, 3, 5, 7, 9)]
    sequential = []
    for within in (0.15, 0.12, 0.1, 0.08, 0.06):
        policy = SequentialPolicy.of(
            Expectation(meaning),
            Precision(within=within, most=MOST, flip_rate=options.flip_rate),
        )
        name = f"until within {within}"
        sequential.append(outcome(name, until(policy)))
    for one in (*fixed, *sequential):
        write(f"{one.name:20}{one.calls:7.1f} calls a response{one.error:9.4f} error")
    for one in fixed[1:]:
        calls = calls_at(one.error, sequential)
        if calls is not None:
            share = calls / one.calls
            write(f"at the error of {one.name}: {calls:.1f} calls, {share:.0%} of them")


def calls_at(error: float, outcomes: Sequence[Outcome]) -> float | None:
    """Give the calls for an error, between outcomes of falling error; else None."""
    for one, other in pairwise(outcomes):
        if other.error <= error <= one.error:
            part = math.log(one.error / error) / math.log(one.error / other.error)
            return one.calls * math.pow(other.calls / one.calls, part)
    return None


def until(policy: SequentialPolicy) -> "Callable[[Asked], None]":
    """Give a way of asking that follows a policy."""
    return lambda asked: asked.until(policy)


# ----------------------------------------------------------------------- ranking


@frozen
class Selection:
    """Calls for each response, how often the best were found, and by how much not."""

    calls: float
    right: float
    regret: float


def rank(options: argparse.Namespace) -> None:
    """Look for the best of pools in turn; write what each way came to."""
    scorer = Scorer.of(ten_criteria())
    ranker = Ranker.of(scorer, options.top)
    prior = Prior.of_flip_rate(options.flip_rate)
    rule = VoteRule(options.rule)

    def selected(times: int, precision: Precision | None) -> Selection:
        draw = random.Random(options.seed)  # noqa: S311 - no secret
        border = None if precision is None else Border.of(ranker, precision)
        calls, right, regrets = 0, 0, []
        for _ in range(options.pools):
            pool = Pool(
                ranker,
                [Asked(scorer.meaning, prior, rule, draw) for _ in range(POOL)],
                times,
            )
            found = pool.found(border)
            calls += pool.calls
            truths = [asked.truth() for asked in pool.responses]
            best = sorted(truths, reverse=True)[: options.top]
            lost = math.fsum(best) - math.fsum(truths[place] for place in found)
            right += lost < TOLERANCE
            regrets.append(lost)
        share = right / options.pools
        regret = math.fsum(regrets) / options.pools
        return Selection(calls / options.pools / POOL, share, regret)

    def tell(name: str, one: Selection) -> None:
        write(
            f"{name:20}{one.calls:7.1f} calls a response{one.right:8.0%} right"
            f"{one.regret:9.4f} lost"
        )

    for times in (1, 3, 5, 7):
        tell(f"{times} votes each", selected(times, None))
    for within in (0.1, 0.05, 0.02):
        precision = Precision(within=within, most=7, flip_rate=options.flip_rate)
        tell(f"until within {within}", selected(1, precision))


class Pool:
    """Responses to one prompt, of which the best are looked for."""

    def __init__(
        self, ranker: Ranker, responses: "Sequence[Asked]", times: int
    ) -> None:
        self.ranker = ranker
        self.responses = responses
        self.times = times
        self._known: dict[tuple[int, int], Prospects] = {}

    @property
    def calls(self) -> int:
        """How many votes there are."""
        return sum(v.asked for one in self.responses for v in one.votes.values())

    def found(self, border: Border | None) -> Sequence[int]:
        """Find the best, and ask again about their border, if there is one."""
        while True:
            outlooks = [self.ranker.outlook(one.verdicts()) for one in self.responses]
            wanted = {
                place: [criterion.path for criterion in criteria]
                for place, criteria in self.ranker.ask(outlooks, lambda _: None).items()
            }
            if not wanted and border is not None:
                again = border.again(outlooks, self._prospects(border, outlooks))
                wanted = {place: [path] for place, path in again.items()}
            if not wanted:
                standings = enumerate(self.ranker.standings(outlooks))
                return [p for p, s in standings if s.worst <= self.ranker.top]
            for place, paths in wanted.items():
                for path in paths:
                    self._ask(self.responses[place], path)

    def _ask(self, response: "Asked", path: str) -> None:
        first = not response.votes[path].asked
        for _ in range(self.times if first else 1):
            response.ask(path)

    def _prospects(self, border: Border, outlooks: Sequence[Outlook]) -> ProspectsOf:
        def prospects(place: int) -> Prospects:
            one, outlook = self.responses[place], outlooks[place]
            key = place, sum(votes.asked for votes in one.votes.values())
            if key not in self._known:
                self._known[key] = Prospects(
                    border=border,
                    verdicts=one.verdicts(),
                    votes={p: v for p, v in one.votes.items() if v.asked},
                    unasked={p: v for p, v in one.votes.items() if not v.asked},
                    askable=frozenset(c.path for c in outlook.askable),
                )
            return self._known[key]

        return prospects


class Asked:
    """One response: how likely each question is answered yes, and what was said."""

    def __init__(
        self, meaning: Meaning, prior: Prior, rule: VoteRule, draw: random.Random
    ) -> None:
        paths = [c.path for _, c in meaning.structure.criteria()]
        self.meaning = meaning
        self.rule = rule
        self.thetas = {p: draw.betavariate(prior.yes, prior.no) for p in paths}
        # A stream of its own, so that all ways of asking are put the same questions.
        self.draw = random.Random(draw.random())  # noqa: S311 - no secret
        self.votes = dict.fromkeys(paths, Votes(0.0, 0, rule))

    def ask(self, path: str) -> None:
        """Put one question once more."""
        votes, yes = self.votes[path], self.draw.random() < self.thetas[path]
        self.votes[path] = evolve(votes, yes=votes.yes + yes, asked=votes.asked + 1)

    def fixed(self, times: int) -> None:
        """Ask everything so many times."""
        for path in self.votes:
            for _ in range(times):
                self.ask(path)

    def until(self, policy: SequentialPolicy) -> None:
        """Ask everything once, and then what the policy says."""
        self.fixed(1)
        while path := policy.next(self.verdicts(), self.votes):
            self.ask(path)

    def verdicts(self) -> Mapping[str, Verdict]:
        """Give the verdicts by the rule."""
        return {
            path: Verdict(ruling=ruling, provenance=PROVENANCE)
            for path, ruling in self._rulings().items()
        }

    def score(self) -> float:
        """Give the score by the rule."""
        return self.meaning.score(self._rulings()) or 0.0

    def truth(self) -> float:
        """Give the score by an endless vote."""
        rulings = {path: self._ruling(theta) for path, theta in self.thetas.items()}
        return self.meaning.score(rulings) or 0.0

    def _rulings(self) -> Mapping[str, Ruling]:
        return {
            path: self._ruling(votes.yes / votes.asked)
            for path, votes in self.votes.items()
            if votes.asked
        }

    def _ruling(self, share: float) -> Ruling:
        if self.rule is VoteRule.MEAN:
            return Ruling.of_number(share)
        return Ruling.of_bool(share > 0.5)


def write(line: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
