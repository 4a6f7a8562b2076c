"""Writing PaperBench trees; `rubricdsl.formats.paperbench` reads them."""

from collections.abc import Sequence

from attrs import define, field

from rubricdsl.formats.foreign.flattening import weight_of
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.formats.foreign.writing import (
    Bind,
    json_file,
    number,
    only,
    refuse_empty,
)
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import ExportedFile
from rubricdsl.model.rubric import Criterion, Group, Kind, Node, Rubric, Tag

_CATEGORIES = (("category", "task_category"), ("area", "finegrained_task_category"))
_ROOT = "root"


def write_paperbench(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write the one rubric as a tree; groups count as means of their children."""
    ledger = Ledger(only(rubrics, "paperbench"))
    bound = bind(ledger.rubric)
    ledger.rubric_but(frozenset({"title"}))
    ledger.lose_names()
    writer = _Writer(ledger)
    children = writer.nodes(bound.root)
    refuse_empty(children, ledger.rubric, "paperbench")
    root: Plain = {
        "id": _ROOT,
        "requirements": bound.title or bound.name,
        "weight": 1,
        "sub_tasks": children,
    }
    return json_file(root, writer.paths, [ledger])


@define
class _Writer:
    ledger: Ledger
    paths: list[tuple[str, str]] = field(factory=list)

    def nodes(self, group: Group) -> list[Plain]:
        """Give the children of a group; gates and negative weights are left out."""
        found: list[Plain] = []
        for node in group.nodes:
            weight = weight_of(node, self.ledger)
            if weight is not None and weight < 0:
                self.ledger.lose(node.path, "a negative weight")
            elif weight is not None:
                self.paths.append((node.path, node.path))
                found.append(self._node(node, weight))
        return found

    def _node(self, node: Node, weight: float) -> Plain:
        if isinstance(node, Group) and node.kind is not Kind.MEAN:
            instead = "the weighted mean of its parts"
            self.ledger.lose(node.path, f"`{node.kind} of`", instead)
        told = {"tags", "kind"} if isinstance(node, Group) else {"tags"}
        self.ledger.node_but(node, frozenset(told))
        record: dict[str, Plain] = {
            "id": node.path,
            "requirements": node.text or node.name,
            "weight": number(weight),
            "sub_tasks": [] if isinstance(node, Criterion) else self.nodes(node),
        }
        categories = {tag.name: tag.value for tag in node.tags}
        for ours, theirs in _CATEGORIES:
            record[theirs] = categories.get(ours)
        known = {
            Tag(ours, categories[ours]) for ours, _ in _CATEGORIES if ours in categories
        }
        if set(node.tags) - known:
            self.ledger.lose(node.path, "tags but category and area")
        return record
