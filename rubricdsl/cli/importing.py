"""``rub import``: other rubric formats to ``.rub`` files."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.hosts import host_of
from rubricdsl.cli.losses import loss_records, report_losses
from rubricdsl.cli.output import plural, print_json, say, standard_input
from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.formats.whole_files import same_file, whole_file
from rubricdsl.model.protocols import ImportedRubric, Loss, RubricFormatOffer
from rubricdsl.model.source import Span
from rubricdsl.plugins.host import Offered, PluginHost
from rubricdsl.project import Project

DESCRIPTION = "Turn another rubric format into .rub source."
EPILOG = """\
examples:
  rub import --list
  rub import rubrics.jsonl.gz --from ifeval --out rubrics --map paths.jsonl

Without --out the source goes to stdout.  --out names a file, or a folder for one
file a rubric.  --map writes a row {"file", "id", "path"} for each criterion, so that
verdicts recorded under the source's own ids can be matched.  What the source says and
a rubric cannot say is listed on stderr, and by --json.

exit codes: 0 done, 2 the source cannot be read"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="the source, or -")
    parser.add_argument("--from", dest="format", metavar="FORMAT", help="its format")
    parser.add_argument("--out", metavar="FILE|DIR", help="where to write")
    parser.add_argument("--map", metavar="FILE", help="where to write ids and paths")
    parser.add_argument("--list", action="store_true", help="list the formats")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    host = host_of()
    formats = host.formats
    if options.list:
        list_formats(formats)
        return Exit.FINE
    if options.file is None or options.format is None:
        fail("D401", "FILE and --from are needed", hint="see `rub import --help`")
    spare([options.file], options.out, options.map)
    offer = pick_format(options.format, formats)
    rubrics = list(offer.read(_read(options.file), options.file))
    changed = [loss for rubric in rubrics for loss in _changes(rubric, host)]
    losses = [loss for rubric in rubrics for loss in rubric.losses] + changed
    if options.out:
        target = _write(rubrics, options.out)
        say(f"{plural(len(rubrics), 'rubric')} written to {target}")
    elif not options.json:
        sys.stdout.write("\n".join(rubric.text for rubric in rubrics))
    if options.map:
        _write_map(rubrics, options.map)
    report_losses(losses)
    if options.json:
        print_json(
            {
                "rubrics": [_record(rubric) for rubric in rubrics],
                "losses": loss_records(losses),
            }
        )
    return Exit.FINE


def list_formats(formats: Mapping[str, Offered[RubricFormatOffer]]) -> None:
    """Print the name of each format and what it is, one a line."""
    for name, offered in formats.items():
        sys.stdout.write(f"{name:16}{offered.offer.description}\n")


def pick_format(
    name: str, formats: Mapping[str, Offered[RubricFormatOffer]]
) -> RubricFormatOffer:
    """Give the format of that name; raises RubricError (D108) if there is none."""
    if name not in formats:
        known = ", ".join(formats) or "none; see `rub plugins`"
        hint = f"the formats are: {known}"
        fail("D108", f"no format is called `{name}`", hint=hint)
    return formats[name].offer


def _record(rubric: ImportedRubric) -> dict[str, object]:
    return {
        "file": f"{rubric.file_stem}.rub",
        "text": rubric.text,
        "paths": [{"id": own_id, "path": path} for own_id, path in rubric.paths],
    }


def _changes(rubric: ImportedRubric, host: PluginHost) -> list[Loss]:
    """Compare the digest that the source holds with that of the rubric, here."""
    if rubric.digest is None:
        return []
    project = Project(Path(), os.environ, host)
    try:
        (model,) = project.load_text(rubric.text, name=rubric.file_stem).checked()
        digest = project.bind(model).digest
    except RubricError as error:
        what, instead = "that it is sound", error.diagnostics[0].message
    else:
        if digest == rubric.digest:
            return []
        what = "the digest that it was written with"
        instead = "another: it was edited, or check functions differ here"
    return [Loss(where=rubric.file_stem, what=what, instead=instead)]


def _read(file: str) -> bytes:
    if file == "-":
        return standard_input()
    try:
        return Path(file).read_bytes()
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or "unreadable").lower()
        fail(
            "D101",
            f"the file cannot be read: {reason}",
            hint="check the path and the permissions",
            span=Span(file, 1, 1, 1, 1),
        )


def _write(rubrics: Sequence[ImportedRubric], out: str) -> str:
    """Write source to a file, or a folder; give what was written to."""
    path = Path(out)
    if path.suffix == ".rub":
        save(path, "\n".join(rubric.text for rubric in rubrics).encode())
    for rubric in rubrics if path.suffix != ".rub" else ():
        save(path / f"{rubric.file_stem}.rub", rubric.text.encode())
    return str(path)


def spare(sources: Iterable[str], *targets: str | None) -> None:
    """Refuse, with D111, to write to a file that is read."""
    for source in sources:
        for target in targets:
            if target and same_file(target, source):
                fail(
                    "D111",
                    f"{target} is what is read, and would be overwritten",
                    hint="name another file",
                )


def save(path: Path, data: bytes) -> None:
    """Write a file whole, and the folders above it; raises RubricError (D111)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or "unwritable").lower()
        hint = "choose another place"
        fail("D111", f"{path} cannot be written: {reason}", hint=hint)
    with whole_file(str(path)) as file:
        file.write(data)


def _write_map(rubrics: Sequence[ImportedRubric], file: str) -> None:
    rows = (
        {"file": f"{rubric.file_stem}.rub", "id": source_id, "path": path}
        for rubric in rubrics
        for source_id, path in rubric.paths
    )
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    save(Path(file), text.encode())
