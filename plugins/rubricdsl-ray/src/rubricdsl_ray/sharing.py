"""Judges whose limits many share: together, actors keep what a judge was given."""

from collections.abc import Iterable

import attrs

from rubricdsl.judging.panels import Judge, Panel
from rubricdsl.judging.planning import Judges
from rubricdsl.model.rubric import BoundRubric


class SharedJudges:
    """The judges of a book, with the part of their concurrency that one block has.

    One for which a number of requests in flight was given, by whomever, has that many
    over all ``slots`` together.  Any other has ``per_actor`` in each actor, or what it
    would have in a run on one machine, over the ``at_once`` blocks of that actor.
    """

    def __init__(
        self, judges: Judges, *, slots: int, at_once: int, per_actor: int | None
    ) -> None:
        self._judges = judges
        self._slots = slots
        self._at_once = at_once
        self._per_actor = per_actor
        # With the original beside it, its id cannot be given to another.
        self._panels: dict[int, tuple[Panel, Panel]] = {}
        self._members: dict[int, tuple[Judge, Judge]] = {}

    def panel(self, rubric: BoundRubric, name: str | None) -> Panel:
        """Give the panel for criteria of ``rubric`` whose judge is ``name``."""
        panel = self._judges.panel(rubric, name)
        if id(panel) not in self._panels:
            members = tuple(map(self._member, panel.members))
            self._panels[id(panel)] = panel, attrs.evolve(panel, members=members)
        return self._panels[id(panel)][1]

    def _member(self, judge: Judge) -> Judge:
        # A judge of two panels stays one: its requests share a lane.
        if id(judge) not in self._members:
            if judge.adaptive:
                share = (self._per_actor or judge.concurrency) // self._at_once
            else:
                share = judge.concurrency // self._slots
            shared = attrs.evolve(judge, concurrency=max(1, share))
            self._members[id(judge)] = judge, shared
        return self._members[id(judge)][1]


def narrowest(judges: Judges, rubrics: Iterable[BoundRubric]) -> int | None:
    """Give the fewest requests in flight that a judge of these rubrics was given.

    None where nothing was said of any.
    """
    given = [
        judge.concurrency
        for rubric in rubrics
        for criterion in rubric.criteria()
        if criterion.check is None
        for judge in judges.panel(rubric, criterion.judge).members
        if not judge.adaptive
    ]
    return min(given, default=None)
