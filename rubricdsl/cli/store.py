"""``rub store``: what the verdict store holds, and keeping it in order."""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.hosts import host_of
from rubricdsl.cli.output import plural, print_json, say
from rubricdsl.diagnostics import fail
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.formats.whole_files import same_file, whole_file
from rubricdsl.judging.options import did_you_mean
from rubricdsl.judging.store.database import DamagedStoreError, Database
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.upkeep import (
    Holdings,
    holdings,
    prune,
    size_of,
    stored_verdicts,
    verify,
)
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Verdict
from rubricdsl.project import Project

DESCRIPTION = "Inspect, verify, export or prune the store of verdicts."
EPILOG = """\
examples:
  rub store info
  rub store export --out kept.jsonl
  rub store prune --older-than 90 --dry-run

The store is .rub/verdicts.sqlite under the project's root unless --store names
another; where there is none yet, nothing is in it.  `rub store ACTION --help` tells
more of each.

exit codes: 0 done, 1 `verify` found something wrong, 2 the store cannot be used, or
the file is none"""

_DAY = 86_400.0
_ACTIONS = {
    "info": "print what the store holds, and what judges have cost",
    "verify": "check the file, and every field of every verdict",
    "export": "print every verdict as a row of JSON Lines",
    "prune": "delete verdicts that are no longer wanted, and give the room back",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, purpose in _ACTIONS.items():
        action = actions.add_parser(
            name,
            help=purpose,
            description=purpose[0].upper() + purpose[1:] + ".",
            epilog="exit codes: as `rub store --help` says",
        )
        action.add_argument("--store", metavar="FILE", help="the store to use")
        action.add_argument(
            "--json", action="store_true", help="print JSON (export: always does)"
        )
        if name == "export":
            action.add_argument("--out", metavar="FILE", help="write there instead")
        elif name == "prune":
            _add_choice(action)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--judge",
        metavar="NAME",
        help="only verdicts of this judge, as results name it",
    )
    parser.add_argument(
        "--older-than",
        type=_amount,
        metavar="DAYS",
        help="only verdicts as old as that",
    )
    parser.add_argument(
        "--keep-newest",
        type=_count,
        metavar="N",
        help="of those chosen, keep the N newest",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only say how many would go"
    )


def _amount(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError("must be a number of days, 0 or more")
    return number


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < 2**63:
        raise argparse.ArgumentTypeError("must be a whole number, 0 or more")
    return number


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    if options.action == "prune":
        _check_choice(options)
    path = _path(options)
    if options.action == "export" and options.out and same_file(options.out, str(path)):
        fail(
            "D111",
            f"--out: {options.out} is the verdict store, and would be overwritten",
            hint="name another file",
        )
    if options.store is None and not path.exists():
        return _nothing(options, path)
    try:
        database = Database.open(path, create=False)
    except DamagedStoreError as error:
        if options.action != "verify":
            raise
        (found,) = error.diagnostics
        return _tell_problems(options, path, [found.message], found.hint)
    with closing(database):
        match options.action:
            case "info":
                return _info(options, database)
            case "verify":
                return _verify(options, database)
            case "export":
                return _export(options, stored_verdicts(database))
            case _:
                return _prune(options, database)


def _check_choice(options: argparse.Namespace) -> None:
    chosen = (options.judge, options.older_than, options.keep_newest)
    if all(part is None for part in chosen):
        fail(
            "D401",
            "nothing says which verdicts are to go",
            hint="give --judge, --older-than or --keep-newest; "
            "`--keep-newest 0` deletes all",
        )


def _path(options: argparse.Namespace) -> Path:
    if options.store is not None:
        return Path(options.store)
    return Project(Path(), os.environ, host_of()).store_file


def _nothing(options: argparse.Namespace, path: Path) -> Exit:
    """Answer for a project in which nothing was judged yet."""
    say(
        f"there is no verdict store yet: {path}\n"
        "    help: that of a rubric without rub.toml is beside it; name it with --store"
    )
    if options.action == "export":
        return _export(options, iter(()))
    if options.json:
        match options.action:
            case "info":
                print_json(_info_record(path, None))
            case "verify":
                print_json({"path": str(path), "problems": []})
            case _:
                print_json(_prune_record(path, options, gone=0, left=0))
    return Exit.FINE


# ------------------------------------------------------------------------ info


def _info(options: argparse.Namespace, database: Database) -> Exit:
    held = holdings(database)
    if options.json:
        print_json(_info_record(database.path, held))
        return Exit.FINE
    lines = [
        f"{'store':12}{database.path}",
        f"{'edition':12}{held.edition}",
        f"{'size':12}{held.size / 1e6:.1f} MB",
        f"{'verdicts':12}{held.verdicts:,} on {plural(held.responses, 'response')}",
    ]
    if held.oldest is not None and held.newest is not None:
        lines.append(f"{'from':12}{_moment(held.oldest)}")
        lines.append(f"{'to':12}{_moment(held.newest)}")
    if held.claims:
        lines.append(f"{'claims':12}{held.claims:,} (questions that are being asked)")
    for judge in held.judges:
        spent = judge.spending
        lines.append(
            f"{'judge':12}{judge.name}: {plural(judge.verdicts, 'verdict')}, "
            f"{plural(spent.requests, 'request')}, {spent.prompt_tokens:,} prompt and "
            f"{spent.completion_tokens:,} completion tokens"
            + (f", {spent.seconds / spent.timed:.2g} s each" if spent.timed else "")
        )
    for line in lines:
        sys.stdout.write(safe_text(line) + "\n")
    return Exit.FINE


def _info_record(path: Path, held: Holdings | None) -> dict[str, Plain]:
    if held is None:
        held = Holdings(
            edition=0,
            size=0,
            verdicts=0,
            responses=0,
            claims=0,
            oldest=None,
            newest=None,
            judges=(),
        )
    return {
        "path": str(path),
        "edition": held.edition,
        "bytes": held.size,
        "verdicts": held.verdicts,
        "responses": held.responses,
        "claims": held.claims,
        "oldest": None if held.oldest is None else _moment(held.oldest),
        "newest": None if held.newest is None else _moment(held.newest),
        "judges": [
            {
                "name": judge.name,
                "verdicts": judge.verdicts,
                "requests": judge.spending.requests,
                "tokens": {
                    "prompt": judge.spending.prompt_tokens,
                    "completion": judge.spending.completion_tokens,
                },
                "characters": judge.spending.characters,
                "timed": judge.spending.timed,
                "seconds": judge.spending.seconds,
            }
            for judge in held.judges
        ],
    }


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return f"{seconds:g} s"


# ---------------------------------------------------------------------- verify


def _verify(options: argparse.Namespace, database: Database) -> Exit:
    return _tell_problems(options, database.path, verify(database))


def _tell_problems(
    options: argparse.Namespace, path: Path, problems: Sequence[str], hint: str = ""
) -> Exit:
    """Say what is wrong with a store; that it cannot even be opened is an answer."""
    if options.json:
        print_json({"path": str(path), "problems": list(problems)})
    else:
        for problem in problems:
            sys.stdout.write(safe_text(problem) + "\n")
        found = plural(len(problems), "problem") if problems else "all is well"
        say(f"{path}: {found}")
        if hint:
            say(f"    help: {hint}")
    return Exit.NO if problems else Exit.FINE


# ---------------------------------------------------------------------- export


def _export(
    options: argparse.Namespace, verdicts: Iterator[tuple[VerdictKey, Verdict]]
) -> Exit:
    rows = (_line(key, verdict) for key, verdict in verdicts)
    if options.out is None:
        for row in rows:
            sys.stdout.write(row)
        return Exit.FINE
    written = 0
    with whole_file(options.out) as file:
        for row in rows:
            file.write(row.encode())
            written += 1
    say(f"{plural(written, 'verdict')} written to {options.out}")
    return Exit.FINE


def _line(key: VerdictKey, verdict: Verdict) -> str:
    """Give the row of a verdict, in ASCII: it may hold half of a surrogate pair."""
    origin = verdict.provenance
    ruling = verdict.ruling
    row: dict[str, Plain] = {
        "response": key.response,
        "question": key.question,
        "judge": origin.judge,
        "judge_digest": key.judge,
        "settings": origin.settings,
        "template": origin.template,
        "model": origin.model,
        "at": verdict.at,
        "verdict": None if ruling is None else ruling.record,
        "probability": verdict.probability,
        "evidence": verdict.evidence,
        "reason": verdict.reason,
    }
    return json.dumps(row, allow_nan=False) + "\n"


# ----------------------------------------------------------------------- prune


def _prune(options: argparse.Namespace, database: Database) -> Exit:
    if options.judge is not None:
        _check_judge(options.judge, database)
    before = None
    if options.older_than is not None:
        before = time.time() - options.older_than * _DAY
    pruned = prune(
        database,
        judge=options.judge,
        before=before,
        keep=options.keep_newest or 0,
        dry_run=options.dry_run,
    )
    if not options.dry_run and not database.compact():
        say("the store is in use; it will get smaller when it is pruned the next time")
    if options.json:
        print_json(
            _prune_record(database.path, options, gone=pruned.gone, left=pruned.left)
        )
    else:
        would = "would be " if options.dry_run else ""
        say(
            f"{plural(pruned.gone, 'verdict')} {would}deleted, "
            f"{pruned.left:,} {would and 'would be '}left"
        )
    return Exit.FINE


def _check_judge(name: str, database: Database) -> None:
    """Refuse the name of a judge of which the store never had a verdict."""
    known = [judge.name for judge in holdings(database).judges]
    if name not in known:
        fail(
            "D401",
            f"--judge: the store has no verdicts of a judge `{name}`",
            hint=did_you_mean(name, known),
        )


def _prune_record(
    path: Path, options: argparse.Namespace, *, gone: int, left: int
) -> dict[str, Plain]:
    return {
        "path": str(path),
        "pruned": gone,
        "left": left,
        "dry_run": bool(options.dry_run),
        "bytes": size_of(path),
    }
