"""Fitting calibrations on a command line: for ``rub judges`` and ``rub agree``."""

import argparse
from collections.abc import Iterable, Iterator

import rubricdsl
from rubricdsl.diagnostics import fail
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.judging.calibration.curves import Identity
from rubricdsl.judging.calibration.files import CalibrationFile, dumps
from rubricdsl.judging.calibration.fitting import TooFewLabelsError
from rubricdsl.judging.calibration.labels import (
    LabelledVerdict,
    fit_calibrations,
    observations,
)
from rubricdsl.model.scorecard import Scorecard


def fitted(
    scorecards: Iterable[Scorecard],
    labels: Iterable[LabelledVerdict],
    options: argparse.Namespace,
) -> CalibrationFile:
    """Fit a calibration for each judge of some results, on the labels of --gold.

    Raises RubricError (D207) where there are too few.
    """
    observed = observations(scorecards, labels)
    if not observed:
        fail(
            "D207",
            f"no label in {options.gold} meets a verdict with a probability",
            hint="the results must be of a judge that gives probabilities, on the "
            "same prompt_id, response_id and criterion",
        )
    fitted_by = f"rubricdsl {rubricdsl.__version__}"
    try:
        return fit_calibrations(observed, fitted_by=fitted_by, seed=options.seed)
    except TooFewLabelsError as error:
        return fail("D207", str(error), hint="label more verdicts of this judge")


def write_calibration(file: CalibrationFile, path: str) -> None:
    """Write calibrations whole; raises RubricError (D111) if that cannot be."""
    with whole_file(path) as out:
        out.write(dumps(file).encode())


def calibration_lines(file: CalibrationFile) -> Iterator[str]:
    """Say of each calibration what it is good for."""
    for calibration in file.calibrations:
        fit = calibration.fit
        method = fit.curve.method
        yield f"{calibration.judge}: {method}, {fit.labels} labels, {fit.yes} yes"
        if method == Identity.method:
            yield (
                "  no curve does better on unseen labels than what the judge says "
                "itself"
            )
        for name in ("log_loss", "brier", "ece"):
            before, after = getattr(fit.before, name), getattr(fit.after, name)
            yield f"  {name:9}{before:8.4f} -> {after:.4f} on unseen labels"
