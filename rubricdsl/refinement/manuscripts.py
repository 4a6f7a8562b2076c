"""A rubric's source on its way through a refinement."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import attrs
from attrs import frozen

from rubricdsl.language.binding import bind
from rubricdsl.language.edit import apply, record_round
from rubricdsl.model.edit import Account, Edit
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import BoundRubric, Round, Rubric


@frozen(eq=False)
class Manuscript:
    """The source of one rubric, what it says, and what it is read with.

    ``text`` holds just this rubric.  It changes only by edits and by rounds that are
    recorded; each gives another manuscript.
    """

    text: str
    rubric: Rubric
    functions: FunctionTable
    folder: Path

    @cached_property
    def bound(self) -> BoundRubric:
        """The rubric, ready for judging."""
        return bind(self.rubric, self.functions)

    @property
    def next_round(self) -> int:
        """The number of the round that comes next in the rubric's history."""
        return max((entry.number for entry in self.rubric.history), default=0) + 1

    def after(self, edit: Edit) -> "Manuscript":
        """Give the manuscript after an edit.

        Raises RubricError where the edit does not apply, or leaves no sound rubric.
        """
        edited = apply(
            self.text,
            self.rubric.name,
            [edit],
            functions=self.functions,
            folder=self.folder,
        )
        return attrs.evolve(self, text=edited.text, rubric=edited.rubric)

    def recorded(self, entry: Round) -> "Manuscript":
        """Give the manuscript with a round in its history."""
        text = record_round(self.text, self.rubric.name, entry)
        rounds = (*self.rubric.history, entry)
        return attrs.evolve(
            self, text=text, rubric=attrs.evolve(self.rubric, history=rounds)
        )


def accounted(edits: Iterable[Edit], number: int) -> tuple[Edit, ...]:
    """Let edits leave their round, and their reason, in the rubric."""
    return tuple(
        attrs.evolve(edit, since=number, why=edit.why or edit.reason)
        if isinstance(edit, Account)
        else edit
        for edit in edits
    )
