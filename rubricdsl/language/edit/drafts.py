"""A file on its way from edit to edit, each of which reads its source just once."""

from functools import cached_property
from pathlib import Path

import attrs
from attrs import frozen

from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.language.characters import Source
from rubricdsl.language.edit.history import with_round
from rubricdsl.language.edit.meaning import edited
from rubricdsl.language.edit.rewriting import rewrite
from rubricdsl.language.loading import (
    NOTHING_UNSAVED,
    Loaded,
    Unsaved,
    load_reading,
    load_text,
)
from rubricdsl.language.reading import SourceReading, read_source
from rubricdsl.model.edit import Add, Edit
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Round, Rubric
from rubricdsl.model.source import Span

EDITS = "<edits>"
"""The file that the place of an edit is said to be in; its lines count edits."""


@frozen
class Surroundings:
    """What a file is loaded with: functions, and where its imports are looked for."""

    functions: FunctionTable
    folder: Path
    unsaved: Unsaved = NOTHING_UNSAVED


@frozen(eq=False)
class Draft:
    """A file on its way: its text, and the rubrics that it holds by now.

    ``name`` is that of the rubric that edits are about; the ``rubrics`` were read
    from the ``text``, and know where in it they stand.
    """

    text: str
    name: str
    rubrics: tuple[Rubric, ...]
    around: Surroundings
    _read: SourceReading | None = None

    @classmethod
    def of(cls, text: str, name: str, around: Surroundings) -> "Draft":
        """Read a file that has to be sound; an empty name is that of its only rubric.

        Raises RubricError with what is wrong with it.
        """
        loaded = load_text(
            text, around.functions, folder=around.folder, unsaved=around.unsaved
        )
        rubrics = loaded.checked()
        names = [rubric.name for rubric in rubrics]
        if not name and len(names) == 1:
            name = names[0]
        if name not in names:
            hint = f"name one of: {', '.join(names)}"
            what = f"no rubric `{name}`" if name else f"{len(names)} rubrics"
            fail("D401", f"the text holds {what}", hint=hint)
        return cls(text, name, rubrics, around)

    @property
    def rubric(self) -> Rubric:
        """The rubric that edits are about."""
        return next(rubric for rubric in self.rubrics if rubric.name == self.name)

    @cached_property
    def reading(self) -> SourceReading:
        """What the text says, read once."""
        return self._read or read_source(Source.of(self.text))

    def after(self, edit: Edit, number: int = 1) -> "Draft":
        """Give the draft after one edit, which need not leave it sound.

        Raises RubricError if the edit does not apply; its place is its number in the
        file ``<edits>``.
        """
        old = self.rubric
        try:
            new = edited(old, edit)
        except RubricError as error:
            raise RubricError(
                attrs.evolve(
                    diagnostic,
                    message=f"{_shown(edit)}: {diagnostic.message}",
                    span=Span(EDITS, number, 1, number, 2),
                )
                for diagnostic in error.diagnostics
            ) from None
        text = rewrite(self.text, old, new)
        reading = read_source(Source.of(text))
        wanted = tuple(new if one is old else one for one in self.rubrics)
        if reading.parsed() != wanted:
            # What cannot be read as it was meant is wrong in itself, as a rule.
            self._load(reading).checked()
            message = f"{_shown(edit)}: the source would not say what was meant"
            hint = "make the change by hand, and report this edit"
            span = Span(EDITS, number, 1, number, 2)
            raise RubricError([Diagnostic("D113", message, span, hint)])
        return self._of(text, reading)

    def recorded(self, entry: Round) -> "Draft":
        """Give the draft with a round in the history of the rubric.

        Raises RubricError as `rubricdsl.language.edit.record_round` does.
        """
        return self._of(*with_round(self.text, self.reading, self.name, entry))

    def sound(self) -> "Draft":
        """Give the draft, its imports followed and all of it checked.

        Raises RubricError if it is not sound.
        """
        return attrs.evolve(self, rubrics=self._load(self.reading).checked())

    def _load(self, reading: SourceReading) -> Loaded:
        around = self.around
        return load_reading(
            reading, around.functions, folder=around.folder, unsaved=around.unsaved
        )

    def _of(self, text: str, reading: SourceReading) -> "Draft":
        """Give the draft with another text of the same rubrics."""
        rubrics = (
            attrs.evolve(one, imported=before.imported)
            for one, before in zip(reading.rubrics, self.rubrics, strict=True)
        )
        return attrs.evolve(self, text=text, rubrics=tuple(rubrics), read=reading)


def _shown(edit: Edit) -> str:
    target = edit.name if isinstance(edit, Add) else edit.criterion
    return f"{edit.op} `{target}`"
