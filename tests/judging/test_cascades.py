"""A cascade asks the next judge where the one before did not decide, and no other."""

from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.cascades import Decisive
from rubricdsl.judging.panels import Judge, Panel
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.execution import EvaluationResult, Job
from rubricdsl.model.judgement import Answer, JudgeRequest, Question, Verdict
from rubricdsl.model.rubric import Ask, VoteRule
from rubricdsl.model.ruling import NO, YES, Failure, Ruling
from tests.judging.fakes import (
    FakeJudge,
    Panels,
    criterion,
    judge_of,
    response_of,
    rubric_of,
    run,
)

NOT_NOW = Failure("judge_failed", "not now")
PENDING = Failure("judge_pending", "in some hours")


USUAL = Decisive()


def cascade(*judges: Judge, ask: Ask = Ask.EACH, decisive: Decisive = USUAL) -> Panels:
    panel = Panel(members=judges, ask=ask, rule=VoteRule.CASCADE, decisive=decisive)
    return Panels({None: panel})


def answering(sure: float, ruling: Ruling | Failure = YES) -> FakeJudge:
    """Give a judge that always says the same, with that probability of yes."""

    def answer(_: JudgeRequest, name: str, __: Question) -> Answer:
        if isinstance(ruling, Failure):
            return Answer(id=name, failure=ruling)
        return Answer(id=name, ruling=ruling, probability=sure)

    return FakeJudge(answer)


def verdicts(result: EvaluationResult) -> list[Verdict]:
    return [one.verdict for card in result.scorecards for one in card.criteria]


@pytest.mark.parametrize(
    ("cheap", "asked"),
    [
        (answering(0.95), 0),
        (answering(0.9), 0),
        (answering(0.05, NO), 0),
        (answering(0.85), 1),
        (answering(0.2, NO), 1),
        (answering(0.99, NO), 1),
        (answering(0.95, NOT_NOW), 1),
    ],
)
def test_what_is_decisive_ends_it(cheap: FakeJudge, asked: int) -> None:
    dear = answering(0.6, NO)
    panels = cascade(judge_of(cheap, name="cheap"), judge_of(dear, name="dear"))
    rubric = rubric_of(criterion("a"))
    (card,) = run([Job(rubric, response_of("text"))], panels).scorecards
    assert len(dear.requests) == asked
    verdict = card.criteria[0].verdict
    assert len(verdict.ballots) == 1 + asked
    assert verdict.provenance.judge == "cascade of fake:cheap, then fake:dear"
    if asked:
        assert (verdict.ruling, verdict.probability) == (NO, 0.6)


def test_it_fails_only_where_the_last_judge_does() -> None:
    cheap, dear = answering(0.5), answering(0.5, NOT_NOW)
    rubric = rubric_of(criterion("a"))
    judges = (judge_of(cheap, name="cheap"), judge_of(dear, name="dear"))
    (card,) = run([Job(rubric, response_of("text"))], cascade(*judges)).scorecards
    failure = card.criteria[0].verdict.failure
    assert failure is not None
    assert "fake:dear" in failure.reason
    panel = Panel(members=judges, ask=Ask.EACH, rule=VoteRule.CASCADE, skip_failed=True)
    panels = Panels({None: panel})
    (card,) = run([Job(rubric, response_of("text"))], panels).scorecards
    assert card.criteria[0].verdict.ruling is YES


@pytest.mark.parametrize("skip_failed", [False, True])
def test_nobody_is_asked_in_place_of_who_has_yet_to_answer(skip_failed: bool) -> None:  # noqa: FBT001
    unsure = answering(0.5)
    batch, dear = answering(0.5, PENDING), answering(0.99)
    panel = Panel(
        members=tuple(
            judge_of(one, name=name)
            for one, name in ((unsure, "cheap"), (batch, "batch"), (dear, "dear"))
        ),
        ask=Ask.EACH,
        rule=VoteRule.CASCADE,
        skip_failed=skip_failed,
    )
    panels = Panels({None: panel})
    rubric = rubric_of(criterion("a"))
    (card,) = run([Job(rubric, response_of("text"))], panels).scorecards
    failure = card.criteria[0].verdict.failure
    assert failure is not None
    assert failure.kind == "judge_pending"
    assert card.score is None
    assert (len(batch.requests), len(dear.requests)) == (1, 0)


def test_what_is_open_is_asked_together() -> None:
    def unsure_of_some(_: JudgeRequest, name: str, asked: Question) -> Answer:
        sure = 0.5 if asked.text.endswith(("b.", "d.")) else 1.0
        return Answer(id=name, ruling=YES, probability=sure)

    cheap, dear = FakeJudge(unsure_of_some), answering(0.3, NO)
    panels = cascade(
        judge_of(cheap, name="cheap"), judge_of(dear, name="dear"), ask=Ask.TOGETHER
    )
    rubric = rubric_of(*(criterion(name) for name in "abcde"))
    run([Job(rubric, response_of(text)) for text in ("text", "more")], panels)
    assert [len(request.questions) for request in cheap.requests] == [5, 5]
    assert [len(request.questions) for request in dear.requests] == [2, 2]


@given(seed=st.integers(0, 10_000), ask=st.sampled_from(Ask), judges=st.integers(2, 4))
def test_order_of_answers_and_the_store_change_nothing(
    seed: int, ask: Ask, judges: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    draw = Random(seed)  # noqa: S311 - what is tried
    folder: Path = tmp_path_factory.mktemp("store")

    def backend(place: int) -> FakeJudge:
        def answer(request: JudgeRequest, name: str, asked: Question) -> Answer:
            shown = request.seen["response"]
            own = Random(f"{seed} {place} {shown} {asked.text}")  # noqa: S311
            if own.random() < 0.1:
                return Answer(id=name, failure=NOT_NOW)
            probability = own.choice((None, own.random(), own.random()))
            ruling = YES if (probability or own.random()) >= 0.5 else NO
            return Answer(id=name, ruling=ruling, probability=probability)

        return FakeJudge(answer, turns=lambda: draw.randrange(4))

    rubric = rubric_of(*(criterion(name) for name in "abcdef"))
    jobs = [Job(rubric, response_of(f"text {n}", id=f"r{n}")) for n in range(4)]

    def once(store: VerdictStore | None = None) -> tuple[list[Verdict], int]:
        backends = [backend(place) for place in range(judges)]
        panels = cascade(
            *(judge_of(one, name=f"m{n}") for n, one in enumerate(backends)),
            ask=ask,
            decisive=Decisive(0.2, 0.8),
        )
        result = run(jobs, panels, store=store)
        if store is None:
            for earlier, later in pairwise(backends):
                assert set(later.asked) <= set(earlier.asked)
        assert len(set(backends[0].asked)) == len(backends[0].asked)
        return verdicts(result), sum(len(one.requests) for one in backends)

    first, calls = once()
    again, _ = once()
    assert first == again
    with VerdictStore.open(folder / "v.sqlite") as store:
        kept, paid = once(store)
        assert (kept, paid) == (first, calls)
        known, asked = once(store)
        assert known == first
        # Only what failed is asked again, and then what that leads to.
        assert asked <= calls


def test_thresholds_lie_in_order() -> None:
    for no, yes in ((0.9, 0.1), (-0.1, 0.5), (0.1, 1.5)):
        with pytest.raises(ValueError, match="needs 0"):
            Decisive(no, yes)
