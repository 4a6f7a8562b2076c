"""Outcomes in Markdown: headings for sections, a list item for each criterion.

That is how agent platforms take a rubric.  Each item counts the same, and a section
as much as its items, so the score is the share of items met; the outcome is reached
with all of them (``passing: 1``).
"""

import re
from collections.abc import Iterator, Sequence

from attrs import define, field

from rubricdsl.diagnostics import Diagnostic, RubricError
from rubricdsl.formats.fields import FieldError
from rubricdsl.formats.foreign.drafting import Draft, stem_of
from rubricdsl.formats.foreign.flattening import weight_of
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.formats.foreign.writing import Bind, exported, only
from rubricdsl.formats.sources import place, unpacked_text
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.protocols import ExportedFile, ImportedRubric, RubricFormatOffer
from rubricdsl.model.rubric import Criterion, Group, Kind, Node, Rubric, Weight

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*")
_ITEM = re.compile(r"(\s*)(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?(.*)")
_HINT = "write `# Title`, `## Section` and a line `- criterion` for each criterion"
_TITLE, _SECTION = 1, 2


def read_outcomes(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read a document; raises RubricError (D109) for one without list items."""
    draft = Draft("", name, set())
    document = _Document(draft)
    for number, line in enumerate(unpacked_text(data, name).split("\n"), 1):
        document.line(number, line.rstrip())
    try:
        rubric = document.rubric()
    except FieldError as error:
        message = f"{name} cannot be imported: {error.message}"
        fault = Diagnostic("D109", message, place(name, 1), error.hint)
        raise RubricError([fault]) from None
    yield ImportedRubric(
        file_stem=rubric.name,
        text=print_rubric(rubric),
        paths=tuple(draft.paths),
        losses=tuple(draft.losses),
    )


def write_outcomes(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write the one rubric; raises RubricError for more than one."""
    ledger = Ledger(only(rubrics, "outcomes"))
    bound = bind(ledger.rubric)
    ledger.rubric_but(frozenset({"title", "note", "passing"}))
    ledger.lose_names()
    if ledger.rubric.passing != 1:
        ledger.lose("", "its pass mark", "all that is listed is wanted")
    lines = [f"# {_one_line(bound.title or bound.name)}", ""]
    if ledger.rubric.note:
        lines += [*ledger.rubric.note.split("\n"), ""]
    writer = _Writer(ledger, lines)
    loose = [node for node in bound.root.nodes if isinstance(node, Criterion)]
    writer.items(loose)
    for node in bound.root.nodes:
        if isinstance(node, Group):
            writer.section(node, _SECTION)
    text = "\n".join(lines).rstrip("\n") + "\n"
    return exported(text, ".md", writer.paths, [ledger])


OUTCOMES = RubricFormatOffer(
    name="outcomes",
    description="Outcomes in Markdown: headings, and a list item a criterion",
    read=read_outcomes,
    write=write_outcomes,
)


@define
class _Writer:
    ledger: Ledger
    lines: list[str]
    paths: list[tuple[str, str]] = field(factory=list)
    weights: set[float] = field(factory=set)

    def section(self, group: Group, depth: int) -> None:
        """Write a group as a heading with its criteria, then those below it."""
        weight = weight_of(group, self.ledger)
        if weight is None or weight < 0:
            if weight is not None:
                self.ledger.lose(group.path, "a group with a negative weight")
            return
        if group.kind is not Kind.MEAN:
            instead = "listed as wanted, one and all"
            self.ledger.lose(group.path, f"`{group.kind} of`", instead)
        self.ledger.node_but(group, frozenset({"title", "kind"}))
        if group.text is not None and group.title is not None:
            self.ledger.lose(group.path, "its text beside the title")
        if depth > _SECTION:
            self.ledger.lose(group.path, "that it lies in another section")
        self._weigh(group, float(len(group.nodes)))
        if self.lines and self.lines[-1]:
            self.lines.append("")
        self.lines += [f"## {_one_line(group.title or group.text or group.name)}", ""]
        self.items([node for node in group.nodes if isinstance(node, Criterion)])
        for node in group.nodes:
            if isinstance(node, Group):
                self.section(node, depth + 1)

    def items(self, criteria: Sequence[Criterion]) -> None:
        """Write criteria as list items."""
        for criterion in criteria:
            weight = weight_of(criterion, self.ledger)
            if weight is None:
                continue
            if weight <= 0:
                what = "a criterion that is not wanted" if weight else "one not scored"
                self.ledger.lose(criterion.path, what)
                continue
            self._weigh(criterion, 1.0)
            self.ledger.node_but(criterion, frozenset())
            first, *more = criterion.text.split("\n")
            if any(line != line.strip() or not line for line in (first, *more)):
                self.ledger.lose(criterion.path, "the blanks at the edges of its lines")
            self.paths.append((str(len(self.paths)), criterion.path))
            self.lines += [f"- {first.strip()}", *(f"  {x.strip()}" for x in more)]

    def _weigh(self, node: Node, usual: float) -> None:
        if isinstance(node.mark, Weight) and node.mark.value != usual:
            instead = "each item counts the same"
            self.ledger.lose(node.path, "its weight", instead)


@define
class _Section:
    title: str
    items: list[str] = field(factory=list)


@define
class _Document:
    """A document as it is read, line by line."""

    draft: Draft
    title: str | None = None
    prose: list[str] = field(factory=list)
    sections: list[_Section] = field(factory=lambda: [_Section("")])
    in_item: bool = False
    fence: str = ""

    def line(self, number: int, line: str) -> None:
        """Take one line."""
        mark = line.strip()[:3]
        if mark in {"```", "~~~"} and mark == (self.fence or mark):
            self.fence = "" if self.fence else mark
            self._other(number, line)
            return
        heading = None if self.fence else _HEADING.fullmatch(line)
        item = None if self.fence else _ITEM.fullmatch(line)
        if heading and heading[2]:
            self.in_item = False
            self._heading(number, len(heading[1]), heading[2])
        elif item and item[2] and not (self.in_item and item[1]):
            self.in_item = True
            self.sections[-1].items.append(item[2])
        elif self.in_item and line[:1].isspace() and line.strip():
            self.sections[-1].items[-1] += f"\n{line.strip()}"
        elif line.strip():
            self._other(number, line)

    def _heading(self, number: int, depth: int, text: str) -> None:
        is_first = self.title is None and not any(s.items for s in self.sections)
        if depth == _TITLE and is_first and len(self.sections) == 1:
            self.title = text
            return
        if depth > _SECTION:
            where = f"line {number}"
            self.draft.lose(where, "that a section lies in another", "side by side")
        self.sections.append(_Section(text))

    def _other(self, number: int, line: str) -> None:
        self.in_item = False
        is_head = len(self.sections) == 1 and not self.sections[0].items
        if is_head and not self.fence:
            self.prose.append(line.strip())
        else:
            self.draft.lose(f"line {number}", "a line that is no list item", "left out")

    def rubric(self) -> Rubric:
        """Make the rubric; raises FieldError if there is no item."""
        if not any(section.items for section in self.sections):
            raise FieldError("it has no list item", _HINT)
        title = self.draft.optional_text(self.title, "title")
        nodes: list[Node] = []
        for section in self.sections:
            if not section.title:
                nodes += [self._criterion(item, "") for item in section.items]
            elif section.items:
                nodes.append(self._group(section))
            else:
                self.draft.lose("", f"the empty section `{section.title}`", "left out")
        name = self.draft.rubric_name(title or stem_of(self.draft.file))
        return Rubric(
            name=name,
            title=None if title == name else title,
            note=self.draft.optional_text("\n".join(self.prose), "prose"),
            passing=1.0,
            items=tuple(nodes),
        )

    def _group(self, section: _Section) -> Group:
        name = self.draft.name(section.title)
        return Group(
            name=name,
            mark=Weight(float(len(section.items))),
            title=None if section.title == name else section.title,
            items=tuple(self._criterion(item, f"{name}.") for item in section.items),
        )

    def _criterion(self, item: str, above: str) -> Criterion:
        text = self.draft.text(item, "list")
        name = self.draft.name(text)
        self.draft.path(str(len(self.draft.paths)), f"{above}{name}")
        return Criterion(name=name, mark=Weight(1.0), text=text)


def _one_line(text: str) -> str:
    return " ".join(text.split())
