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

from rubricdsl.cli.calibrating import calibration_lines, fitted, write_calibration
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.hosts import host_of
from rubricdsl.cli.judge_keys import key_page, key_records
from rubricdsl.cli.output import print_json, say
from rubricdsl.diagnostics import JudgeError, RubricError, fail
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.diagnostics.strict_json import loads_strict
from rubricdsl.formats.labels import read_labels
from rubricdsl.formats.results import read_results
from rubricdsl.judging.calibration.files import dumps
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.redaction import Redactor
from rubricdsl.model.chat import ChatModelOffer
from rubricdsl.model.digest import Plain
from rubricdsl.model.execution import JudgeOptions
from rubricdsl.model.judgement import JudgeRequest, Question
from rubricdsl.model.protocols import (
    DeferringBackend,
    JudgeBackendOffer,
    JudgeWrapperOffer,
    PreparedBackend,
)
from rubricdsl.model.refinement import ProposerOffer
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Group, Weight
from rubricdsl.model.ruling import FailureKind
from rubricdsl.plugins.host import Offered, PluginHost
from rubricdsl.project import Project
from rubricdsl.runs import judge_book

DESCRIPTION = """\
List the judges that are installed; --keys says what a SPEC may hold; --check asks
each one question; --calibrate fits on labelled verdicts what corrects a judge's
probabilities of yes."""
EPILOG = """\
examples:
  rub judges
  rub judges --keys
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
    parser.add_argument(
        "--keys", action="store_true", help="list the keys that a SPEC may have"
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
    if options.keys and (options.specs or options.check):
        fail(
            "D401",
            "--keys lists keys, and checks nothing",
            hint="leave out --keys, or the SPECs and --check",
        )
    if options.results or options.gold:
        fail(
            "D401",
            "--results and --gold go with --calibrate",
            hint="add `--calibrate FILE`, the file to write",
        )
    project = Project(Path(), os.environ, host_of())
    backends = project.host.judge_backends
    checked: list[Readiness] = []
    if options.check or options.specs:
        specs: Sequence[str] = options.specs or list(backends)
        checked = [run_async(_check(project, spec)) for spec in specs]
    if options.json:
        print_json(_document(project.host, checked))
    else:
        lines = _checked_lines(checked) if checked else _listed_lines(project.host)
        if options.keys:
            lines = key_page(*_offers(project.host))
        for line in lines:
            sys.stdout.write(safe_text(line) + "\n")
    named_failed = options.specs and any(not result.ready for result in checked)
    return Exit.NO if named_failed else Exit.FINE


def _offers(
    host: PluginHost,
) -> tuple[dict[str, JudgeBackendOffer], list[JudgeWrapperOffer]]:
    """Give what is installed, without who offers it."""
    backends = {name: found.offer for name, found in host.judge_backends.items()}
    return backends, [found.offer for found in host.judge_wrappers.values()]


def _checked_lines(checked: Sequence[Readiness]) -> Iterator[str]:
    for result in checked:
        state = "ready" if result.ready else "not ready"
        yield f"{result.judge:23} {state:10} {result.detail}"


def _listed_lines(host: PluginHost) -> Iterator[str]:
    for name, found in host.judge_backends.items():
        origin = f"{found.plugin.distribution} {found.plugin.version}"
        yield f"{name:12}{origin:28}{found.offer.description}"
    for wrapper in host.judge_wrappers.values():
        names = ", ".join(wrapper.offer.options)
        yield f"any judge takes {names}: {wrapper.offer.description}"
    names = ", ".join(sorted({*host.chat_models, *host.proposers}))
    yield f"rubrics are drafted and refined (--proposer) by: {names}"


def _document(host: PluginHost, checked: Sequence[Readiness]) -> dict[str, Plain]:
    return {
        "judges": [_record(*item) for item in host.judge_backends.items()],
        "wrappers": [_record(*item) for item in host.judge_wrappers.items()],
        "proposers": [
            *(_record(*item) for item in host.chat_models.items()),
            *(_record(*item) for item in host.proposers.items()),
        ],
        "keys": key_records(*_offers(host)),
        "checked": [
            {"judge": r.judge, "ready": r.ready, "detail": r.detail} for r in checked
        ],
    }


def _record(
    name: str,
    found: Offered[JudgeBackendOffer]
    | Offered[JudgeWrapperOffer]
    | Offered[ChatModelOffer]
    | Offered[ProposerOffer],
) -> dict[str, Plain]:
    return {
        "name": name,
        "description": found.offer.description,
        "distribution": found.plugin.distribution,
        "version": found.plugin.version,
        "options": list(found.offer.options),
    }


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
        if isinstance(judge.backend, DeferringBackend):
            return True, judge.backend.readiness()
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
    file = fitted(results.scorecards, read_labels(options.gold), options)
    write_calibration(file, options.calibrate)
    if options.json:
        print_json(loads_strict(dumps(file)))
        return Exit.FINE
    for line in calibration_lines(file):
        sys.stdout.write(safe_text(line) + "\n")
    say(f"calibration: {options.calibrate}")
    return Exit.FINE
