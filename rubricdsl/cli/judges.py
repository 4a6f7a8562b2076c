"""``rub judges``: which judges there are, whether they are ready, how well they know.

With ``--calibrate`` it fits, on labelled verdicts, what corrects the probabilities of
the judges of a run.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen

import rubricdsl
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.output import print_json, say
from rubricdsl.diagnostics import JudgeError, RubricError, fail
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.diagnostics.strict_json import loads_strict
from rubricdsl.formats.labels import read_labels
from rubricdsl.formats.results import read_results
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.judging.calibration.curves import Identity
from rubricdsl.judging.calibration.files import Calibration, dumps
from rubricdsl.judging.calibration.fitting import TooFewLabelsError
from rubricdsl.judging.calibration.labels import fit_calibrations, observations
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.redaction import Redactor
from rubricdsl.model.judgement import JudgeRequest, Question
from rubricdsl.model.protocols import PreparedBackend
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Group, Weight
from rubricdsl.model.ruling import FailureKind
from rubricdsl.plugins.host import PluginHost
from rubricdsl.project import Project
from rubricdsl.runs import JudgeOptions, judge_book

DESCRIPTION = """\
List the judges that are installed; --check asks each one question; --calibrate fits
on labelled verdicts what corrects a judge's probabilities of yes."""
EPILOG = """\
examples:
  rub judges
  rub judges --check presence
  rub judges --check "openai:gpt-4.1-mini?base_url=http://127.0.0.1:8080/v1"

--calibrate FILE fits the probabilities of the judges in --results, which `rub eval
--out` wrote, to the labels in --gold; a SPEC then takes calibration=FILE.

exit codes: 0 done, 1 a judge that is named is not ready, 2 bad input, or too few
labels to calibrate on"""

_STATEMENT = "States that Paris is the capital of France."
_RESPONSE = "The capital of France is Paris."


@frozen
class Readiness:
    """Whether a judge answered, and what it said or why it did not."""

    judge: str
    ready: bool
    detail: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "specs", nargs="*", metavar="SPEC", help="judges to check; all without one"
    )
    parser.add_argument("--check", action="store_true", help="ask each a question")
    parser.add_argument(
        "--calibrate", metavar="FILE", help="write a calibration that a SPEC can name"
    )
    parser.add_argument(
        "--results", metavar="FILE", help="results of the judge, to calibrate it"
    )
    parser.add_argument(
        "--gold", metavar="FILE", help="labelled verdicts on the same responses"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of what is drawn to --calibrate: how labels are parted (0)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    if options.calibrate:
        return _calibrate(options)
    if options.results or options.gold:
        fail(
            "D401",
            "--results and --gold go with --calibrate",
            hint="add `--calibrate FILE`, the file to write",
        )
    project = Project(Path(), os.environ, PluginHost.installed())
    backends = project.host.judge_backends
    checked: list[Readiness] = []
    if options.check or options.specs:
        specs: Sequence[str] = options.specs or list(backends)
        checked = [run_async(_check(project, spec)) for spec in specs]
    if options.json:
        print_json(
            {
                "judges": [
                    {
                        "name": name,
                        "description": offered.offer.description,
                        "distribution": offered.plugin.distribution,
                        "version": offered.plugin.version,
                        "options": list(offered.offer.options),
                    }
                    for name, offered in backends.items()
                ],
                "wrappers": [
                    {
                        "name": name,
                        "description": offered.offer.description,
                        "distribution": offered.plugin.distribution,
                        "version": offered.plugin.version,
                        "options": list(offered.offer.options),
                    }
                    for name, offered in project.host.judge_wrappers.items()
                ],
                "checked": [
                    {"judge": r.judge, "ready": r.ready, "detail": r.detail}
                    for r in checked
                ],
            }
        )
    elif checked:
        for result in checked:
            state = "ready" if result.ready else "not ready"
            line = f"{result.judge:23} {state:10} {result.detail}"
            sys.stdout.write(safe_text(line) + "\n")
    else:
        for name, offered in backends.items():
            origin = f"{offered.plugin.distribution} {offered.plugin.version}"
            line = f"{name:12}{origin:28}{offered.offer.description}"
            sys.stdout.write(safe_text(line) + "\n")
        for around in project.host.judge_wrappers.values():
            names = ", ".join(around.offer.options)
            line = f"any judge takes {names}: {around.offer.description}"
            sys.stdout.write(safe_text(line) + "\n")
    named_failed = options.specs and any(not result.ready for result in checked)
    return Exit.NO if named_failed else Exit.FINE


async def _check(project: Project, spec: str) -> Readiness:
    """Ask a judge one question, whatever the answer may be."""
    redact = Redactor.of_environment(project.environ)
    root = Group(name="check", mark=Weight(1.0))
    rubric = BoundRubric(name="check", root=root, digest="")
    request = JudgeRequest(
        questions={"c1": Question(text=_STATEMENT)},
        seen={"response": _RESPONSE},
        response=Response(text=_RESPONSE, prompt_id="check", response_id="check"),
    )
    try:
        ready, detail = await _ask(project, spec, rubric, request)
    except RubricError as error:
        ready, detail = False, error.diagnostics[0].message
    except JudgeError as error:
        ready, detail = False, str(error)
    except TimeoutError:
        ready, detail = False, "it did not answer in time"
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything
        ready, detail = False, f"{type(error).__name__}: {error}"
    return Readiness(spec, ready, redact(detail))


async def _ask(
    project: Project, spec: str, rubric: BoundRubric, request: JudgeRequest
) -> tuple[bool, str]:
    book = judge_book(project, JudgeOptions(specs=(spec,)))
    try:
        (judge, *_) = book.panel(rubric, None).members
        if isinstance(judge.backend, PreparedBackend):
            judge.backend.prepare()
        async with asyncio.timeout(judge.timeout):
            reply = await judge.backend.judge(request)
    finally:
        await book.close()
    for answer in reply.answers:
        if answer.failure is not None:
            recorded = answer.failure.kind == FailureKind.NOT_RECORDED
            return recorded, answer.failure.reason
        if answer.ruling is not None:
            return True, f"said {answer.ruling}"
    return False, "it did not answer the question"


# --------------------------------------------------------------- calibration


def _calibrate(options: argparse.Namespace) -> Exit:
    """Fit a calibration for each judge of a run, and say what it is good for."""
    if options.specs or options.check or not (options.results and options.gold):
        fail(
            "D401",
            "--calibrate takes --results and --gold, and nothing to check",
            hint="rub judges --calibrate cal.json --results R --gold G",
        )
    results = read_results(options.results)
    observed = observations(results.scorecards, read_labels(options.gold))
    if not observed:
        fail(
            "D207",
            f"no label in {options.gold} meets a verdict with a probability",
            hint="the results must be of a judge that gives probabilities, on the "
            "same prompt_id, response_id and criterion",
        )
    fitted_by = f"rubricdsl {rubricdsl.__version__}"
    try:
        file = fit_calibrations(observed, fitted_by=fitted_by, seed=options.seed)
    except TooFewLabelsError as error:
        fail("D207", str(error), hint="label more verdicts of this judge")
    text = dumps(file)
    with whole_file(options.calibrate) as out:
        out.write(text.encode())
    if options.json:
        print_json(loads_strict(text))
        return Exit.FINE
    for calibration in file.calibrations:
        for line in _calibration_lines(calibration):
            sys.stdout.write(safe_text(line) + "\n")
    say(f"calibration: {options.calibrate}")
    return Exit.FINE


def _calibration_lines(calibration: Calibration) -> Iterator[str]:
    fit = calibration.fit
    yield f"{calibration.judge}: {fit.curve.method}, {fit.labels} labels, {fit.yes} yes"
    if fit.curve.method == Identity.method:
        yield "  no curve does better on unseen labels than what the judge says itself"
    for name in ("log_loss", "brier", "ece"):
        before, after = getattr(fit.before, name), getattr(fit.after, name)
        yield f"  {name:9}{before:8.4f} -> {after:.4f} on unseen labels"
