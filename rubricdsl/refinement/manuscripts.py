"""A rubric's source on its way through a refinement."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import attrs
from attrs import frozen

from rubricdsl.language.binding import bind
from rubricdsl.language.edit import Draft, Surroundings
from rubricdsl.model.edit import Account, Edit
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import BoundRubric, Round, Rubric


@frozen(eq=False)
class Manuscript:
    """The source of one rubric, what it says, and what it is read with.

    The ``draft`` holds just this rubric.  It changes only by edits and by rounds that
    are recorded; each gives another manuscript.
    """

    draft: Draft

    @classmethod
    def of(
        cls, text: str, rubric: Rubric, *, functions: FunctionTable, folder: Path
    ) -> "Manuscript":
        """Begin with a sound rubric, read from the text."""
        around = Surroundings(functions, folder)
        return cls(Draft(text, rubric.name, (rubric,), around))

    @property
    def text(self) -> str:
        """The source."""
        return self.draft.text

    @property
    def rubric(self) -> Rubric:
        """The rubric that the source says."""
        return self.draft.rubric

    @property
    def functions(self) -> FunctionTable:
        """The functions that the rubric may use."""
        return self.draft.around.functions

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
        return Manuscript(self.draft.after(edit).sound())

    def recorded(self, entry: Round) -> "Manuscript":
        """Give the manuscript with a round in its history."""
        return Manuscript(self.draft.recorded(entry))


def accounted(edits: Iterable[Edit], number: int) -> tuple[Edit, ...]:
    """Let edits leave their round, and their reason, in the rubric."""
    return tuple(
        attrs.evolve(edit, since=number, why=edit.why or edit.reason)
        if isinstance(edit, Account)
        else edit
        for edit in edits
    )
