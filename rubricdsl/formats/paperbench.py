"""PaperBench: a tree of requirements with weights becomes groups and criteria.

The root becomes the rubric, an inner node a mean group, a leaf a criterion; so the
score is PaperBench's own recursive weighted mean.  A node of weight 0, which adds
nothing to that mean, becomes ``info``.  The categories of a leaf become tags.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath

from attrs import define, field, frozen

from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.diagnostics.strict_json import StrictJsonError, loads_strict
from rubricdsl.formats.fields import (
    FieldError,
    Fields,
    needed_number,
    needed_objects,
    needed_text,
    optional_text,
)
from rubricdsl.formats.sources import place, unpacked_text
from rubricdsl.language.naming import name_of, unique_name
from rubricdsl.model.protocols import ImportedRubric, RubricFormatOffer
from rubricdsl.model.rubric import (
    Criterion,
    Group,
    Info,
    Mark,
    Node,
    Rubric,
    Tag,
    Weight,
)

MAX_DEPTH = 32
_CATEGORIES = (("category", "task_category"), ("area", "finegrained_task_category"))
_HINT = "give the tree as {id, requirements, weight, sub_tasks, task_category}"

# What so many requirements begin or end with says nothing in a name.
_OPENING = re.compile(
    r"\s*(?:the\s+)?code\s+(?:(?:has\s+been|is)\s+)?(?:correctly\s+)?"
    r"(?:written|implemented|added)\s*(?:for|to|such\s+that|so\s+that|that|which)?\s",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r",?\s+as\s+(?:described|defined|detailed|specified|outlined)\s.*",
    re.IGNORECASE | re.DOTALL,
)
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
_PARAMETER = re.compile(r"\{(?=\{\s*[^\W\d]\w*\s*\}\})")


@frozen
class Tree:
    """A rubric made of a tree, and the path of each node by its id.

    An id that the tree has twice is there twice; the root's path is empty.
    """

    rubric: Rubric
    paths: tuple[tuple[str, str], ...]


def read_paperbench(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read a tree, packed or not, into ``.rub`` source.

    Raises RubricError as `read_tree` does.
    """
    from rubricdsl.language.printing import print_rubric

    tree = read_tree(data, name)
    yield ImportedRubric(
        file_stem=_stem(name), text=print_rubric(tree.rubric), paths=tree.paths
    )


PAPERBENCH = RubricFormatOffer(
    name="paperbench",
    description="PaperBench: a tree of weighted requirements becomes mean groups",
    read=read_paperbench,
)


def read_tree(data: bytes, name: str) -> Tree:
    """Read a tree into a rubric, named after the file.

    Raises:
        RubricError: for a file that is not JSON (D101, D102, D104), and with every
            node that cannot be imported (D109).
    """
    text = unpacked_text(data, name)
    try:
        value = loads_strict(text)
    except StrictJsonError as error:
        span = place(name, error.line, column=error.column)
        fail("D102", f"{name} is not valid JSON: {error.reason}", hint=_HINT, span=span)
    if not isinstance(value, dict):
        fail("D109", f"{name} holds no tree", hint=_HINT, span=place(name, 1))
    reader = _Reader(name)
    rubric = reader.rubric(value)
    if reader.faults:
        raise RubricError(reader.faults)
    return Tree(rubric, tuple(reader.paths))


def _stem(name: str) -> str:
    stem = PurePath(name).name
    for ending in (".gz", ".json"):
        stem = stem.removesuffix(ending)
    return stem or "rubric"


@define
class _Reader:
    """The names given so far, the paths, and what is wrong."""

    file: str
    taken: set[str] = field(factory=set)
    paths: list[tuple[str, str]] = field(factory=list)
    faults: list[Diagnostic] = field(factory=list)

    def rubric(self, root: Fields) -> Rubric:
        """Make the rubric of a whole tree."""
        name = unique_name(_stem(self.file), set())
        try:
            children, text = _children(root), _text(root)
        except FieldError as error:
            self._report("the root", error)
            return Rubric(name=name, items=())
        if not children:
            # A tree of one leaf is judged as a whole.
            return Rubric(name=name, items=tuple(self._nodes([root], "", "")))
        self._add_path(root, "")
        items = tuple(self._nodes(children, "", ""))
        return Rubric(name=name, title=text.replace("\n", " "), items=items)

    def _nodes(
        self, entries: Sequence[Fields], parent: str, where: str
    ) -> Iterator[Node]:
        """Give the nodes below ``parent``, a path; ``where`` they stand in the file."""
        counting = 0
        for i, entry in enumerate(entries):
            here = f"{where}.sub_tasks[{i}]"
            try:
                node = self._node(entry, parent, here)
            except FieldError as error:
                self._report(here.removeprefix("."), error)
                counting += 1
            else:
                counting += isinstance(node.mark, Weight)
                yield node
        if not counting:
            idle = FieldError(
                "every node has weight 0, so that nothing counts",
                "give one of them a weight",
            )
            self._report(f"{where}.sub_tasks".removeprefix("."), idle)

    def _node(self, entry: Fields, parent: str, where: str) -> Node:
        text, children, mark = _text(entry), _children(entry), _mark(entry)
        tags = tuple(_tags(entry))
        name = unique_name(_telling(text), self.taken)
        path = f"{parent}.{name}".removeprefix(".")
        if path.count(".") >= MAX_DEPTH - 1 and children:
            raise FieldError(f"the tree is over {MAX_DEPTH} deep", "make it flatter")
        self._add_path(entry, path)
        if not children:
            return Criterion(name=name, mark=mark, text=text, tags=tags)
        items = tuple(self._nodes(children, path, where))
        return Group(name=name, mark=mark, text=text, tags=tags, items=items)

    def _add_path(self, entry: Fields, path: str) -> None:
        node_id = optional_text(entry, "id")
        if node_id is not None:
            self.paths.append((node_id, path))

    def _report(self, where: str, error: FieldError) -> None:
        message = f"{where} cannot be imported: {error.message}"
        self.faults.append(Diagnostic("D109", message, place(self.file, 1), error.hint))


def _children(entry: Fields) -> list[Fields]:
    return needed_objects(entry, "sub_tasks") if "sub_tasks" in entry else []


def _text(entry: Fields) -> str:
    """Give the requirement as a rubric can hold it: nothing hidden, no parameter."""
    visible = _HIDDEN.sub("", needed_text(entry, "requirements"))
    lines = [line.rstrip() for line in visible.strip().split("\n")]
    text = _PARAMETER.sub("{ ", "\n".join(lines))
    if not text:
        raise FieldError("`requirements` is empty", "say what is required")
    return text


def _mark(entry: Fields) -> Mark:
    weight = needed_number(entry, "weight")
    if weight < 0:
        raise FieldError(f"`weight` is {weight:g}", "PaperBench has no weights below 0")
    return Weight(weight) if weight else Info()


def _tags(entry: Fields) -> Iterable[Tag]:
    for tag, key in _CATEGORIES:
        category = optional_text(entry, key)
        if category and category.strip():
            yield Tag(tag, name_of(category))


def _telling(text: str) -> str:
    short = _REFERENCE.sub("", _OPENING.sub("", text, count=1), count=1)
    return short if short.strip() else text
