"""Requests: which inquiries go to a judge in one, and under what names."""

from collections.abc import Container, Iterator, Mapping, Sequence

import attrs

from rubricdsl.judging.blocks import question_ids
from rubricdsl.judging.dockets import Bundle, Inquiry, Seen, Sheet, Waiter
from rubricdsl.judging.panels import Judge, Panel, Seat
from rubricdsl.model.judgement import Question
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Ask


@attrs.define(eq=False)
class Batch:
    """Inquiries that go to a judge in one request.

    ``attempts`` counts how often it was sent, ``repeats`` how often the answer could
    not be read, and ``divided`` how often it was halved.  When it ``began`` is set
    when it is first sent, in the event loop's time, with the time for which its judge
    had been ``held`` back by then.  ``payer`` bears the cost.
    """

    panel: Panel
    judge: Judge
    inquiries: Sequence[Inquiry]
    response: Response
    payer: Sheet
    attempts: int = 0
    repeats: int = 0
    divided: int = 0
    began: float | None = None
    held: float = 0.0

    @classmethod
    def of(cls, bundle: Bundle) -> "Batch":
        """Give the request for a whole bundle."""
        block, sheet = bundle.block, bundle.sheet
        return cls(block.panel, block.seat.judge, bundle, sheet.response, sheet)

    @property
    def questions(self) -> Sequence[Question]:
        """What is asked, in the order of the inquiries."""
        inquiries = self.inquiries
        if isinstance(inquiries, Bundle):
            return inquiries.block.questions
        return [inquiry.question for inquiry in inquiries]

    @property
    def seat(self) -> Seat:
        """The seat of all inquiries."""
        inquiries = self.inquiries
        if isinstance(inquiries, Bundle):
            return inquiries.block.seat
        return inquiries[0].seat

    @property
    def seen(self) -> Seen:
        """What all inquiries are about."""
        inquiries = self.inquiries
        return inquiries.seen if isinstance(inquiries, Bundle) else inquiries[0].seen

    @property
    def names(self) -> Sequence[str]:
        """The ids under which the inquiries are asked: ``c1``, ``c2``, and so on."""
        return question_ids(len(self.inquiries))

    @property
    def named_questions(self) -> Mapping[str, Question]:
        """What is asked, by the ids under which it is."""
        inquiries = self.inquiries
        if isinstance(inquiries, Bundle):
            return inquiries.block.named
        return dict(zip(self.names, self.questions, strict=True))

    def repeated(self) -> "Batch":
        """Give the same request once more, for an answer that could be read."""
        return attrs.evolve(self, repeats=self.repeats + 1)

    def alone(self, inquiry: Inquiry, *, repeats: int) -> "Batch":
        """Give a request for one of the inquiries, under the same deadline."""
        return attrs.evolve(self, inquiries=(inquiry,), repeats=repeats)

    def halves(self) -> "Sequence[Batch]":
        """Give two requests for half of the inquiries each, as if never sent."""
        middle = len(self.inquiries) // 2
        return self._divided(self.inquiries[:middle], self.inquiries[middle:])

    def parts(self, most: int) -> "Sequence[Batch]":
        """Give requests for so many of the inquiries at most, as if never sent."""
        starts = range(0, len(self.inquiries), most)
        return self._divided(*(self.inquiries[n : n + most] for n in starts))

    def _divided(self, *parts: Sequence[Inquiry]) -> "Sequence[Batch]":
        return [
            attrs.evolve(
                self,
                inquiries=part,
                attempts=0,
                repeats=0,
                divided=self.divided + 1,
            )
            for part in parts
        ]


class BatchGroups:
    """Sorts inquiries into batches, in the order in which they come."""

    def __init__(self) -> None:
        self._groups: dict[tuple[object, ...], list[tuple[Inquiry, Waiter]]] = {}

    @property
    def inquiries(self) -> Iterator[tuple[Inquiry, Waiter]]:
        """All inquiries, each with the one who asked first."""
        for group in self._groups.values():
            yield from group

    def add(self, inquiry: Inquiry, waiter: Waiter) -> None:
        """Put an inquiry to those with which it can be asked together."""
        capabilities = inquiry.seat.judge.backend.capabilities
        key: tuple[object, ...] = (inquiry.seat.manner, inquiry.seen.sight.digest)
        if not capabilities.together or waiter.judged.panel.ask is Ask.EACH:
            key = (id(inquiry),)
        elif capabilities.by_name:
            key = (*key, waiter.sheet.index)
        self._groups.setdefault(key, []).append((inquiry, waiter))

    def batches(self, *, without: Container[Inquiry] = ()) -> Iterator[Batch]:
        """Give the batches, none larger than its judge takes."""
        for group in self._groups.values():
            first, waiter = group[0]
            ordered = first.seat.ordered(group, first.seen.sight.digest)
            inquiries = [inquiry for inquiry, _ in ordered if inquiry not in without]
            if not inquiries:
                continue
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
