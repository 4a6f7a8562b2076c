"""``rub judges``: which judges there are, and whether they are ready."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.output import print_json
from rubricdsl.diagnostics import JudgeError, RubricError
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.judging.redaction import Redactor
from rubricdsl.model.judgement import JudgeRequest, Question
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Group, Weight
from rubricdsl.model.ruling import FailureKind
from rubricdsl.plugins.host import PluginHost
from rubricdsl.project import Project
from rubricdsl.runs import JudgeOptions, judge_book

DESCRIPTION = "List the judges that are installed; --check asks each one question."
EPILOG = """\
examples:
  rub judges
  rub judges --check presence
  rub judges --check "openai:gpt-4.1-mini?base_url=http://127.0.0.1:8080/v1"

exit codes: 0 done, 1 a judge that is named is not ready, 2 it cannot be set up"""

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
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    project = Project(Path(), os.environ, PluginHost.installed())
    backends = project.host.judge_backends
    checked: list[Readiness] = []
    if options.check or options.specs:
        specs: Sequence[str] = options.specs or list(backends)
        checked = [asyncio.run(_check(project, spec)) for spec in specs]
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
                "checked": [
                    {"judge": r.judge, "ready": r.ready, "detail": r.detail}
                    for r in checked
                ],
            }
        )
    elif checked:
        for result in checked:
            state = "ready" if result.ready else "not ready"
            line = f"{result.judge:24}{state:11}{result.detail}"
            sys.stdout.write(safe_text(line) + "\n")
    else:
        for name, offered in backends.items():
            origin = f"{offered.plugin.distribution} {offered.plugin.version}"
            line = f"{name:12}{origin:28}{offered.offer.description}"
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
