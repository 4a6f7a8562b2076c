"""The arguments of ``rub refine`` beside those of every command that judges."""

import argparse

from rubricdsl.cli.numbers import positive, share
from rubricdsl.diagnostics import fail
from rubricdsl.refinement.courses import PRESETS
from rubricdsl.refinement.planning import Wishes

_SHARE = 0.25
_PLANNED_EDITS = 4


def add_material(parser: argparse.ArgumentParser) -> None:
    """Declare by what rubrics are refined."""
    parser.add_argument(
        "--proposer",
        metavar="SPEC",
        help="who proposes edits: a chat model, as in openai:gpt-4.1, or scripted:FILE",
    )
    parser.add_argument(
        "--gold",
        metavar="FILE",
        help="what people said of the responses: scores, or which is better",
    )
    parser.add_argument(
        "--held-out",
        metavar="FILE|SHARE",
        help="responses by which edits are proved, or what share of those given "
        f"({_SHARE})",
    )


def add_course(parser: argparse.ArgumentParser) -> None:
    """Declare how rubrics are refined."""
    parser.add_argument(
        "--preset", choices=list(PRESETS), help="a condition of the paper"
    )
    parser.add_argument(
        "--strategy",
        metavar="NAME,…",
        help="one or several, one after another (see `rub plugins --offers`)",
    )
    parser.add_argument(
        "--select", metavar="NAME", help="how pairs are chosen (top2); NAME?key=value"
    )
    parser.add_argument(
        "--rounds", type=positive, metavar="N", help="how many rounds at most"
    )
    parser.add_argument(
        "--no-gate", action="store_true", help="take every edit that applies"
    )
    parser.add_argument(
        "--keep-used",
        action="store_true",
        help="let a response be shown to the proposer in several rounds",
    )
    parser.add_argument(
        "--hide",
        choices=("weights", "verdicts"),
        action="append",
        default=[],
        help="what the proposer is not shown; may be given twice",
    )


def add_results(parser: argparse.ArgumentParser) -> None:
    """Declare where refined source goes."""
    parser.add_argument(
        "--out", metavar="FILE|DIR", help="where to write; a folder for many files"
    )
    parser.add_argument(
        "--in-place", action="store_true", help="write the files that were read"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the diff, and write nothing"
    )
    parser.add_argument(
        "--json", action="store_true", help="print what happened as one JSON document"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the same refinement, if it was stopped",
    )


def add_forecast(parser: argparse.ArgumentParser) -> None:
    """Declare how it is told beforehand what a refinement would cost."""
    parser.add_argument(
        "--plan",
        action="store_true",
        help="say what it would cost, and ask nothing; no key is needed",
    )
    parser.add_argument(
        "--plan-edits",
        type=positive,
        default=_PLANNED_EDITS,
        metavar="N",
        help="how many edits a round to reckon with, each of which asks for something "
        f"new ({_PLANNED_EDITS})",
    )


def check_results(options: argparse.Namespace) -> None:
    """Refuse options that exclude each other.

    Raises RubricError (D401).
    """
    chosen = [
        flag
        for flag, given in (
            ("--out", options.out),
            ("--in-place", options.in_place),
            ("--dry-run", options.dry_run),
            ("--plan", options.plan),
        )
        if given
    ]
    if len(chosen) > 1:
        fail(
            "D401",
            f"{' and '.join(chosen)} exclude each other",
            hint="say once what becomes of the refined source",
        )
    if options.no_gate and options.held_out is not None:
        fail(
            "D401",
            "--held-out is of use only to the gate, which --no-gate leaves out",
            hint="leave one of them out",
        )
    if options.preset is not None and options.strategy is not None:
        fail(
            "D401",
            "--preset and --strategy exclude each other: a preset is a strategy",
            hint="leave one of them out",
        )


def wishes(options: argparse.Namespace) -> Wishes:
    """Give how a user wants rubrics refined."""
    strategies = options.strategy.split(",") if options.strategy else []
    return Wishes(
        preset=options.preset,
        strategies=tuple(name.strip() for name in strategies if name.strip()),
        select=options.select,
        rounds=options.rounds,
        gate=not options.no_gate,
        keeps_used=options.keep_used,
        shows_weights="weights" not in options.hide,
        shows_verdicts="verdicts" not in options.hide,
    )


def held_out(options: argparse.Namespace) -> float | str:
    """Give the share that is held out, or the file of what is."""
    written = options.held_out
    if written is None:
        return _SHARE
    try:
        float(written)
    except ValueError:
        return str(written)
    try:
        return share(written)
    except argparse.ArgumentTypeError as error:
        return fail("D401", f"--held-out {error}", hint="as in --held-out 0.25")
