"""The loop: rounds by the book, and an end with a reason."""

import asyncio

import pytest

from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.language.binding import bind
from rubricdsl.model.edit import Add, Reword
from rubricdsl.model.execution import Limits
from rubricdsl.model.judgement import Usage
from rubricdsl.model.refinement import (
    Needs,
    Pair,
    Proposed,
    StopKind,
    Unread,
)
from rubricdsl.model.ruling import Failure
from rubricdsl.refinement.courses import Course, Stage
from rubricdsl.refinement.journal import Journal, JournalledProposer
from rubricdsl.refinement.ledger import Ledger
from rubricdsl.refinement.loop import Means, Refinement
from rubricdsl.refinement.pools import Pool
from rubricdsl.refinement.strategies.rtd import Differentiation
from tests.refinement.benches import KeywordBench, ListedProposer, manuscript, response

TEXT = """\
# A comment above.
rubric pets
[2] cats: Mentions cats.

# About dogs.
[1] dogs: Mentions dogs.

test "cats count"
    given all: yes
    given dogs: no
    expect score: about 0.667
"""
POOL = tuple(
    response(name, text)
    for name, text in {
        "a": "cats dogs birds",
        "b": "cats dogs fish",
        "c": "cats dogs",
        "d": "cats",
        "e": "dogs",
        "f": "nothing",
    }.items()
)


class BestTwo:
    """The first two by score, then by id."""

    def select(self, request):
        """Give them."""
        first, second, *_ = sorted(
            request.candidates, key=lambda one: (-(one.score or 0), one.key)
        )
        return Pair(first=first, second=second, why="the best two")


def course(rounds=4, **changes):
    stage = Stage(name="rtd_iterative", strategy=Differentiation(), rounds=rounds)
    options = {
        "stages": (stage,),
        "selector": BestTwo(),
        "selector_name": "top2",
        "gate": False,
        "author": "somebody",
        "on": "2026-10-02",
        **changes,
    }
    return Course(**options)


def adding(*names, **more):
    edits = tuple(
        Add(name=name, text=f"Mentions {name}.", mark="1", reason=f"b lacks {name}")
        for name in names
    )
    return Proposed(edits=edits, calls=1, usage=Usage(prompt_tokens=7), **more)


def refine(proposals, *, bench=None, pool=POOL, means=(), **changes):
    proposer = ListedProposer(proposals)
    refinement = Refinement(
        manuscript(TEXT),
        pool if isinstance(pool, Pool) else Pool(responses=pool),
        course(**changes),
        Means(bench=bench or KeywordBench(), proposer=proposer, **dict(means)),
    )
    return asyncio.run(refinement.run()), proposer


def test_the_source_tells_what_was_done_and_is_otherwise_untouched():
    result, proposer = refine([adding("birds"), adding("fish")], rounds=2)
    assert result.text == TEXT.replace(
        "[1] dogs: Mentions dogs.\n",
        """\
[1] dogs: Mentions dogs.
[1] birds: Mentions birds.
    why: b lacks birds
    since: 1
[1] fish: Mentions fish.
    why: b lacks fish
    since: 2

history
    round 1: by = "somebody", on = 2026-10-02, compared = ("a", "b"), """
        """strategy = "rtd_iterative", accepted = "1"
    round 2: by = "somebody", on = 2026-10-02, compared = ("c", "d"), """
        """strategy = "rtd_iterative", accepted = "1"
""",
    )
    assert result.stop.kind is StopKind.ROUNDS_DONE
    assert [r.pair.ids for r in proposer.requests] == [("a", "b"), ("c", "d")]
    # The second round knew what the first had done.
    assert [len(r.rubric.items) for r in proposer.requests] == [2, 3]
    assert [one.pair for one in result.rounds] == [("a", "b"), ("c", "d")]
    assert all(one.usage.prompt_tokens == 7 for one in result.rounds)


def test_used_references_leave_the_pool_until_it_is_empty():
    rounds = [adding(f"word{n}") for n in range(9)]
    result, proposer = refine(rounds, rounds=9)
    assert [r.pair.ids for r in proposer.requests] == [
        ("a", "b"),
        ("c", "d"),
        ("e", "f"),
    ]
    assert result.stop.kind is StopKind.POOL_EXHAUSTED


def test_they_may_be_kept():
    result, proposer = refine(
        [adding(f"word{n}") for n in range(4)], excludes_used=False
    )
    assert [r.pair.ids for r in proposer.requests] == [("a", "b")] * 4
    assert result.stop.kind is StopKind.ROUNDS_DONE


@pytest.mark.parametrize(("excludes", "verdicts"), [(False, 608), (True, 536)])
def test_only_changed_criteria_are_judged_again(excludes, verdicts):
    """16 responses, 20 criteria, 4 rounds, 30 % changed in each: the ideal."""
    names = [f"c{n:02}" for n in range(20)]
    text = "rubric r\n" + "".join(f"[1] {n}: Mentions {n}.\n" for n in names)
    pool = tuple(response(f"r{n:02}", f"text {n}") for n in range(16))
    rounds = [
        Proposed(
            edits=tuple(
                Reword(criterion=n, text=f"Mentions {n} for round{number}x{n}.")
                for n in names[:6]
            )
        )
        for number in range(1, 5)
    ]
    bench = KeywordBench()
    refinement = Refinement(
        manuscript(text),
        Pool(responses=pool),
        course(excludes_used=excludes),
        Means(bench=bench, proposer=ListedProposer(rounds)),
    )
    result = asyncio.run(refinement.run())
    assert [len(one.accepted) for one in result.rounds] == [6, 6, 6, 6]
    assert len(bench.asked) == verdicts
    assert sum(one.verdicts for one in result.rounds) == verdicts


def test_rubbish_leaves_the_rubric_as_it_is_byte_for_byte_and_is_recorded():
    rubbish = Proposed(unread=(Unread("I think that", "no JSON"),), calls=3)
    result, _ = refine([rubbish, rubbish])
    assert result.text == TEXT
    assert result.stop.kind is StopKind.NOTHING_PROPOSED
    assert result.rounds[0].unread == rubbish.unread
    assert result.rounds[0].proposer_calls == 3


def test_a_proposer_that_is_away_costs_no_pair_and_says_why_it_ended():
    away = Proposed(failure=Failure("transport_unreachable", "no connection"), calls=1)
    result, proposer = refine([away, away])
    assert [r.pair.ids for r in proposer.requests] == [("a", "b"), ("a", "b")]
    assert result.stop.kind is StopKind.FAILED
    assert "no connection" in result.stop.reason
    assert result.text == TEXT


def test_it_ends_where_nothing_helps():
    pool = Pool(responses=POOL, held_out=tuple(response(n, "cats") for n in "xyz"))
    result, _ = refine([adding("birds"), adding("fish")], pool=pool, gate=True)
    assert result.stop.kind is StopKind.NO_GAIN
    assert [one.accepted for one in result.rounds] == [(), ()]
    assert all(not d.accepted and d.why for one in result.rounds for d in one.decisions)
    assert result.text == TEXT


def test_responses_without_a_score_are_never_compared():
    bench = KeywordBench(fails=frozenset("ab"))
    _, proposer = refine([adding("birds")], bench=bench, rounds=1)
    assert proposer.requests[0].pair.ids == ("c", "d")


def test_an_unscored_pool_is_asked_nothing_and_gives_a_pair_by_the_seed():
    bench = KeywordBench()
    drawn = set()
    for seed in range(10):
        result, proposer = refine(
            [adding("birds")],
            bench=bench,
            rounds=1,
            scores=False,
            means={"seed": seed}.items(),
        )
        again, _ = refine(
            [adding("birds")], rounds=1, scores=False, means={"seed": seed}.items()
        )
        assert again == result
        drawn.add(proposer.requests[0].pair.ids)
    assert not bench.asked
    assert len(drawn) > 4


def test_what_breaks_ends_just_this_refinement_and_keeps_what_was_accepted():
    class Breaking(ListedProposer):
        async def propose(self, request):
            if request.round == 2:
                fail("D111", "the disk is full", hint="make room")
            return await super().propose(request)

    refinement = Refinement(
        manuscript(TEXT),
        Pool(responses=POOL),
        course(),
        Means(bench=KeywordBench(), proposer=Breaking([adding("birds")])),
    )
    result = asyncio.run(refinement.run())
    assert result.stop.kind is StopKind.FAILED
    assert "the disk is full" in result.stop.reason
    assert "birds" in result.text


def test_a_strategy_that_needs_no_pair_sees_the_whole_pool_every_time():
    seen: list[int] = []

    class Pruning:
        needs = Needs(gold=True)

        async def propose(self, occasion):
            assert occasion.pair is None
            seen.append(len(occasion.candidates))
            return adding(f"word{occasion.round}")

    stages = (
        Stage(name="rtd", strategy=Differentiation(), rounds=1),
        Stage(name="prune", strategy=Pruning(), rounds=2),
    )
    result, _ = refine([adding("birds")], stages=stages)
    assert seen == [6, 6]
    assert [one.strategy for one in result.rounds] == ["rtd", "prune", "prune"]
    assert result.stop.kind is StopKind.ROUNDS_DONE


# -------------------------------------------------------------------- journal


def journalled(path, proposals, *, resume):
    proposer = ListedProposer(proposals)
    journal = Journal.open(path, resume=resume)
    kept = JournalledProposer(proposer, None, journal, Ledger(), "somebody")
    refinement = Refinement(
        manuscript(TEXT),
        Pool(responses=POOL),
        course(),
        Means(bench=KeywordBench(), proposer=kept),
    )
    return asyncio.run(refinement.run()), proposer


def test_with_its_journal_a_refinement_asks_nobody_the_same_twice(tmp_path):
    path = tmp_path / "sub" / "journal.jsonl"
    rounds = [adding("birds"), adding("fish"), adding("mice")]
    whole, _ = journalled(path, rounds, resume=False)
    lines = path.read_bytes().splitlines(keepends=True)
    for kept in range(len(lines) + 1):
        # Cut anywhere, also in the middle of a line.
        for cut in (b"", lines[kept][:20] if kept < len(lines) else b""):
            path.write_bytes(b"".join(lines[:kept]) + cut)
            again, proposer = journalled(path, rounds, resume=True)
            assert again == whole
            assert len(proposer.requests) == len(lines) - kept


def test_without_resume_the_journal_begins_anew(tmp_path):
    path = tmp_path / "journal.jsonl"
    journalled(path, [adding("birds")], resume=False)
    _, proposer = journalled(path, [adding("birds")], resume=False)
    assert len(proposer.requests) > 0


def test_what_is_no_journal_is_refused_with_its_line(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"asked": "began", "answer": "today"}\n[1]\n')
    with pytest.raises(RubricError) as refused:
        Journal.open(path, resume=True)
    assert "journal.jsonl:2" in refused.value.diagnostics[0].message


# --------------------------------------------------------------------- ledger


def test_a_budget_bounds_proposers_too_and_is_a_reason_to_end(tmp_path):
    proposer = ListedProposer([adding("birds"), adding("fish"), adding("mice")])
    ledger = Ledger(Limits(max_calls=2))
    journal = Journal.open(tmp_path / "journal.jsonl", resume=False)
    refinement = Refinement(
        manuscript(TEXT),
        Pool(responses=POOL),
        course(),
        Means(
            bench=KeywordBench(),
            proposer=JournalledProposer(proposer, None, journal, ledger, "somebody"),
        ),
    )
    result = asyncio.run(refinement.run())
    assert len(proposer.requests) == 2
    assert result.stop.kind is StopKind.BUDGET_EXHAUSTED
    assert "--max-calls" in result.stop.reason
    assert [len(one.accepted) for one in result.rounds] == [1, 1]
    assert ledger.record == {
        "judge_calls": 0,
        "proposer_calls": 2,
        "tokens": {"prompt": 14, "completion": 0},
        "cost": None,
    }


def test_strategies_bind_changed_rubrics_as_the_loop_does():
    """What a check says is part of a rubric's digest, with its functions' versions."""
    text = TEXT.replace(
        "[1] dogs: Mentions dogs.\n",
        "[1] dogs: Mentions dogs.\n"
        "[1] brief: Is brief.\n    check: words(response) < 9\n",
    )
    digests: list[str] = []

    class Binding:
        needs = Needs(scores=False)

        async def propose(self, occasion):
            digests.append(bind(occasion.rubric, occasion.functions).digest)
            digests.append(occasion.bound.digest)
            return Proposed()

    refinement = Refinement(
        manuscript(text),
        Pool(responses=POOL),
        course(scores=False, stages=(Stage(name="b", strategy=Binding(), rounds=1),)),
        Means(bench=KeywordBench()),
    )
    asyncio.run(refinement.run())
    first, second = digests
    assert first == second
    assert first != bind(refinement.manuscript.rubric, {}).digest
