"""``rub diff``: what changed between two versions of a rubric, for a reviewer."""

import argparse
import shutil
import sys
import textwrap
from collections.abc import Iterator

from rubricdsl.changes.comparing import difference, kind_of
from rubricdsl.changes.differences import Aspect, Change, Difference, NodeChange
from rubricdsl.changes.files import RubricPair
from rubricdsl.changes.matching import Tie
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.changes.wording import compare_words, mark_words
from rubricdsl.cli.breaking import suggested, suggestion_line, suggestion_record
from rubricdsl.cli.comparands import NEW_HELP, OLD_HELP, load_comparands
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.output import plural, print_json
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.language.printing import print_mark
from rubricdsl.model.digest import Plain
from rubricdsl.model.rubric import Criterion, Group, Node

DESCRIPTION = "Print what changed between two versions of a rubric, and its shares."
EPILOG = """\
examples:
  rub diff examples/doctor/fever.rub examples/doctor/fever_full.rub
  rub diff examples/doctor/fever.rub examples/doctor/fever_full.rub --json

OLD may be git:REV:PATH, or git:REV for NEW as it was at that revision.  A criterion
with another name is found by its `was:` line, or by its text.  Percentages are shares
of the whole score, before and after.

exit codes: 0 done, 2 a rubric cannot be read or has errors"""
_SIGNS = {"added": "+", "removed": "-", "changed": "~", "share": " "}
_TEXTS = (Aspect.TEXT, Aspect.NOTE, Aspect.LEVEL, Aspect.TITLE, Aspect.WHY)
_INDENT = " " * 23


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("old", metavar="OLD", help=OLD_HELP)
    parser.add_argument("new", metavar="NEW", help=NEW_HELP)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    pairs = load_comparands(options.old, options.new).pairs
    if options.json:
        rubrics: list[Plain] = [_record(pair) for pair in pairs]
        print_json({"old": options.old, "new": options.new, "rubrics": rubrics})
        return Exit.FINE
    width = max(60, min(shutil.get_terminal_size((100, 24)).columns, 120))
    for index, pair in enumerate(pairs):
        if index:
            sys.stdout.write("\n")
        for line in _lines(pair, width):
            sys.stdout.write(safe_text(line) + "\n")
    return Exit.FINE


# --------------------------------------------------------------------------- text


def _lines(pair: RubricPair, width: int) -> Iterator[str]:
    if pair.old is None or pair.new is None:
        yield f"{'-' if pair.new is None else '+'} rubric {pair.name}"
        return
    compared = difference(pair.old, pair.new)
    if compared.same:
        yield f"{pair.name}: no difference"
        return
    yield f"rubric {pair.name}"
    for change in compared.changes:
        yield from _wrapped(f"  {_told(change)}", width, " " * 8)
    yield ""
    for node in compared.changed:
        yield from _node_lines(node, width)
    yield from _afterwards(compared)
    yield ""
    yield suggestion_line(compared)


def _node_lines(change: NodeChange, width: int) -> Iterator[str]:
    status, node = _status(change), change.node
    before, after = _percent(change.old_share), _percent(change.new_share)
    shares = f"{before:>7} → {after:<7}"
    head = f"{_SIGNS[status]} {shares} {_heading(node)}"
    text = f": {node.text}" if node.text and status in ("added", "removed") else ""
    yield from _wrapped(f"{head}{text}", width, _INDENT)
    for aspect in change.changes:
        yield from _wrapped(f"{_INDENT}{_told(aspect)}", width, f"{_INDENT}    ")
    if change.tie is Tie.TEXT:
        told = "(taken for the same, as the text is; `was:` would say so)"
        yield from _wrapped(f"{_INDENT}{told}", width, f"{_INDENT}    ")


def _heading(node: Node) -> str:
    kind = f"{kind_of(node)} " if isinstance(node, Group) else ""
    return f"[{print_mark(node.mark)}] {kind}{node.path}"


def _told(change: Change) -> str:
    what = f"{change.aspect} {change.detail}".rstrip()
    if change.aspect is Aspect.PLACE:
        return f"moved: {change.before or 'the top'} → {change.after or 'the top'}"
    if change.before is None:
        return f"{what}: + {change.after}"
    if change.after is None:
        return f"{what}: - {change.before}"
    if change.aspect in _TEXTS:
        return f"{what}: {mark_words(change.before, change.after)}"
    return f"{what}: {change.before} → {change.after}"


def _afterwards(compared: Difference) -> Iterator[str]:
    for split in compared.matching.splits:
        parts = ", ".join(part.name for part in split.parts)
        yield f"split: {split.old.name} → {parts}"
    for merger in compared.matching.mergers:
        parts = ", ".join(part.name for part in merger.parts)
        yield f"merged: {parts} → {merger.new.name}"
    if compared.reordered:
        names = ", ".join(criterion.name for criterion in compared.reordered)
        yield f"moved among those asked together: {names}"
    same = len(compared.nodes) - len(compared.changed)
    if same:
        yield f"{plural(same, 'criterion or group', 'criteria and groups')} as before"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"  # noqa: RUF001 - for people


def _wrapped(line: str, width: int, indent: str) -> Iterator[str]:
    # Lines of bar texts stay apart.
    for number, part in enumerate(line.split("\n")):
        yield from textwrap.wrap(
            part if number == 0 else f"{indent}{part}",
            width,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )


# --------------------------------------------------------------------------- JSON


def _record(pair: RubricPair) -> Plain:
    fields: dict[str, Plain] = {
        "name": pair.name,
        "status": "changed",
        "old_version": None if pair.old is None else pair.old.rubric.version,
        "new_version": None if pair.new is None else pair.new.rubric.version,
        "old_digest": None if pair.old is None else pair.old.rubric.digest,
        "new_digest": None if pair.new is None else pair.new.rubric.digest,
    }
    if pair.old is None or pair.new is None:
        fields["status"] = "added" if pair.old is None else "removed"
        return fields
    return {**fields, **_compared_record(pair.old, pair.new)}


def _compared_record(old: Snapshot, new: Snapshot) -> dict[str, Plain]:
    compared = difference(old, new)
    matching = compared.matching
    changes: list[Plain] = [_change_record(change) for change in compared.changes]
    nodes: list[Plain] = [_node_record(node) for node in compared.changed]
    splits: list[Plain] = [
        {"old": split.old.path, "parts": [part.path for part in split.parts]}
        for split in matching.splits
    ]
    mergers: list[Plain] = [
        {"parts": [part.path for part in merger.parts], "new": merger.new.path}
        for merger in matching.mergers
    ]
    reordered: list[Plain] = [criterion.path for criterion in compared.reordered]
    return {
        "status": "same" if compared.same else "changed",
        "suggested": suggestion_record(suggested(compared)),
        "changes": changes,
        "nodes": nodes,
        "splits": splits,
        "merged": mergers,
        "reordered": reordered,
    }


def _status(change: NodeChange) -> str:
    if change.old is None:
        return "added"
    if change.new is None:
        return "removed"
    return "changed" if change.changes else "share"


def _node_record(change: NodeChange) -> Plain:
    changes: list[Plain] = [_change_record(one) for one in change.changes]
    renamed = Aspect.NAME in change.aspects
    return {
        "status": _status(change),
        "kind": "criterion" if isinstance(change.node, Criterion) else "group",
        "old_path": None if change.old is None else change.old.path,
        "new_path": None if change.new is None else change.new.path,
        "old_mark": None if change.old is None else print_mark(change.old.mark),
        "new_mark": None if change.new is None else print_mark(change.new.mark),
        "old_share": change.old_share,
        "new_share": change.new_share,
        "renamed_by": str(change.tie) if renamed else None,
        "text": change.node.text,
        "changes": changes,
    }


def _change_record(change: Change) -> Plain:
    fields: dict[str, Plain] = {
        "aspect": str(change.aspect),
        "detail": change.detail or None,
        "before": change.before,
        "after": change.after,
    }
    both = change.before is not None and change.after is not None
    if both and change.aspect in _TEXTS:
        passages = compare_words(change.before or "", change.after or "")
        words: list[Plain] = [[passage.fate, passage.text] for passage in passages]
        fields["words"] = words
    return fields
