"""Criteria, groups and includes: syntax trees to the model."""

from collections.abc import Mapping

from lark import Token, Tree

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.fields import Fields
from rubricdsl.language.formulas import read_expression
from rubricdsl.language.items import (
    NUMBERED,
    RULINGS,
    WORDED,
    GroupParts,
    ItemBuilder,
    Parts,
)
from rubricdsl.language.tree_texts import TreeTextReader
from rubricdsl.language.trees import (
    as_token,
    as_tree,
    first_token,
    read_scalar,
    span_of,
    subtrees,
    unquote,
    value_span,
)
from rubricdsl.language.words import RESERVED
from rubricdsl.model.expression import Expression
from rubricdsl.model.rubric import (
    Binding,
    Criterion,
    Example,
    Group,
    Include,
    Item,
    Level,
    Mark,
)
from rubricdsl.model.ruling import Ruling
from rubricdsl.model.source import NOWHERE, Span

_ITEMS = frozenset({"criterion", "group", "include"})


def read_ruling(tree: Tree[Token]) -> Ruling:
    """Read a verdict as tests and examples write it."""
    *_, token = tree.children
    token = as_token(token)
    if len(tree.children) > 1:
        return Ruling.level(float(token))
    if token.type == "SIGNED":
        return Ruling.of_number(float(token))
    return RULINGS[str(token)]


def read_level(line: Tree[Token], texts: TreeTextReader) -> Level:
    """Read a ``level`` line."""
    number, label, text = as_token(line.children[0]), *line.children[1:]
    return Level(
        float(number),
        unquote(label) if isinstance(label, Token) else None,
        texts.text(text),
        span=span_of(texts.file, number),
    )


def _is_lost(item: Tree[Token]) -> bool:
    """Say whether an item stands in for a line that could not be read."""
    return any(isinstance(part, Token) and part == "" for part in item.children)


class TreeItemBuilder:
    """Builds the items of one rubric from trees.

    ``trees`` are those of lines that are not plain in groups that are, by line number.
    """

    def __init__(
        self,
        items: ItemBuilder,
        texts: TreeTextReader,
        trees: Mapping[int, Tree[Token]],
    ) -> None:
        self.items = items
        self.texts = texts
        self.trees = trees
        self.file = items.file

    def builds(self, tree: Tree[Token]) -> bool:
        """Say whether a tree is an item."""
        return tree.data in _ITEMS

    def item(self, tree: Tree[Token]) -> Item | None:
        """Build an item; None for one that has no usable name."""
        if tree.data == "include":
            return self.include(tree)
        name = next(c for c in tree.children if isinstance(c, Token))
        if not name:
            return self.group(tree, name) if tree.data == "group" else None
        if name in RESERVED:
            self.items.reserved(name, span_of(self.file, name))
            return None
        if tree.data == "group":
            return self.group(tree, name)
        return self.criterion(tree, name)

    def criterion(self, tree: Tree[Token], name: Token) -> Criterion:
        """Build a criterion."""
        mark, _, text, body = tree.children
        span = self._span(name, text)
        parts = Parts(Fields("criterion", self.items.found))
        for line in subtrees(body):
            if line.data == "check":
                if parts.check is not None:
                    self._again("check", line, "join the two with `and`")
                parts.check = self._expression(line)
            elif line.data == "level":
                parts.levels.append(read_level(line, self.texts))
            elif line.data == "example":
                parts.examples.append(self._example(line))
            else:
                parts.fields.add(self.texts.entry(line))
        return self.items.made_criterion(
            str(name), self.mark(mark, span), self.texts.text(text), span, parts
        )

    def _again(self, key: str, line: Tree[Token], way: str) -> None:
        token = first_token(line)
        span = span_of(self.file, token) if token else NOWHERE
        message = f"`{key}` stands here a second time"
        hint = f"keep one of them, or {way}"
        self.items.found.append(Diagnostic("E312", message, span, hint))

    def _expression(self, line: Tree[Token]) -> Expression:

        return read_expression(self.file, as_tree(line.children[0]))

    def _example(self, line: Tree[Token]) -> Example:
        ruling, text = as_tree(line.children[0]), line.children[1]
        span = span_of(self.file, as_token(ruling.children[0]))
        return Example(read_ruling(ruling), self.texts.text(text), span=span)

    def group(self, tree: Tree[Token], name: Token) -> Group:
        """Build a group and all below it."""
        mark, kind, _, *rest = tree.children
        kind, body = as_tree(kind), as_tree(rest[-1])
        text = rest[0] if len(rest) > 1 else None
        span = self._span(name, text)
        parts = GroupParts(Fields("group", self.items.found))
        combines: list[Expression] = []
        for line in subtrees(body):
            if line.data == "combine":
                if combines:
                    self._again("combine", line, "make one expression of the two")
                combines.append(self._expression(line))
            elif line.data in _ITEMS:
                item = self.item(line)
                parts.add(item)
                parts.lost += item is None and _is_lost(line)
            else:
                entry = self.texts.entry(line)
                parts.lost += entry.key == ""
                parts.fields.add(entry)
        parts.combine = combines[0] if combines else None
        return self.items.made_group(
            str(name),
            self.mark(mark, span),
            str(kind.data).replace("_", " "),
            str(kind.children[0]) if kind.children else None,
            self.texts.text(text) if text is not None else None,
            span,
            parts,
        )

    def include(self, tree: Tree[Token]) -> Include | None:
        """Build an include."""
        mark, path, name, arguments = tree.children
        path = as_tree(path)
        first = first_token(path)
        span = span_of(self.file, first) if first else NOWHERE
        if isinstance(name, Token) and name in RESERVED:
            self.items.reserved(name, span_of(self.file, name))
            return None
        return Include(
            mark=self.mark(mark, span),
            target=".".join(str(part) for part in path.children),
            name=str(name) if isinstance(name, Token) else None,
            arguments=self._arguments(arguments),
            span=span,
        )

    def _arguments(self, tree: object) -> tuple[Binding, ...]:
        bindings: dict[str, Binding] = {}
        for arg in subtrees(tree):
            name, value = arg.children
            scalar = read_scalar(as_tree(value))
            span = value_span(self.file, as_tree(value))
            number = scalar.value if isinstance(scalar.value, float) else None
            content = number if number is not None else scalar.text
            if content is None:
                message = f"`{name}` takes a number or a text"
                hint = f'write `{name} = 3` or `{name} = "text"`'
                self.items.found.append(Diagnostic("E421", message, span, hint))
            elif name in bindings:
                message, hint = f"`{name}` is given twice", "keep one of the two"
                self.items.found.append(Diagnostic("E312", message, span, hint))
            else:
                bindings[str(name)] = Binding(str(name), content, span=span)
        return tuple(bindings.values())

    def mark(self, tree: object, span: Span) -> Mark:
        """Read a mark; ``span`` is where to report what is wrong with it."""
        tree = as_tree(tree)
        value = str(tree.children[0]) if tree.children else ""
        if tree.data == "weight_class":
            return self.items.weight_class(value, span)
        if value:
            return NUMBERED[str(tree.data)](float(value))
        return WORDED[str(tree.data)]

    def _span(self, name: Token, text: object) -> Span:
        span = span_of(self.file, name)
        if isinstance(text, Token) and text.line == name.line:
            return span.to(span_of(self.file, text))
        return span
