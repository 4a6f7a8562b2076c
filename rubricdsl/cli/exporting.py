"""``rub export``: ``.rub`` files to other rubric formats."""

import argparse
import json
import sys
from pathlib import Path

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.hosts import host_of
from rubricdsl.cli.importing import list_formats, pick_format, save, spare
from rubricdsl.cli.inputs import find_files, load_sound
from rubricdsl.cli.losses import loss_records, report_losses
from rubricdsl.cli.output import plural, print_json, say
from rubricdsl.diagnostics import fail
from rubricdsl.model.protocols import ExportedFile

DESCRIPTION = "Write rubrics in another format, and say what it cannot hold."
EPILOG = """\
examples:
  rub export --list
  rub export examples/doctor/fever_full.rub --to rubric-spec --out fever.json

Without --out the file goes to stdout.  --map writes a row {"file", "id", "path"} for
each criterion of the file.  What the rubrics say and the format cannot is listed on
stderr, and by --json.  `jsonl` holds all there is; `rub import` gives it back.

exit codes: 0 done, 2 a rubric has errors or the format can say nothing of it"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="file, folder or -")
    parser.add_argument("--to", dest="format", metavar="FORMAT", help="the format")
    parser.add_argument("--out", metavar="FILE", help="where to write")
    parser.add_argument("--map", metavar="FILE", help="where to write ids and paths")
    parser.add_argument("--list", action="store_true", help="list the formats")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    formats = host_of().formats
    written = {name: one for name, one in formats.items() if one.offer.write}
    if options.list:
        list_formats(written)
        return Exit.FINE
    if not options.paths or options.format is None:
        fail("D401", "PATH and --to are needed", hint="see `rub export --help`")
    write = pick_format(options.format, written).write
    spare([file.path for file in find_files(options.paths)], options.out, options.map)
    rubrics, project = load_sound(options.paths)
    # `written` holds none without a writer.
    assert write is not None  # noqa: S101
    exported = write(rubrics, project.bind)
    target = options.out or "-"
    if options.out:
        save(Path(options.out), exported.data)
    elif not options.json:
        sys.stdout.buffer.write(exported.data)
    if options.map:
        save(Path(options.map), _map(exported, target))
    report_losses(exported.losses)
    if options.json:
        print_json(
            {
                "format": options.format,
                "text": exported.data.decode(),
                "paths": [{"id": i, "path": path} for i, path in exported.paths],
                "losses": loss_records(exported.losses),
            }
        )
    if options.out:
        say(f"{plural(len(rubrics), 'rubric')} written to {target}")
    return Exit.FINE


def _map(exported: ExportedFile, file: str) -> bytes:
    rows = ({"file": file, "id": i, "path": path} for i, path in exported.paths)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return text.encode()
