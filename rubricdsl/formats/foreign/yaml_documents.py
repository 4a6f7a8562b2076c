"""YAML from strangers: a safe loader with bounds, and nothing but plain data.

No tag is followed, an alias costs what it stands for, keys are unique texts, and
dates stay texts.  The result is what JSON could have said.
"""

import math
from collections.abc import Hashable, Iterable
from typing import Any, NoReturn

import yaml
from attrs import define, field

from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.formats.sources import place
from rubricdsl.model.digest import Plain

MAX_NODES = 500_000
"""How many nodes a document may have once its aliases are written out."""
MAX_DEPTH = 100
MAX_CHARACTERS = 10_000_000
MAX_INTEGER = 10**300

_BOUND_HINT = "split the file, or write out what is repeated"


def read_yaml(text: str, name: str) -> Plain:
    """Read one YAML document.

    Raises:
        RubricError: where the text is not YAML (D102), or holds a tag or more than is
            allowed (D109).
    """
    if len(text) > MAX_CHARACTERS:
        _refuse(name, 1, f"it has more than {MAX_CHARACTERS:,} characters")
    try:
        _Bounds(name).check(yaml.parse(text, Loader=yaml.SafeLoader))
        value = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except RubricError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        column = mark.column + 1 if mark else 1
        _malformed(name, error.problem or error.context, line, column)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        _malformed(name, str(error), 1, 1)
    return _plain(value, name)


def _malformed(name: str, reason: str | None, line: int, column: int) -> NoReturn:
    fail(
        "D102",
        f"{name} is not valid YAML: {reason or 'malformed'}",
        hint="give YAML, or JSON",
        span=place(name, line, column=column),
    )


def _refuse(name: str, line: int, reason: str, hint: str = _BOUND_HINT) -> NoReturn:
    fail("D109", f"{name}: {reason}", hint=hint, span=place(name, line))


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses equal keys and leaves dates alone."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002 - PyYAML's signature
    ) -> dict[Hashable, Any]:
        known = set[str]()
        for key, _ in node.value:
            text = key.value if isinstance(key, yaml.ScalarNode) else None
            if text in known and text != "<<":
                raise yaml.constructor.ConstructorError(
                    None, None, f"duplicate key {text!r}", key.start_mark
                )
            known.add(text or "")
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@define
class _Bounds:
    """How much a document comes to, its aliases written out."""

    file: str
    total: int = 0
    documents: int = 0
    sizes: dict[str | None, int] = field(factory=dict)
    open_nodes: list[tuple[str | None, int]] = field(factory=list)

    def check(self, events: Iterable[yaml.Event]) -> None:
        """Refuse tags, deep nesting, and aliases that would come to too much."""
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 1
            tag = getattr(event, "tag", None)
            if tag is not None:
                hint = "write the value without `!`"
                _refuse(self.file, line, f"the tag {tag} is not followed", hint)
            self._count(event, line)
            if len(self.open_nodes) > MAX_DEPTH:
                _refuse(self.file, line, f"it is nested over {MAX_DEPTH} deep")
            if self.total > MAX_NODES:
                _refuse(self.file, line, f"it comes to over {MAX_NODES:,} nodes")

    def _count(self, event: yaml.Event, line: int) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    hint = "give one a file"
                    _refuse(self.file, line, "it holds a second document", hint)
            case yaml.AliasEvent():
                if event.anchor not in self.sizes:
                    hint = "define the anchor before it is used"
                    _refuse(self.file, line, f"*{event.anchor} is not complete", hint)
                self.total += self.sizes[event.anchor]
            case yaml.ScalarEvent():
                self.total += 1
                self.sizes[event.anchor] = 1
            case yaml.CollectionStartEvent():
                self.open_nodes.append((event.anchor, self.total))
                self.total += 1
            case yaml.CollectionEndEvent():
                anchor, before = self.open_nodes.pop()
                self.sizes[anchor] = self.total - before
            case _:
                pass


def _plain(value: object, name: str) -> Plain:
    match value:
        case int() if abs(value) >= MAX_INTEGER:
            _refuse(name, 1, "a number is too large", "give a smaller one")
        case None | bool() | str() | int():
            return value
        case float():
            if not math.isfinite(value):
                _refuse(name, 1, f"{value} is no number to count with", "give a number")
            return value
        case list():
            return [_plain(element, name) for element in value]
        case dict():
            return {_key(key): _plain(member, name) for key, member in value.items()}
        case _:
            kind = type(value).__name__
            _refuse(name, 1, f"a {kind} is no plain value", "write it as a text")


def _key(key: object) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return f"{key}"
