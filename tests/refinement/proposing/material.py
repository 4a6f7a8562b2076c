"""A rubric, two responses, and what is asked of proposers about them."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from rubricdsl.api import open_project
from rubricdsl.model.chat import ChatReply, ChatRequest
from rubricdsl.model.judgement import Provenance, Usage, Verdict
from rubricdsl.model.refinement import Candidate, Pair, ProposalRequest, Task
from rubricdsl.model.response import Response
from rubricdsl.model.ruling import NO, YES
from rubricdsl.model.scorecard import CriterionResult, Scorecard, Status

SOURCE = """\
rubric fever
prompt: My child has a fever. What now?
[3] fluids: Says to give plenty of fluids.
[2] all of warning
    [1] stiff_neck: Names a stiff neck as a reason to call a doctor.
    [1] rash: Names a rash as a reason to call a doctor.
[must] no_aspirin: Does not recommend aspirin.
"""
FIRST = "Give plenty of fluids. Call a doctor if there is a rash that does not fade."
SECOND = "Offer water often, and paracetamol by weight. Watch for a stiff neck."


def scorecard(response: Response, rulings: Mapping[str, str]) -> Scorecard:
    results = tuple(
        CriterionResult(
            name=path.rpartition(".")[2], path=path, mark="weight",
            verdict=Verdict(
                ruling=YES if word == "yes" else NO,
                provenance=Provenance(judge="j", response="r"),
            ),
            value=None, weight=None, share=None,
        )
        for path, word in rulings.items()
    )  # fmt: skip
    return Scorecard(
        rubric="fever", rubric_version=None, rubric_digest="d", prompt_id="p1",
        response_id=response.response_id, score=0.9, points=None, passed=None,
        status=Status.COMPLETE, coverage=1.0, interval=(0.9, 0.9), gates=(),
        criteria=results, groups=(),
    )  # fmt: skip


def request_of(
    source: str = SOURCE,
    *,
    first: str = FIRST,
    second: str = SECOND,
    task: Task = Task.DIFFERENTIATE,
    **changes: Any,
) -> ProposalRequest:
    project = open_project(Path())
    (rubric,) = project.load_text(source).checked()
    candidates = []
    for name, text in (("r-one", first), ("r-two", second)):
        response = Response(
            text=text, prompt_id="p1", response_id=name, source="Secret-Model-9"
        )
        verdicts = {"fluids": "yes", "warning.rash": "no"}
        card = scorecard(response, verdicts if name == "r-one" else {"fluids": "no"})
        candidates.append(Candidate(response=response, scorecard=card))
    request = ProposalRequest(
        rubric=rubric,
        bound=project.bind(rubric),
        pair=Pair(first=candidates[0], second=candidates[1], why="the two best"),
        round=1,
        seed=0,
        task=task,
    )
    return attrs.evolve(request, **changes)


ADD = {
    "op": "add", "name": "dose_by_weight", "mark": "2",
    "text": "Says that paracetamol is dosed by the weight of the child.",
    "type": "vague to specific", "reason": "Only one of them doses.",
    "evidence": {"a": None, "b": None},
}  # fmt: skip


def edits(*records: object) -> str:
    return json.dumps({"edits": list(records)})


class Parrot:
    """A chat model that says what it was told to, one answer after another."""

    def __init__(self, *answers: str | ChatReply | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[ChatRequest] = []
        self.closed = 0

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Say the next answer; the last for ever."""
        await asyncio.sleep(0)
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, ChatReply):
            return answer
        usage = Usage(prompt_tokens=100, completion_tokens=10)
        return ChatReply(text=answer, usage=usage)

    async def close(self) -> None:
        """Count it."""
        self.closed += 1
