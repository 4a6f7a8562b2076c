"""A proposer of a plugin drafts, if it says that it does."""

import asyncio

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Usage
from rubricdsl.model.refinement import (
    Draft,
    DraftRequest,
    ProposalRequest,
    Proposed,
    Proposer,
)
from rubricdsl.model.rubric import Rubric
from rubricdsl.model.ruling import Failure
from rubricdsl.refinement.drafting.drafters import drafter_of
from rubricdsl.refinement.proposing.conversing import Heard
from rubricdsl.refinement.proposing.resolving import Resolved
from tests.refinement.drafting.test_reading import READER

SPENT = Usage(prompt_tokens=5, completion_tokens=7, cost=0.5)
CRITERION: dict[str, Plain] = {
    "name": "dose",
    "text": "Names the dose.",
    "weight": 2,
}


class Silent:
    """A proposer that proposes nothing, and drafts nothing."""

    async def propose(self, request: ProposalRequest) -> Proposed:
        """Propose nothing."""
        del request
        return Proposed()

    async def close(self) -> None:
        """Nothing to give back."""


class Drafting(Silent):
    """A proposer that drafts what it was given, or raises it."""

    def __init__(self, answer: Draft | Exception) -> None:
        self.answer = answer

    async def draft(self, request: DraftRequest) -> Draft:
        """Give the answer."""
        assert request.prompt_id == "p"
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def resolved(proposer: Proposer) -> Resolved:
    return Resolved(name="own:model", identity="i", proposer=proposer)


def drafted(answer: Draft | Exception) -> Heard[Rubric]:
    drafter = drafter_of(resolved(Drafting(answer)))
    return asyncio.run(drafter.draft(DraftRequest(prompt="?", prompt_id="p"), READER))


def test_what_a_plugin_drafts_is_read_as_that_of_a_model() -> None:
    heard = drafted(
        Draft(rubric={"name": "r", "criteria": [CRITERION]}, calls=2, usage=SPENT)
    )
    assert heard.failure is None
    assert heard.value is not None
    assert [item.name for item in heard.value.items] == ["dose"]
    assert (heard.calls, heard.usage) == (2, SPENT)


def test_what_is_no_rubric_is_refused_with_what_is_wrong_and_paid_for() -> None:
    heard = drafted(
        Draft(rubric={"criteria": [{**CRITERION, "weight": 9}]}, calls=1, usage=SPENT)
    )
    assert heard.value is None
    assert heard.failure is not None
    assert heard.failure.kind == "judge_unparseable"
    assert any("is not 1, 2 or 3" in one for one in heard.problems)
    assert heard.usage == SPENT


def test_its_own_failures_and_faults_are_told() -> None:
    failure = Failure("quota_exhausted", "no money")
    assert drafted(Draft(rubric=None, calls=1, failure=failure)).failure == failure
    broken = drafted(ValueError("oh")).failure
    assert broken is not None
    assert broken.kind == "own:error"
    assert "ValueError: oh" in broken.reason


def test_one_that_does_not_draft_is_refused() -> None:
    with pytest.raises(RubricError) as refused:
        drafter_of(resolved(Silent()))
    assert refused.value.diagnostics[0].code == "D205"
