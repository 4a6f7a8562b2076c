"""A run that ranks finds the best of an evaluation, and asks no more than it."""

import asyncio
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from attrs import evolve, field, frozen, mutable
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.checks.functions import builtin_functions
from rubricdsl.formats.tables import ranked
from rubricdsl.judging.engine import Evaluation
from rubricdsl.judging.panels import Judge, Panel
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.execution import EvaluationResult, Job
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
)
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Ask, BoundRubric, Criterion, Must, Weight
from rubricdsl.model.ruling import Failure, FailureKind, Ruling
from rubricdsl.model.scorecard import Scorecard, Standing, Status
from rubricdsl.testing.strategies import bound_rubrics, rubric_of

FUNCTIONS = {f.signature.name: f for f in builtin_functions()}
Says = Callable[[str, Question], Ruling | None]


def _by_chance(text: str, question: Question) -> Ruling:
    drawn = sum(map(ord, f"{text}{question.text}"))
    return Ruling.from_record(question.answers[drawn % len(question.answers)])


@mutable(eq=False)
class TableJudge:
    """Answers the same to the same, after as many turns of the loop as drawn."""

    says: Says = _by_chance
    seed: int = 0
    capabilities: Capabilities = Capabilities(is_model=False)
    template: str = ""
    asked: list[tuple[str, str]] = field(factory=list)

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Answer everything; None is refused."""
        turns = random.Random(f"{self.seed}{request}")  # noqa: S311 - delays
        for _ in range(turns.randrange(5)):
            await asyncio.sleep(0)
        text = request.seen["response"]
        answers = []
        for name, question in request.questions.items():
            self.asked.append((text, question.text))
            ruling = self.says(text, question)
            refused = Failure(FailureKind.JUDGE_REFUSED, "would not")
            answers.append(
                Answer(id=name, failure=refused)
                if ruling is None
                else Answer(id=name, ruling=ruling)
            )
        return JudgeReply(answers=tuple(answers))

    async def close(self) -> None:
        """Nothing to give back."""


@frozen
class Panels:
    """One panel for every criterion."""

    one: Panel

    def panel(self, rubric: BoundRubric, name: str | None) -> Panel:
        """Give it."""
        del rubric, name
        return self.one


def run(
    jobs: Sequence[Job],
    backend: TableJudge,
    *,
    top: int | None,
    ask: Ask = Ask.EACH,
    store: VerdictStore | None = None,
) -> EvaluationResult:
    judge = Judge(
        settings=JudgeSettings(backend="table"), backend=backend, concurrency=4
    )
    engine = Evaluation(
        jobs,
        Panels(Panel(members=(judge,), ask=ask)),
        functions=FUNCTIONS,
        facts=ResponseFacts,
        store=store,
        clock=lambda: 0.0,
        stopwatch=lambda: 0.0,
        top=top,
    )
    return asyncio.run(engine.run())


def response(place: int, text: str, prompt: str) -> Response:
    return Response(
        text=text, prompt_id=prompt, response_id=f"r{place}", prompt=f"Why {prompt}?"
    )


@st.composite
def pools(draw: st.DrawFn) -> list[Job]:
    """Responses to one or two prompts by one or two rubrics, some of them alike."""
    rubrics = [
        evolve(rubric, name=f"r{n}")
        for n, rubric in enumerate(
            draw(st.lists(bound_rubrics(), min_size=1, max_size=2))
        )
    ]
    texts = draw(
        st.lists(
            st.sampled_from(["sun", "rain", "wind", "ice"]), min_size=2, max_size=6
        )
    )
    return [
        Job(
            draw(st.sampled_from(rubrics)),
            response(place, text, draw(st.sampled_from(["p1", "p1", "p2"]))),
        )
        for place, text in enumerate(texts)
    ]


def places(cards: Sequence[Scorecard]) -> dict[str, int]:
    """Give the place of each response among those of its prompt and rubric."""
    counts: dict[tuple[str, str], int] = {}
    found: dict[str, int] = {}
    for card in ranked(cards):
        key = card.rubric, card.prompt_id
        counts[key] = counts.get(key, 0) + 1
        found[card.response_id] = counts[key]
    return found


@given(pools(), st.integers(1, 3), st.sampled_from(Ask), st.integers(0, 9))
def test_the_best_are_those_of_the_evaluation(
    jobs: list[Job], top: int, ask: Ask, seed: int
) -> None:
    full, ranking = TableJudge(), TableJudge(seed=seed)
    expected = places(run(jobs, full, top=None, ask=ask).scorecards)
    result = run(jobs, ranking, top=top, ask=ask)
    for card in result.scorecards:
        standing = card.standing
        assert standing is not None
        assert standing.best <= expected[card.response_id] <= standing.worst
        if expected[card.response_id] <= top:
            assert standing.rank == expected[card.response_id]
        else:
            assert standing.best > top
    assert set(ranking.asked) <= set(full.asked)
    # Nothing is asked twice, except about like responses to two prompts.
    prompts = len({job.response.prompt_id for job in jobs})
    assert all(ranking.asked.count(asked) <= prompts for asked in ranking.asked)


@given(pools(), st.integers(1, 3), st.sampled_from(Ask), st.integers(1, 9))
def test_the_order_of_answers_makes_no_difference(
    jobs: list[Job], top: int, ask: Ask, seed: int
) -> None:
    one = run(jobs, TableJudge(seed=0), top=top, ask=ask)
    other = run(jobs, TableJudge(seed=seed), top=top, ask=ask)
    assert one.scorecards == other.scorecards
    assert one.judge_calls == other.judge_calls


def criterion(name: str, weight: float) -> Criterion:
    return Criterion(
        name=name,
        mark=Weight(weight),
        text=f"Shows {name}.",
        sees=("prompt", "response"),
    )


def shows(text: str, question: Question) -> Ruling:
    return Ruling.of_bool(question.text.removeprefix("Shows ")[:-1] in text)


HEAVY = rubric_of([criterion("a", 6.0), criterion("b", 1.0), criterion("c", 1.0)])


def jobs_of(*texts: str, rubric: BoundRubric = HEAVY) -> list[Job]:
    return [Job(rubric, response(n, text, "p")) for n, text in enumerate(texts)]


def test_what_was_not_needed_is_neither_a_verdict_nor_a_failure() -> None:
    first, second = run(jobs_of("abc", "-bc"), TableJudge(shows), top=1).scorecards
    assert first.standing == Standing(1, 1)
    assert second.standing == Standing(2, 2)
    assert second.status is Status.INCOMPLETE
    assert second.score is None
    assert second.interval == (0.0, 0.25)
    left_out = [c.verdict for c in second.criteria if not c.verdict.asked]
    assert [(v.ruling, v.failure) for v in left_out] == [(None, None)] * 2


def test_a_failure_leaves_the_best_open() -> None:
    def refuses(text: str, question: Question) -> Ruling | None:
        return None if text == "-bc" else shows(text, question)

    result = run(jobs_of("abc", "-bc"), TableJudge(refuses), top=1)
    assert [card.standing for card in result.scorecards] == [
        Standing(1, 1),
        Standing(2, 2),
    ]
    result = run(jobs_of("-bc", "abc"), TableJudge(refuses), top=1)
    assert [card.standing for card in result.scorecards] == [
        Standing(1, 2),
        Standing(1, 2),
    ]


def test_known_verdicts_are_taken_and_new_ones_kept(tmp_path: Path) -> None:
    jobs = jobs_of("abc", "a-c", "-bc")
    with VerdictStore.open(tmp_path / "verdicts.sqlite") as store:
        run(jobs[:1], TableJudge(shows), top=None, store=store)
        backend = TableJudge(shows)
        result = run(jobs, backend, top=1, store=store)
        assert all(text != "abc" for text, _ in backend.asked)
        assert result.scorecards[0].standing == Standing(1, 1)
        assert result.scorecards[0].status is Status.COMPLETE
        again = TableJudge(shows)
        assert run(jobs, again, top=1, store=store).judge_calls == 0


def test_a_stopped_ranking_says_what_is_certain() -> None:
    backend = TableJudge(shows)
    judge = Judge(settings=JudgeSettings(backend="table"), backend=backend)
    engine = Evaluation(
        jobs_of("abc", "-bc"),
        Panels(Panel(members=(judge,), ask=Ask.EACH)),
        functions=FUNCTIONS,
        facts=ResponseFacts,
        top=1,
    )
    engine.cancel()
    result = asyncio.run(engine.run())
    assert result.cancelled
    assert [card.standing for card in result.scorecards] == [Standing(1, 2)] * 2
    failures = {
        c.verdict.failure.kind
        for card in result.scorecards
        for c in card.criteria
        if c.verdict.failure
    }
    assert failures == {"cancelled"}


@pytest.mark.parametrize("ask", list(Ask))
def test_a_gate_is_asked_of_all_before_anything_else(ask: Ask) -> None:
    gate = Criterion(
        name="gate", mark=Must(), text="Shows g.", sees=("prompt", "response")
    )
    rubric = rubric_of([criterion("a", 3.0), criterion("b", 2.0), gate])
    backend = TableJudge(shows)
    texts = [*["ab"] * 3, "abg", *["ab"] * 4]
    jobs = [Job(rubric, response(n, f"{text}{n}", "p")) for n, text in enumerate(texts)]
    result = run(jobs, backend, top=1, ask=ask)
    assert result.scorecards[3].standing == Standing(1, 1)
    for text in {text for text, _ in backend.asked}:
        asked = [question for about, question in backend.asked if about == text]
        assert asked[0] == "Shows g."
        assert len(asked) <= (3 if "g" in text else 1)
