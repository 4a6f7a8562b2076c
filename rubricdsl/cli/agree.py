"""``rub agree``: how far a judge, and the scores it leads to, agree with people."""

import argparse
import shutil
import sys
from importlib.util import find_spec

from rubricdsl.cli.calibrating import calibration_lines, fitted, write_calibration
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.numbers import seed
from rubricdsl.cli.output import plural, print_json, say
from rubricdsl.diagnostics import fail
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.diagnostics.strict_json import loads_strict
from rubricdsl.formats.agreement import agreement_lines, agreement_record
from rubricdsl.formats.gold import Gold, read_gold
from rubricdsl.formats.labelled_results import (
    LabelledResults,
    Leftover,
    read_labelled_results,
)
from rubricdsl.formats.terminal import Style
from rubricdsl.judging.calibration.files import CalibrationFile, dumps
from rubricdsl.model.digest import Plain

DESCRIPTION = """\
Say how far the verdicts and scores of a run agree with people: kappa, alpha, true and
false positives, AUC, Brier score, calibration, rank correlations and pairs, each with
its interval and beside what people reach among each other."""
EPILOG = """\
examples:
  rub agree examples/doctor/results.jsonl --gold examples/doctor/gold.jsonl
  rub agree examples/doctor/results.jsonl --gold examples/doctor/labels.jsonl --json

Rows of gold are verdicts {"prompt_id", "response_id", "criterion", "verdict"}, scores
{"prompt_id", "response_id", "gold"} or preferences {"prompt_id", "better", "worse"},
each with an "annotator" or without.  The judge is held against the majority of the
annotators and against each, and annotators against each other.

Verdicts that could not be had are left out and counted, and never taken for a no.
n/a is left out of all figures and counted apart.  With `partly`, and with levels,
kappa is weighted by squared distances; for TPR, FPR and probabilities partly is not
yes, and levels have no yes.  What cannot be known is n/a, and never 0.

--calibrate FILE fits the judge's probabilities to the verdicts in --gold; a SPEC then
takes calibration=FILE.

exit codes: 0 done, 2 bad input, gold that speaks of nothing in the results, or too
few labels to calibrate on"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "results", metavar="RESULTS", help="what `rub eval --out` wrote, or -"
    )
    parser.add_argument(
        "--gold", required=True, metavar="FILE", help="what people said"
    )
    parser.add_argument(
        "--calibrate", metavar="FILE", help="write a calibration that a SPEC can name"
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="of what is drawn (0)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    if find_spec("numpy") is None:
        fail(
            "D108",
            "`rub agree` needs numpy, which is not installed",
            hint='pip install "rubricdsl[arrays]"',
        )
    if options.results == options.gold == "-":
        fail("D401", "standard input is given twice", hint="write one to a file")
    from rubricdsl.analysis.agreement.analysis import analyse_agreement

    gold = read_gold(options.gold)
    found = read_labelled_results(options.results, gold)
    _check(options, gold, found)
    calibration = None
    if options.calibrate:
        calibration = fitted(found.scorecards, gold.verdicts, options)
        write_calibration(calibration, options.calibrate)
    analysis = analyse_agreement(
        found.cells, found.responses, found.preferences, seed=options.seed
    )
    if options.json:
        print_json(
            {
                "results": options.results,
                "gold": options.gold,
                "seed": options.seed,
                "leftover": _leftover_record(found.leftover),
                **agreement_record(analysis),
                "calibration": _calibration_record(calibration),
            }
        )
    else:
        columns = shutil.get_terminal_size((100, 24)).columns
        style = Style(width=columns, encoding=sys.stdout.encoding)
        for line in agreement_lines(analysis, style):
            sys.stdout.write(safe_text(line) + "\n")
        if calibration is not None:
            sys.stdout.write("\nCalibration, cross-fitted by prompt\n")
            for line in calibration_lines(calibration):
                sys.stdout.write(safe_text(f"  {line}") + "\n")
    _tell_leftover(found.leftover)
    if calibration is not None:
        say(f"calibration: {options.calibrate}")
    return Exit.FINE


def _check(options: argparse.Namespace, gold: Gold, found: LabelledResults) -> None:
    """See that there is something to compare; raises RubricError (D106)."""
    if not (gold.scores or gold.verdicts or gold.preferences):
        fail(
            "D106",
            f"{options.gold} says nothing of any response",
            hint="write rows with `gold`, `criterion` and `verdict`, or `better` and "
            "`worse`",
        )
    rated = any(one.ratings for one in found.responses)
    if not (found.cells or rated or found.preferences):
        fail(
            "D106",
            f"{options.gold} speaks of nothing in {options.results}",
            hint="the same prompt_id and response_id must be in both, and for verdicts "
            "the same criterion",
        )
    if options.calibrate and not found.cells:
        fail(
            "D207",
            f"{options.gold} holds no verdicts on what is in {options.results}",
            hint="a calibration is fitted on verdicts: rows with `criterion` and "
            "`verdict`",
        )


def _tell_leftover(leftover: Leftover) -> None:
    told = [
        f"{plural(number, one, many)} {what}"
        for number, one, many, what in (
            (leftover.verdicts, "label", "labels", "on what the results lack"),
            (
                leftover.ambiguous,
                "label",
                "labels",
                "whose criterion has a name that several have (write its path)",
            ),
            (leftover.scores, "score", "scores", "of responses that the results lack"),
            (
                leftover.preferences,
                "preference",
                "preferences",
                "between responses of which the results lack one",
            ),
        )
        if number
    ]
    if told:
        say(f"note: not used: {', '.join(told)}")


def _leftover_record(leftover: Leftover) -> dict[str, Plain]:
    return {
        "verdicts": leftover.verdicts,
        "ambiguous": leftover.ambiguous,
        "scores": leftover.scores,
        "preferences": leftover.preferences,
    }


def _calibration_record(file: CalibrationFile | None) -> Plain:
    return None if file is None else loads_strict(dumps(file))
