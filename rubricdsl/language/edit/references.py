"""Where names lead after an edit: in ``needs:``, formulas, and lines of tests.

What follows an item that goes: ``needs:`` pass to what takes its place, and are left
out where nothing does.  In tests, ``given`` with yes, no or n/a and ``expect`` with
yes are repeated for each part of a split; other lines that name what is no more go,
and a test that then expects nothing goes with them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import attrs
from attrs import field, frozen

from rubricdsl.language.scopes import Scope
from rubricdsl.model.expression import (
    Arithmetic,
    Call,
    Compare,
    Expression,
    Logical,
    Name,
    Not,
)
from rubricdsl.model.rubric import (
    Criterion,
    Expect,
    Given,
    Group,
    Item,
    Rubric,
    TestCase,
)
from rubricdsl.model.ruling import Ruling, RulingWord
from rubricdsl.model.source import NOWHERE

_CARRIED = frozenset({RulingWord.YES, RulingWord.NO, RulingWord.NA})
_Heirs = Mapping[str, tuple[str, ...]]
_TestLine = TypeVar("_TestLine", Given, Expect)


@frozen(kw_only=True)
class References:
    """What references lead to, by the paths of items before the edit.

    ``moved`` are the old and new path of an item that has another now.  ``heirs`` are
    the names that take the place of items that are no more, ``tested`` those that do
    so in tests.
    """

    scope: Scope
    moved: tuple[str, str] | None = None
    heirs: _Heirs = field(factory=dict)
    tested: _Heirs = field(factory=dict)

    def updated(self, rubric: Rubric) -> Rubric:
        """Give the rubric with every reference led to where it should."""
        tests = (self._test(test) for test in rubric.tests)
        return attrs.evolve(
            rubric,
            items=mapped(rubric.items, self._item),
            tests=tuple(test for test in tests if test is not None),
        )

    def follow(self, reference: str, heirs: _Heirs) -> tuple[str, ...]:
        """Give the references that take the place of one: itself, others, or none."""
        named = self.scope.find(reference)
        if named is None:
            return (reference,)
        path = named.path
        for gone, names in heirs.items():
            if path == gone or path.startswith(f"{gone}."):
                return names
        if self.moved is None:
            return (reference,)
        old, new = self.moved
        if path != old and not path.startswith(f"{old}."):
            return (reference,)
        if "." in reference:
            return (new + path.removeprefix(old),)
        return (new.rpartition(".")[2],) if path == old else (reference,)

    # ------------------------------------------------------------------ items

    def _item(self, item: Item) -> Item:
        if not isinstance(item, Criterion) or not item.needs:
            return item
        needs = [new for old in item.needs for new in self.follow(old, self.heirs)]
        if tuple(needs) == item.needs:
            return item
        needs = [name for name in dict.fromkeys(needs) if name != item.name]
        return attrs.evolve(item, needs=tuple(needs))

    # ------------------------------------------------------------------ tests

    def _test(self, test: TestCase) -> TestCase | None:
        given = tuple(g for old in test.given for g in self._given(old))
        labels = {response.name for response in test.responses if response.name}
        expects = tuple(e for old in test.expects for e in self._expects(old, labels))
        if (given, expects) == (test.given, test.expects):
            return test
        if test.expects and not expects and not test.orders:
            return None
        return attrs.evolve(test, given=given, expects=expects)

    def _given(self, given: Given) -> Iterator[Given]:
        if given.target == "all":
            yield given
            return
        targets = self.follow(given.target, self.tested)
        if len(targets) == 1 or given.ruling.word in _CARRIED:
            yield from _repeated(given, targets)

    def _expects(self, expect: Expect, labels: set[str]) -> Iterator[Expect]:
        prefix, target = self._addressee(expect.target, labels)
        targets = self.follow(target, self.tested)
        wanted = expect.expectation
        is_yes = isinstance(wanted, Ruling) and wanted.word is RulingWord.YES
        if len(targets) == 1 or is_yes:
            named = [f"{prefix}{_unlike(t, labels)}" for t in targets]
            yield from _repeated(expect, named)

    def _addressee(self, target: str, labels: set[str]) -> tuple[str, str]:
        """Cut the name of a response off the target of an ``expect``."""
        first, _, rest = target.partition(".")
        return (f"{first}.", rest) if rest and first in labels else ("", target)


def _repeated(line: _TestLine, targets: Iterable[str]) -> Iterator[_TestLine]:
    """Give a line of a test for each target; the first is the line itself."""
    for index, target in enumerate(targets):
        if index:
            yield attrs.evolve(line, target=target, span=NOWHERE)
        elif target == line.target:
            yield line
        else:
            yield attrs.evolve(line, target=target)


def _unlike(target: str, labels: set[str]) -> str:
    """Write a path that begins like the name of a response as a mere name."""
    first, dot, _ = target.partition(".")
    return target.rpartition(".")[2] if dot and first in labels else target


def mapped(
    items: tuple[Item, ...], change: Callable[[Item], Item | None]
) -> tuple[Item, ...]:
    """Change every item of a tree, children first; None leaves one out."""
    result: list[Item] = []
    for item in items:
        current = item
        if isinstance(item, Group):
            inner = mapped(item.items, change)
            if list(map(id, inner)) != list(map(id, item.items)):
                current = attrs.evolve(item, items=inner)
        changed = change(current)
        if changed is not None:
            result.append(changed)
    return tuple(result)


def renamed_in(expression: Expression, old: str, new: str) -> Expression:
    """Put another name in the place of a variable."""

    def fill(part: Expression) -> Expression:
        return renamed_in(part, old, new)

    match expression:
        case Name(name) if name == old:
            return Name(new, span=expression.span)
        case Call(_, arguments, named):
            return attrs.evolve(
                expression,
                arguments=tuple(map(fill, arguments)),
                named=tuple((name, fill(value)) for name, value in named),
            )
        case Not(operand):
            return attrs.evolve(expression, operand=fill(operand))
        case Logical(_, operands):
            return attrs.evolve(expression, operands=tuple(map(fill, operands)))
        case Compare(_, left, right) | Arithmetic(_, left, right):
            return attrs.evolve(expression, left=fill(left), right=fill(right))
        case _:
            return expression
