"""``rub show``: a rubric as a tree, with what each criterion decides."""

import argparse
import shutil
import sys
import textwrap
from collections.abc import Iterator

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.inputs import load_sound
from rubricdsl.cli.numbers import positive
from rubricdsl.cli.output import print_json
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.expressions.printing import print_expression
from rubricdsl.language.identity import plain
from rubricdsl.language.printing import print_mark
from rubricdsl.model.digest import Plain
from rubricdsl.model.rubric import (
    BoundRubric,
    Criterion,
    Group,
    LevelScale,
    Node,
)
from rubricdsl.scoring.meaning import Meaning
from rubricdsl.scoring.shares import Shares

DESCRIPTION = "Print a rubric as a tree, with the share of the score of each criterion."
EPILOG = """\
examples:
  rub show examples/doctor/fever_full.rub
  rub show examples/doctor/fever_full.rub --json

The share is the part of the whole score that a criterion decides, as long as nothing
is n/a.  Gates and info have none.

exit codes: 0 done, 2 the rubric has errors"""
_SHARE_WIDTH = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="file, folder or -")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--depth", type=positive, metavar="N", help="show N levels only"
    )


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    rubrics, project = load_sound(options.paths)
    bound = [project.bind_open(rubric) for rubric in rubrics]
    if options.json:
        print_json({"rubrics": [_record(rubric) for rubric in bound]})
        return Exit.FINE
    width = max(60, min(shutil.get_terminal_size((100, 24)).columns, 120))
    for index, rubric in enumerate(bound):
        if index:
            sys.stdout.write("\n")
        for line in tree_lines(rubric, width, options.depth or 100):
            sys.stdout.write(safe_text(line) + "\n")
    return Exit.FINE


def _record(rubric: BoundRubric) -> Plain:
    record = plain(rubric)
    shares = Shares.of(Meaning.of(rubric)).by_path()
    nodes: list[Plain] = [
        {"path": node.path, "share": shares[node.path]} for node in rubric.walk()
    ]
    if isinstance(record, dict):
        record["digest"] = rubric.digest
        record["nodes"] = nodes
    return record


def tree_lines(rubric: BoundRubric, width: int, depth: int) -> Iterator[str]:
    """Give the lines of the tree, none wider than ``width`` where words allow."""
    version = f" {rubric.version}" if rubric.version else ""
    yield f"{rubric.name}{version}"
    if rubric.title:
        yield f"  {rubric.title}"
    for judge in rubric.judges:
        models = ", ".join(judge.models) or "as rub.toml says"
        votes = f", {judge.votes} votes ({judge.rule})" if judge.votes > 1 else ""
        yield f"  judge {judge.name}: {models}, asked {judge.ask}{votes}"
    if rubric.passing is not None:
        yield f"  passes from {rubric.passing:g}"
    yield ""
    shares = Shares.of(Meaning.of(rubric)).by_path()
    for node in rubric.root.nodes:
        yield from _node_lines(node, shares, width, 1, depth)


def _node_lines(
    node: Node, shares: dict[str, float | None], width: int, level: int, depth: int
) -> Iterator[str]:
    share = shares[node.path]
    cell = "" if share is None else f"{share:.1%}"
    kind = ""
    if isinstance(node, Group):
        kind = f"at least {node.count} of " if node.count else f"{node.kind} of "
    indent = "  " * (level - 1)
    head = f"{cell:>{_SHARE_WIDTH - 1}} {indent}[{print_mark(node.mark)}] {kind}"
    text = f": {node.text}" if node.text else ""
    yield from textwrap.wrap(
        f"{head}{node.name}{text}",
        width,
        subsequent_indent=" " * (_SHARE_WIDTH + len(indent) + 4),
        break_long_words=False,
    ) or [head]
    for note in _notes(node):
        yield f"{' ' * (_SHARE_WIDTH + len(indent) + 4)}{note}"
    if isinstance(node, Group) and level < depth:
        for child in node.nodes:
            yield from _node_lines(child, shares, width, level + 1, depth)


def _notes(node: Node) -> Iterator[str]:
    if isinstance(node, Group):
        if node.combine is not None:
            yield f"combine: {print_expression(node.combine)}"
        return
    yield from _criterion_notes(node)


def _criterion_notes(criterion: Criterion) -> Iterator[str]:
    if criterion.check is not None:
        yield f"check: {print_expression(criterion.check)}"
    if isinstance(criterion.scale, LevelScale):
        for level in criterion.scale.levels:
            label = f" {level.label}" if level.label else ""
            yield f"level {level.number:g}{label}: {level.text}"
    elif criterion.scale.answers != ("yes", "no"):
        yield f"answers: {', '.join(criterion.scale.answers)}"
    if criterion.needs:
        yield f"needs: {', '.join(criterion.needs)}"
    if criterion.na is not None:
        yield f"n/a: {criterion.na}"
    if criterion.check is None and criterion.judge:
        yield f"judge: {criterion.judge}"
