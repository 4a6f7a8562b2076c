"""``rub plugins``: what is installed, from where, and what is broken."""

import argparse
import sys
from collections.abc import Iterator

from attrs import frozen

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.hosts import host_of
from rubricdsl.cli.output import print_json
from rubricdsl.diagnostics import RubricError
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.plugins.host import PluginHost

DESCRIPTION = "List the plugins that are installed, and what is broken about them."
EPILOG = """\
examples:
  rub plugins
  rub plugins --offers

With --offers, what the plugins offer follows, by kind: the names that --judge,
--proposer, --strategy, --select, --probes, --executor, --from and --to take.

Which plugins may be loaded says rub.toml, in [plugins], by name and distribution:

  allow = ["presence==rubricdsl-presence"]

exit codes: 0 listed (a broken plugin is listed, too, and stops nothing), 2 that list
is malformed, or names what is installed otherwise"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--offers", action="store_true", help="list what they offer, too"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


@frozen
class _Kind:
    """A kind of offer: what it is called, and where the host has those of it."""

    name: str
    attribute: str


_KINDS = (
    _Kind("judges", "judge_backends"),
    _Kind("judge wrappers", "judge_wrappers"),
    _Kind("chat models", "chat_models"),
    _Kind("proposers", "proposers"),
    _Kind("pair selectors", "pair_selectors"),
    _Kind("refinement strategies", "refinement_strategies"),
    _Kind("probes", "probes"),
    _Kind("mutations", "mutations"),
    _Kind("executors", "executors"),
    _Kind("formats", "formats"),
)


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    host = host_of()
    clashes: list[str] = []
    host.records  # noqa: B018 - a list of allowed plugins that cannot be is no clash
    for attribute in (*(kind.attribute for kind in _KINDS), "check_functions"):
        try:
            getattr(host, attribute)
        except RubricError as error:
            clashes += [d.message for d in error.diagnostics]
    offers = dict(_offers(host)) if options.offers else {}
    if options.json:
        plugins = [
            {
                "name": record.name,
                "distribution": record.distribution,
                "version": record.version,
                "problem": record.problem,
                "refusal": record.refusal,
            }
            for record in host.records
        ]
        document: dict[str, object] = {
            "plugins": plugins,
            "clashes": clashes,
            "absent": host.absent,
        }
        print_json(document | ({"offers": offers} if options.offers else {}))
        return Exit.FINE
    for record in host.records:
        origin = f"{record.distribution} {record.version}"
        state = record.refusal or "ok"
        if record.problem is not None:
            state = f"broken: {record.problem}"
        sys.stdout.write(safe_text(f"{record.name:16}{origin:28}{state}") + "\n")
    for entry in host.absent:
        sys.stdout.write(safe_text(f"not installed: {entry}, which is allowed") + "\n")
    for clash in clashes:
        sys.stdout.write(safe_text(f"clash: {clash}") + "\n")
    for kind, listed in offers.items():
        sys.stdout.write(f"\n{kind}\n")
        for offer in listed:
            line = f"  {offer['name']:18}{offer['description']}"
            sys.stdout.write(safe_text(line) + "\n")
    return Exit.FINE


def _offers(host: PluginHost) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Give what is offered, by kind; what clashes is listed elsewhere."""
    for kind in _KINDS:
        try:
            offered = getattr(host, kind.attribute)
        except RubricError:
            continue
        yield (
            kind.name,
            [
                {
                    "name": name,
                    "description": one.offer.description,
                    "distribution": one.plugin.distribution,
                }
                for name, one in offered.items()
            ],
        )
