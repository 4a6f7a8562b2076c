"""Criteria, groups and includes: syntax trees to the model."""

from collections.abc import Callable
from itertools import pairwise

from lark import Token, Tree

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.fields import (
    Entry,
    Fields,
    Reference,
    read_scalar,
    span_of,
    unquote,
)
from rubricdsl.language.formulas import read_expression
from rubricdsl.language.lexing import RESERVED, reserved_name
from rubricdsl.language.texts import TextReader
from rubricdsl.language.trees import as_token, as_tree, first_token, subtrees
from rubricdsl.model.expression import Expression
from rubricdsl.model.rubric import (
    AnswerScale,
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
    LevelScale,
    Mark,
    Must,
    Never,
    Scale,
    Weight,
    WeightScheme,
)
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Ruling
from rubricdsl.model.source import NOWHERE, Span

_WORDS = {"yes": YES, "no": NO, "partly": PARTLY, "n/a": NA}
_NUMBERED: dict[str, Callable[[float], Mark]] = {
    "weight": Weight,
    "bonus": Bonus,
    "cap": Cap,
}
_PLAIN: dict[str, Mark] = {"must": Must(), "never": Never(), "info": Info()}
_EVIDENCE = ("required", "optional")


def read_ruling(tree: Tree[Token]) -> Ruling:
    """Read a verdict as tests and examples write it."""
    *_, token = tree.children
    token = as_token(token)
    if len(tree.children) > 1:
        return Ruling.level(float(token))
    if token.type == "SIGNED":
        return Ruling.of_number(float(token))
    return _WORDS[str(token)]


def counts(item: Item) -> bool:
    """Say whether an item can give its group a value: a weight or a gate."""
    return not isinstance(item.mark, Info | Bonus)


class ItemBuilder:
    """Builds the items of one rubric; ``weights`` resolves weight classes."""

    def __init__(
        self,
        file: str,
        texts: TextReader,
        weights: WeightScheme,
        found: list[Diagnostic],
    ) -> None:
        self.file = file
        self.texts = texts
        self.classes = dict(weights.classes)
        self.found = found
        self.references: list[Reference] = []

    def item(self, tree: Tree[Token]) -> Item | None:
        """Build an item; None for one that has no usable name."""
        if tree.data == "include":
            return self.include(tree)
        name = next(c for c in tree.children if isinstance(c, Token))
        if name in RESERVED:
            self.found.append(reserved_name(name, span_of(self.file, name)))
            return None
        if tree.data == "group":
            return self.group(tree, name)
        return self.criterion(tree, name) if name else None

    # ------------------------------------------------------------- criteria

    def criterion(self, tree: Tree[Token], name: Token) -> Criterion:
        """Build a criterion."""
        mark, _, text, body = tree.children
        span = self._span(name, text)
        fields = Fields("criterion", self.found)
        lines = subtrees(body)
        check: Expression | None = None
        levels: list[Level] = []
        examples: list[Example] = []
        for line in lines:
            if line.data == "check":
                if check is not None:
                    self._second_check(line)
                check = self._expression(line)
            elif line.data == "level":
                levels.append(self._level(line))
            elif line.data == "example":
                examples.append(self._example(line))
            else:
                fields.add(self.texts.entry(line))
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
            name=str(name),
            mark=self.mark(mark, span),
            text=self.texts.text(text),
            scale=self._scale(fields, levels, span),
            check=check,
            needs=fields.names("needs") or (),
            na=fields.na_rule(),
            passing=1.0 if passing is None else passing,
            judge=fields.text("judge"),
            sees=fields.names("sees"),
            evidence=self._evidence(fields),
            examples=tuple(examples),
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

    def _second_check(self, line: Tree[Token]) -> None:
        token = first_token(line)
        span = span_of(self.file, token) if token else NOWHERE
        hint = "join the two with `and`, or make two criteria"
        self.found.append(
            Diagnostic("E312", "`check` stands here a second time", span, hint)
        )

    def _expression(self, line: Tree[Token]) -> Expression:
        return read_expression(self.file, as_tree(line.children[0]))

    def _level(self, line: Tree[Token]) -> Level:
        number, label, text = as_token(line.children[0]), *line.children[1:]
        return Level(
            float(number),
            unquote(label) if isinstance(label, Token) else None,
            self.texts.text(text),
            span=span_of(self.file, number),
        )

    def _example(self, line: Tree[Token]) -> Example:
        ruling, text = as_tree(line.children[0]), line.children[1]
        span = span_of(self.file, as_token(ruling.children[0]))
        return Example(read_ruling(ruling), self.texts.text(text), span=span)

    def _evidence(self, fields: Fields) -> bool:
        value = fields.text("evidence")
        if value is not None and value not in _EVIDENCE:
            fields.wrong_type(fields.entries["evidence"], "required or optional")
        return value == "required"

    def _scale(self, fields: Fields, levels: list[Level], span: Span) -> Scale:
        answers = self._answers(fields)
        ends = self._ends(fields)
        if not levels and ends is None:
            return answers or AnswerScale()
        if answers is not None:
            self.found.append(
                Diagnostic(
                    "E420",
                    "a criterion has `answers` or levels, not both",
                    fields.entries["answers"].span,
                    "leave `answers` out; each level is an answer",
                )
            )
        numbers = [level.number for level in levels]
        if ends is None and len(levels) < 2:  # noqa: PLR2004 - two make a scale
            self._report_levels("a scale needs at least two levels", span)
        elif any(a >= b for a, b in pairwise(numbers)):
            self._report_levels("the levels do not rise", span)
        low, high = ends or (min(numbers), max(numbers))
        for level in levels:
            if not low <= level.number <= high:
                self.found.append(
                    Diagnostic(
                        "E411",
                        f"level {level.number:g} is not in {low:g} to {high:g}",
                        level.span,
                        "change the level, or the range in `levels:`",
                    )
                )
        return LevelScale(low, high, tuple(levels), stated=ends is not None)

    def _report_levels(self, message: str, span: Span) -> None:
        hint = "list the levels from worst to best: `level 0: …`, `level 1: …`"
        self.found.append(Diagnostic("E404", message, span, hint))

    def _answers(self, fields: Fields) -> AnswerScale | None:
        names = fields.names("answers")
        if names is None:
            return None
        legal = {"yes", "partly", "no"}
        if len(names) < 2 or len(set(names)) < len(names) or not legal >= set(names):  # noqa: PLR2004
            entry = fields.entries["answers"]
            fields.wrong_type(entry, "two or more of yes, partly, no")
            return None
        return AnswerScale(names)

    def _ends(self, fields: Fields) -> tuple[float, float] | None:
        entry = fields.entries.get("levels")
        if entry is None:
            return None
        value = entry.values[0].value if len(entry.values) == 1 else None
        if isinstance(value, tuple) and entry.values[0].form == "range":
            low, high = value
            if low < high:
                return float(low), float(high)
            self._report_levels("the range of levels does not rise", entry.span)
            return None
        fields.wrong_type(entry, "a range such as `0 to 4`")
        return None

    # --------------------------------------------------------------- groups

    def group(self, tree: Tree[Token], name: Token) -> Group:
        """Build a group and all below it."""
        mark, kind, _, *rest = tree.children
        body = rest[-1]
        kind = as_tree(kind)
        body = as_tree(body)
        text = rest[0] if len(rest) > 1 else None
        span = self._span(name, text)
        fields = Fields("group", self.found)
        items: list[Item] = []
        combine: Expression | None = None
        lost = not name
        for line in subtrees(body):
            if line.data == "combine":
                combine = self._expression(line)
            elif line.data in {"criterion", "group", "include"}:
                item = self.item(line)
                lost |= item is None
                items += [item] if item is not None else []
            else:
                entry = self.texts.entry(line)
                lost |= entry.key == ""
                fields.add(entry)
        if not items and not lost:
            hint = "indent its criteria below it, each `[weight] name: text`"
            self.found.append(
                Diagnostic("E205", "the group has no children", span, hint)
            )
        self._refer(name, fields)
        passing = fields.passing()
        built = Group(
            name=str(name),
            mark=self.mark(mark, span),
            kind=Kind(str(kind.data).replace("_", " ")),
            items=tuple(items),
            text=self.texts.text(text) if text is not None else None,
            count=self._count(kind, span),
            combine=combine,
            monotone=fields.text("monotone") != "no",
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
        self._check_group(built, lost=lost)
        return built

    def _count(self, kind: Tree[Token], span: Span) -> int | None:
        if not kind.children:
            return None
        number = float(str(kind.children[0]))
        if number >= 1 and number == int(number):
            return int(number)
        hint = "write a whole number, 1 or more: `at least 2 of name`"
        message = f"`at least {kind.children[0]}` counts no children"
        self.found.append(Diagnostic("E405", message, span, hint))
        return 1

    def _check_group(self, group: Group, *, lost: bool) -> None:
        """Check what needs the group alone: its kind against its children."""
        if group.items and not lost and not any(counts(i) for i in group.items):
            hint = "give it a weighted criterion, or write its own mark as `info`"
            message = f"nothing in the group `{group.name}` can count"
            self.found.append(Diagnostic("E402", message, group.span, hint))
        weighted = [i for i in group.items if isinstance(i.mark, Weight)]
        if group.count is not None and group.count > len(weighted) and not lost:
            self.found.append(
                Diagnostic(
                    "E405",
                    f"at least {group.count} of {len(weighted)} children can never be",
                    group.span,
                    f"write at most {len(weighted)}, or add children",
                )
            )
        if (group.kind is Kind.FORMULA) != (group.combine is not None):
            formula = group.kind is Kind.FORMULA
            self.found.append(
                Diagnostic(
                    "E418",
                    "a formula needs `combine:`"
                    if formula
                    else f"`combine:` has no meaning in `{group.kind} of`",
                    group.span,
                    "write `combine: a * b` over the names of its children"
                    if formula
                    else "write `formula of`, or leave `combine:` out",
                )
            )

    # ------------------------------------------------------- marks, includes

    def include(self, tree: Tree[Token]) -> Include | None:
        """Build an include."""
        mark, path, name, arguments = tree.children
        path = as_tree(path)
        first = first_token(path)
        span = span_of(self.file, first) if first else NOWHERE
        if isinstance(name, Token) and name in RESERVED:
            self.found.append(reserved_name(name, span_of(self.file, name)))
            return None
        return Include(
            mark=self.mark(mark, span),
            target=".".join(str(part) for part in path.children),
            name=str(name) if isinstance(name, Token) else None,
            arguments=self._arguments(arguments),
            span=span,
        )

    def _arguments(self, tree: object) -> tuple[Binding, ...]:
        bindings: list[Binding] = []
        for arg in subtrees(tree):
            name, value = arg.children
            scalar = read_scalar(self.file, as_tree(value))
            number = scalar.value if isinstance(scalar.value, float) else None
            content = number if number is not None else scalar.text
            if content is None:
                entry = Entry(str(name), scalar.span)
                message = f"`{entry.key}` takes a number or a text"
                hint = f'write `{entry.key} = 3` or `{entry.key} = "text"`'
                self.found.append(Diagnostic("E421", message, scalar.span, hint))
                continue
            bindings.append(Binding(str(name), content, span=scalar.span))
        return tuple(bindings)

    def mark(self, tree: object, span: Span) -> Mark:
        """Read a mark; ``span`` is where to report what is wrong with it."""
        tree = as_tree(tree)
        value = str(tree.children[0]) if tree.children else ""
        if tree.data == "weight_class":
            return self._weight_class(value, span)
        if value:
            return _NUMBERED[str(tree.data)](float(value))
        return _PLAIN[str(tree.data)]

    def _weight_class(self, name: str, span: Span) -> Weight:
        if name not in self.classes:
            known = ", ".join(self.classes)
            self.found.append(
                Diagnostic(
                    "E310",
                    f"no weight class is called `{name}`",
                    span,
                    f"the classes are: {known}"
                    if known
                    else f"declare it: `weights: {name} = 3`",
                )
            )
        return Weight(self.classes.get(name, 1.0), name)

    def _span(self, name: Token, text: object) -> Span:
        span = span_of(self.file, name)
        if isinstance(text, Token) and text.line == name.line:
            return span.to(span_of(self.file, text))
        return span
