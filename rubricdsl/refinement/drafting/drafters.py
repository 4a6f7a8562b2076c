"""Who drafts: chat models, which are asked, and scripts, in which it stands."""

from functools import cache
from importlib.resources import files
from typing import Protocol

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Usage
from rubricdsl.model.rubric import Rubric
from rubricdsl.model.ruling import Failure, FailureKind
from rubricdsl.refinement.drafting.reading import WEIGHTS, DraftReader
from rubricdsl.refinement.proposing.carrying import Carrier
from rubricdsl.refinement.proposing.chat import ChatProposer
from rubricdsl.refinement.proposing.conversing import (
    Heard,
    NotReadError,
    converse,
    seed_of,
)
from rubricdsl.refinement.proposing.forms import record_form
from rubricdsl.refinement.proposing.prompting import ProposalWriter
from rubricdsl.refinement.proposing.resolving import Resolved
from rubricdsl.refinement.proposing.scripted import ScriptedProposer

_FEWEST, _MOST = 6, 15
_TASK = (
    "Write the rubric. Reply with one JSON object and nothing before or after it, in "
    "this form:\n"
    '{"name": "…", "criteria": [{"name": "…", "text": "…", "frustration": 2, '
    '"correctness": 3}]}'
)


@frozen(kw_only=True)
class DraftRequest:
    """A prompt to write a rubric for; ``number`` counts drafts of it, from 0."""

    prompt: str
    prompt_id: str
    seed: int = 0
    number: int = 0


class Drafter(Protocol):
    """Writes first rubrics."""

    async def draft(self, request: DraftRequest, reader: DraftReader) -> Heard[Rubric]:
        """Write one; what goes wrong is in what is given, and raises nothing."""
        ...


def drafter_of(resolved: Resolved) -> Drafter:
    """Give a proposer as a drafter; raises RubricError (D205) where it is none."""
    proposer = resolved.proposer
    if isinstance(proposer, ChatProposer):
        return ChatDrafter(proposer.carrier, proposer.writer)
    if isinstance(proposer, ScriptedProposer):
        return ScriptedDrafter(proposer)
    return fail(
        "D205",
        f"the proposer {resolved.name} writes no drafts",
        hint="name a chat model, as in openai:gpt-4.1, or scripted:FILE",
    )


@frozen
class ChatDrafter:
    """Asks a chat model, and again with what is wrong with its draft."""

    carrier: Carrier
    writer: ProposalWriter

    async def draft(self, request: DraftRequest, reader: DraftReader) -> Heard[Rubric]:
        """Ask for one."""
        system = _instructions().format(fewest=_FEWEST, most=_MOST)
        return await converse(
            self.carrier,
            self.writer.write_prompt(system, request.prompt, _TASK),
            schema=_form(),
            seed=seed_of("draft", request.seed, request.number, request.prompt),
            read=reader.read,
        )


@frozen
class ScriptedDrafter:
    """Looks drafts up."""

    proposer: ScriptedProposer

    async def draft(self, request: DraftRequest, reader: DraftReader) -> Heard[Rubric]:
        """Look one up."""
        found = self.proposer.draft(request.prompt_id, request.number)
        if found is None:
            number = f"draft {request.number + 1}"
            reason = f"no {number} is recorded for the prompt {request.prompt_id!r}"
            failure = Failure(FailureKind.NOT_RECORDED.value, reason)
            return Heard(calls=0, usage=Usage(), failure=failure)
        try:
            return Heard(value=reader.of(found), calls=0, usage=Usage())
        except NotReadError as error:
            return Heard(
                calls=0,
                usage=Usage(),
                failure=Failure(FailureKind.JUDGE_UNPARSEABLE.value, str(error)),
                problems=error.problems,
            )


def _form() -> dict[str, Plain]:
    text: Plain = {"type": "string"}
    answer: Plain = {"type": "integer", "enum": list(WEIGHTS)}
    criterion = record_form(
        {"name": text, "text": text, "frustration": answer, "correctness": answer}
    )
    return record_form(
        {"name": text, "criteria": {"type": "array", "items": criterion}}
    )


@cache
def _instructions() -> str:
    folder = files("rubricdsl.refinement.drafting") / "prompts"
    return (folder / "instructions.txt").read_text(encoding="utf-8").strip()
