"""What is under way: responses, the questions about them, and who waits for which.

A docket holds all jobs on one response text.  Its jobs go through their stages
(what some criteria need first, then those criteria) in step, so that what is
asked together, and at whose expense, does not depend on which answer is first.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from math import fsum

import attrs
from attrs import field

from rubricdsl.judging.panels import Judge, Panel, Seat
from rubricdsl.judging.planning import JudgedCriterion, RubricPlan
from rubricdsl.judging.quotes import QuoteSource
from rubricdsl.judging.sight import Sight
from rubricdsl.model.judgement import Question, Usage, Verdict
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Ask, BoundRubric


@attrs.frozen
class Job:
    """A response to be judged by a rubric."""

    rubric: BoundRubric
    response: Response


@attrs.define(eq=False)
class Account:
    """Requests sent and what they cost, summed exactly: in any order the same."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    costs: list[float] = field(factory=list)

    def spend(self, usage: Usage) -> None:
        """Add what a request cost."""
        self.prompt_tokens += usage.prompt_tokens
        self.completion_tokens += usage.completion_tokens
        if usage.cost is not None:
            self.costs.append(usage.cost)

    @property
    def usage(self) -> Usage:
        """What was spent so far."""
        return Usage(
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cost=fsum(self.costs) if self.costs else None,
        )


@attrs.define(eq=False)
class Sheet:
    """One job on its way to a scorecard.

    ``index`` is the job's place among all; ``sights`` are what its criteria see,
    by their ``sees``.
    """

    index: int
    plan: RubricPlan
    response: Response
    started: float
    verdicts: dict[str, Verdict] = field(factory=dict)
    asked: set[str] = field(factory=set)
    sights: dict[tuple[str, ...], "Seen"] = field(factory=dict)
    account: Account = field(factory=Account)


@attrs.frozen(eq=False)
class Seen:
    """What is seen, and the same as a source of quotes."""

    sight: Sight
    quotes: QuoteSource


@attrs.define(eq=False)
class Poll:
    """A panel's ballots on one criterion of one sheet, as they come in."""

    panel: Panel
    ballots: list[Verdict | None]

    def cast(self, place: int, ballot: Verdict) -> bool:
        """Take in a ballot; true when it was the last."""
        self.ballots[place] = ballot
        return None not in self.ballots

    def decide(self, judged: JudgedCriterion) -> Verdict:
        """Give the panel's verdict on all ballots."""
        cast = [ballot for ballot in self.ballots if ballot is not None]
        return self.panel.decide(cast, scale=judged.question.scale, worth=judged.worth)


@attrs.frozen(eq=False)
class Waiter:
    """Somebody who waits for an inquiry: a criterion of a sheet, or its panel."""

    docket: "Docket"
    sheet: Sheet
    judged: JudgedCriterion
    poll: Poll | None
    place: int


@attrs.define(eq=False)
class Inquiry:
    """A question to a judge, asked once, for all who wait for the answer."""

    question: Question
    seat: Seat
    seen: Seen
    waiters: list[Waiter] = field(factory=list)
    verdict: Verdict | None = None


InquiryKey = tuple[str, str, str]


@attrs.define(eq=False)
class Docket:
    """The jobs on one response text; ``outstanding`` counts those who wait."""

    sheets: list[Sheet]
    outstanding: int = 0
    inquiries: dict[InquiryKey, Inquiry] = field(factory=dict)


@attrs.define(eq=False)
class Batch:
    """Inquiries that go to a judge in one request.

    ``repeats`` is how often the answer could not be read; ``deadline`` is set
    when it is first sent, in the event loop's time.  ``payer`` bears the cost.
    """

    panel: Panel
    judge: Judge
    inquiries: Sequence[Inquiry]
    response: Response
    payer: Sheet
    repeats: int = 0
    deadline: float | None = None

    def repeated(self) -> "Batch":
        """Give the same request once more, for an answer that could be read."""
        return attrs.evolve(self, repeats=self.repeats + 1)

    def alone(self, inquiry: Inquiry, *, repeats: int) -> "Batch":
        """Give a request for one of the inquiries, under the same deadline."""
        return attrs.evolve(self, inquiries=(inquiry,), repeats=repeats)


class BatchGroups:
    """Sorts inquiries into batches, in the order in which they come."""

    def __init__(self) -> None:
        self._groups: dict[tuple[object, ...], tuple[Waiter, list[Inquiry]]] = {}

    def add(self, inquiry: Inquiry, waiter: Waiter) -> None:
        """Put an inquiry to those with which it can be asked together."""
        capabilities = inquiry.seat.judge.backend.capabilities
        key: tuple[object, ...] = (inquiry.seat.manner, inquiry.seen.sight.digest)
        if not capabilities.together or waiter.judged.panel.ask is Ask.EACH:
            key = (id(inquiry),)
        elif capabilities.by_name:
            key = (*key, waiter.sheet.index)
        _, inquiries = self._groups.setdefault(key, (waiter, []))
        inquiries.append(inquiry)

    def batches(self) -> Iterator[Batch]:
        """Give the batches, none larger than its judge takes."""
        for waiter, inquiries in self._groups.values():
            judge = inquiries[0].seat.judge
            limit = judge.backend.capabilities.max_questions or len(inquiries)
            for start in range(0, len(inquiries), limit):
                yield Batch(
                    panel=waiter.judged.panel,
                    judge=judge,
                    inquiries=inquiries[start : start + limit],
                    response=waiter.sheet.response,
                    payer=waiter.sheet,
                )


@attrs.define(eq=False)
class Lane:
    """The way to one judge: what waits for it, and how many carry it there."""

    judge: Judge
    queue: deque[Batch] = field(factory=deque)
    workers: int = 0
    in_flight: int = 0
    peak: int = 0


def by_response(jobs: Sequence[Job]) -> list[list[int]]:
    """Sort jobs into dockets: places of jobs on the same response text."""
    places: dict[str, list[int]] = {}
    for place, job in enumerate(jobs):
        places.setdefault(job.response.text, []).append(place)
    return list(places.values())
