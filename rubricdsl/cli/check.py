"""``rub check``: every error of every file, at once."""

import argparse
import sys

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.inputs import find_files, load, open_project
from rubricdsl.cli.output import SourceLines, plural, report, report_json
from rubricdsl.diagnostics import Diagnostic, RubricError, Severity
from rubricdsl.plugins.host import PluginHost

DESCRIPTION = "Find every error in rubrics: syntax, names, imports, meaning."
EPILOG = """\
examples:
  rub check examples
  rub check examples/doctor/fever.rub --format json

exit codes: 0 no error, 1 errors (or warnings with --strict), 2 a file cannot be read"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="file, folder or -")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to print"
    )
    parser.add_argument("--strict", action="store_true", help="warnings count, too")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    host = PluginHost.installed()
    found: list[Diagnostic] = []
    unreadable = False
    rubrics = files = 0
    for file in find_files(options.paths):
        files += 1
        try:
            loaded = load(file, open_project(file, host))
        except RubricError as error:
            found += error.diagnostics
            unreadable = True
            continue
        found += [d for d in loaded.diagnostics if d not in found]
        rubrics += len(loaded.rubrics)
    if options.format == "json":
        report_json(found)
    else:
        report(found, lines=SourceLines(), file=sys.stdout)
        _sum_up(found, rubrics, files)
    if unreadable:
        return Exit.USAGE
    counted = (
        (Severity.ERROR, Severity.WARNING) if options.strict else (Severity.ERROR,)
    )
    return Exit.NO if any(d.severity in counted for d in found) else Exit.FINE


def _sum_up(found: list[Diagnostic], rubrics: int, files: int) -> None:
    errors = sum(d.severity is Severity.ERROR for d in found)
    checked = f"{plural(rubrics, 'rubric')} in {plural(files, 'file')}"
    verdict = plural(errors, "error") if errors else "no errors"
    sys.stderr.write(f"{checked}: {verdict}\n")
