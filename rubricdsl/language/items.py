"""Criteria and groups: what stands in their lines to the model."""

from collections.abc import Callable
from enum import StrEnum

from attrs import define, field

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.fields import (
    Fields,
    Reference,
)
from rubricdsl.language.scales import read_scale
from rubricdsl.language.words import reserved_name
from rubricdsl.model.expression import Expression
from rubricdsl.model.rubric import (
    Bonus,
    Cap,
    Criterion,
    Example,
    Group,
    Info,
    Item,
    Kind,
    Level,
    Mark,
    Must,
    Never,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, PARTLY, YES
from rubricdsl.model.source import Span

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


def counts(item: Item) -> bool:
    """Say whether an item can give its group a value: a weight or a gate."""
    return not isinstance(item.mark, Info | Bonus)


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

    ``classes`` are its weight classes, None if they are not known, and ``lost_words``
    the words of lines that were lost.
    """

    def __init__(
        self,
        file: str,
        classes: dict[str, float] | None,
        lost_words: set[str],
        found: list[Diagnostic],
    ) -> None:
        self.file = file
        self.classes = classes
        self.lost_words = lost_words
        self.found = found
        self.references: list[Reference] = []

    def reserved(self, name: str, span: Span) -> None:
        """Report a name that is a word of the language."""
        self.found.append(reserved_name(name, span))
        self.lost_words.add(name)

    # ------------------------------------------------------------- criteria

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
            if key in fields.entries:
                self.references += fields.references(key, owner)

    def _evidence(self, fields: Fields) -> bool:
        value = fields.text("evidence")
        if value is not None and value not in _EVIDENCE:
            fields.wrong_type(fields.entries["evidence"], "required or optional")
        return value == "required"

    # --------------------------------------------------------------- groups

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

    # --------------------------------------------------------------- weights

    def weight_class(self, name: str, span: Span) -> Weight:
        """Give the weight of a class, which should be declared."""
        known = self.classes
        if known is None or name in self.lost_words:
            return Weight(1.0, name)
        if name not in known:
            hint = f"declare it: `weights: {name} = 3`"
            if known:
                hint = f"the classes are: {', '.join(known)}"
            message = f"no weight class is called `{name}`"
            self.found.append(Diagnostic("E310", message, span, hint))
        return Weight(known.get(name, 1.0), name)
