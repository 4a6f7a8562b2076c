"""``rub test``: the tests written in rubrics, as far as they need no judge."""

import argparse
import sys

from rubricdsl.cases import CaseResult, Outcome, run_cases
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.inputs import find_files, load, open_project
from rubricdsl.cli.output import SourceLines, plural, report, report_json
from rubricdsl.diagnostics import Diagnostic
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.plugins.host import PluginHost

DESCRIPTION = """\
Run the tests written in rubrics: verdicts that they fix, and responses whose checks
decide.  A test that only a judge could decide is skipped, and says so."""
EPILOG = """\
examples:
  rub test examples
  rub test examples/doctor --format json

exit codes: 0 no test failed, 1 a test failed or a rubric has errors, 2 bad usage"""
_SIGNS = {Outcome.PASSED: "ok", Outcome.FAILED: "FAILED", Outcome.SKIPPED: "skipped"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="file, folder or -")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to print"
    )


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    host = PluginHost.installed()
    errors: list[Diagnostic] = []
    results: list[CaseResult] = []
    for file in find_files(options.paths):
        loaded = load(file, open_project(file, host))
        if not loaded.sound:
            errors += loaded.diagnostics
            continue
        for rubric in loaded.rubrics:
            if not file.name or rubric.name == file.name:
                results += run_cases(rubric, host.check_functions)
    failures = [d for result in results for d in result.diagnostics]
    if options.format == "json":
        report_json([*errors, *failures])
    else:
        report(errors, lines=SourceLines(), file=sys.stdout)
        _print(results)
    return Exit.NO if errors or failures else Exit.FINE


def _print(results: list[CaseResult]) -> None:
    lines = SourceLines()
    rubric = None
    for result in results:
        if result.rubric != rubric:
            rubric = result.rubric
            sys.stdout.write(f"{rubric}\n")
        sign = _SIGNS[result.outcome]
        sys.stdout.write(safe_text(f"  {sign:8}{result.title}") + "\n")
        if result.reason:
            sys.stdout.write(safe_text(f"          {result.reason}") + "\n")
        report(result.diagnostics, lines=lines, file=sys.stdout)
    counts = [
        f"{sum(r.outcome is outcome for r in results)} {outcome}" for outcome in Outcome
    ]
    sys.stderr.write(f"{plural(len(results), 'test')}: {', '.join(counts)}\n")
