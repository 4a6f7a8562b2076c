"""Applying edits to a file: the meaning changes, the source follows, both agree."""

from collections.abc import Iterable
from pathlib import Path

import attrs
from attrs import define, frozen

from rubricdsl.diagnostics import Diagnostic, RubricError, Severity, fail
from rubricdsl.language.building import build
from rubricdsl.language.characters import Source
from rubricdsl.language.edit.meaning import edited
from rubricdsl.language.edit.rewriting import rewrite
from rubricdsl.language.loading import NOTHING_UNSAVED, Loaded, Unsaved, load_text
from rubricdsl.language.parsing import parse
from rubricdsl.model.edit import Add, Edit
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Rubric
from rubricdsl.model.source import Span

EDITS = "<edits>"
"""The file that the place of an edit is said to be in; its lines count edits."""


@frozen
class Refusal:
    """An edit that was not applied, and why."""

    edit: Edit
    diagnostics: tuple[Diagnostic, ...]


@frozen
class EditedSource:
    """A file after edits, and the rubric in it that they were about.

    ``applied`` are the edits that it shows, in order; ``refused`` are those that
    `apply_each` had to leave out.
    """

    text: str
    rubric: Rubric
    applied: tuple[Edit, ...]
    refused: tuple[Refusal, ...] = ()


def apply(  # noqa: PLR0913 - a file has its surroundings
    text: str,
    rubric: str,
    edits: Iterable[Edit],
    *,
    functions: FunctionTable,
    folder: Path,
    unsaved: Unsaved = NOTHING_UNSAVED,
) -> EditedSource:
    """Apply edits in order to the rubric of that name in a file: all, or none.

    ``text`` is the content of the file, line ends as they are; an empty name stands
    for its only rubric.  Each edit meets what those before it left; only the last
    result has to be sound.  Imports are looked for in ``folder``, and read from
    ``unsaved`` where they stand there.

    Raises RubricError with what is wrong with the file, with an edit, or with the
    result.  The place of an edit is its number in the file ``<edits>``.
    """
    chosen = tuple(edits)
    draft = _Draft.of(text, rubric, _Surroundings(functions, folder, unsaved))
    for number, edit in enumerate(chosen, 1):
        draft = draft.after(edit, number)
    return EditedSource(draft.text, draft.checked(), chosen)


def apply_each(
    text: str,
    rubric: str,
    edits: Iterable[Edit],
    *,
    functions: FunctionTable,
    folder: Path,
) -> EditedSource:
    """Apply each edit that leaves the rubric sound, and leave out the others.

    As `apply`, but raises RubricError only for what is wrong with the file itself.
    """
    draft = _Draft.of(text, rubric, _Surroundings(functions, folder))
    result = draft.checked()
    applied: list[Edit] = []
    refused: list[Refusal] = []
    for number, edit in enumerate(edits, 1):
        try:
            attempt = draft.after(edit, number)
            result = attempt.checked()
        except RubricError as error:
            refused.append(Refusal(edit, error.diagnostics))
        else:
            draft = attempt
            applied.append(edit)
    return EditedSource(draft.text, result, tuple(applied), tuple(refused))


@frozen
class _Surroundings:
    """What a file is loaded with."""

    functions: FunctionTable
    folder: Path
    unsaved: Unsaved = NOTHING_UNSAVED

    def load(self, text: str) -> Loaded:
        """Load a text of the file."""
        return load_text(text, self.functions, folder=self.folder, unsaved=self.unsaved)


@define
class _Draft:
    """A file on its way: its text, and the rubrics that it holds by now."""

    text: str
    name: str
    rubrics: tuple[Rubric, ...]
    around: _Surroundings

    @classmethod
    def of(cls, text: str, name: str, around: _Surroundings) -> "_Draft":
        """Read a file that has to be sound."""
        rubrics = around.load(text).checked()
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

    def after(self, edit: Edit, number: int) -> "_Draft":
        """Give the draft after one edit, which is the one of that number."""
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
        wanted = tuple(new if one is old else one for one in self.rubrics)
        found = _read(text)
        if found != wanted:
            # What cannot be read as it was meant is wrong in itself, as a rule.
            self.around.load(text).checked()
            message = f"{_shown(edit)}: the source would not say what was meant"
            hint = "make the change by hand, and report this edit"
            span = Span(EDITS, number, 1, number, 2)
            raise RubricError([Diagnostic("D113", message, span, hint)])
        rubrics = (
            attrs.evolve(one, imported=before.imported)
            for one, before in zip(found, self.rubrics, strict=True)
        )
        return attrs.evolve(self, text=text, rubrics=tuple(rubrics))

    def checked(self) -> Rubric:
        """Give the rubric, loaded anew; raises RubricError if it is not sound."""
        rubrics = self.around.load(self.text).checked()
        return next(rubric for rubric in rubrics if rubric.name == self.name)


def _read(text: str) -> tuple[Rubric, ...]:
    """Read rubrics that need not make sense yet.

    Raises RubricError for errors of syntax.
    """
    syntax = parse(Source.of(text))
    if any(d.severity is Severity.ERROR for d in syntax.diagnostics):
        raise RubricError(syntax.diagnostics)
    return tuple(build("<text>", tree).rubric for tree in syntax.rubrics)


def _shown(edit: Edit) -> str:
    target = edit.name if isinstance(edit, Add) else edit.criterion
    return f"{edit.op} `{target}`"
