"""``rub breaking``: does a change break those who hold on to the older version?"""

import argparse
import json
import sys
from collections.abc import Sequence

from rubricdsl import __version__
from rubricdsl.changes.breaking import breaking
from rubricdsl.changes.comparing import difference
from rubricdsl.changes.detecting import find
from rubricdsl.changes.differences import Aspect, Difference
from rubricdsl.changes.files import RubricPair, lone_diagnostic
from rubricdsl.changes.findings import Level
from rubricdsl.changes.versions import Suggestion, suggest
from rubricdsl.cli.comparands import (
    NEW_HELP,
    OLD_HELP,
    Comparands,
    Lines,
    UnsoundError,
    load_comparands,
)
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.output import plural, print_json, report_json, say
from rubricdsl.diagnostics import Diagnostic, Severity
from rubricdsl.diagnostics.github import render_github
from rubricdsl.diagnostics.render import render_json, render_text, safe_text
from rubricdsl.diagnostics.sarif import render_sarif
from rubricdsl.model.digest import Plain

DESCRIPTION = "Say whether a change can alter scores or remove a name in use."
EPILOG = """\
examples:
  rub breaking examples/doctor/fever.rub examples/doctor/fever.rub
  rub breaking examples/doctor/fever.rub examples/doctor/fever_full.rub --level names

levels, each with what the ones before it report:
  order     two verdict vectors change their order
  scores    a verdict vector gets another score (the default)
  verdicts  a judge could answer differently
  names     a name that results, tests or includes mention is gone

OLD may be git:REV:PATH, or git:REV for NEW as it was at that revision.  Findings are
warnings until the old version is 1.0.0, and errors from then on.

exit codes: 0 nothing breaks, 1 something does or a rubric has errors, 2 bad input"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("old", metavar="OLD", help=OLD_HELP)
    parser.add_argument("new", metavar="NEW", help=NEW_HELP)
    parser.add_argument(
        "--level",
        choices=[str(level) for level in Level],
        default=str(Level.SCORES),
        help="what counts as breaking",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "github", "sarif"),
        default="text",
        help="how to print",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document, versions included"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="for the search of --level order",
    )


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    try:
        comparands = load_comparands(options.old, options.new)
    except UnsoundError as error:
        _print(error.diagnostics, Lines(), options)
        return Exit.NO
    level = Level(options.level)
    found: list[Diagnostic] = []
    for pair in comparands.pairs:
        found += _diagnostics(pair, comparands, level, options.seed)
    if options.json:
        rubrics: list[Plain] = [_record(pair) for pair in comparands.pairs]
        findings: Plain = json.loads(render_json(found))
        document: dict[str, Plain] = {
            "level": str(level),
            "rubrics": rubrics,
            "findings": findings,
        }
        print_json(document)
    else:
        _print(found, comparands.lines, options)
        _sum_up(found, comparands, level, options)
    broken = any(d.severity is Severity.ERROR for d in found)
    return Exit.NO if broken else Exit.FINE


def _diagnostics(
    pair: RubricPair, comparands: Comparands, level: Level, seed: int
) -> Sequence[Diagnostic]:
    if pair.old is not None and pair.new is not None:
        return breaking(pair.old, pair.new, level, seed=seed)
    lone = lone_diagnostic(
        pair, old_count=comparands.old_count, names_count=level is Level.NAMES
    )
    return () if lone is None else (lone,)


def suggested(compared: Difference) -> Suggestion:
    """Suggest a version for the newer side of a difference."""
    same = not (
        compared.changed
        or compared.reordered
        or any(change.aspect is not Aspect.VERSION for change in compared.changes)
    )
    return suggest(compared.old.rubric.version, find(compared), same=same)


def suggestion_record(suggestion: Suggestion) -> Plain:
    """Give a suggestion with its stable keys."""
    return {"bump": str(suggestion.bump), "version": suggestion.version}


def suggestion_line(compared: Difference) -> str:
    """Say which version a change asks for, and whether the file has it."""
    suggestion = suggested(compared)
    old, new = compared.old.rubric.version, compared.new.rubric.version
    name = compared.new.rubric.name
    if suggestion.version is None:
        return (
            f"{name}: suggested version: {suggestion.bump} change; no `version:` is "
            "stated, and without one nothing is promised"
        )
    stands = f"it says {new}" if new else "it states none"
    met = "" if suggestion.met_by(new) else f"; {stands}"
    bump = f"{suggestion.bump} change from {old}"
    return f"{name}: suggested version: {suggestion.version} ({bump}){met}"


def _record(pair: RubricPair) -> Plain:
    suggestion: Plain = None
    if pair.old is not None and pair.new is not None:
        suggestion = suggestion_record(suggested(difference(pair.old, pair.new)))
    return {
        "name": pair.name,
        "old_version": None if pair.old is None else pair.old.rubric.version,
        "new_version": None if pair.new is None else pair.new.rubric.version,
        "suggested": suggestion,
    }


def _print(
    found: Sequence[Diagnostic], lines: Lines, options: argparse.Namespace
) -> None:
    match "json" if options.json else options.format:
        case "json":
            report_json(found)
        case "github":
            sys.stdout.writelines(f"{line}\n" for line in render_github(found))
        case "sarif":
            sys.stdout.write(render_sarif(found, version=__version__) + "\n")
        case _:
            sys.stdout.writelines(f"{text}\n" for text in render_text(found, lines))


def _sum_up(
    found: Sequence[Diagnostic],
    comparands: Comparands,
    level: Level,
    options: argparse.Namespace,
) -> None:
    for pair in comparands.pairs:
        if pair.old is not None and pair.new is not None:
            line = suggestion_line(difference(pair.old, pair.new))
            if options.format == "text":
                sys.stdout.write(safe_text(line) + "\n")
            else:
                say(line)
    counted = [d for d in found if d.severity is not Severity.INFO]
    told = plural(len(counted), "finding") if counted else "nothing breaks"
    say(f"level {level}: {told}")
