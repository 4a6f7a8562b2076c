"""What a proposer's answers took is kept with them, that of attacks too."""

import asyncio
from collections.abc import Mapping

import pytest
from attrs import define, field

from rubricdsl.model.judgement import Usage
from rubricdsl.model.refinement import Attack, AttackRequest
from rubricdsl.model.ruling import Failure
from rubricdsl.refinement.journal import Journal, JournalledProposer
from rubricdsl.refinement.ledger import Ledger
from tests.refinement.benches import ListedProposer, manuscript, response

REQUEST = AttackRequest(
    bound=manuscript("rubric pets\n[1] dogs: Mentions dogs.\n").bound,
    response=response("r1", "dogs and cats"),
    round=1,
    seed=0,
)
SPENT = Usage(prompt_tokens=70, completion_tokens=9, cost=0.25)


@define(eq=False)
class OneAttack:
    """An attacker that says the same each time, and counts."""

    answer: Attack
    asked: int = field(default=0, init=False)

    async def attack(self, request: AttackRequest) -> Attack:
        """Give the attack."""
        del request
        self.asked += 1
        return self.answer


def attacked(path, answer, *, resume) -> tuple[Attack, int, Mapping[str, object]]:
    """Give the attack, how often it was asked for, and what the ledger says."""
    attacker, ledger = OneAttack(answer), Ledger()
    journal = Journal.open(path, resume=resume)
    kept = JournalledProposer(ListedProposer(()), attacker, journal, ledger, "m")
    return asyncio.run(kept.attack(REQUEST)), attacker.asked, ledger.record


@pytest.mark.parametrize("usage", [SPENT, Usage(prompt_tokens=3)])
def test_an_attack_is_gone_on_with_as_it_was_and_paid_for_once(tmp_path, usage):
    path = tmp_path / "journal.jsonl"
    answer = Attack(text="dogs dogs", calls=2, usage=usage)
    attack, asked, record = attacked(path, answer, resume=False)
    assert (attack, asked) == (answer, 1)
    assert record == {
        "judge_calls": 0,
        "proposer_calls": 2,
        "tokens": {
            "prompt": usage.prompt_tokens,
            "completion": usage.completion_tokens,
        },
        "cost": usage.cost,
    }
    again, asked, record = attacked(path, answer, resume=True)
    assert (again, asked) == (answer, 0)
    assert record["proposer_calls"] == 0


def test_an_attack_of_which_the_journal_knows_less_is_asked_for_again(tmp_path):
    path = tmp_path / "journal.jsonl"
    attacked(path, Attack(text="dogs", calls=1, usage=SPENT), resume=False)
    path.write_text(path.read_text("utf-8").replace('"tokens"', '"words"'), "utf-8")
    _, asked, _ = attacked(path, Attack(text="dogs"), resume=True)
    assert asked == 1


def test_an_attack_that_failed_is_paid_for_and_asked_for_again(tmp_path):
    path = tmp_path / "journal.jsonl"
    failed = Attack(text=None, calls=3, usage=SPENT, failure=Failure("x", "y"))
    _, _, record = attacked(path, failed, resume=False)
    assert record["cost"] == SPENT.cost
    _, asked, _ = attacked(path, failed, resume=True)
    assert asked == 1
