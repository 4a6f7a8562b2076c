"""From a `Rubric` to a `BoundRubric`: what is in force, and nothing left open.

Includes become what they name, parameters their values, weight classes numbers;
judges, what the judge sees and n/a rules come down from rubric and groups.
"""

from collections.abc import Mapping

import attrs
from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.expressions.printing import print_number
from rubricdsl.language.identity import content_digest
from rubricdsl.language.scopes import Scope, included, item_name
from rubricdsl.language.texts import PARAMETER
from rubricdsl.model.collector import collector_paused
from rubricdsl.model.expression import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Logical,
    Name,
    Not,
)
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import (
    BoundRubric,
    Criterion,
    Group,
    Include,
    Item,
    JudgeSpec,
    Kind,
    LevelScale,
    NaRule,
    Node,
    Rubric,
    Turn,
    Weight,
)

_SEEN = ("prompt", "response", "reference")
_Values = Mapping[str, float | str]


def bind(
    rubric: Rubric,
    functions: FunctionTable,
    arguments: _Values | None = None,
) -> BoundRubric:
    """Bind a rubric that has been loaded and checked.

    ``arguments`` are values for its parameters.  Raises RubricError (E303) for a
    parameter without a value.
    """
    with collector_paused():
        return _bound(rubric, functions, _values(rubric, arguments or {}))


def _bound(rubric: Rubric, functions: FunctionTable, values: _Values) -> BoundRubric:
    binder = _Binder(rubric, values)
    root = Group(
        name=rubric.name,
        mark=Weight(1.0),
        kind=Kind.MEAN,
        items=binder.below(rubric.items, "", _Inherited.of(rubric)),
        span=rubric.span,
    )
    bound = BoundRubric(
        name=rubric.name,
        root=root,
        digest="",
        version=rubric.version,
        title=binder.text(rubric.title),
        prompt=binder.text(rubric.prompt),
        conversation=tuple(
            Turn(turn.speaker, binder.filled(turn.text)) for turn in rubric.conversation
        ),
        reference=binder.text(rubric.reference),
        for_prompts=rubric.for_prompts,
        passing=rubric.passing,
        language=rubric.language,
        judges=tuple(binder.judges.values()),
        span=rubric.span,
    )
    return attrs.evolve(bound, digest=content_digest(bound, functions))


def bind_open(rubric: Rubric, functions: FunctionTable) -> BoundRubric:
    """Bind a rubric to be looked at: open parameters show as ``{{name}}``."""
    still_open = {
        param.name: f"{{{{{param.name}}}}}"
        for param in rubric.params
        if param.default is None
    }
    return bind(rubric, functions, still_open)


def _values(rubric: Rubric, arguments: _Values) -> dict[str, float | str]:
    values: dict[str, float | str] = {}
    for param in rubric.params:
        value = arguments.get(param.name, param.default)
        if value is None:
            message = f"the parameter `{param.name}` of `{rubric.name}` has no value"
            hint = f"give it a default: `param {param.name}: {param.type} = …`"
            fail("E303", message, hint=hint, span=param.span)
        values[param.name] = value
    return values


@frozen
class _Inherited:
    """What comes down from rubric and groups."""

    judge: str | None
    sees: tuple[str, ...]
    na: NaRule | None

    @classmethod
    def of(cls, rubric: Rubric) -> "_Inherited":
        return cls(rubric.judge, rubric.sees or _SEEN, rubric.na)

    def under(self, node: Node) -> "_Inherited":
        return _Inherited(
            node.judge or self.judge,
            node.sees or self.sees,
            self.na if node.na is None else node.na,
        )


class _Binder:
    """Binds the items of one rubric for one set of values."""

    def __init__(self, rubric: Rubric, values: _Values) -> None:
        self.rubric = rubric
        self.values = values
        self.scope = Scope.of(rubric)
        self.judges: dict[str, JudgeSpec] = {j.name: j for j in rubric.judges}

    def below(
        self, items: tuple[Item, ...], prefix: str, inherited: _Inherited
    ) -> tuple[Item, ...]:
        return tuple(
            self.item(item, f"{prefix}{item_name(item)}", inherited) for item in items
        )

    def item(self, item: Item, path: str, inherited: _Inherited) -> Node:
        match item:
            case Include():
                return self.included(item, path, inherited)
            case Group():
                return self.group(item, path, inherited)
            case Criterion():
                return self.criterion(item, path, inherited)

    def group(self, group: Group, path: str, inherited: _Inherited) -> Group:
        inner = inherited.under(group)
        return attrs.evolve(
            group,
            items=self.below(group.items, f"{path}.", inner),
            text=self.text(group.text),
            na=inner.na,
            judge=inner.judge,
            sees=inner.sees,
            path=path,
        )

    def criterion(
        self, criterion: Criterion, path: str, inherited: _Inherited
    ) -> Criterion:
        inner = inherited.under(criterion)
        scale = criterion.scale
        if isinstance(scale, LevelScale):
            levels = tuple(
                attrs.evolve(v, text=self.filled(v.text)) for v in scale.levels
            )
            scale = attrs.evolve(scale, levels=levels)
        examples = (
            attrs.evolve(example, text=self.filled(example.text))
            for example in criterion.examples
        )
        return attrs.evolve(
            criterion,
            text=self.filled(criterion.text),
            note=self.text(criterion.note),
            scale=scale,
            examples=tuple(examples),
            check=criterion.check and self.expression(criterion.check),
            needs=tuple(self.path_of(name) for name in criterion.needs),
            na=inner.na,
            judge=inner.judge,
            sees=inner.sees,
            path=path,
        )

    def path_of(self, name: str) -> str:
        named = self.scope.find(name)
        return name if named is None else named.path

    # ---------------------------------------------------------------- includes

    def included(self, include: Include, path: str, inherited: _Inherited) -> Node:
        """Bind what an include names with its own rubric's settings."""
        found = included(self.rubric, include)
        if found is None:
            message = f"nothing is imported as `{include.alias}`"
            hint = "load the rubric from a file, so that its imports are read"
            fail("E304", message, hint=hint, span=include.span)
        imported, target = found
        arguments = {a.name: a.value for a in include.arguments}
        inner = _Binder(imported, _values(imported, arguments))
        theirs = _Inherited.of(imported)
        whole = Group(
            name=item_name(include),
            mark=include.mark,
            items=inner.below(imported.items, "", theirs),
            text=inner.text(imported.title),
            na=theirs.na,
            judge=theirs.judge,
            sees=theirs.sees,
            span=include.span,
        )
        node: Node = whole
        if target:
            wanted = inner.path_of(target)
            node = _at(whole, wanted)
            node = _moved(node, wanted, path)
        else:
            node = _moved(node, "", path)
        node = attrs.evolve(node, name=item_name(include), mark=include.mark)
        return self._with_judges(node, inner, include.alias, inherited)

    def _with_judges(
        self, node: Node, inner: "_Binder", alias: str, inherited: _Inherited
    ) -> Node:
        """Bring along the judges declared there; else the includer's judge."""
        names: dict[str | None, str | None] = {None: inherited.judge}
        for part in _nodes(node):
            if part.judge is not None and part.judge not in names:
                spec = inner.judges[part.judge]
                name = f"{alias}.{spec.name}"
                self.judges[name] = attrs.evolve(spec, name=name)
                names[part.judge] = name
        return _rejudged(node, names)

    # ------------------------------------------------------------------- texts

    def text(self, text: str | None) -> str | None:
        return None if text is None else self.filled(text)

    def filled(self, text: str) -> str:
        if "{{" not in text:
            return text
        return PARAMETER.sub(lambda match: self.value(match[1], match[0]), text)

    def value(self, name: str, otherwise: str) -> str:
        value = self.values.get(name, otherwise)
        return print_number(value) if isinstance(value, float) else value

    def expression(self, expression: Expression) -> Expression:
        """Put values in the place of parameters."""
        fill = self.expression
        match expression:
            case Name(name) if name in self.values:
                return Constant(self.values[name], span=expression.span)
            case Call(_, arguments, named):
                return attrs.evolve(
                    expression,
                    arguments=tuple(fill(argument) for argument in arguments),
                    named=tuple((name, fill(value)) for name, value in named),
                )
            case Not(operand):
                return attrs.evolve(expression, operand=fill(operand))
            case Logical(_, operands):
                return attrs.evolve(
                    expression, operands=tuple(fill(operand) for operand in operands)
                )
            case Compare(_, left, right) | Arithmetic(_, left, right):
                return attrs.evolve(expression, left=fill(left), right=fill(right))
            case _:
                return expression


def _nodes(node: Node) -> list[Node]:
    nodes = [node]
    for part in nodes:
        if isinstance(part, Group):
            nodes.extend(part.nodes)
    return nodes


def _at(group: Group, path: str) -> Node:
    return next(node for node in _nodes(group) if node.path == path)


def _moved(node: Node, old: str, new: str) -> Node:
    """Give every path below ``old`` its place below ``new``."""

    def move(path: str) -> str:
        rest = path.removeprefix(old).removeprefix(".")
        return f"{new}.{rest}" if rest else new

    if isinstance(node, Criterion):
        needs = tuple(move(need) for need in node.needs)
        return attrs.evolve(node, path=move(node.path), needs=needs)
    items = tuple(_moved(child, old, new) for child in node.nodes)
    return attrs.evolve(node, path=move(node.path), items=items)


def _rejudged(node: Node, names: Mapping[str | None, str | None]) -> Node:
    if isinstance(node, Criterion):
        return attrs.evolve(node, judge=names[node.judge])
    items = tuple(_rejudged(child, names) for child in node.nodes)
    return attrs.evolve(node, judge=names[node.judge], items=items)
