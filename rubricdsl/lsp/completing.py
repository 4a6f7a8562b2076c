"""What can stand where the cursor is.

Only the row up to the cursor and the block around it decide, so that it works in a
line that is half written and in a file with errors.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from attrs import frozen
from lsprotocol import types

from rubricdsl.expressions.inference import RESPONSE_NAMES
from rubricdsl.language.blocks import TIERS
from rubricdsl.language.meanings import (
    FIELD_MEANINGS,
    JOINING_MEANINGS,
    KIND_MEANINGS,
    LINE_MEANINGS,
    MARK_MEANINGS,
    RESPONSE_MEANINGS,
    VERDICT_MEANINGS,
)
from rubricdsl.language.scopes import Named, Scope, item_name
from rubricdsl.language.tree_entries import PARAM_TYPES
from rubricdsl.language.words import (
    EXPRESSION_WORDS,
    FIELDS,
    NAME,
    SPEAKERS,
)
from rubricdsl.lsp.cursor import Cursor, is_in_string
from rubricdsl.lsp.documents import Reading
from rubricdsl.lsp.hovering import signature_line
from rubricdsl.lsp.mentions import Block
from rubricdsl.model.rubric import (
    AnswerScale,
    Ask,
    Criterion,
    Group,
    LevelScale,
    NaPolicy,
    VoteRule,
)

_Kind = types.CompletionItemKind
TRIGGERS = ("[", ":", ".", " ", "{", '"', ",")
_MOST_FILES = 200
_MOST_CHOICES = 20

_NUMBERS = ("1", "2", "3", "-1")
_LINES: Mapping[Block, Sequence[str]] = {
    Block.RUBRIC: ("use", "param", "judge", "history", "test", "prompt", "rubric"),
    Block.CRITERION: ("check", "level", "example"),
    Block.GROUP: ("combine",),
    Block.TEST: ("response", "given", "expect", "prompt"),
    Block.HISTORY: ("round",),
    Block.CONVERSATION: tuple(sorted(SPEAKERS)),
}
_VALUES: Mapping[str, Sequence[str]] = {
    "ask": tuple(Ask),
    "votes": tuple(VoteRule),
    "on_error": ("stop", "skip"),
    "n/a": tuple(NaPolicy),
    "answers": ("yes", "partly", "no"),
    "evidence": ("required", "optional"),
    "monotone": ("yes", "no"),
    "tier": TIERS,
    "sees": tuple(RESPONSE_NAMES),
}
_COLON_WORDS = frozenset({"check", "combine", *SPEAKERS})
_PATH = rf"(?:{NAME}\.)*(?:{NAME})?"

_PARAM = re.compile(r".*\{\{\s*\w*")


def completions(
    reading: Reading, position: types.Position
) -> list[types.CompletionItem]:
    """Give what can stand at a position; empty inside free text."""
    place = reading.places.place(position)
    lines = reading.source.lines
    row = lines[place.line - 1] if place.line <= len(lines) else ""
    before = row[: place.column - 1]
    if before.lstrip().startswith("#"):
        return []
    return list(_Completer(Cursor.at(reading, place.line, before)).items())


@frozen
class _Completer:
    """What can stand at one place."""

    cursor: Cursor

    def items(self) -> Iterator[types.CompletionItem]:
        """Give what can stand here, by what stands before it."""
        before = self.cursor.before
        if _PARAM.fullmatch(before):
            yield from self.params()
        elif not before.lstrip().startswith("|") and not self.cursor.is_inside_text:
            for pattern, give in _FORMS:
                match = pattern.fullmatch(before)
                if match is not None:
                    yield from give(self, match)
                    return

    # ------------------------------------------------------------------- items

    def marks(self, _: re.Match[str]) -> Iterator[types.CompletionItem]:
        for number in _NUMBERS:
            yield _item(number, "a weight", _Kind.Value)
        classes = self.cursor.rubric.weights.classes if self.cursor.rubric else ()
        for name, value in classes:
            yield _item(name, f"weighs {value:g}", _Kind.EnumMember)
        yield from _words(MARK_MEANINGS, MARK_MEANINGS, _Kind.Keyword)

    def kinds(self, _: re.Match[str]) -> Iterator[types.CompletionItem]:
        for word, meaning in KIND_MEANINGS.items():
            label = "at least 2 of" if word == "at" else f"{word} of"
            yield _item(label, meaning, _Kind.Keyword, insert=f"{label} ")
        if self.cursor.rubric is not None and self.cursor.rubric.uses:
            yield _item(
                "include", JOINING_MEANINGS["include"], _Kind.Keyword, insert="include "
            )

    def targets(self, match: re.Match[str]) -> Iterator[types.CompletionItem]:
        path = match["path"]
        alias, dot, inside = path.partition(".")
        rubric = self.cursor.rubric
        if rubric is None:
            return
        if not dot:
            for use in rubric.uses:
                yield _item(use.alias, use.path, _Kind.Module)
            return
        imported = dict(rubric.imported).get(alias)
        if imported is not None:
            scope = Scope.of(imported)
            yield from _below(scope, inside.rpartition(".")[0])

    def files(self, _: re.Match[str]) -> Iterator[types.CompletionItem]:
        folder = self.cursor.reading.document.folder
        own = self.cursor.reading.document.path
        for path in _files_below(folder):
            if path != own:
                yield _item(path.relative_to(folder).as_posix(), "", _Kind.File)

    # ------------------------------------------------------------------- values

    def values(self, match: re.Match[str]) -> Iterator[types.CompletionItem]:
        key, rest = match["key"], match["rest"]
        if key in {"check", "combine"}:
            yield from self.expression(key, rest)
        elif key not in FIELDS.get(self.cursor.block, ()):
            return
        elif key == "judge":
            for judge in self.cursor.rubric.judges if self.cursor.rubric else ():
                models = ", ".join(judge.models)
                yield _item(judge.name, models, _Kind.Interface)
        elif key == "needs":
            path = re.split(r"[,\s]+", rest)[-1]
            own = self.cursor.owner()
            yield from self.names(path, leave_out=own.path if own else "")
        elif key == "with" and "=" not in rest.rpartition(",")[2]:
            yield from self.params()
        else:
            words = _VALUES.get(key, ())
            yield from _words(words, VERDICT_MEANINGS, _Kind.EnumMember)

    def expression(self, key: str, rest: str) -> Iterator[types.CompletionItem]:
        if is_in_string(rest):
            return
        functions = self.cursor.reading.functions
        call = self.cursor.enclosing_call(rest)
        if call is not None:
            for parameter in call.parameters:
                if parameter.named:
                    detail = " | ".join(parameter.choices)
                    yield _item(f"{parameter.name} = ", detail, _Kind.Property)
        if key == "check":
            yield from _words(RESPONSE_NAMES, RESPONSE_MEANINGS, _Kind.Variable)
            yield from self.params()
        else:
            yield from self.children()
        yield from _words(sorted(EXPRESSION_WORDS), JOINING_MEANINGS, _Kind.Keyword)
        for name, signature in functions.items():
            line = signature_line(signature)
            yield _item(name, line, _Kind.Function, told=signature.meaning)

    def children(self) -> Iterator[types.CompletionItem]:
        """Give the items of the group that the row stands in."""
        owner = self.cursor.owner()
        if owner is not None and isinstance(owner.item, Group):
            for item in owner.item.items:
                yield _item(item_name(item), "", _Kind.Field)

    def params(self) -> Iterator[types.CompletionItem]:
        for param in self.cursor.rubric.params if self.cursor.rubric else ():
            yield _item(param.name, f"param: {param.type}", _Kind.Variable)

    # -------------------------------------------------------------------- tests

    def test_names(self, match: re.Match[str]) -> Iterator[types.CompletionItem]:
        word, path = match["word"], match["path"]
        if "." not in path:
            if word == "given":
                yield _item("all", JOINING_MEANINGS["all"], _Kind.Keyword)
            else:
                yield from _words(("score", "order"), JOINING_MEANINGS, _Kind.Keyword)
                yield from self.labels()
        first, dot, rest = path.partition(".")
        labels = self.cursor.responses()
        if dot and first in labels and word == "expect":
            yield _item("score", JOINING_MEANINGS["score"], _Kind.Keyword)
            path = rest
        yield from self.names(path)

    def outcome(self, match: re.Match[str]) -> Iterator[types.CompletionItem]:
        word, path = match["word"], match["path"]
        if path == "order":
            yield from self.labels()
            return
        if word == "expect":
            for text in ("about ", ">= ", "<= "):
                yield _item(text.strip(), "", _Kind.Operator, insert=text)
        if path.rpartition(".")[2] == "score":
            return
        named = self.cursor.scope.find(path)
        first, dot, rest = path.partition(".")
        if named is None and dot and first in self.cursor.responses():
            named = self.cursor.scope.find(rest)
        yield from self.verdicts(named)

    def examples(self, _: re.Match[str]) -> Iterator[types.CompletionItem]:
        yield from self.verdicts(self.cursor.owner())

    def param_types(self, _: re.Match[str]) -> Iterator[types.CompletionItem]:
        yield from _words(PARAM_TYPES, {}, _Kind.TypeParameter)

    def verdicts(self, named: Named | None) -> Iterator[types.CompletionItem]:
        """Give the verdicts that an item can have; all, where it is not known."""
        node = None if named is None else named.node
        if isinstance(node, Group):
            return
        words: Sequence[str] = ("yes", "no", "partly", "n/a")
        if isinstance(node, Criterion):
            na = ("n/a",) if named is not None and named.na is not None else ()
            words = (*_answers(node), *na)
        for word in words:
            meaning = VERDICT_MEANINGS[word.split(" ")[0]]
            yield _item(word, meaning, _Kind.EnumMember)

    def labels(self) -> Iterator[types.CompletionItem]:
        for name in self.cursor.responses():
            yield _item(name, "response", _Kind.Variable)

    def names(
        self, path: str, *, leave_out: str = ""
    ) -> Iterator[types.CompletionItem]:
        """Give names of items: all of them, or those below the path so far."""
        above = path.rpartition(".")[0]
        if above:
            yield from _below(self.cursor.scope, above)
            return
        for named in self.cursor.scope.own:
            if named.path != leave_out:
                yield _named_item(named)

    # -------------------------------------------------------------- line starts

    def line_words(self, _: re.Match[str]) -> Iterator[types.CompletionItem]:
        block = self.cursor.block
        there = {
            line.text.partition(":")[0].strip()
            for line in self.cursor.siblings()
            if line.number != self.cursor.row
        }
        for key in sorted(FIELDS.get(block, ())):
            if key not in there:
                meaning = FIELD_MEANINGS[key]
                yield _item(key, meaning, _Kind.Property, insert=f"{key}: ")
        for word in _LINES.get(block, ()):
            ending = ": " if word in _COLON_WORDS else " "
            meaning = LINE_MEANINGS[word]
            label = f"{word} …" if word in FIELDS.get(block, ()) else word
            yield _item(label, meaning, _Kind.Keyword, insert=f"{word}{ending}")


_Giver = Callable[[_Completer, re.Match[str]], Iterator[types.CompletionItem]]
_FORMS: Sequence[tuple[re.Pattern[str], _Giver]] = (
    (re.compile(r"\s*\[[^\]]*"), _Completer.marks),
    (re.compile(rf"\s*\[[^\]]*\]\s*include\s+(?P<path>{_PATH})"), _Completer.targets),
    (re.compile(r"\s*\[[^\]]*\]\s*[^\s:]*"), _Completer.kinds),
    (re.compile(r'\s*use\s+"[^"]*'), _Completer.files),
    (re.compile(r"\s*param\s+\S+\s*:\s*\w*"), _Completer.param_types),
    (re.compile(r"\s*example\s+\S*"), _Completer.examples),
    (
        re.compile(r"\s*(?P<word>given|expect)\s+(?P<path>[^:\s]+)\s*:[^:]*"),
        _Completer.outcome,
    ),
    (
        re.compile(rf"\s*(?P<word>given|expect)\s+(?P<path>{_PATH})"),
        _Completer.test_names,
    ),
    (re.compile(r"\s*(?P<key>[\w/]+)\s*:(?P<rest>.*)"), _Completer.values),
    (re.compile(r"\s*[\w/]*"), _Completer.line_words),
)


def _below(scope: Scope, above: str) -> Iterator[types.CompletionItem]:
    """Give the items right below a path; at the top, all that have a name."""
    if not above:
        yield from map(_named_item, scope.own)
        return
    found = scope.find(above)
    prefix = f"{found.path if found else above}."
    for path, named in scope.by_path.items():
        if path.startswith(prefix) and "." not in path.removeprefix(prefix):
            yield _named_item(named)


def _named_item(named: Named) -> types.CompletionItem:
    node = named.node
    kind = _Kind.Module if isinstance(node, Group) else _Kind.Field
    text = node.text if node is not None else None
    return _item(named.path.rpartition(".")[2], text or "", kind)


def _answers(criterion: Criterion) -> Sequence[str]:
    scale = criterion.scale
    if criterion.check is not None:
        return ("yes", "no")
    if isinstance(scale, AnswerScale):
        return scale.answers
    return tuple(f"level {number:g}" for number in _levels(scale))


def _levels(scale: LevelScale) -> Sequence[float]:
    if scale.high - scale.low > _MOST_CHOICES:
        return tuple(sorted(level.number for level in scale.levels))
    return scale.numbers[:_MOST_CHOICES]


def _files_below(folder: Path) -> Sequence[Path]:
    """Give rubric files beside a document, and one folder below."""
    found: list[Path] = []
    try:
        for pattern in ("*.rub", "[!.]*/*.rub"):
            files = sorted(path for path in folder.glob(pattern) if path.is_file())
            found += files[: _MOST_FILES - len(found)]
    except OSError:
        return ()
    return found


def _words(
    words: Iterable[str], meanings: Mapping[str, str], kind: types.CompletionItemKind
) -> Iterator[types.CompletionItem]:
    for word in words:
        yield _item(str(word), meanings.get(str(word), ""), kind)


def _item(
    label: str,
    detail: str,
    kind: types.CompletionItemKind,
    *,
    insert: str | None = None,
    told: str | None = None,
) -> types.CompletionItem:
    return types.CompletionItem(
        label=label,
        kind=kind,
        detail=" ".join(detail.split()) or None,
        documentation=told,
        insert_text=insert,
    )
