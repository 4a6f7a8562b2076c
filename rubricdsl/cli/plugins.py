"""``rub plugins``: what is installed, from where, and what is broken."""

import argparse
import sys

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.output import print_json
from rubricdsl.diagnostics import RubricError
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.plugins.host import PluginHost

DESCRIPTION = "List the plugins that are installed, and what is broken about them."
EPILOG = """\
examples:
  rub plugins
  rub plugins --json

exit codes: 0 always: a broken plugin is listed, it stops nothing"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    host = PluginHost.installed()
    clashes: list[str] = []
    kinds = ("judge_backends", "judge_wrappers", "check_functions", "formats")
    for offers in kinds:
        try:
            getattr(host, offers)
        except RubricError as error:
            clashes += [d.message for d in error.diagnostics]
    if options.json:
        plugins = [
            {
                "name": record.name,
                "distribution": record.distribution,
                "version": record.version,
                "problem": record.problem,
            }
            for record in host.records
        ]
        print_json({"plugins": plugins, "clashes": clashes})
        return Exit.FINE
    for record in host.records:
        origin = f"{record.distribution} {record.version}"
        state = "ok" if record.problem is None else f"broken: {record.problem}"
        sys.stdout.write(safe_text(f"{record.name:16}{origin:28}{state}") + "\n")
    for clash in clashes:
        sys.stdout.write(safe_text(f"clash: {clash}") + "\n")
    return Exit.FINE
