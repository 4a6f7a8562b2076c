"""Reading ``key: value`` lines: which a block may have, and of what type."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import TypeVar

from attrs import define, field, frozen

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.diagnostics.secrets import is_secret_option, looks_secret
from rubricdsl.expressions.printing import print_number
from rubricdsl.language.words import FIELDS
from rubricdsl.model.rubric import Binding, NaPolicy, NaRule, Tag
from rubricdsl.model.source import Span

_HOMES = {name: block for block, names in FIELDS.items() for name in names}
_Choice = TypeVar("_Choice")


@frozen
class Scalar:
    """One value of a field, with its form: number, string, path, range and so on."""

    form: str
    value: object
    span: Span

    @property
    def text(self) -> str | None:
        """The value as a name or text, if it is one."""
        forms = {"path", "string", "raw", "date", "version"}
        return str(self.value) if self.form in forms else None


@frozen
class Entry:
    """One ``key: value`` line; ``text`` is set for keys whose value is free text."""

    key: str
    span: Span
    values: tuple[Scalar, ...] = ()
    text: str | None = None


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
        self._take(Entry(key, span))

    def _take(self, entry: Entry) -> None:
        if entry.key in self.entries:
            line = self.entries[entry.key].span.line
            message = f"`{entry.key}` stands here a second time (first in line {line})"
            self.report("E312", message, entry.span, "keep one of the two")
        else:
            self.entries[entry.key] = entry

    def _unknown(self, entry: Entry) -> None:
        if is_secret_option(entry.key):
            self.secret(f"`{entry.key}` would put a secret into the rubric", entry.span)
            return
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
            values = [scalar.text for scalar in entry.values]
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
        for scalar in entry.values if entry else ():
            value: object = None
            name = ""
            if scalar.form == "assign" and isinstance(scalar.value, tuple):
                name, inner = scalar.value
                value = inner.value if isinstance(inner.value, float) else inner.text
            if entry and not isinstance(value, float | str):
                self.wrong_type(entry, "`parameter = value`")
            elif name in bound:
                message, hint = f"`{name}` is given twice", "keep one of the two"
                self.report("E312", message, scalar.span, hint)
            elif isinstance(value, float | str):
                bound[name] = Binding(name, value, span=scalar.span)
        return tuple(bound.values())

    # ---------------------------------------------------------------- readers

    def text(self, key: str) -> str | None:
        """Give free text, a name or a string."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        if entry.text is not None:
            return entry.text
        value = entry.values[0].text if len(entry.values) == 1 else None
        if value is None:
            self.wrong_type(entry, "a name or a text in quotes")
        return value

    def number(self, key: str) -> float | None:
        """Give a number."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        value = entry.values[0].value if len(entry.values) == 1 else None
        if isinstance(value, float):
            return value
        self.wrong_type(entry, "a number")
        return None

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
        names = [scalar.text for scalar in entry.values]
        if all(name is not None for name in names):
            return tuple(name for name in names if name is not None)
        self.wrong_type(entry, "names, separated by commas")
        return None

    def references(self, key: str, owner: str) -> list[Reference]:
        """Give the names in a field, each with its place."""
        entry = self.entries.get(key)
        return [
            Reference(key, scalar.text, owner, scalar.span)
            for scalar in (entry.values if entry else ())
            if scalar.text is not None
        ]

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
        tags: list[Tag] = []
        for scalar in entry.values:
            if isinstance(scalar.value, tuple) and scalar.form == "assign":
                name, value = scalar.value
                if value.form == "list":
                    self.wrong_type(entry, "names, or `name = value`")
                    return ()
                tags.append(Tag(name, written(value)))
            elif scalar.text is not None:
                tags.append(Tag(scalar.text))
            else:
                self.wrong_type(entry, "names, or `name = value`")
                return ()
        return tuple(tags)

    def na_rule(self) -> NaRule | None:
        """Give the rule for n/a: skip, fail, pass, or a number in [0, 1]."""
        entry = self.entries.get("n/a")
        if entry is None:
            return None
        value = entry.values[0].value if len(entry.values) == 1 else None
        if isinstance(value, float) and 0 <= value <= 1:
            return value
        if value in list(NaPolicy):
            return NaPolicy(str(value))
        self.report(
            "E417",
            "this is no rule for n/a",
            entry.span,
            "write skip, fail, pass, or what it is worth from 0 to 1",
        )
        return None

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
    value = scalar.value
    if isinstance(value, float):
        return print_number(value)
    if scalar.form == "range" and isinstance(value, tuple):
        low, high = value
        return f"{print_number(low)} to {print_number(high)}"
    return str(value)
