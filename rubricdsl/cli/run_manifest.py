"""How a run was made, written beside its results from the start.

A run that was killed leaves ``FILE.run`` behind, where ``FILE`` is its ``--out``; one
that ended says the same in the header of its results.  ``--resume`` goes on with
either, and only if it is the same run.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import cast

import rubricdsl
from rubricdsl.cli.output import say
from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.diagnostics.strict_json import StrictJsonError, loads_strict
from rubricdsl.formats.datasets import holds_results
from rubricdsl.formats.results import VERSION, read_header
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.judging.identity import RunIdentity
from rubricdsl.model.digest import Plain
from rubricdsl.project import Project

_HINT = "leave out --resume to start anew; verdicts that still hold are not asked again"


def header(
    options: argparse.Namespace,
    project: Project,
    identity: RunIdentity,
    started: datetime,
) -> dict[str, Plain]:
    """Tell how the results are made."""
    plugins: list[Plain] = [
        f"{record.name} {record.distribution} {record.version}"
        for record in project.host.records
        if record.problem is None
    ]
    return {
        "versions": {
            "rubricdsl": rubricdsl.__version__,
            "python": ".".join(map(str, sys.version_info[:3])),
            "plugins": plugins,
        },
        "judges": [*identity.judges],
        "options": {
            "rubrics": list(options.paths),
            "responses": options.responses,
            "judge": list(options.judge),
            "concurrency": options.concurrency or "auto",
        },
        "identity": identity.record,
        "started": started.isoformat(timespec="seconds"),
    }


def manifest_path(out: str) -> Path:
    """Give the file that stands beside the results of a run under way."""
    return Path(f"{out.rstrip('/') or out}.run")


def write_manifest(out: str, run: Mapping[str, Plain]) -> None:
    """Write the manifest whole; raises RubricError (D111) if that cannot be."""
    with whole_file(str(manifest_path(out))) as file:
        text = json.dumps({"rub": VERSION, "run": dict(run)}, ensure_ascii=False)
        file.write(text.encode("utf-8", "replace") + b"\n")


def remove_manifest(out: str) -> None:
    """Remove the manifest: the results say the same from now on."""
    manifest_path(out).unlink(missing_ok=True)


def check_resumable(out: str, identity: RunIdentity) -> None:
    """See that ``--resume`` goes on with the run that ``--out`` is of.

    Raises RubricError (D402) that says what differs.
    """
    record = _earlier(out)
    if record is None:
        say(f"note: {out} holds no run to go on with; this one starts anew")
        return
    found = record.get("identity")
    if not isinstance(found, dict):
        fail("D402", f"{out} does not tell what it is a run of", hint=_HINT)
    differences = list(identity.differences(cast("Mapping[str, Plain]", found)))
    if differences:
        fail(
            "D402",
            f"{out} is of another run: {'; '.join(differences)}",
            hint=_HINT,
        )


def _earlier(out: str) -> Mapping[str, Plain] | None:
    """Give what the newest run says of itself; None if there was none."""
    path = manifest_path(out)
    if path.is_file():
        try:
            document = loads_strict(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, StrictJsonError):
            # Torn or foreign: as good as none, since the store holds what counts.
            document = None
        run = document.get("run") if isinstance(document, dict) else None
        if isinstance(run, dict):
            return run
    if not Path(out).is_file() and not holds_results(out):
        return None
    try:
        return read_header(out)
    except RubricError:
        return fail("D402", f"{out} is no results file", hint=_HINT)
