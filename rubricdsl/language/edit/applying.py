"""Applying edits to a file: the meaning changes, the source follows, both agree."""

from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from rubricdsl.diagnostics import Diagnostic, RubricError
from rubricdsl.language.edit.drafts import Draft, Surroundings
from rubricdsl.language.loading import NOTHING_UNSAVED, Unsaved
from rubricdsl.model.edit import Edit
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Rubric


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
    draft = Draft.of(text, rubric, Surroundings(functions, folder, unsaved))
    for number, edit in enumerate(chosen, 1):
        draft = draft.after(edit, number)
    return EditedSource(draft.text, draft.sound().rubric, chosen)


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
    draft = Draft.of(text, rubric, Surroundings(functions, folder))
    applied: list[Edit] = []
    refused: list[Refusal] = []
    for number, edit in enumerate(edits, 1):
        try:
            attempt = draft.after(edit, number).sound()
        except RubricError as error:
            refused.append(Refusal(edit, error.diagnostics))
        else:
            draft = attempt
            applied.append(edit)
    return EditedSource(draft.text, draft.rubric, tuple(applied), tuple(refused))
