"""Who drafts: chat models, which are asked, and proposers that say so themselves."""

from functools import cache
from importlib.resources import files
from typing import Protocol

from attrs import evolve, frozen

from rubricdsl.diagnostics import fail
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Usage
from rubricdsl.model.refinement import DraftingProposer, DraftRequest
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

_FEWEST, _MOST = 6, 15
_TASK = (
    "Write the rubric. Reply with one JSON object and nothing before or after it, in "
    "this form:\n"
    '{"name": "…", "criteria": [{"name": "…", "text": "…", "frustration": 2, '
    '"correctness": 3}]}'
)


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
    if isinstance(proposer, DraftingProposer):
        return OwnDrafter(proposer, resolved.name)
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
class OwnDrafter:
    """Takes what a proposer drafts, which is called ``name`` where it goes wrong."""

    proposer: DraftingProposer
    name: str

    async def draft(self, request: DraftRequest, reader: DraftReader) -> Heard[Rubric]:
        """Take one."""
        try:
            given = await self.proposer.draft(request)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            reason = f"{self.name} raised {type(error).__name__}: {error}"
            failure = Failure(f"{self.name.partition(':')[0]}:error", reason)
            return Heard(calls=0, usage=Usage(), failure=failure)
        spent = Heard[Rubric](
            calls=given.calls, usage=given.usage, failure=given.failure
        )
        if given.failure is not None:
            return spent
        try:
            return evolve(spent, value=reader.of(given.rubric))
        except NotReadError as error:
            failure = Failure(FailureKind.JUDGE_UNPARSEABLE.value, str(error))
            return evolve(spent, failure=failure, problems=error.problems)


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
