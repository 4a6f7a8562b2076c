"""What is under way: responses, the questions about them, and who waits for which.

A docket holds all jobs on one response text, or, where responses are ranked, to one
prompt.  Its jobs go through their stages (what some criteria need first, then those
criteria; what decides a ranking first, then the rest) in step, so that what is
asked together, and at whose expense, does not depend on which answer is first.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import fsum
from typing import overload

import attrs
from attrs import field

from rubricdsl.judging.blocks import Block
from rubricdsl.judging.degenerate import says_nothing
from rubricdsl.judging.panels import Panel, Seat
from rubricdsl.judging.planning import JudgedCriterion, RubricPlan
from rubricdsl.judging.quotes import QuoteSource
from rubricdsl.judging.sight import Sight
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.model.execution import Job
from rubricdsl.model.judgement import Question, Usage, Verdict
from rubricdsl.model.response import Response


@attrs.define(eq=False)
class Account:
    """Requests sent and what they cost, summed exactly: in any order the same.

    ``replies`` counts those that were answered.
    """

    calls: int = 0
    replies: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    costs: list[float] = field(factory=list)

    def spend(self, usage: Usage) -> None:
        """Add what a request cost that was answered."""
        self.replies += 1
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

    def answered(self) -> "Account":
        """Give an account of the requests that were answered, and of no others."""
        return attrs.evolve(self, calls=self.replies, costs=list(self.costs))


@attrs.define(eq=False)
class Sheet:
    """One job on its way to a scorecard.

    ``index`` is the job's place among all; ``sights`` are what its criteria see,
    by their ``sees``, and ``polls`` the panels' ballots, by path, where there are
    several.  ``revision`` counts the verdicts put down, those in the place of others
    among them.  It is ``suspect`` once a canary was answered wrongly.
    """

    index: int
    plan: RubricPlan
    response: Response
    started: float
    verdicts: dict[str, Verdict] = field(factory=dict)
    asked: set[str] = field(factory=set)
    sights: dict[tuple[str, ...], "Seen"] = field(factory=dict)
    polls: dict[str, "Poll"] = field(factory=dict)
    account: Account = field(factory=Account)
    revision: int = 0
    suspect: bool = False

    def ballots(self, path: str) -> Sequence[Verdict]:
        """Give what was said so far to a question that has a verdict."""
        poll = self.polls.get(path)
        if poll is None:
            return [self.verdicts[path]]
        return [ballot for ballot in poll.ballots if ballot is not None]


@attrs.frozen(eq=False, slots=False)
class Seen:
    """What is seen, the same as a source of quotes, and what is known of it.

    ``known`` are the verdicts of earlier runs, by question and seat.
    """

    sight: Sight
    quotes: QuoteSource
    known: Mapping[tuple[str, str], Verdict]

    @cached_property
    def says_nothing(self) -> bool:
        """Whether the response is shown, and there is nothing to read in it."""
        response = self.sight.texts.get("response")
        return response is not None and says_nothing(response)


@attrs.define(eq=False)
class Poll:
    """A panel's ballots on one criterion of one sheet, as they come in.

    There is a place for each seat that was asked, or is about to be.
    """

    panel: Panel
    ballots: list[Verdict | None]

    @classmethod
    def of(cls, panel: Panel) -> "Poll":
        """Open a poll of those seats that are asked at once."""
        return cls(panel, [None] * panel.at_once)

    def cast(self, place: int, ballot: Verdict) -> bool:
        """Take in a ballot; true when all that were asked have answered."""
        self.ballots[place] = ballot
        return None not in self.ballots

    def go_on(self) -> bool:
        """Make room for the next seat, where what was said does not decide.

        Gives whether there is one to ask.
        """
        last = self.ballots[-1]
        if (
            last is None
            or len(self.ballots) == len(self.panel.seats)
            or self.panel.ends_with(last)
        ):
            return False
        self.ballots.append(None)
        return True

    def enlarge(self) -> Iterator[tuple[int, Seat]]:
        """Have every judge vote once more; gives the new seats and their places."""
        held = dict(
            zip((seat.manner for seat in self.panel.seats), self.ballots, strict=True)
        )
        self.panel = self.panel.larger
        self.ballots = [held.get(seat.manner) for seat in self.panel.seats]
        for place, seat in enumerate(self.panel.seats):
            if seat.manner not in held:
                yield place, seat

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
    suspect: bool = False

    @property
    def key(self) -> VerdictKey:
        """The identity of its verdict, in any run."""
        return VerdictKey(
            response=self.seen.sight.digest,
            question=self.question.digest,
            judge=self.seat.identity,
        )


InquiryKey = tuple[str, str, str]


def inquiry_key(seat: Seat, seen: Seen, question: Question) -> InquiryKey:
    """Give the identity of an inquiry within a run."""
    return (seat.manner, seen.sight.digest, question.digest)


@attrs.define(eq=False)
class Docket:
    """Jobs that go in step; ``outstanding`` counts those who wait.

    ``undecided`` are those among them that wait for a judge who was not asked yet, as
    the one before did not decide.  ``bundles`` are what was asked in one go.
    """

    sheets: list[Sheet]
    outstanding: int = 0
    undecided: list[Waiter] = field(factory=list)
    bundles: "list[Bundle]" = field(factory=list)
    _inquiries: dict[InquiryKey, Inquiry] = field(factory=dict)

    @property
    def is_answered(self) -> bool:
        """Whether all that was asked has been answered."""
        return self.outstanding == len(self.undecided)

    def take_undecided(self) -> Sequence[Waiter]:
        """Give those who wait for the next judge; they are not counted any more."""
        taken, self.undecided = self.undecided, []
        self.outstanding -= len(taken)
        return taken

    @property
    def inquiries(self) -> dict[InquiryKey, Inquiry]:
        """All that was asked, one by one."""
        bundles, self.bundles = self.bundles, []
        for bundle in bundles:
            for inquiry in bundle:
                key = inquiry_key(inquiry.seat, inquiry.seen, inquiry.question)
                self._inquiries[key] = inquiry
        return self._inquiries


@attrs.define(eq=False)
class Bundle(Sequence[Inquiry]):
    """The inquiries about all criteria of a block on one sheet.

    As long as nobody looks at one of them it ``is_whole``, and then ``verdicts`` are
    all that has to be put down.
    """

    docket: Docket
    sheet: Sheet
    block: Block
    seen: Seen
    verdicts: Sequence[Verdict] | None = None
    _apart: tuple[Inquiry, ...] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether there are no inquiries of which others may know."""
        return self._apart is None

    @property
    def keys(self) -> list[VerdictKey]:
        """The identities of the verdicts, in any run."""
        response = self.seen.sight.digest
        return [VerdictKey(response, *key) for key in self.block.keys]

    def __len__(self) -> int:
        return len(self.block.criteria)

    @overload
    def __getitem__(self, place: int) -> Inquiry: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Inquiry]: ...
    def __getitem__(self, place: int | slice) -> Inquiry | Sequence[Inquiry]:
        return self._taken_apart()[place]

    def __iter__(self) -> Iterator[Inquiry]:
        return iter(self._taken_apart())

    def _taken_apart(self) -> tuple[Inquiry, ...]:
        if self._apart is None:
            seat, verdicts = self.block.seat, self.verdicts
            apart: list[Inquiry] = []
            for place, judged in enumerate(self.block.criteria):
                inquiry = Inquiry(judged.question, seat, self.seen)
                if verdicts is None:
                    waiter = Waiter(self.docket, self.sheet, judged, None, 0)
                    inquiry.waiters.append(waiter)
                else:
                    inquiry.verdict = verdicts[place]
                apart.append(inquiry)
            self._apart = tuple(apart)
        return self._apart


def by_response(jobs: Sequence[Job]) -> list[list[int]]:
    """Sort jobs into dockets: places of jobs on the same response text."""
    return _sorted_by([job.response.text for job in jobs])


def by_prompt(jobs: Sequence[Job]) -> list[list[int]]:
    """Sort jobs into dockets: places of jobs on responses to the same prompt."""
    return _sorted_by([job.response.prompt_id for job in jobs])


def _sorted_by(keys: Sequence[str]) -> list[list[int]]:
    places: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    return list(places.values())
