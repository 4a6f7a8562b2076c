"""Criteria, groups and includes: syntax trees to the model."""

from collections.abc import Callable
from enum import StrEnum

from attrs import define, field
from lark import Token, Tree

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.fields import (
    Fields,
    Reference,
    read_scalar,
    span_of,
)
from rubricdsl.language.formulas import read_expression
from rubricdsl.language.scales import read_level, read_scale
from rubricdsl.language.texts import TextReader
from rubricdsl.language.trees import as_token, as_tree, first_token, subtrees
from rubricdsl.language.words import RESERVED, reserved_name
from rubricdsl.model.expression import Expression
from rubricdsl.model.rubric import (
    Binding,
    Bonus,
    Cap,
    Criterion,
    Example,
    Group,
    Include,
    Info,
    Item,
    Kind,
    Level,
    Mark,
    Must,
    Never,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Ruling
from rubricdsl.model.source import NOWHERE, Span

RULINGS = {"yes": YES, "no": NO, "partly": PARTLY, "n/a": NA}
NUMBERED: dict[str, Callable[[float], Mark]] = {
    "weight": Weight,
    "bonus": Bonus,
    "cap": Cap,
}
WORDED: dict[str, Mark] = {"must": Must(), "never": Never(), "info": Info()}
_EVIDENCE = ("required", "optional")


class _Truth(StrEnum):
    YES = "yes"
    NO = "no"


def read_ruling(tree: Tree[Token]) -> Ruling:
    """Read a verdict as tests and examples write it."""
    *_, token = tree.children
    token = as_token(token)
    if len(tree.children) > 1:
        return Ruling.level(float(token))
    if token.type == "SIGNED":
        return Ruling.of_number(float(token))
    return RULINGS[str(token)]


def counts(item: Item) -> bool:
    """Say whether an item can give its group a value: a weight or a gate."""
    return not isinstance(item.mark, Info | Bonus)


def _is_lost(item: Tree[Token]) -> bool:
    """Say whether an item stands in for a line that could not be read."""
    return any(isinstance(part, Token) and part == "" for part in item.children)


@define
class Parts:
    """What stands in the lines below a criterion."""

    fields: Fields
    check: Expression | None = None
    levels: list[Level] = field(factory=list)
    examples: list[Example] = field(factory=list)


@define
class GroupParts:
    """What stands in the lines below a group; ``lost`` counts those not read."""

    fields: Fields
    items: list[Item] = field(factory=list)
    combine: Expression | None = None
    item_lines: int = 0
    lost: int = 0

    def add(self, item: Item | None) -> None:
        """Take in an item; None stands for one that has no usable name."""
        self.item_lines += 1
        if item is not None:
            self.items.append(item)


class ItemBuilder:
    """Builds the items of one rubric.

    ``classes`` are its weight classes, None if they are not known.
    """

    def __init__(
        self,
        file: str,
        texts: TextReader,
        classes: dict[str, float] | None,
        found: list[Diagnostic],
    ) -> None:
        self.file = file
        self.texts = texts
        self.classes = classes
        self.found = found
        self.references: list[Reference] = []

    def item(self, tree: Tree[Token]) -> Item | None:
        """Build an item; None for one that has no usable name."""
        if tree.data == "include":
            return self.include(tree)
        name = next(c for c in tree.children if isinstance(c, Token))
        if not name:
            return self.group(tree, name) if tree.data == "group" else None
        if name in RESERVED:
            self.reserved(name, span_of(self.file, name))
            return None
        if tree.data == "group":
            return self.group(tree, name)
        return self.criterion(tree, name)

    def reserved(self, name: str, span: Span) -> None:
        """Report a name that is a word of the language."""
        self.found.append(reserved_name(name, span))
        self.texts.lost_words.add(name)

    # ------------------------------------------------------------- criteria

    def criterion(self, tree: Tree[Token], name: Token) -> Criterion:
        """Build a criterion."""
        mark, _, text, body = tree.children
        span = self._span(name, text)
        parts = Parts(Fields("criterion", self.found))
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
        return self.made_criterion(
            str(name), self.mark(mark, span), self.texts.text(text), span, parts
        )

    def made_criterion(
        self, name: str, mark: Mark, text: str, span: Span, parts: Parts
    ) -> Criterion:
        """Make a criterion of what stands in its lines."""
        fields, check = parts.fields, parts.check
        if check is not None and "judge" in fields.entries:
            self.found.append(
                Diagnostic(
                    "E414",
                    "a criterion with a `check:` is never put to a judge",
                    fields.entries["judge"].span,
                    "keep the check or the judge; make two criteria to have both",
                )
            )
        self._refer(name, fields)
        passing = fields.passing()
        return Criterion(
            name=name,
            mark=mark,
            text=text,
            scale=read_scale(fields, parts.levels, span),
            check=check,
            needs=fields.names("needs") or (),
            na=fields.na_rule(),
            passing=1.0 if passing is None else passing,
            judge=fields.text("judge"),
            sees=fields.names("sees"),
            evidence=self._evidence(fields),
            examples=tuple(parts.examples),
            tags=fields.tags(),
            title=fields.text("title"),
            note=fields.text("note"),
            why=fields.text("why"),
            source=fields.text("source"),
            since=fields.whole("since"),
            was=fields.names("was") or (),
            span=span,
        )

    def _refer(self, owner: str, fields: Fields) -> None:
        """Note the names that the whole rubric must know."""
        for key in ("judge", "needs"):
            self.references += fields.references(key, str(owner))

    def _again(self, key: str, line: Tree[Token], way: str) -> None:
        token = first_token(line)
        span = span_of(self.file, token) if token else NOWHERE
        message = f"`{key}` stands here a second time"
        hint = f"keep one of them, or {way}"
        self.found.append(Diagnostic("E312", message, span, hint))

    def _expression(self, line: Tree[Token]) -> Expression:
        return read_expression(self.file, as_tree(line.children[0]))

    def _example(self, line: Tree[Token]) -> Example:
        ruling, text = as_tree(line.children[0]), line.children[1]
        span = span_of(self.file, as_token(ruling.children[0]))
        return Example(read_ruling(ruling), self.texts.text(text), span=span)

    def _evidence(self, fields: Fields) -> bool:
        value = fields.text("evidence")
        if value is not None and value not in _EVIDENCE:
            fields.wrong_type(fields.entries["evidence"], "required or optional")
        return value == "required"

    # --------------------------------------------------------------- groups

    def group(self, tree: Tree[Token], name: Token) -> Group:
        """Build a group and all below it."""
        mark, kind, _, *rest = tree.children
        kind, body = as_tree(kind), as_tree(rest[-1])
        text = rest[0] if len(rest) > 1 else None
        span = self._span(name, text)
        parts = GroupParts(Fields("group", self.found))
        combines: list[Expression] = []
        for line in subtrees(body):
            if line.data == "combine":
                if combines:
                    self._again("combine", line, "make one expression of the two")
                combines.append(self._expression(line))
            elif line.data in {"criterion", "group", "include"}:
                item = self.item(line)
                parts.add(item)
                parts.lost += item is None and _is_lost(line)
            else:
                entry = self.texts.entry(line)
                parts.lost += entry.key == ""
                parts.fields.add(entry)
        parts.combine = combines[0] if combines else None
        return self.made_group(
            str(name),
            self.mark(mark, span),
            str(kind.data).replace("_", " "),
            str(kind.children[0]) if kind.children else None,
            self.texts.text(text) if text is not None else None,
            span,
            parts,
        )

    def made_group(  # noqa: PLR0913, PLR0917 - what the first line says
        self,
        name: str,
        mark: Mark,
        kind: str,
        count: str | None,
        text: str | None,
        span: Span,
        parts: GroupParts,
    ) -> Group:
        """Make a group of what stands in its lines."""
        fields = parts.fields
        self._refer(name, fields)
        passing = fields.passing()
        built = Group(
            name=name,
            mark=mark,
            kind=Kind(kind),
            items=tuple(parts.items),
            text=text,
            count=self._count(count, span),
            combine=parts.combine,
            monotone=fields.choice("monotone", _Truth) is not _Truth.NO,
            na=fields.na_rule(),
            passing=1.0 if passing is None else passing,
            judge=fields.text("judge"),
            sees=fields.names("sees"),
            tags=fields.tags(),
            title=fields.text("title"),
            note=fields.text("note"),
            why=fields.text("why"),
            since=fields.whole("since"),
            was=fields.names("was") or (),
            span=span,
        )
        if name:
            if not parts.lost:
                self._check_children(built, parts.item_lines)
            self._check_formula(built, fields)
        return built

    def _count(self, count: str | None, span: Span) -> int | None:
        if count is None:
            return None
        number = float(count)
        if number >= 1 and number == int(number):
            return int(number)
        hint = "write a whole number, 1 or more: `at least 2 of name`"
        message = f"`at least {count}` counts no children"
        self.found.append(Diagnostic("E405", message, span, hint))
        return 1

    def _check_children(self, group: Group, item_lines: int) -> None:
        """Check that the children of a group can make its value."""
        weighted = [i for i in group.items if isinstance(i.mark, Weight)]
        if not item_lines:
            hint = "indent its criteria below it, each `[weight] name: text`"
            message = f"the group `{group.name}` has no children"
            self.found.append(Diagnostic("E205", message, group.span, hint))
        elif not any(counts(i) for i in group.items):
            hint = "give it a weighted criterion, or write its own mark as `info`"
            message = f"nothing in the group `{group.name}` can count"
            self.found.append(Diagnostic("E402", message, group.span, hint))
        elif group.count is not None and group.count > len(weighted):
            message = f"at least {group.count} of {len(weighted)} children can never be"
            hint = f"write at most {len(weighted)}, or add children"
            self.found.append(Diagnostic("E405", message, group.span, hint))

    def _check_formula(self, group: Group, fields: Fields) -> None:
        """Check that a formula has its expression, and that no other group has."""
        if group.kind is Kind.FORMULA:
            if group.combine is None:
                message = f"the formula `{group.name}` has no `combine:`"
                hint = "write `combine: a * b` over the names of its children"
                self.found.append(Diagnostic("E418", message, group.span, hint))
            return
        if group.combine is not None:
            message = f"`combine:` has no meaning in `{group.kind} of`"
            hint = "write `formula of`, or leave `combine:` out"
            self.found.append(Diagnostic("E418", message, group.combine.span, hint))
        if "monotone" in fields.entries:
            message = f"`monotone` has no meaning in `{group.kind} of`"
            span, hint = fields.entries["monotone"].span, "leave it out"
            self.found.append(Diagnostic("E210", message, span, hint))

    # ------------------------------------------------------- marks, includes

    def include(self, tree: Tree[Token]) -> Include | None:
        """Build an include."""
        mark, path, name, arguments = tree.children
        path = as_tree(path)
        first = first_token(path)
        span = span_of(self.file, first) if first else NOWHERE
        if isinstance(name, Token) and name in RESERVED:
            self.reserved(name, span_of(self.file, name))
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
            scalar = read_scalar(self.file, as_tree(value))
            number = scalar.value if isinstance(scalar.value, float) else None
            content = number if number is not None else scalar.text
            if content is None:
                message = f"`{name}` takes a number or a text"
                hint = f'write `{name} = 3` or `{name} = "text"`'
                self.found.append(Diagnostic("E421", message, scalar.span, hint))
            elif name in bindings:
                message, hint = f"`{name}` is given twice", "keep one of the two"
                self.found.append(Diagnostic("E312", message, scalar.span, hint))
            else:
                bindings[str(name)] = Binding(str(name), content, span=scalar.span)
        return tuple(bindings.values())

    def mark(self, tree: object, span: Span) -> Mark:
        """Read a mark; ``span`` is where to report what is wrong with it."""
        tree = as_tree(tree)
        value = str(tree.children[0]) if tree.children else ""
        if tree.data == "weight_class":
            return self.weight_class(value, span)
        if value:
            return NUMBERED[str(tree.data)](float(value))
        return WORDED[str(tree.data)]

    def weight_class(self, name: str, span: Span) -> Weight:
        """Give the weight of a class, which should be declared."""
        known = self.classes
        if known is None or name in self.texts.lost_words:
            return Weight(1.0, name)
        if name not in known:
            hint = f"declare it: `weights: {name} = 3`"
            if known:
                hint = f"the classes are: {', '.join(known)}"
            message = f"no weight class is called `{name}`"
            self.found.append(Diagnostic("E310", message, span, hint))
        return Weight(known.get(name, 1.0), name)

    def _span(self, name: Token, text: object) -> Span:
        span = span_of(self.file, name)
        if isinstance(text, Token) and text.line == name.line:
            return span.to(span_of(self.file, text))
        return span
