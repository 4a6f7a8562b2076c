"""What a plan says is what then happens."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from attrs import evolve, field, frozen, mutable
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.checks.functions import builtin_functions
from rubricdsl.judging.efforts import Estimate, Learnt
from rubricdsl.judging.engine import Evaluation
from rubricdsl.judging.estimates import estimate
from rubricdsl.judging.listening import Silence
from rubricdsl.judging.panels import Judge, Panel
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.events import Progress
from rubricdsl.model.execution import EvaluationResult, Job
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
    Usage,
)
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import (
    Ask,
    BoundRubric,
    Criterion,
    Group,
    Kind,
    Level,
    LevelScale,
    Weight,
)
from rubricdsl.model.ruling import NO, YES, Ruling
from rubricdsl.testing.strategies import bound_rubrics, rubric_of
from tests.judging.fakes import quoted

FUNCTIONS = {f.signature.name: f for f in builtin_functions()}


def length_of(request: JudgeRequest) -> Usage:
    """Give what a request takes: all that it shows and asks, by the letter."""
    texts = [*request.seen.values(), *(q.text for q in request.questions.values())]
    return Usage(
        prompt_tokens=sum(map(len, texts)),
        completion_tokens=len(request.questions),
        cost=float(len(texts)),
    )


@mutable(eq=False)
class CountingJudge:
    """Answers at random, but always the same to the same, and counts."""

    capabilities: Capabilities
    salt: int = 0
    template: str = "template"
    usage: Usage = Usage()
    calls: int = 0
    asked: int = 0

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Answer everything."""
        self.calls += 1
        self.asked += len(request.questions)
        usage = length_of(request)
        self.usage += usage
        answers = tuple(
            Answer(id=name, ruling=self._ruling(request, question))
            for name, question in request.questions.items()
        )
        return JudgeReply(answers=answers, usage=usage)

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give what it takes."""
        return length_of(request)

    async def close(self) -> None:
        """Nothing to give back."""

    def _ruling(self, request: JudgeRequest, question: Question) -> Ruling:
        word = quoted(question.text)
        if word is not None:
            return YES if word in request.seen["response"] else NO
        drawn = sum(map(ord, f"{self.salt}{request.seen}{question.text}"))
        return Ruling.from_record(question.answers[drawn % len(question.answers)])


@frozen
class Panels:
    """One panel for every criterion."""

    one: Panel

    def panel(self, rubric: BoundRubric, name: str | None) -> Panel:
        """Give it."""
        del rubric, name
        return self.one


@frozen
class Plan:
    """Jobs, and who judges them."""

    jobs: Sequence[Job]
    panel: Panel
    seed: int = 0

    @property
    def backends(self) -> list[CountingJudge]:
        """The judges' backends."""
        found = [judge.backend for judge in self.panel.members]
        return [backend for backend in found if isinstance(backend, CountingJudge)]

    def estimate(self, store: VerdictStore | None = None) -> Estimate:
        """Plan it."""
        return estimate(
            self.jobs,
            Panels(self.panel),
            functions=FUNCTIONS,
            facts=ResponseFacts,
            store=store,
            seed=self.seed,
        )

    def run(
        self,
        store: VerdictStore | None = None,
        jobs: Sequence[Job] | None = None,
    ) -> EvaluationResult:
        """Do it."""
        engine = Evaluation(
            self.jobs if jobs is None else jobs,
            Panels(self.panel),
            functions=FUNCTIONS,
            facts=ResponseFacts,
            store=store,
            seed=self.seed,
        )
        return asyncio.run(engine.run())


WORDS = ("river", "cloud", "", "a much longer response with several words in it")


def response(place: int, text: str) -> Response:
    return Response(
        text=text, prompt_id=f"p{place % 2}", response_id=f"r{place}", prompt="Why?"
    )


def judge(name: str, capabilities: Capabilities, *, canaries: bool = False) -> Judge:
    return Judge(
        settings=JudgeSettings(backend="counting", model=name),
        backend=CountingJudge(capabilities, salt=len(name)),
        canaries=canaries,
    )


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    """One judge or two, once or twice, together or each, with all their limits."""
    capabilities = Capabilities(
        together=draw(st.booleans()),
        levels=draw(st.sampled_from([True, True, False])),
        max_questions=draw(st.sampled_from([None, 1, 2, 3])),
        is_model=draw(st.booleans()),
    )
    canaries = draw(st.booleans())
    members = tuple(
        judge("m" * n, capabilities, canaries=canaries)
        for n in range(1, draw(st.integers(1, 2)) + 1)
    )
    return Panel(
        members=members, ask=draw(st.sampled_from(Ask)), votes=draw(st.integers(1, 2))
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any rubrics, and responses of which some are alike."""
    rubrics = [
        evolve(rubric, name=f"r{n}")
        for n, rubric in enumerate(
            draw(st.lists(bound_rubrics(), min_size=1, max_size=2))
        )
    ]
    texts = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
    jobs = [
        Job(draw(st.sampled_from(rubrics)), response(place, text))
        for place, text in enumerate(texts)
    ]
    return Plan(jobs, draw(panels()), seed=draw(st.integers(0, 2)))


def spent(backends: Sequence[CountingJudge]) -> Counter[str]:
    found: Counter[str] = Counter()
    for backend in backends:
        found["calls"] += backend.calls
        found["asked"] += backend.asked
        found["prompt"] += backend.usage.prompt_tokens
        found["completion"] += backend.usage.completion_tokens
    return found


def assert_came_true(
    said: Estimate, before: Mapping[str, int], after: Mapping[str, int]
) -> None:
    calls = after["calls"] - before.get("calls", 0)
    prompt = after["prompt"] - before.get("prompt", 0)
    completion = after["completion"] - before.get("completion", 0)
    least, most = said.least, said.most
    assert least.usage is not None
    assert most.usage is not None
    assert least.calls <= calls <= most.calls
    assert least.usage.prompt_tokens <= prompt <= most.usage.prompt_tokens
    # What was learnt is an average, and no bound.
    if all(load.learnt is None for load in (*least.loads, *most.loads)):
        assert (
            least.usage.completion_tokens <= completion <= most.usage.completion_tokens
        )


@given(plans())
def test_the_calls_are_those_that_were_planned(plan: Plan) -> None:
    said = plan.estimate()
    assert spent(plan.backends)["calls"] == 0
    plan.run()
    assert_came_true(said, {}, spent(plan.backends))
    if not any(c.needs for job in plan.jobs for c in job.rubric.criteria()):
        assert said.is_exact


def _store(folder: str) -> VerdictStore:
    return VerdictStore.open(Path(folder) / "verdicts.sqlite")


@settings(max_examples=40)
@given(plans(), st.integers(0, 4))
def test_what_is_known_before_is_not_planned_again(plan: Plan, known: int) -> None:
    with TemporaryDirectory() as folder, _store(folder) as store:
        plan.run(store, plan.jobs[:known])
        said = plan.estimate(store)
        before = spent(plan.backends)
        result = plan.run(store)
        assert_came_true(said, before, spent(plan.backends))
        assert said.most.cached > 0 or result.cached == 0
        again = plan.estimate(store)
        criteria = [c for card in result.scorecards for c in card.criteria]
        if all(c.verdict.failure is None for c in criteria):
            assert again.most.calls == 0
            assert again.is_exact


def criterion(name: str, **fields: object) -> Criterion:
    plain = Criterion(name=name, mark=Weight(1.0), text=f"Shows {name}.")
    return evolve(plain, sees=("prompt", "response"), **fields)  # type: ignore[arg-type]


def plan_of(rubric: BoundRubric, *, texts: Sequence[str], panel: Panel) -> Plan:
    return Plan([Job(rubric, response(n, t)) for n, t in enumerate(texts)], panel)


def panel_of(**fields: object) -> Panel:
    limits = Capabilities(max_questions=2)
    return Panel(members=(judge("m", limits),), **fields)  # type: ignore[arg-type]


def test_needs_make_a_range_from_nobody_to_everybody() -> None:
    rubric = rubric_of(
        [criterion("a"), criterion("b", needs=("a",)), criterion("c", needs=("b",))]
    )
    said = plan_of(rubric, texts=["one", "two"], panel=panel_of()).estimate()
    assert (said.least.calls, said.most.calls) == (2, 6)
    assert (said.least.questions, said.most.questions) == (2, 6)
    assert not said.is_exact


def test_a_need_for_a_group_may_take_a_request_for_each_that_waits() -> None:
    group = Group(
        name="g",
        mark=Weight(1.0),
        kind=Kind.ANY,
        items=(criterion("a"), criterion("b")),
    )
    rubric = rubric_of([group, *(criterion(n, needs=("g",)) for n in "cde")])
    said = plan_of(rubric, texts=["one"], panel=panel_of()).estimate()
    assert (said.least.calls, said.most.calls) == (1, 4)


@pytest.mark.parametrize(
    ("fields", "calls"),
    [({}, 3), ({"ask": Ask.EACH}, 5), ({"votes": 3}, 9)],
)
def test_batches_votes_and_single_questions_are_counted(
    fields: Mapping[str, object], calls: int
) -> None:
    rubric = rubric_of([criterion(n) for n in "abcde"])
    plan = plan_of(rubric, texts=["one", "one"], panel=panel_of(**fields))
    said = plan.estimate()
    assert said.is_exact
    assert said.most.calls == calls
    assert said.most.questions == 5 * plan.panel.votes
    plan.run()
    assert spent(plan.backends)["calls"] == calls


def test_the_time_is_that_of_the_slowest_judge() -> None:
    rubric = rubric_of([criterion(n) for n in "abc"])
    capabilities = Capabilities()
    one = evolve(judge("m", capabilities), concurrency=2)
    two = evolve(judge("mm", capabilities), concurrency=9)
    panel = Panel(members=(one, two), ask=Ask.EACH)
    said = plan_of(rubric, texts=["one", "two", "three"], panel=panel).estimate()
    assert [load.calls for load in said.most.loads] == [9, 9]
    assert said.most.seconds(0.5) == pytest.approx(2.5)


def test_what_earlier_calls_took_is_expected_of_the_next(tmp_path: Path) -> None:
    rubric = rubric_of([criterion(n) for n in "abc"])
    plan = plan_of(rubric, texts=["one", "two"], panel=panel_of())
    more = plan_of(rubric, texts=["one", "two", "three"], panel=plan.panel)
    judged = plan.panel.members[0]
    with _store(str(tmp_path)) as store:
        said = more.estimate(store)
        assert said.most.loads[0].learnt is None
        assert said.most.seconds() is None
        seat = plan.panel.seats[0].identity
        store.spend(seat, Usage(completion_tokens=400), seconds=2.0)
        store.spend(seat, Usage(completion_tokens=200), seconds=1.0)
        store.spend(seat, Usage(completion_tokens=300))
        store.spend("ab" * 16, Usage(completion_tokens=9_999), seconds=60.0)
        said = more.estimate(store)
        learnt = said.most.loads[0].learnt
        assert learnt == Learnt(calls=3, completion_tokens=300.0, timed=2, seconds=1.5)
        assert said.most.calls == 6
        assert said.most.usage is not None
        assert said.most.usage.completion_tokens == 1_800
        rounds = -(-6 // judged.concurrency)
        assert said.most.seconds() == pytest.approx(1.5 * rounds)
        assert said.most.seconds(0.5) == pytest.approx(0.5 * rounds)


def test_a_run_teaches_the_next_plan(tmp_path: Path) -> None:
    rubric = rubric_of([criterion(n) for n in "ab"])
    plan = plan_of(rubric, texts=["one", "two"], panel=panel_of())
    with _store(str(tmp_path)) as store:
        plan.run(store)
        (spent,) = store.spending().values()
        assert spent.requests == spent.timed == 2
        assert spent.seconds > 0
        texts = ["one", "two", "three"]
        said = plan_of(rubric, texts=texts, panel=plan.panel).estimate(store)
        learnt = said.most.loads[0].learnt
        assert learnt is not None
        assert (learnt.calls, learnt.completion_tokens) == (2, 2.0)
        assert said.most.seconds() == pytest.approx(learnt.seconds)


def test_verdicts_that_cannot_be_had_are_foreseen() -> None:
    scale = LevelScale(0.0, 1.0, (Level(0.0, None, "No."), Level(1.0, None, "Yes.")))
    rubric = rubric_of([criterion("a", scale=scale), criterion("b")])
    panel = Panel(members=(judge("m", Capabilities(levels=False)),))
    said = plan_of(rubric, texts=["one"], panel=panel).estimate()
    assert said.unmeasured == {"judge_unsupported": 1}
    assert said.most.questions == 1


@mutable
class Watcher(Silence):
    """Keeps what it hears of progress."""

    heard: list[Progress] = field(factory=list)

    def progressed(self, progress: Progress) -> None:
        """Keep it."""
        self.heard.append(progress)


@pytest.mark.parametrize(("needs", "walks"), [((), 1), (("a",), 2)])
def test_how_far_it_is_can_be_watched(needs: tuple[str, ...], walks: int) -> None:
    rubric = rubric_of([criterion("a"), criterion("b", needs=needs)])
    plan = plan_of(rubric, texts=["one", "two", "three"], panel=panel_of())
    watcher = Watcher()
    estimate(
        plan.jobs,
        Panels(plan.panel),
        functions=FUNCTIONS,
        facts=ResponseFacts,
        listener=watcher,
    )
    assert [heard.scored for heard in watcher.heard] == list(range(1, 3 * walks + 1))
    assert {heard.jobs for heard in watcher.heard} == {3 * walks}
