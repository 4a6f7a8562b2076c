"""Renaming: everything that speaks of a name follows, in every file of the project.

An item is renamed by `rubricdsl.language.edit`, which keeps its old name in ``was:``
and leads the formulas, needs and tests of its own file along.  In files that import
it, paths follow; an include that took over its name keeps the old one, with ``as``,
so that nothing there changes for whoever reads its results.
"""

import tomllib
from collections.abc import Iterator, Sequence

from attrs import frozen
from lsprotocol import types

from rubricdsl.diagnostics import Diagnostic, RubricError, Severity
from rubricdsl.language.edit import apply
from rubricdsl.language.loading import PROJECT_FILE, project_root
from rubricdsl.language.words import RESERVED, is_path
from rubricdsl.lsp.definitions import declared_at, include_at, named_at, target_at
from rubricdsl.lsp.documents import Document, Library, Reading, resolved
from rubricdsl.lsp.mentions import Mention, Role, all_mentions, mention_at
from rubricdsl.lsp.places import Places, edits_between
from rubricdsl.model.edit import Rename
from rubricdsl.model.rubric import Item
from rubricdsl.model.source import Span

_ITEMS = frozenset({Role.ITEM, Role.REFERENCE, Role.TARGET})
_JUDGES = frozenset({Role.JUDGE, Role.JUDGE_BLOCK})
_OTHERS = _JUDGES | {
    Role.PARAM,
    Role.PARAM_LINE,
    Role.ARGUMENT,
    Role.RESPONSE,
    Role.RESPONSE_LINE,
    Role.CLASS,
    Role.CLASS_LINE,
}


class RenameRefusedError(ValueError):
    """A rename that cannot be made; the text says why, and what to do."""


@frozen
class _Change:
    """Another text for a document."""

    document: Document
    text: str


@frozen
class _Replaced:
    """New text for a stretch of a document."""

    span: Span
    text: str


def renamable(reading: Reading, position: types.Position) -> types.Range | None:
    """Give the range of the name at a position; None if it cannot be renamed."""
    mention = mention_at(reading, reading.places.place(position))
    if mention is None:
        return None
    known = mention.role in _OTHERS and declared_at(reading, mention) is not None
    if known or _is_alias(mention) or _item_at(reading, mention) is not None:
        return reading.places.range(mention.span)
    return None


def rename(
    library: Library, reading: Reading, position: types.Position, new: str
) -> types.WorkspaceEdit:
    """Give the edits that rename what stands at a position.

    Raises RenameRefusedError.
    """
    mention = mention_at(reading, reading.places.place(position))
    if mention is None or renamable(reading, position) is None:
        raise RenameRefusedError("nothing that can be renamed stands here")
    _check_name(new)
    if mention.part == new:
        return types.WorkspaceEdit(changes={})
    if _is_alias(mention):
        changes = [_changed(reading, list(_alias(reading, mention, new)))]
    else:
        changes = list(_changes(library, reading, mention, new))
    _check_result(library, changes)
    return types.WorkspaceEdit(
        changes={
            change.document.uri: edits_between(
                change.document.text,
                change.text,
                Places(change.document.text, library.encoding),
            )
            for change in changes
        }
    )


def _changes(
    library: Library, reading: Reading, mention: Mention, new: str
) -> Iterator[_Change]:
    """Give the changes of the file that declares a name, and of its importers."""
    item = _item_at(reading, mention)
    declared = declared_at(reading, mention)
    if declared is None:
        raise RenameRefusedError(f"`{mention.name}` is declared nowhere")
    home = _home(library, reading, item.span if item else declared)
    if item is not None:
        yield _renamed_item(library, home, item, new)
        target = item.span
    else:
        if mention.role in _JUDGES:
            _check_judge(home, mention.part)
        yield _changed(home, list(_same(home, declared, new)))
        target = declared
    for other in library.neighbours(home):
        files = {resolved(file) for file in other.imported}
        if home.document.path in files:
            found = _paths(other, target, new) if item else _same(other, target, new)
            edits = list(found)
            if edits:
                yield _changed(other, edits)


# ------------------------------------------------------------------------ items


def _item_at(reading: Reading, mention: Mention) -> Item | None:
    """Give the item that a mention names, where it is declared."""
    if mention.role not in _ITEMS:
        return None
    named = named_at(reading, mention)
    return None if named is None else named.item


def _renamed_item(library: Library, home: Reading, item: Item, new: str) -> _Change:
    rubric = home.rubric_at(item.span.line)
    if rubric is None:
        raise RenameRefusedError("the rubric that it belongs to has errors")
    scope = home.scope(rubric)
    path = next(
        (own.path for own in scope.own if _is_at(own.item.span, item.span)), None
    )
    if path is None:
        raise RenameRefusedError("what it names cannot be found in its own file")
    document = home.document
    try:
        edited = apply(
            document.text,
            rubric.name,
            [Rename(criterion=path, to=new)],
            functions=library.functions,
            folder=document.folder,
            unsaved=library.unsaved,
        )
    except RubricError as error:
        raise RenameRefusedError(_reason(error.diagnostics)) from None
    return _Change(document, edited.text)


def _paths(reading: Reading, target: Span, new: str) -> Iterator[_Replaced]:
    """Rename an item of another file in the paths that lead to it."""
    for mention in all_mentions(reading):
        item = None
        if mention.role is Role.REFERENCE:
            item = _item_at(reading, mention)
        elif mention.role is Role.TARGET:
            rubric = reading.rubric_at(mention.span.line)
            named = target_at(rubric, mention) if rubric else None
            item = None if named is None else named.item
        if item is not None and _is_at(item.span, target):
            yield _Replaced(mention.span, _kept(reading, mention, new))


def _kept(reading: Reading, mention: Mention, new: str) -> str:
    """Give the new name, and the old one behind an include that goes by it."""
    if mention.role is Role.TARGET and mention.name == mention.whole:
        rubric = reading.rubric_at(mention.span.line)
        include = rubric and include_at(reading, rubric, mention.span.line)
        if include and include.name is None:
            return f"{new} as {mention.part}"
    return new


# --------------------------------------------------------------- other names


def _is_alias(mention: Mention) -> bool:
    is_first = mention.role is Role.TARGET and "." not in mention.name
    return is_first or mention.role is Role.ALIAS_LINE


def _alias(reading: Reading, mention: Mention, new: str) -> Iterator[_Replaced]:
    rubric = reading.rubric_at(mention.span.line)
    for other in all_mentions(reading):
        same = _is_alias(other) and other.name == mention.name
        if same and reading.rubric_at(other.span.line) is rubric:
            yield _Replaced(other.span, _kept(reading, other, new))


def _same(reading: Reading, declared: Span, new: str) -> Iterator[_Replaced]:
    """Rename what is declared at a place wherever it is mentioned."""
    for mention in all_mentions(reading):
        if mention.role in _OTHERS:
            found = declared_at(reading, mention)
            if found is not None and _is_at(found, declared):
                yield _Replaced(mention.span, new)


def _check_judge(home: Reading, name: str) -> None:
    """Refuse to rename a judge that ``rub.toml`` speaks of."""
    path = home.document.path
    if path is None:
        return
    try:
        text = (project_root(path) / PROJECT_FILE).read_text("utf-8")
        judges = tomllib.loads(text).get("judges", {})
    except (OSError, ValueError):
        return
    if isinstance(judges, dict) and name in judges:
        message = f"{PROJECT_FILE} says who `{name}` is; change the name there, too"
        raise RenameRefusedError(f"{message}, by hand, and for all its rubrics")


# ----------------------------------------------------------------------- checks


def _check_name(new: str) -> None:
    if "." in new or not is_path(new):
        hint = "a name begins with a letter or `_`, then letters, digits and `_`"
        raise RenameRefusedError(f"`{new}` is not a legal name: {hint}")
    if new in RESERVED:
        raise RenameRefusedError(f"`{new}` is a reserved word; choose another name")


def _check_result(library: Library, changes: Sequence[_Change]) -> None:
    """Refuse changes after which a file has errors that had none."""
    instead = {c.document.path: c.text for c in changes if c.document.path is not None}
    for change in changes:
        document = change.document
        after = library.reading(
            Document(document.uri, document.path, change.text), instead
        )
        if not after.loaded.sound and library.reading(document).loaded.sound:
            raise RenameRefusedError(_reason(after.loaded.diagnostics))


def _reason(diagnostics: Sequence[Diagnostic]) -> str:
    errors = (d for d in diagnostics if d.severity is Severity.ERROR)
    first = next(errors, diagnostics[0])
    return f"{first.code} {first.message}; {first.hint}"


def _home(library: Library, reading: Reading, span: Span) -> Reading:
    """Read the document that a span speaks of."""
    if span.file == reading.document.name:
        return reading
    path = resolved(span.file)
    document = None if path is None else library.document_at(path)
    if document is None:
        raise RenameRefusedError("the file that declares it cannot be read")
    return library.reading(document)


def _is_at(one: Span, other: Span) -> bool:
    if (one.line, one.column) != (other.line, other.column):
        return False
    return one.file == other.file or resolved(one.file) == resolved(other.file)


def _changed(reading: Reading, edits: Sequence[_Replaced]) -> _Change:
    text, places = reading.document.text, reading.places
    found = [
        (
            places.offset(edit.span.line, edit.span.column),
            places.offset(edit.span.end_line, edit.span.end_column),
            edit.text,
        )
        for edit in edits
    ]
    for start, end, new in sorted(set(found), reverse=True):
        text = text[:start] + new + text[end:]
    return _Change(reading.document, text)
