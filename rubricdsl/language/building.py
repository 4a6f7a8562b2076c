"""From syntax trees to a `Rubric`: what each line says, read and typed.

What can be seen from one block alone is checked here; what needs the whole rubric
(names, judges, weights against their range) is checked in `checking`.
"""

from collections.abc import Iterator

from attrs import define
from lark import Token, Tree

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.blocks import build_history, build_judge, build_test
from rubricdsl.language.fields import (
    Entry,
    Fields,
    Reference,
    Scalar,
    read_scalar,
    span_of,
    unquote,
)
from rubricdsl.language.items import ItemBuilder
from rubricdsl.language.layout import Line
from rubricdsl.language.parsing import RubricTree
from rubricdsl.language.plain_items import PlainItemBuilder
from rubricdsl.language.texts import TextReader
from rubricdsl.language.trees import as_token, first_token
from rubricdsl.model.rubric import (
    Param,
    Round,
    Rubric,
    Turn,
    Use,
    WeightScheme,
)
from rubricdsl.model.source import NOWHERE, Span

PARAM_TYPES = ("number", "text")
_ITEMS = ("criterion", "group", "include")
_FIELDS = ("field", "text_field")


@define
class Built:
    """A rubric, what is wrong with it, and what is known of the lines it lost.

    ``lost_words`` are names that may have been meant to be there, ``references``
    those that must be.
    """

    rubric: Rubric
    damaged: bool
    lost_words: set[str]
    references: list[Reference]
    found: list[Diagnostic]


def build(file: str, tree: RubricTree) -> Built:
    """Make the model of one ``rubric`` block."""
    return _Builder(file, tree).build()


def _is_item(entry: Tree[Token] | Line) -> bool:
    if isinstance(entry, Line):
        return entry.text[0] == "["
    return entry.data in _ITEMS


class _Builder:
    def __init__(self, file: str, tree: RubricTree) -> None:
        self.file = file
        self.tree = tree
        self.found: list[Diagnostic] = []
        self.params = tuple(self._params())
        self.texts = TextReader(
            file, frozenset(p.name for p in self.params), tree.lost_words, self.found
        )

    def build(self) -> Built:
        fields = Fields("rubric", self.found)
        for entry in self._fields():
            fields.add(entry)
        conversation = self._conversation(fields)
        weights = self._weights(fields)
        classes = None if weights is None else dict(weights.classes)
        items = ItemBuilder(self.file, self.texts, classes, self.found)
        plain = PlainItemBuilder(items, self.tree.trees)
        built = [
            plain.item(entry) if isinstance(entry, Line) else items.item(entry)
            for entry in self.tree.entries
            if _is_item(entry)
        ]
        line = self.tree.line
        span = self.texts.line_span(line.number, line.column, len(line.text))
        rubric = Rubric(
            name=self.tree.name or "rubric",
            items=tuple(item for item in built if item is not None),
            version=self._version(fields),
            title=fields.text("title"),
            prompt=None if conversation else fields.text("prompt"),
            conversation=conversation,
            reference=fields.text("reference"),
            note=fields.text("note"),
            why=fields.text("why"),
            for_prompts=fields.names("for") or (),
            tags=fields.tags(),
            weights=weights or WeightScheme(),
            judge=fields.text("judge"),
            passing=fields.passing(),
            sees=fields.names("sees"),
            language=fields.text("language"),
            na=fields.na_rule(),
            params=self.params,
            uses=tuple(self._uses()),
            judges=tuple(
                build_judge(tree, self.texts, self.found) for tree in self._of("judge")
            ),
            history=self._history(fields),
            tests=tuple(
                build_test(tree, self.texts, self.found) for tree in self._of("test")
            ),
            span=span,
        )
        references = [*fields.references("judge", ""), *items.references]
        lost = self.tree.lost_words
        return Built(rubric, self.tree.damaged, lost, references, self.found)

    def _fields(self) -> Iterator[Entry]:
        for entry in self.tree.entries:
            if _is_item(entry):
                continue
            if isinstance(entry, Line):
                plain = self.texts.plain_entry(entry)
                if plain is not None:
                    yield plain
            elif entry.data in _FIELDS:
                yield self.texts.entry(entry)

    def _of(self, *kinds: str) -> Iterator[Tree[Token]]:
        trees = (entry for entry in self.tree.entries if isinstance(entry, Tree))
        return (tree for tree in trees if tree.data in kinds)

    def _version(self, fields: Fields) -> str | None:
        entry = fields.entries.get("version")
        if entry is None:
            return None
        if len(entry.values) == 1 and entry.values[0].form == "version":
            return str(entry.values[0].value)
        fields.wrong_type(entry, "three numbers such as 1.2.0")
        return None

    def _weights(self, fields: Fields) -> WeightScheme | None:
        """Read ``weights:``; None if what it says cannot be known."""
        entry = fields.entries.get("weights")
        if entry is None:
            return WeightScheme()
        first = entry.values[0]
        if first.form == "range" and isinstance(first.value, tuple):
            if len(entry.values) == 1 and first.value[0] <= first.value[1]:
                return WeightScheme(*first.value)
        elif all(value.form == "assign" for value in entry.values):
            classes = fields.bindings("weights")
            numbers = [(c.name, c.value) for c in classes if isinstance(c.value, float)]
            if len(numbers) == len(classes):
                return WeightScheme(classes=tuple(numbers))
        fields.wrong_type(entry, "a range such as `1 to 3`, or classes `name = number`")
        return None

    def _conversation(self, fields: Fields) -> tuple[Turn, ...]:
        turns: list[Turn] = []
        for tree in self._of("talk"):
            fields.once("prompt", self._first(tree))
            turns += self.texts.conversation(tree)
        return tuple(turns)

    def _history(self, fields: Fields) -> tuple[Round, ...]:
        rounds: list[Round] = []
        for tree in self._of("history"):
            fields.once("history", self._first(tree))
            rounds += build_history(tree, self.file, self.found)
        return tuple(rounds)

    def _first(self, tree: Tree[Token]) -> Span:
        token = first_token(tree)
        return span_of(self.file, token) if token else NOWHERE

    def _uses(self) -> Iterator[Use]:
        for tree in self._of("use"):
            path, alias = tree.children
            path = as_token(path)
            yield Use(unquote(path), str(alias), span=span_of(self.file, path))

    def _params(self) -> Iterator[Param]:
        for tree in self._of("param"):
            name, kind_token, default = tree.children
            name = as_token(name)
            kind = str(kind_token)
            entry = Entry(str(name), span_of(self.file, name))
            if kind not in PARAM_TYPES:
                message = f"`{kind}` is no type of a parameter"
                hint = f"write one of {', '.join(PARAM_TYPES)}"
                span = span_of(self.file, as_token(kind_token))
                self.found.append(Diagnostic("E421", message, span, hint))
                kind = "text"
            value = None
            if kind == kind_token and isinstance(default, Tree):
                scalar = read_scalar(self.file, default)
                value = self._default(kind, scalar)
                if value is None:
                    message = f"the default of `{name}` is no {kind}"
                    hint = 'a number is written 3, a text "…"'
                    self.found.append(Diagnostic("E421", message, scalar.span, hint))
            yield Param(str(name), kind, value, span=entry.span)

    def _default(self, kind: str, scalar: Scalar) -> float | str | None:
        if kind == "number":
            return scalar.value if isinstance(scalar.value, float) else None
        return scalar.text
