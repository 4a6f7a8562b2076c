"""The ``--format`` of commands that print diagnostics: text, json, github, sarif."""

import argparse
import sys
from collections.abc import Sequence

from rubricdsl.cli.output import SourceLines, report, report_json
from rubricdsl.diagnostics import Diagnostic

FORMATS = ("text", "json", "github", "sarif")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Declare ``--format``."""
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="how to print what is found"
    )


def write_diagnostics(diagnostics: Sequence[Diagnostic], form: str) -> None:
    """Write diagnostics to stdout in one of `FORMATS`."""
    if form == "json":
        report_json(diagnostics)
    elif form == "github":
        from rubricdsl.diagnostics.github import render_github

        for line in render_github(diagnostics):
            sys.stdout.write(line + "\n")
    elif form == "sarif":
        from rubricdsl import __version__
        from rubricdsl.diagnostics.sarif import render_sarif

        sys.stdout.write(render_sarif(diagnostics, version=__version__) + "\n")
    else:
        report(diagnostics, lines=SourceLines(), file=sys.stdout)
