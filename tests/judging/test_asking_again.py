"""A run that asks again asks no more than it takes, and than it may."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.checks.functions import builtin_functions
from rubricdsl.judging.efforts import Estimate
from rubricdsl.judging.estimates import estimate
from rubricdsl.judging.listening import Silence
from rubricdsl.judging.panels import Judge, Panel
from rubricdsl.judging.sequential import SequentialPolicy, Votes
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.events import Progress
from rubricdsl.model.execution import EvaluationResult, Job, Limits, Precision
from rubricdsl.model.judgement import Answer, Capabilities, JudgeRequest, Question
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.rubric import (
    AnswerScale,
    Ask,
    BoundRubric,
    Cap,
    Criterion,
    Group,
    Info,
    Kind,
    Mark,
    Must,
    NaPolicy,
    VoteRule,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, YES, Failure, FailureKind, Ruling
from rubricdsl.model.scorecard import Noise, Scorecard, Status
from rubricdsl.scoring.expected import Expectation
from rubricdsl.scoring.meaning import Meaning
from rubricdsl.testing.strategies import bound_rubrics, rubric_of
from tests.judging.fakes import (
    Answering,
    FakeJudge,
    Panels,
    criterion,
    evaluation_of,
    only,
    quoted,
    response_of,
)

BINARY = AnswerScale(("yes", "no"))
CLOSE = Precision(within=0.05)
ROUGH = Precision(within=1.0)


def wavering(rate: float, *, seed: int = 0) -> Answering:
    """Answer each question yes or no at heart, and otherwise at the rate given.

    What is said to a question the nth time depends on nothing else.
    """
    times: Counter[tuple[str, str]] = Counter()

    def answer(request: JudgeRequest, name: str, question: Question) -> Answer:
        asked = (request.seen.get("response", ""), question.text)
        times[asked] += 1
        draw = random.Random(f"{seed}{asked}")  # noqa: S311 - no secret
        answers = list(question.answers)
        heart = draw.choice(answers)
        draw.seed(f"{seed}{asked}{times[asked]}")
        said = draw.choice(answers) if draw.random() < 2 * rate else heart
        return Answer(id=name, ruling=Ruling.from_record(said))

    return answer


def saying(*answers: str) -> Answering:
    """Answer every question in turn as told, and at last the same on and on."""
    times: Counter[str] = Counter()

    def answer(_: JudgeRequest, name: str, question: Question) -> Answer:
        times[question.text] += 1
        said = answers[min(times[question.text], len(answers)) - 1]
        return Answer(id=name, ruling=Ruling.from_record(said))

    return answer


@frozen
class Plan:
    """Jobs, and who judges them, how."""

    jobs: Sequence[Job]
    capabilities: Capabilities = Capabilities()
    ask: Ask = Ask.EACH
    members: int = 1
    votes: int = 1
    rule: VoteRule = VoteRule.MAJORITY
    rate: float = 0.2

    def backends(self, *, seed: int = 0) -> list[FakeJudge]:
        """Make judges that answer the same in any order, after ``seed``'s delays."""
        turns = random.Random(seed)  # noqa: S311 - delays
        return [
            FakeJudge(
                wavering(self.rate, seed=n),
                capabilities=self.capabilities,
                turns=lambda: turns.randrange(6),
            )
            for n in range(self.members)
        ]

    def panels(self, backends: Sequence[FakeJudge], *, votes: int = 0) -> Panels:
        """Make the panel of all criteria."""
        judges = [
            Judge(
                settings=JudgeSettings(backend="fake", model=f"m{n}"),
                backend=backend,
                concurrency=4,
            )
            for n, backend in enumerate(backends)
        ]
        panel = Panel(
            members=tuple(judges),
            ask=self.ask,
            votes=votes or self.votes,
            rule=self.rule,
        )
        return Panels({None: panel})

    def run(  # noqa: PLR0913 - a run, by name
        self,
        backends: Sequence[FakeJudge],
        precision: Precision | None,
        *,
        votes: int = 0,
        store: VerdictStore | None = None,
        limits: Limits | None = None,
        top: int | None = None,
    ) -> EvaluationResult:
        """Judge everything, or what the best so many take."""
        panels = self.panels(backends, votes=votes)
        options = {
            "precision": precision,
            "store": store,
            "limits": limits or Limits(),
            "top": top,
        }
        return asyncio.run(evaluation_of(self.jobs, panels, **options).run())

    def estimate(
        self, precision: Precision, store: VerdictStore | None = None
    ) -> Estimate:
        """Plan it."""
        return estimate(
            self.jobs,
            self.panels(self.backends()),
            functions={f.signature.name: f for f in builtin_functions()},
            facts=ResponseFacts,
            store=store,
            precision=precision,
        )


@st.composite
def rubrics(draw: st.DrawFn, *, needs: bool) -> BoundRubric:
    """A rubric of which most is yes or no, perhaps with needs, and for a group."""
    marks: st.SearchStrategy[Mark] = st.sampled_from(
        [*map(Weight, (1.0, 1.0, 3.0, 5.0)), Must(), Cap(0.5), Info()]
    )
    plain = st.builds(
        partial(criterion, "x", path=""),
        mark=marks,
        scale=st.sampled_from([BINARY] * 5 + [AnswerScale(("yes", "partly", "no"))]),
        na=st.sampled_from([None] * 5 + [NaPolicy.SKIP]),
    )
    found: list[Criterion | Group] = []
    for n in range(draw(st.integers(1, 4))):
        said = evolve(draw(plain), name=f"c{n}", text=f"Shows {n}.")
        before = [item.name for item in found]
        if needs and before and draw(st.booleans()):
            said = evolve(said, needs=(draw(st.sampled_from(before)),))
        found.append(said)
        if needs and draw(st.integers(0, 3)) == 0:
            kind = draw(st.sampled_from([Kind.MEAN, Kind.ANY]))
            inner = criterion(f"d{n}", path="")
            mark = Weight(2.0)
            found.append(Group(name=f"g{n}", mark=mark, kind=kind, items=(inner,)))
    found.append(criterion("last", path=""))
    return rubric_of(found)


@st.composite
def plans(draw: st.DrawFn, *, needs: bool = True) -> Plan:
    """Rubrics and judges of many kinds, and a few responses, some of them alike."""
    rubric = draw(st.one_of(*[rubrics(needs=needs)] * 4, bound_rubrics()))
    if not needs and any(c.needs for c in rubric.criteria()):
        rubric = draw(rubrics(needs=False))
    texts = ["sun", "rain", "wind"][: draw(st.integers(1, 3))]
    if needs and draw(st.booleans()):
        texts.append("sun")
    return Plan(
        [Job(rubric, response_of(text, id=f"r{n}")) for n, text in enumerate(texts)],
        capabilities=Capabilities(
            together=draw(st.booleans()),
            max_questions=draw(st.sampled_from([None, None, 2])),
        ),
        ask=draw(st.sampled_from(Ask)),
        members=draw(st.sampled_from([1, 1, 2])),
        votes=draw(st.sampled_from([1, 1, 2])),
        rule=draw(
            st.sampled_from([*VoteRule, *[VoteRule.MAJORITY, VoteRule.MEAN] * 3])
        ),
        rate=draw(st.sampled_from([0.0, 0.2, 0.4])),
    )


PRECISIONS = st.builds(
    Precision,
    within=st.sampled_from([0.03, 0.1, 0.2]),
    most=st.integers(2, 5),
    flip_rate=st.sampled_from([0.15, 0.25]),
)


def asked(backends: Sequence[FakeJudge]) -> list[Counter[tuple[str, str]]]:
    return [Counter(backend.asked) for backend in backends]


@contextmanager
def stored() -> Iterator[VerdictStore]:
    """Give a store in a folder of its own."""
    with (
        TemporaryDirectory() as folder,
        VerdictStore.open(Path(folder) / "verdicts.sqlite") as store,
    ):
        yield store


def calls(backends: Sequence[FakeJudge]) -> int:
    return sum(len(backend.requests) for backend in backends)


def noise_of(card: Scorecard) -> Noise:
    assert card.noise is not None
    return card.noise


# ------------------------------------------------------------------------ laws


@settings(max_examples=40)
@given(plans(), PRECISIONS)
def test_no_judge_is_asked_the_same_too_often(plan: Plan, precision: Precision) -> None:
    backends = plan.backends()
    plan.run(backends, precision)
    most = max(plan.votes, precision.most)
    assert all(count <= most for found in asked(backends) for count in found.values())


@settings(max_examples=40)
@given(plans(needs=False), PRECISIONS)
def test_it_asks_no_more_than_as_many_votes_on_everything(
    plan: Plan, precision: Precision
) -> None:
    backends, others = plan.backends(), plan.backends()
    plan.run(backends, precision)
    plan.run(others, None, votes=max(plan.votes, precision.most))
    for found, fixed in zip(asked(backends), asked(others), strict=True):
        assert found <= fixed
    assert calls(backends) <= calls(others)


@settings(max_examples=40)
@given(plans(), PRECISIONS, st.integers(1, 9))
def test_the_order_of_answers_makes_no_difference(
    plan: Plan, precision: Precision, seed: int
) -> None:
    plan = evolve(plan, votes=1)
    one = plan.run(plan.backends(), precision)
    other = plan.run(plan.backends(seed=seed), precision)
    assert one.scorecards == other.scorecards


@settings(max_examples=40)
@given(plans(needs=False), PRECISIONS)
def test_it_stops_when_enough_is_known_or_no_vote_would_tell(
    plan: Plan, precision: Precision
) -> None:
    plan = evolve(plan, members=1, rule=VoteRule.MAJORITY)
    for job, card in zip(
        plan.jobs, plan.run(plan.backends(), precision).scorecards, strict=True
    ):
        expectation = Expectation(Meaning.of(job.rubric))
        policy = SequentialPolicy.of(expectation, precision)
        verdicts = {c.path: c.verdict for c in card.criteria}
        votes = votes_of(job.rubric, card)
        assert policy.next(verdicts, votes) is None
        found = policy.estimate(verdicts, votes)
        if found is not None and votes:
            assert noise_of(card).half_width == pytest.approx(found.half_width)


def votes_of(rubric: BoundRubric, card: Scorecard) -> dict[str, Votes]:
    """Give the votes on all questions answered yes or no, as the ballots tell."""
    found = {}
    for asked_for, result in zip(rubric.criteria(), card.criteria, strict=True):
        if asked_for.check is not None or asked_for.scale != BINARY:
            continue
        rulings = [b.ruling for b in result.verdict.ballots] or [result.verdict.ruling]
        if result.verdict.ruling in {YES, NO}:
            found[result.path] = Votes(
                float(rulings.count(YES)),
                rulings.count(YES) + rulings.count(NO),
                closed=not {YES, NO}.issuperset(rulings),
            )
    return found


@settings(max_examples=40)
@given(plans(), PRECISIONS)
def test_what_was_answered_is_never_asked_again(
    plan: Plan, precision: Precision
) -> None:
    with stored() as store:
        first = plan.run(plan.backends(), precision, store=store)
        backends = plan.backends()
        again = plan.run(backends, precision, store=store)
    assert calls(backends) == 0
    assert scores(first) == scores(again)


@settings(max_examples=40)
@given(plans(), PRECISIONS, st.integers(0, 12))
def test_a_run_that_ran_out_of_calls_goes_on_where_it_was(
    plan: Plan, precision: Precision, most: int
) -> None:
    plan = evolve(plan, votes=1)
    whole = plan.run(plan.backends(), precision)
    backends = plan.backends()
    with stored() as store:
        limits = Limits(max_calls=most)
        plan.run(backends, precision, store=store, limits=limits)
        assert calls(backends) <= most
        resumed = plan.run(backends, precision, store=store)
    assert scores(resumed) == scores(whole)
    assert all(
        count <= precision.most for found in asked(backends) for count in found.values()
    )


def scores(result: EvaluationResult) -> list[object]:
    return [
        (card.score, card.interval, card.noise, [c.verdict for c in card.criteria])
        for card in result.scorecards
    ]


@settings(max_examples=60)
@given(plans(), PRECISIONS, st.integers(0, 2))
def test_what_happens_is_within_the_plan(
    plan: Plan, precision: Precision, known: int
) -> None:
    with stored() as store:
        evolve(plan, jobs=plan.jobs[:known]).run(plan.backends(), None, store=store)
        said = plan.estimate(precision, store)
        backends = plan.backends(seed=known)
        plan.run(backends, precision, store=store)
    assert said.least.calls <= calls(backends) <= said.most.calls
    questions = sum(found.total() for found in asked(backends))
    assert said.least.questions - said.least.cached <= questions
    assert questions <= said.most.questions - said.most.cached


# -------------------------------------------------------------------- examples


THREE = rubric_of([criterion("a"), criterion("b"), criterion("c")])


def judged(
    rubric: BoundRubric, answering: Answering, precision: Precision, **fields: Any
) -> tuple[Scorecard, FakeJudge]:
    plan = Plan([Job(rubric, response_of("text"))], **fields)
    backend = FakeJudge(answering, capabilities=plan.capabilities)
    return only(plan.run([backend], precision)), backend


def test_where_little_is_wanted_everything_is_asked_once() -> None:
    card, backend = judged(THREE, saying("yes"), ROUGH)
    assert len(backend.requests) == 3
    assert noise_of(card).votes == 3
    assert all(c.verdict.ballots == () for c in card.criteria)


def test_a_judge_that_never_wavers_is_asked_less_than_one_that_does() -> None:
    precision = Precision(within=0.25, most=9)
    steady, _ = judged(THREE, saying("yes"), precision)
    torn, _ = judged(THREE, saying("yes", "no", "yes", "no", "yes"), precision)
    assert noise_of(steady).votes < noise_of(torn).votes
    width = noise_of(steady).half_width
    assert width is not None
    assert width <= 0.25


def test_what_weighs_most_is_asked_again() -> None:
    rubric = rubric_of([criterion("a", mark=Weight(9.0)), criterion("b")])
    _, backend = judged(rubric, saying("yes"), Precision(within=0.3))
    counts = Counter(text for _, text in backend.asked)
    assert counts["Shows a."] > counts["Shows b."] == 1


def test_the_verdict_is_that_of_all_ballots() -> None:
    rubric = rubric_of([criterion("a")])
    precision = Precision(within=0.01, most=3)
    card, _ = judged(rubric, saying("yes", "no"), precision)
    verdict = card.criteria[0].verdict
    assert [ballot.ruling for ballot in verdict.ballots] == [YES, NO, NO]
    assert verdict.ruling == NO
    assert verdict.provenance.judge == "majority of 3 x fake:m0"
    mean, _ = judged(rubric, saying("yes", "no"), precision, rule=VoteRule.MEAN)
    assert mean.score == pytest.approx(1 / 3)
    assert card.interval == (0.0, 0.0)


def test_votes_of_the_rubric_come_first() -> None:
    rubric = rubric_of([criterion("a")])
    card, backend = judged(rubric, saying("yes"), Precision(within=0.01), votes=2)
    assert len(backend.requests) == 5
    assert len(card.criteria[0].verdict.ballots) == 5
    _, backend = judged(rubric, saying("yes"), evolve(CLOSE, most=2), votes=3)
    assert len(backend.requests) == 3


def test_what_one_request_holds_is_asked_again_together() -> None:
    _, backend = judged(
        THREE, saying("yes", "no"), Precision(within=0.01, most=4), ask=Ask.TOGETHER
    )
    assert [len(request.questions) for request in backend.requests] == [3] * 4


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ({"capabilities": Capabilities(is_model=False)}, {}),
        ({"rule": VoteRule.ANY}, {}),
        ({}, {"scale": AnswerScale(("yes", "partly", "no"))}),
    ],
)
def test_what_another_vote_cannot_tell_is_asked_once(
    fields: dict[str, object], changes: dict[str, object]
) -> None:
    rubric = rubric_of([criterion("a", **changes)])
    card, backend = judged(rubric, saying("yes"), CLOSE, **fields)
    assert len(backend.requests) == 1
    assert noise_of(card) == Noise(None, 0)


def test_a_failed_vote_takes_nothing_from_what_was_known() -> None:
    def answer(request: JudgeRequest, name: str, question: Question) -> Answer:
        said.append(name)
        if len(said) > 1:
            failure = Failure(FailureKind.JUDGE_REFUSED, "would not")
            return Answer(id=name, failure=failure)
        return Answer(id=name, ruling=YES)

    said: list[str] = []
    card, _ = judged(rubric_of([criterion("a")]), answer, CLOSE)
    assert card.score == 1
    assert len(said) == 2
    _, failed = card.criteria[0].verdict.ballots
    assert failed.failure is not None
    width = noise_of(card).half_width
    assert noise_of(card).votes == 1
    assert width is not None
    assert width > CLOSE.within


def test_where_the_budget_ends_scores_stand() -> None:
    plan = Plan([Job(THREE, response_of("text"))])
    backend = FakeJudge(saying("yes"))
    card = only(plan.run([backend], CLOSE, limits=Limits(max_calls=4)))
    assert len(backend.requests) == 4
    assert card.status is Status.COMPLETE
    assert card.score == 1


def test_what_failed_once_is_not_asked_along_with_others() -> None:
    def answer(_: JudgeRequest, name: str, question: Question) -> Answer:
        if question.text == "Shows a." and len(backend.requests) > 1:
            return Answer(id=name, failure=Failure(FailureKind.JUDGE_REFUSED, "no"))
        return Answer(id=name, ruling=YES)

    rubric = rubric_of([criterion("a"), criterion("b")])
    plan = Plan([Job(rubric, response_of("text"))], ask=Ask.TOGETHER)
    backend = FakeJudge(answer)
    plan.run([backend], Precision(within=0.01))
    counts = Counter(text for _, text in backend.asked)
    assert counts == {"Shows a.": 2, "Shows b.": 5}


def test_a_need_met_by_known_votes_lets_others_be_asked() -> None:
    first = criterion("a", mark=Weight(5.0))
    precision = Precision(within=0.01)
    with stored() as store:
        alone = Plan([Job(rubric_of([first]), response_of("text"))])
        alone.run([FakeJudge(saying("no", "yes"))], precision, store=store)
        rubric = rubric_of([first, criterion("b", needs=("a",))])
        backend = FakeJudge(saying("yes"))
        both = Plan([Job(rubric, response_of("text"))])
        card = only(both.run([backend], precision, store=store))
    assert {text for _, text in backend.asked} == {"Shows b."}
    assert card.score == 1


def test_what_waits_for_needs_may_take_requests_of_its_own() -> None:
    rubric = rubric_of(
        [
            criterion("a"),
            criterion("b"),
            criterion("c", needs=("a",)),
            criterion("d", needs=("b",)),
        ]
    )
    plan = Plan([Job(rubric, response_of("text"))], ask=Ask.TOGETHER)
    said = plan.estimate(evolve(CLOSE, most=2))
    assert (said.least.calls, said.most.calls) == (1, 7)


def test_a_response_that_trips_a_canary_is_asked_about_no_further() -> None:
    def answer(_: JudgeRequest, name: str, question: Question) -> Answer:
        if quoted(question.text) == "text" or question.text == "Shows a.":
            return Answer(id=name, ruling=YES)
        # The judge is talked round when it is asked the third time.
        return Answer(id=name, ruling=Ruling.of_bool(len(backend.requests) == 3))

    plan = Plan([Job(rubric_of([criterion("a")]), response_of("text"))])
    backend = FakeJudge(answer)
    panel = plan.panels([backend]).panels[None]
    members = tuple(evolve(judge, canaries=True) for judge in panel.members)
    panels = Panels({None: evolve(panel, members=members)})
    engine = evaluation_of(plan.jobs, panels, precision=CLOSE)
    card = only(asyncio.run(engine.run()))
    assert card.status is Status.SUSPECT
    assert len(backend.requests) == 3
    assert noise_of(card).half_width is None


def test_a_need_that_turns_out_to_be_met_lets_others_be_asked() -> None:
    rubric = rubric_of([criterion("a", mark=Weight(5.0)), criterion("b", needs=("a",))])
    card, backend = judged(rubric, saying("no", "yes"), Precision(within=0.1))
    assert card.score == 1
    first, second = card.criteria
    assert [b.ruling for b in first.verdict.ballots][:3] == [NO, YES, YES]
    assert second.verdict.provenance.judge != "needs"
    assert ("text", "Shows b.") in backend.asked


def test_an_answer_of_na_is_not_asked_for_again() -> None:
    rubric = rubric_of([criterion("a", na=NaPolicy.SKIP), criterion("b")])

    def answer(request: JudgeRequest, name: str, question: Question) -> Answer:
        return Answer(id=name, ruling=NA if question.text == "Shows a." else YES)

    _, backend = judged(rubric, answer, CLOSE)
    counts = Counter(text for _, text in backend.asked)
    assert counts["Shows a."] == 1 < counts["Shows b."]


class Watching(Silence):
    """Keeps how far the run is."""

    def __init__(self) -> None:
        self.latest: Progress | None = None

    def progressed(self, progress: Progress) -> None:
        """Keep it."""
        self.latest = progress


def test_a_verdict_counts_once_however_many_votes() -> None:
    rubric = rubric_of([criterion("a", mark=Weight(5.0)), criterion("b", needs=("a",))])
    plan = Plan([Job(rubric, response_of("text"))])
    panels = plan.panels([FakeJudge(saying("no", "yes"))])
    watching = Watching()
    asyncio.run(
        evaluation_of(plan.jobs, panels, precision=CLOSE, listener=watching).run()
    )
    assert watching.latest is not None
    assert watching.latest.sent > 2
    assert watching.latest.verdicts == 2


def test_a_run_is_another_where_other_precision_is_wanted() -> None:
    plan = Plan([Job(THREE, response_of("text"))])
    engine = evaluation_of(plan.jobs, plan.panels(plan.backends()), precision=CLOSE)
    assert engine.identity.record["precision"] == {
        "within": 0.05,
        "most": 5,
        "flip_rate": 0.25,
    }
    other = evaluation_of(plan.jobs, plan.panels(plan.backends()))
    assert list(other.identity.differences(engine.identity.record))
    assert not list(engine.identity.differences(engine.identity.record))
