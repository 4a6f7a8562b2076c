"""``rub import``: other rubric formats to ``.rub`` files."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.output import plural, say
from rubricdsl.diagnostics import fail
from rubricdsl.model.protocols import ImportedRubric
from rubricdsl.model.source import Span
from rubricdsl.plugins.host import PluginHost

DESCRIPTION = "Turn another rubric format into .rub source."
EPILOG = """\
examples:
  rub import --list
  rub import rubrics.jsonl.gz --from ifeval --out rubrics --map paths.jsonl

Without --out the source goes to stdout.  --out names a file, or a folder for one
file a rubric.  --map writes a row {"file", "id", "path"} for each criterion, so that
verdicts recorded under the source's own ids can be matched.

exit codes: 0 done, 2 the source cannot be read"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="the source, or -")
    parser.add_argument("--from", dest="format", metavar="FORMAT", help="its format")
    parser.add_argument("--out", metavar="FILE|DIR", help="where to write")
    parser.add_argument("--map", metavar="FILE", help="where to write ids and paths")
    parser.add_argument("--list", action="store_true", help="list the formats")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    formats = PluginHost.installed().formats
    if options.list:
        for name, offered in formats.items():
            sys.stdout.write(f"{name:14}{offered.offer.description}\n")
        return Exit.FINE
    if options.file is None or options.format is None:
        fail("D401", "FILE and --from are needed", hint="see `rub import --help`")
    if options.format not in formats:
        known = ", ".join(formats) or "none; see `rub plugins`"
        hint = f"the formats are: {known}"
        fail("D108", f"no format is called `{options.format}`", hint=hint)
    data = _read(options.file)
    rubrics = list(formats[options.format].offer.read(data, options.file))
    folder = _write(rubrics, options.out)
    if options.map:
        _write_map(rubrics, options.map)
    if options.out:
        say(f"{plural(len(rubrics), 'rubric')} written to {folder}")
    return Exit.FINE


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        fail(
            "D101",
            f"the file cannot be read: {reason}",
            hint="check the path and the permissions",
            span=Span(file, 1, 1, 1, 1),
        )


def _write(rubrics: Sequence[ImportedRubric], out: str | None) -> str:
    """Write source to stdout, a file, or a folder; give what was written to."""
    if out is None:
        sys.stdout.write("\n".join(rubric.text for rubric in rubrics))
        return "-"
    path = Path(out)
    if path.suffix == ".rub":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(rubric.text for rubric in rubrics), "utf-8")
        return str(path)
    path.mkdir(parents=True, exist_ok=True)
    for rubric in rubrics:
        (path / f"{rubric.file_stem}.rub").write_text(rubric.text, "utf-8")
    return str(path)


def _write_map(rubrics: Sequence[ImportedRubric], file: str) -> None:
    with Path(file).open("w", encoding="utf-8", newline="\n") as out:
        for rubric in rubrics:
            for source_id, path in rubric.paths:
                row = {"file": f"{rubric.file_stem}.rub", "id": source_id, "path": path}
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
