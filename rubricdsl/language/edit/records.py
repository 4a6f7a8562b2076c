"""Edits as JSON, the form in which proposers give them and logs keep them.

::

    {"op": "split", "criterion": "method", "into": [{"name": …, "text": …}, …],
     "type": "break down", "reason": …, "evidence": {"a": quote, "b": quote}}
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import NoReturn, cast

import attrs
from attrs import define

from rubricdsl.diagnostics import Diagnostic, RubricError
from rubricdsl.expressions.printing import print_number
from rubricdsl.language.edit.drafts import EDITS
from rubricdsl.model.digest import Plain
from rubricdsl.model.edit import (
    Account,
    Add,
    Edit,
    Merge,
    Move,
    Part,
    Quote,
    Remove,
    Rename,
    Reweigh,
    Reword,
    Split,
)
from rubricdsl.model.rubric import Level
from rubricdsl.model.source import Span

_KEYS = {"others": "with"}
_HINT = "see `rubricdsl.model.edit` for what each edit has"


def read_edits(record: Plain) -> tuple[Edit, ...]:
    """Read ``{"edits": [...]}``, or just the list.

    Raises RubricError (D103) with what is wrong with each edit; its place is its
    number in the file ``<edits>``.
    """
    listed = record.get("edits") if isinstance(record, Mapping) else record
    if isinstance(listed, str) or not isinstance(listed, Sequence):
        message = 'no list of edits: `{"edits": [...]}`'
        span = Span(EDITS, 1, 1, 1, 2)
        raise RubricError([Diagnostic("D103", message, span, _HINT)])
    edits: list[Edit] = []
    found: list[Diagnostic] = []
    for number, one in enumerate(listed, 1):
        try:
            edits.append(read_edit(one, number=number))
        except RubricError as error:
            found += error.diagnostics
    if found:
        raise RubricError(found)
    return tuple(edits)


def read_edit(record: Plain, *, number: int = 1) -> Edit:
    """Read one edit, the ``number``-th of its list.

    Raises RubricError (D103) if it is none.
    """
    fields = _Fields.of(record, Span(EDITS, number, 1, number, 2), "an edit")
    op = fields.text("op")
    if op not in _READERS:
        fields.refuse(f"`{op}` is no edit; there are: {', '.join(_READERS)}")
    edit = _READERS[op](fields)
    if isinstance(edit, Account):
        since, why = fields.whole("since"), fields.optional("why")
        edit = attrs.evolve(edit, since=since, why=why)
    edit = attrs.evolve(
        edit,
        type=fields.optional("type"),
        reason=fields.optional("reason"),
        evidence=_evidence(fields),
    )
    fields.done()
    return edit


def edit_record(edit: Edit) -> dict[str, Plain]:
    """Give the record that `read_edit` reads back; what is not set is left out."""
    return {"op": edit.op, **_record(edit)}


def _record(value: Edit | Part | Level) -> dict[str, Plain]:
    """Give the fields of a value that are set, its own before inherited ones."""
    record: dict[str, Plain] = {}
    for attribute in sorted(attrs.fields(type(value)), key=lambda a: a.inherited):
        plain = _plain(getattr(value, attribute.name))
        if attribute.eq and plain not in (None, [], {}):
            record[_KEYS.get(attribute.name, attribute.name)] = plain
    return record


def _plain(value: object) -> Plain:
    if not isinstance(value, tuple):
        return cast("Plain", value)
    if any(isinstance(one, Quote) for one in value):
        return {quote.response: quote.text for quote in value}
    return [_record(one) if attrs.has(type(one)) else one for one in value]


# --------------------------------------------------------------------- reading


@define
class _Fields:
    """The fields of one record, taken out one by one."""

    record: dict[str, Plain]
    place: Span
    what: str
    known: list[str]

    @classmethod
    def of(cls, record: Plain, place: Span, what: str) -> "_Fields":
        """Take a record; JSON null is a field that is not there."""
        if not isinstance(record, Mapping):
            message = f"{what} is an object, not {_kind(record)}"
            raise RubricError([Diagnostic("D103", message, place, _HINT)])
        there: dict[str, Plain] = {
            key: value for key, value in record.items() if value is not None
        }
        return cls(there, place, what, [])

    def refuse(self, message: str) -> NoReturn:
        """Raise what is wrong."""
        raise RubricError([Diagnostic("D103", message, self.place, _HINT)])

    def take(self, key: str) -> Plain:
        """Take a field out; None if it is not there."""
        self.known.append(key)
        return self.record.pop(key, None)

    def optional(self, key: str) -> str | None:
        """Take a text that may be missing."""
        value = self.take(key)
        if value is None or isinstance(value, str):
            return value
        return self.refuse(f"`{key}` is a text, not {_kind(value)}")

    def text(self, key: str) -> str:
        """Take a text."""
        value = self.optional(key)
        return self.refuse(f"{self.what} has no `{key}`") if value is None else value

    def mark(self) -> str | None:
        """Take a mark: as it stands between brackets, or a number."""
        value = self.record.get("mark")
        if isinstance(value, int | float) and not isinstance(value, bool):
            self.take("mark")
            return print_number(value)
        return self.optional("mark")

    def needed_mark(self) -> str:
        """Take a mark that must be there."""
        mark = self.mark()
        return self.refuse(f"{self.what} has no `mark`") if mark is None else mark

    def number(self, key: str) -> float:
        """Take a number."""
        value = self.take(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        return self.refuse(f"`{key}` is a number, not {_kind(value)}")

    def whole(self, key: str) -> int | None:
        """Take a whole number that may be missing."""
        if key not in self.record:
            self.known.append(key)
            return None
        number = self.number(key)
        if number != int(number):
            self.refuse(f"`{key}` is a whole number, not {number:g}")
        return int(number)

    def each(self, key: str) -> Sequence[Plain]:
        """Take a list; an empty one if it is not there."""
        value = self.take(key)
        if value is None:
            return ()
        if isinstance(value, str) or not isinstance(value, Sequence):
            self.refuse(f"`{key}` is a list, not {_kind(value)}")
        return value

    def done(self) -> None:
        """Refuse what is left: a field that has no meaning is a mistake."""
        for key in self.record:
            close = get_close_matches(key, self.known, n=1)
            guess = f"; did you mean `{close[0]}`?" if close else ""
            self.refuse(f"{self.what} of this kind has no `{key}`{guess}")


def _kind(value: Plain) -> str:
    kinds: Iterable[tuple[type | tuple[type, ...], str]] = (
        (type(None), "nothing"),
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "a text"),
        (Mapping, "an object"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "a list")


def _evidence(fields: _Fields) -> tuple[Quote, ...]:
    value = fields.take("evidence")
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        fields.refuse("`evidence` is an object of quotes by response")
    quotes: list[Quote] = []
    for response, text in value.items():
        if text is None:
            continue
        if not isinstance(text, str):
            fields.refuse(f"the quote of `{response}` is a text, not {_kind(text)}")
        quotes.append(Quote(response, text))
    return tuple(quotes)


def _levels(fields: _Fields) -> tuple[Level, ...]:
    levels: list[Level] = []
    for record in fields.each("levels"):
        level = _Fields.of(record, fields.place, "a level")
        levels.append(
            Level(level.number("number"), level.optional("label"), level.text("text"))
        )
        level.done()
    return tuple(levels)


def _parts(fields: _Fields) -> tuple[Part, ...]:
    parts: list[Part] = []
    for record in fields.each("into"):
        part = _Fields.of(record, fields.place, "a part")
        parts.append(
            Part(
                name=part.text("name"),
                text=part.text("text"),
                mark=part.mark(),
                why=part.optional("why"),
            )
        )
        part.done()
    return tuple(parts)


def _names(fields: _Fields, key: str) -> tuple[str, ...]:
    names = fields.each(key)
    for name in names:
        if not isinstance(name, str):
            fields.refuse(f"`{key}` is a list of names, not of {_kind(name)}")
    return tuple(cast("Sequence[str]", names))


def _add(fields: _Fields) -> Edit:
    return Add(
        name=fields.text("name"),
        text=fields.text("text"),
        mark=fields.needed_mark(),
        parent=fields.optional("parent"),
        after=fields.optional("after"),
        levels=_levels(fields),
    )


def _remove(fields: _Fields) -> Edit:
    return Remove(criterion=fields.text("criterion"))


def _reword(fields: _Fields) -> Edit:
    return Reword(criterion=fields.text("criterion"), text=fields.text("text"))


def _reweigh(fields: _Fields) -> Edit:
    return Reweigh(criterion=fields.text("criterion"), mark=fields.needed_mark())


def _split(fields: _Fields) -> Edit:
    return Split(criterion=fields.text("criterion"), into=_parts(fields))


def _merge(fields: _Fields) -> Edit:
    return Merge(
        criterion=fields.text("criterion"),
        others=_names(fields, "with"),
        name=fields.text("name"),
        text=fields.text("text"),
        mark=fields.mark(),
    )


def _move(fields: _Fields) -> Edit:
    return Move(
        criterion=fields.text("criterion"),
        parent=fields.optional("parent"),
        after=fields.optional("after"),
    )


def _rename(fields: _Fields) -> Edit:
    return Rename(criterion=fields.text("criterion"), to=fields.text("to"))


_READERS: Mapping[str, Callable[[_Fields], Edit]] = {
    Add.op: _add,
    Remove.op: _remove,
    Reword.op: _reword,
    Reweigh.op: _reweigh,
    Split.op: _split,
    Merge.op: _merge,
    Move.op: _move,
    Rename.op: _rename,
}
