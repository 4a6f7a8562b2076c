"""Proposing and drafting with a real model, which is far too small for either.

What is tested is that all goes through, and that rubbish comes to nothing else.
"""

import asyncio
from pathlib import Path
from typing import Protocol

import pytest

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.language.loading import load_text
from rubricdsl.model.refinement import DraftRequest, Proposed
from rubricdsl.plugins.host import PluginHost
from rubricdsl.refinement.drafting.drafters import drafter_of
from rubricdsl.refinement.drafting.first import FirstRubric, first_rubric
from rubricdsl.refinement.drafting.reading import DraftReader
from rubricdsl.refinement.proposing.resolving import Resolved, resolve_proposer
from tests.refinement.proposing.material import request_of

pytestmark = pytest.mark.model


class Server(Protocol):
    """Where the model is, and its key."""

    base: str
    key: str


def resolved(server: Server) -> Resolved:
    return resolve_proposer(
        f"openai:judge?base_url={server.base}&max_tokens=40&timeout=600",
        host=PluginHost.installed(),
        environ={"OPENAI_API_KEY": server.key},
    )


def test_a_proposal_goes_through(model_server: Server) -> None:
    async def scenario() -> Proposed:
        found = resolved(model_server)
        try:
            return await found.proposer.propose(request_of())
        finally:
            await found.proposer.close()

    proposed = asyncio.run(scenario())
    assert 1 <= proposed.calls <= 3
    assert proposed.usage.prompt_tokens > 500
    assert proposed.usage.completion_tokens > 0
    if proposed.failure is not None:
        assert proposed.failure.kind in {"judge_truncated", "judge_unparseable"}
        assert proposed.edits == ()


def test_a_draft_goes_through(model_server: Server) -> None:
    functions = {f.signature.name: f.signature for f in builtin_functions()}
    prompt = "What is the capital of France?"

    async def scenario() -> FirstRubric:
        found = resolved(model_server)
        try:
            return await first_rubric(
                drafter_of(found),
                DraftRequest(prompt=prompt, prompt_id="p"),
                DraftReader(prompt=prompt, functions=functions),
            )
        finally:
            await found.proposer.close()

    first = asyncio.run(scenario())
    assert 1 <= first.calls <= 3
    assert first.usage.completion_tokens > 0
    if first.text is None:
        (heard,) = first.failed
        assert heard.failure is not None
        assert heard.failure.kind in {"judge_truncated", "judge_unparseable"}
    else:
        (rubric,) = load_text(first.text, functions, folder=Path()).checked()
        assert rubric.prompt == prompt
