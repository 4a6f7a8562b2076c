"""Reading ``key: value`` lines: which a block may have, and of what type."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TypeVar

from attrs import define, field, frozen

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.diagnostics.secrets import is_secret_option, looks_secret
from rubricdsl.language.words import FIELDS
from rubricdsl.model.rubric import Binding, NaPolicy, NaRule, Tag
from rubricdsl.model.source import Span

_HOMES = {name: block for block, names in FIELDS.items() for name in names}
_Choice = TypeVar("_Choice")


@frozen
class Scalar:
    """One value of a field, with its form: number, string, path, range and so on.

    ``start`` and ``end`` are columns, counted as `Entry.place` counts them.
    """

    form: str
    value: object
    start: int
    end: int

    @property
    def text(self) -> str | None:
        """The value as a name or text, if it is one."""
        forms = {"path", "string", "raw", "date", "version"}
        return str(self.value) if self.form in forms else None


@frozen
class Values:
    """The values of a field, and what they are if they are read as one of its types.

    A type that they do not have gives None.  Fields that say the same may share them,
    so that they are read once.
    """

    scalars: tuple[Scalar, ...] = ()

    @property
    def only(self) -> Scalar | None:
        """The value, if there is just one."""
        return self.scalars[0] if len(self.scalars) == 1 else None

    @cached_property
    def text(self) -> str | None:
        """A name or a text."""
        return self.only.text if self.only else None

    @cached_property
    def number(self) -> float | None:
        """A number."""
        value = self.only.value if self.only else None
        return value if isinstance(value, float) else None

    @cached_property
    def names(self) -> tuple[str, ...] | None:
        """Names or texts, one or more."""
        names = [scalar.text for scalar in self.scalars]
        known = tuple(name for name in names if name is not None)
        return known if len(known) == len(names) else None

    @cached_property
    def tags(self) -> tuple[Tag, ...] | None:
        """Tags: names, or ``name = value``."""
        tags = [_tag(scalar) for scalar in self.scalars]
        known = tuple(tag for tag in tags if tag is not None)
        return known if len(known) == len(tags) else None

    @cached_property
    def na_rule(self) -> NaRule | None:
        """A rule for n/a: skip, fail, pass, or a number in [0, 1]."""
        value = self.only.value if self.only else None
        if isinstance(value, float) and 0 <= value <= 1:
            return value
        return NaPolicy(str(value)) if value in list(NaPolicy) else None


def _tag(scalar: Scalar) -> Tag | None:
    if scalar.form == "assign" and isinstance(scalar.value, tuple):
        name, value = scalar.value
        return None if value.form == "list" else Tag(name, written(value))
    return None if scalar.text is None else Tag(scalar.text)


_NO_VALUES = Values()


@define
class Entry:
    """One ``key: value`` line; ``text`` is set for keys whose value is free text.

    The key stands in ``line`` from ``column`` up to ``end``, and the columns of the
    values count from ``origin``.
    """

    key: str
    file: str
    line: int
    column: int
    end: int
    values: Values = _NO_VALUES
    text: str | None = None
    origin: int = 0

    @classmethod
    def at(
        cls,
        span: Span,
        key: str,
        values: Values = _NO_VALUES,
        text: str | None = None,
    ) -> "Entry":
        """Make the entry whose key has a span, and whose values have true columns."""
        return cls(
            key, span.file, span.line, span.column, span.end_column, values, text
        )

    @property
    def span(self) -> Span:
        """Where the key stands."""
        return Span(self.file, self.line, self.column, self.line, self.end)

    def place(self, scalar: Scalar) -> Span:
        """Say where one of the values stands."""
        start, end = self.origin + scalar.start, self.origin + scalar.end
        return Span(self.file, self.line, start, self.line, end)


@frozen
class Reference:
    """A name that must be known to the whole rubric.

    ``key`` is the field it stands in (``judge`` or ``needs``), ``owner`` the name of
    the item, empty for the rubric itself.
    """

    key: str
    name: str
    owner: str
    span: Span


@define
class Fields:
    """The fields of one block; what is wrong with them goes to ``found``."""

    block: str
    found: list[Diagnostic]
    entries: dict[str, Entry] = field(factory=dict)

    def add(self, entry: Entry) -> None:
        """Take a field in, unless the block cannot have it or has it already."""
        if entry.key == "":  # it stands in for a line that was not read
            return
        if entry.key not in FIELDS[self.block]:
            self._unknown(entry)
        else:
            self._take(entry)

    def once(self, key: str, span: Span) -> None:
        """Take note of a field that is read elsewhere; it may stand here once."""
        self._take(Entry.at(span, key))

    def _take(self, entry: Entry) -> None:
        if entry.key in self.entries:
            line = self.entries[entry.key].line
            message = f"`{entry.key}` stands here a second time (first in line {line})"
            self.report("E312", message, entry.span, "keep one of the two")
        else:
            self.entries[entry.key] = entry

    def _unknown(self, entry: Entry) -> None:
        if is_secret_option(entry.key):
            self.secret(f"`{entry.key}` would put a secret into the rubric", entry.span)
            return
        from difflib import get_close_matches

        close = get_close_matches(entry.key, FIELDS[self.block], n=1)
        hint = f"a {self.block} may have: {', '.join(sorted(FIELDS[self.block]))}"
        if close:
            hint = f"did you mean `{close[0]}`?"
        elif entry.key in _HOMES:
            hint = f"`{entry.key}` is a field of a {_HOMES[entry.key]}"
        message = f"a {self.block} has no field `{entry.key}`"
        self.report("E210", message, entry.span, hint)

    def refuse_secrets(self) -> None:
        """Report every value that looks like a key."""
        for key, entry in self.entries.items():
            values = [scalar.text for scalar in entry.values.scalars]
            if any(value is not None and looks_secret(value) for value in values):
                self.secret(f"`{key}` holds a secret", entry.span)

    def secret(self, message: str, span: Span) -> None:
        """Report a key, or the place for one; its line is not shown."""
        hint = "keys come from the environment only: take it out, and make a new one"
        self.report("D204", message, span, hint)

    def report(self, code: str, message: str, span: Span, hint: str) -> None:
        """Report what is wrong."""
        self.found.append(Diagnostic(code, message, span, hint))

    def wrong_type(self, entry: Entry, wanted: str) -> None:
        """Report a value that is not of the field's type."""
        message = f"`{entry.key}` takes {wanted}"
        hint = f"write `{entry.key}: …` with {wanted}"
        self.report("E421", message, entry.span, hint)

    def bindings(self, key: str) -> tuple[Binding, ...]:
        """Give the values that a field binds: ``name = 3, other = "text"``."""
        entry = self.entries.get(key)
        bound: dict[str, Binding] = {}
        if entry is None:
            return ()
        for scalar in entry.values.scalars:
            value: object = None
            name = ""
            if scalar.form == "assign" and isinstance(scalar.value, tuple):
                name, inner = scalar.value
                value = inner.value if isinstance(inner.value, float) else inner.text
            if not isinstance(value, float | str):
                self.wrong_type(entry, "`parameter = value`")
            elif name in bound:
                message, hint = f"`{name}` is given twice", "keep one of the two"
                self.report("E312", message, entry.place(scalar), hint)
            else:
                bound[name] = Binding(name, value, span=entry.place(scalar))
        return tuple(bound.values())

    # ---------------------------------------------------------------- readers

    def text(self, key: str) -> str | None:
        """Give free text, a name or a string."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        if entry.text is not None:
            return entry.text
        value = entry.values.text
        if value is None:
            self.wrong_type(entry, "a name or a text in quotes")
        return value

    def number(self, key: str) -> float | None:
        """Give a number."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        value = entry.values.number
        if value is None:
            self.wrong_type(entry, "a number")
        return value

    def whole(self, key: str) -> int | None:
        """Give a whole number, 0 or more."""
        number = self.number(key)
        if number is None:
            return None
        if number < 0 or number != int(number):
            self.wrong_type(self.entries[key], "a whole number")
            return None
        return int(number)

    def names(self, key: str) -> tuple[str, ...] | None:
        """Give names or strings, one or more."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        names = entry.values.names
        if names is None:
            self.wrong_type(entry, "names, separated by commas")
        return names

    def references(self, key: str, owner: str) -> Iterator[Reference]:
        """Give the names in a field, each with its place."""
        entry = self.entries.get(key)
        if entry is None:
            return
        for scalar in entry.values.scalars:
            if scalar.text is not None:
                yield Reference(key, scalar.text, owner, entry.place(scalar))

    def choice(self, key: str, choices: Callable[[str], _Choice]) -> _Choice | None:
        """Give one of an enumeration's members; ``choices`` is the enumeration."""
        name = self.text(key)
        if name is None:
            return None
        try:
            return choices(name)
        except ValueError:
            words = [str(member) for member in _members(choices)]
            self.wrong_type(self.entries[key], f"one of {', '.join(words)}")
            return None

    def tags(self) -> tuple[Tag, ...]:
        """Give the tags: names, or ``name = value``."""
        entry = self.entries.get("tags")
        if entry is None:
            return ()
        tags = entry.values.tags
        if tags is None:
            self.wrong_type(entry, "names, or `name = value`")
            return ()
        return tags

    def na_rule(self) -> NaRule | None:
        """Give the rule for n/a: skip, fail, pass, or a number in [0, 1]."""
        entry = self.entries.get("n/a")
        if entry is None:
            return None
        rule = entry.values.na_rule
        if rule is None:
            hint = "write skip, fail, pass, or what it is worth from 0 to 1"
            self.report("E417", "this is no rule for n/a", entry.span, hint)
        return rule

    def passing(self) -> float | None:
        """Give the pass mark, in [0, 1]."""
        number = self.number("passing")
        if number is None or 0 <= number <= 1:
            return number
        self.report(
            "E406",
            f"`passing: {number:g}` lies outside 0 to 1",
            self.entries["passing"].span,
            "scores lie between 0 and 1; 0.6 means 60 %",
        )
        return None


def _members(choices: object) -> Iterable[object]:
    return choices if isinstance(choices, type) and hasattr(choices, "__iter__") else ()


def written(scalar: Scalar) -> str:
    """Give a value as text: a number or a range as it would be written."""
    from rubricdsl.expressions.printing import print_number

    value = scalar.value
    if isinstance(value, float):
        return print_number(value)
    if scalar.form == "range" and isinstance(value, tuple):
        low, high = value
        return f"{print_number(low)} to {print_number(high)}"
    return str(value)
