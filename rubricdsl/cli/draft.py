"""``rub draft``: a first rubric for a prompt."""

import argparse
import os
import sys
from pathlib import Path

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.hosts import host_of
from rubricdsl.cli.importing import spare
from rubricdsl.cli.numbers import positive, seed
from rubricdsl.cli.output import plural, print_json, report, say, standard_input
from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.diagnostics.render import diagnostic_record
from rubricdsl.formats.response_fields import made_prompt_id
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.judging.loops import run_async
from rubricdsl.language.words import RESERVED, is_path
from rubricdsl.model.refinement import DraftRequest
from rubricdsl.model.ruling import FailureKind
from rubricdsl.model.source import ARGUMENTS, Span
from rubricdsl.project import Project
from rubricdsl.refinement.drafting.drafters import drafter_of
from rubricdsl.refinement.drafting.first import FirstRubric, first_rubric
from rubricdsl.refinement.drafting.merging import MOST_CRITERIA
from rubricdsl.refinement.drafting.reading import DraftReader
from rubricdsl.refinement.proposing.resolving import resolve_proposer
from rubricdsl.runs import project_config

DESCRIPTION = "Write a first rubric for a prompt."
EPILOG = f"""\
examples:
  rub draft --prompt examples/draft/prompt.txt --proposer scripted:examples/draft/drafts.jsonl
  rub draft --prompt "My child has a fever. What now?" --proposer scripted:examples/draft/drafts.jsonl --drafts 2 --json

--prompt names a file, or is the prompt itself; - reads it from standard input.  A
proposer SPEC is written like a judge's, as in openai:gpt-4.1.  Of each criterion the
proposer says from 1 to 3 how frustrating its lack would be and how much it matters for
correctness; the weight is the mean of the two, halves counting up.  Of several drafts,
criteria of one name, or of nearly the same text, become one with the median weight;
at most {MOST_CRITERIA} are kept, first those in most drafts, then those of most weight.

A rubric with errors is shown back to the proposer with what is wrong, at most twice;
one that stays so is not written.  Without --out the source goes to stdout.

exit codes: 0 done, 2 bad input, or no sound rubric came of it, 3 the proposer gave no
answer, 130 interrupted"""  # noqa: E501 - examples

_MOST_DRAFTS = 50
# What came was no rubric; all other failures are of the proposer itself.
_NO_RUBRIC = frozenset(
    {
        FailureKind.JUDGE_UNPARSEABLE,
        FailureKind.JUDGE_TRUNCATED,
        FailureKind.NOT_RECORDED,
    }
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--prompt", required=True, metavar="FILE|TEXT", help="the prompt, or its file"
    )
    parser.add_argument(
        "--proposer", required=True, metavar="SPEC", help="who writes it"
    )
    parser.add_argument("--out", metavar="FILE", help="where to write the source")
    parser.add_argument("--name", metavar="NAME", help="the rubric's name")
    parser.add_argument(
        "--drafts", type=positive, default=1, metavar="N", help="merge N drafts"
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="what is drawn depends on it"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    _check(options)
    project = Project(Path(), os.environ, host_of())
    first = run_async(_draft(options, project))
    if first.text is None or first.rubric is None:
        return _nothing(first)
    for heard in first.failed:
        if heard.failure is not None:
            say(f"note: one draft came to nothing: {heard.failure.reason}")
    if options.out:
        with whole_file(options.out) as file:
            file.write(first.text.encode())
    if options.json:
        print_json(_record(first))
    elif not options.out:
        sys.stdout.write(first.text)
    report(first.warnings)
    say(_ending(first, options.out))
    return Exit.FINE


async def _draft(options: argparse.Namespace, project: Project) -> FirstRubric:
    prompt = _prompt(options.prompt)
    resolved = resolve_proposer(
        options.proposer,
        host=project.host,
        environ=project.environ,
        config=project_config(project),
        seed=options.seed,
    )
    try:
        return await first_rubric(
            drafter_of(resolved),
            DraftRequest(
                prompt=prompt, prompt_id=made_prompt_id(prompt), seed=options.seed
            ),
            DraftReader(prompt=prompt, functions=project.functions, name=options.name),
            count=options.drafts,
        )
    finally:
        await resolved.proposer.close()


def _check(options: argparse.Namespace) -> None:
    name = options.name
    if name is not None and (not is_path(name) or "." in name or name in RESERVED):
        fail(
            "E107",
            f"`{name}` is no name",
            hint="write letters, digits and underscores, as in `fever_at_night`",
        )
    if options.drafts > _MOST_DRAFTS:
        fail("D401", f"--drafts is at most {_MOST_DRAFTS}", hint="merge fewer drafts")
    script = options.proposer.removeprefix("scripted:")
    spare([options.prompt, script], options.out)


def _prompt(given: str) -> str:
    """Give the prompt itself.

    What is no file, and does not look like the name of one, is the prompt.
    """
    if given == "-":
        data = standard_input()
    else:
        path = Path(given)
        try:
            is_file = path.is_file()
        except (OSError, ValueError):
            is_file = False
        if not is_file:
            looks_so = not any(map(str.isspace, given)) and (
                "/" in given or path.suffix in {".txt", ".md"}
            )
            if looks_so:
                hint = "check the path; a prompt that is one word is given by `-`"
                fail("D101", f"there is no file {given}", hint=hint)
            data = given.encode("utf-8", "surrogateescape")
        else:
            try:
                data = path.read_bytes()
            except OSError as error:
                reason = str(error.strerror or "unreadable").lower()
                hint = "check the permissions"
                fail("D101", f"{given} cannot be read: {reason}", hint=hint)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        span = Span(given, 1, 1, 1, 2)
        what = f"the prompt is not UTF-8 at byte {error.start + 1}"
        fail("D104", what, hint="save it as UTF-8", span=span)
    if not text.strip():
        fail("D401", "the prompt is empty", hint="say what is asked")
    return text.strip()


def _nothing(first: FirstRubric) -> Exit:
    """Say why there is no rubric."""
    found: list[Diagnostic] = []
    code = Exit.USAGE
    for heard in first.failed:
        if heard.failure is None:
            continue
        if heard.failure.kind not in _NO_RUBRIC:
            code = Exit.INCOMPLETE
        hint = "ask another proposer, or with another --seed"
        for what in heard.problems or (heard.failure.reason,):
            message = f"no rubric came of it: {what}"
            found.append(Diagnostic("D109", message, ARGUMENTS, hint))
    if code is Exit.USAGE:
        raise RubricError(dict.fromkeys(found))
    for heard in first.failed:
        if heard.failure is not None:
            say(f"rub: {heard.failure.kind}: {heard.failure.reason}")
    return code


def _record(first: FirstRubric) -> dict[str, object]:
    usage = first.usage
    return {
        "name": first.rubric.name if first.rubric else None,
        "source": first.text,
        "drafts": first.drafts,
        "calls": first.calls,
        "tokens": {
            "prompt": usage.prompt_tokens,
            "completion": usage.completion_tokens,
        },
        "cost": usage.cost,
        "warnings": [diagnostic_record(one) for one in first.warnings],
    }


def _ending(first: FirstRubric, out: str | None) -> str:
    parts = [plural(first.drafts, "draft"), plural(first.calls, "call")]
    if first.usage.cost is not None:
        parts.append(f"cost {first.usage.cost:.4g}")
    where = f"written to {out}: " if out else ""
    return f"{where}{', '.join(parts)}"
