"""What a proposer's answers took is kept with them; and when nobody is asked."""

import asyncio
from collections.abc import Mapping

import pytest
from attrs import define, field

from rubricdsl.model.judgement import Usage
from rubricdsl.model.refinement import (
    Attack,
    AttackRequest,
    ProposalRequest,
    Proposed,
    StopKind,
)
from rubricdsl.model.ruling import Failure
from rubricdsl.refinement.courses import Course, Stage
from rubricdsl.refinement.journal import Journal, JournalledProposer
from rubricdsl.refinement.ledger import Ledger
from rubricdsl.refinement.loop import Means, Refinement
from rubricdsl.refinement.pools import Pool
from rubricdsl.refinement.selection.top2 import Top2
from rubricdsl.refinement.strategies.rtd import Differentiation
from tests.refinement.benches import (
    KeywordBench,
    ListedProposer,
    manuscript,
    response,
)

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


# ------------------------------------------------------------- interrupted


@define(eq=False)
class Slow:
    """A proposer and attacker that never answers."""

    asked: int = field(default=0, init=False)
    both: asyncio.Event = field(factory=asyncio.Event, init=False)

    async def propose(self, request: ProposalRequest) -> Proposed:
        """Wait."""
        del request
        await self.wait()
        return Proposed()

    async def attack(self, request: AttackRequest) -> Attack:
        """Wait."""
        del request
        await self.wait()
        return Attack(text="dogs")

    async def wait(self) -> None:
        """Tell when two were asked for, and give neither."""
        self.asked += 1
        if self.asked > 1:
            self.both.set()
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing to give back."""


def interrupted(path, times):
    """Refine, and interrupt so often while the proposer has not answered."""
    slow, ledger = Slow(), Ledger()
    kept = JournalledProposer(slow, slow, Journal.open(path, resume=False), ledger, "m")
    differentiation = Stage(name="rtd", strategy=Differentiation(), rounds=2)
    refinement = Refinement(
        manuscript("rubric pets\n[1] dogs: Mentions dogs.\n"),
        Pool(responses=tuple(response(f"r{n}", f"dogs {n}") for n in range(4))),
        Course(
            stages=(differentiation,), selector=Top2(), selector_name="top2", gate=False
        ),
        Means(bench=KeywordBench(), proposer=kept),
    )

    async def scenario():
        refining = asyncio.ensure_future(refinement.run())
        attack = asyncio.ensure_future(kept.attack(REQUEST))
        await slow.both.wait()
        for _ in range(times):
            kept.cancel()
        done, waiting = await asyncio.wait({refining, attack}, timeout=0.5)
        for one in waiting:
            one.cancel()
        later = await kept.attack(REQUEST)
        return [one.result() for one in (refining, attack) if one in done], later

    return asyncio.run(scenario()), slow, ledger


def test_interrupted_once_nobody_more_is_asked_and_answers_are_waited_for(tmp_path):
    (done, later), slow, _ = interrupted(tmp_path / "journal.jsonl", 1)
    assert done == []
    assert slow.asked == 2
    assert later.failure is not None
    assert later.failure.kind == "cancelled"


def test_interrupted_twice_what_is_in_flight_is_dropped_and_counted(tmp_path):
    (done, _), slow, ledger = interrupted(tmp_path / "journal.jsonl", 2)
    refined, attack = done
    assert refined.stop.kind is StopKind.CANCELLED
    assert refined.text == "rubric pets\n[1] dogs: Mentions dogs.\n"
    assert attack.failure.kind == "cancelled"
    assert ledger.record["proposer_calls"] == slow.asked == 2
    # It was never answered, so it would be asked for again.
    assert (tmp_path / "journal.jsonl").read_bytes() == b""
