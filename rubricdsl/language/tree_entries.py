"""What a rubric declares in blocks of their own: syntax trees to the model."""

from collections.abc import Iterator

from lark import Token, Tree

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.blocks import build_history, build_judge, build_test
from rubricdsl.language.building import Declared
from rubricdsl.language.fields import Entry, Fields, Scalar
from rubricdsl.language.items import ItemBuilder
from rubricdsl.language.parsing import RubricTree
from rubricdsl.language.tree_items import TreeItemBuilder
from rubricdsl.language.tree_texts import TreeTextReader
from rubricdsl.language.trees import (
    as_token,
    first_token,
    read_scalar,
    span_of,
    unquote,
    value_span,
)
from rubricdsl.model.rubric import Param, Round, Turn, Use
from rubricdsl.model.source import NOWHERE, Span

PARAM_TYPES = ("number", "text")


class TreeEntries:
    """The entries of one rubric that are trees."""

    def __init__(self, file: str, tree: RubricTree, found: list[Diagnostic]) -> None:
        self.file = file
        self.tree = tree
        self.found = found
        self.params = tuple(self._params())
        names = frozenset(param.name for param in self.params)
        self.texts = TreeTextReader(file, names, tree.lost_words, found)

    def items(self, items: ItemBuilder) -> TreeItemBuilder:
        """Give a builder of the items that are trees."""
        return TreeItemBuilder(items, self.texts, self.tree.trees)

    def field(self, tree: Tree[Token]) -> Entry | None:
        """Read a field; None for any other entry."""
        return self.texts.entry(tree) if tree.data in {"field", "text_field"} else None

    def declared(self, fields: Fields) -> Declared:
        """Build all blocks; two of them stand among the fields."""
        return Declared(
            params=self.params,
            uses=tuple(self._uses()),
            conversation=self._conversation(fields),
            history=self._history(fields),
            judges=tuple(
                build_judge(tree, self.texts, self.found) for tree in self._of("judge")
            ),
            tests=tuple(
                build_test(tree, self.texts, self.found) for tree in self._of("test")
            ),
        )

    def _of(self, kind: str) -> Iterator[Tree[Token]]:
        trees = (entry for entry in self.tree.entries if isinstance(entry, Tree))
        return (tree for tree in trees if tree.data == kind)

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
            if kind not in PARAM_TYPES:
                message = f"`{kind}` is no type of a parameter"
                hint = f"write one of {', '.join(PARAM_TYPES)}"
                span = span_of(self.file, as_token(kind_token))
                self.found.append(Diagnostic("E421", message, span, hint))
                kind = "text"
            value = None
            if kind == kind_token and isinstance(default, Tree):
                value = self._default(kind, read_scalar(default))
                if value is None:
                    message = f"the default of `{name}` is no {kind}"
                    span = value_span(self.file, default)
                    hint = 'a number is written 3, a text "…"'
                    self.found.append(Diagnostic("E421", message, span, hint))
            yield Param(str(name), kind, value, span=span_of(self.file, name))

    def _default(self, kind: str, scalar: Scalar) -> float | str | None:
        if kind == "number":
            return scalar.value if isinstance(scalar.value, float) else None
        return scalar.text
