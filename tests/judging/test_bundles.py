"""What is asked and settled in one go, beside the same one by one."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging import proceedings
from rubricdsl.judging.dockets import Bundle
from rubricdsl.judging.listening import Silence
from rubricdsl.judging.proceedings import Proceedings
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.events import VerdictReached
from rubricdsl.model.execution import EvaluationResult, Job
from rubricdsl.model.expression import Compare, Constant, Name
from rubricdsl.model.judgement import Answer, Capabilities, JudgeRequest, Question
from rubricdsl.model.rubric import Ask, BoundRubric, Criterion, Level, LevelScale
from rubricdsl.model.ruling import NA, NO, YES, Failure, Ruling
from tests.judging.fakes import (
    FakeJudge,
    criterion,
    panels_of,
    response_of,
    rubric_of,
    run,
    say,
)

# How often something is not as it is for most.
_ODD = 0.2
_SIGHTS = (
    ("prompt", "response"),
    ("prompt", "response"),
    (),
    ("response",),
    ("prompt",),
)
_LEVELS = LevelScale(1, 3, tuple(Level(n, None, f"Step {n}.") for n in (1, 2, 3)))


@frozen
class _Case:
    """A rubric, responses, and a judge that is right, wrong or silent at random."""

    rubric: BoundRubric
    texts: Sequence[str]
    known: int
    ask: Ask
    capabilities: Capabilities
    care: float
    seed: int

    def judge(self) -> FakeJudge:
        """Give a judge that says the same whenever it is asked the same."""

        def answer(request: JudgeRequest, name: str, asked: Question) -> Answer | None:
            shown = request.seen.get("response", "")
            draw = Random(f"{self.seed} {asked.text} {shown} {request.repeats}")  # noqa: S311
            careful = draw.random() < self.care
            ruling = draw.choice((YES, NO))
            if isinstance(asked.scale, LevelScale):
                ruling = Ruling.level(draw.choice((1, 2, 3)))
            quote = shown if asked.evidence else None
            right = Answer(id=name, ruling=ruling, evidence=quote, probability=0.5)
            if careful:
                return right
            return draw.choice(
                [
                    None,
                    evolve(right, ruling=NA),
                    evolve(right, evidence="found nowhere"),
                    evolve(right, id="c1"),
                    evolve(right, id="unasked"),
                    evolve(right, reason="because"),
                    Answer(id=name, failure=Failure("judge_unparseable", "no")),
                    Answer(id=name, failure=Failure("judge_refused", "no")),
                ]
            )

        return FakeJudge(answer, capabilities=self.capabilities)


def _criteria(draw: Random) -> list[Criterion]:
    made: list[Criterion] = []
    sights = draw.choices(_SIGHTS, k=2) if draw.random() < _ODD else _SIGHTS[:1]
    for n in range(draw.randint(1, 5)):
        plain = criterion(
            f"c_{n}", sees=draw.choice(sights), evidence=draw.random() < _ODD
        )
        match draw.randint(0, 15):
            case 0 | 1:
                is_short = Compare("==", Name("response"), Constant("one"))
                plain = evolve(plain, check=is_short, evidence=False)
            case 2 | 3:
                plain = evolve(plain, scale=_LEVELS)
            case 4 if made:
                plain = evolve(plain, text=made[0].text)
            case 5 if made:
                plain = evolve(plain, needs=(made[0].path,))
        made.append(plain)
    return made


def _case(draw: Random) -> _Case:
    """Draw a case: most are ordinary, and each oddity comes now and then."""
    criteria = _criteria(draw)
    return _Case(
        rubric_of(*criteria),
        draw.choices(["one", "two words", "three", "four", ""], k=draw.randint(1, 3)),
        draw.randint(0, len(criteria)) if draw.random() < _ODD else 0,
        draw.choice([Ask.TOGETHER, Ask.TOGETHER, Ask.EACH]),
        Capabilities(
            probabilities=True,
            together=draw.random() > _ODD / 2,
            levels=draw.random() > _ODD / 2,
            by_name=draw.random() < _ODD / 2,
            storable=draw.random() > _ODD,
            max_questions=2 if draw.random() < _ODD / 2 else None,
        ),
        draw.choice([0.5, 0.9, 1.0]),
        draw.getrandbits(32),
    )


class _Ear(Silence):
    """Hears of verdicts."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []

    def verdict_reached(self, event: VerdictReached) -> None:
        """Keep what was said."""
        path = event.criterion.path
        self.heard.append((event.response.response_id, path, repr(event.verdict)))


def _outcome(case: _Case, *, listens: bool) -> tuple[object, ...]:
    """Give all that a run leaves behind, after another of a part of the rubric."""
    judge, ear = case.judge(), _Ear()
    part = rubric_of(*[*case.rubric.criteria()][: case.known])
    jobs = [
        Job(case.rubric, response_of(text, id=f"r{place}"))
        for place, text in enumerate(case.texts)
    ]
    panels = panels_of(judge, ask=case.ask, concurrency=1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "verdicts.sqlite"
        results: list[EvaluationResult] = []
        with VerdictStore.open(path, clock=lambda: 0.0) as store:
            if case.known:
                run([evolve(job, rubric=part) for job in jobs[:2]], panels, store=store)
            for _ in range(2):
                listener = ear if listens else None
                results.append(run(jobs, panels, store=store, listener=listener))
    asked = [
        (request.response.response_id, request.repeats, [*request.questions.items()])
        for request in judge.requests
    ]
    return (repr([_told(r) for r in results]), asked, sorted(ear.heard))


def _told(result: EvaluationResult) -> tuple[object, ...]:
    """Give what is the same in equal runs, scorecards in full among it."""
    return (
        result.scorecards,
        result.judge_calls,
        result.retries,
        result.cached,
        result.usage,
        result.notices,
    )


@given(st.integers(0, 2**32), st.booleans())
def test_in_one_go_comes_to_the_same_as_one_by_one(seed: int, listens: bool) -> None:  # noqa: FBT001
    case = _case(Random(seed))  # noqa: S311
    in_one_go = _outcome(case, listens=listens)
    with patch.object(proceedings, "layout_of", lambda _: None):
        one_by_one = _outcome(case, listens=listens)
    assert in_one_go == one_by_one


@pytest.fixture
def refusing_single() -> Iterator[None]:
    """See that nothing is settled, or looked at, by itself."""
    with ExitStack() as patches:
        for owner, name in ((Proceedings, "settle"), (Bundle, "_taken_apart")):
            error = AssertionError(f"{name} was called")
            patches.enter_context(patch.object(owner, name, side_effect=error))
        yield


@pytest.mark.usefixtures("refusing_single")
def test_ordinary_replies_are_settled_in_one_go(tmp_path: Path) -> None:
    judge = FakeJudge(say(YES))
    rubric = rubric_of(criterion("a"), criterion("b"), criterion("c"))
    jobs = [Job(rubric, response_of(text, id=text)) for text in ("one", "two")]
    with VerdictStore.open(tmp_path / "verdicts.sqlite") as store:
        for cached in (0, 6):
            result = run(jobs, panels_of(judge, ask=Ask.TOGETHER), store=store)
            assert [scorecard.score for scorecard in result.scorecards] == [1.0, 1.0]
            assert result.cached == cached
    assert len(judge.requests) == len(jobs)


@pytest.mark.usefixtures("refusing_single")
def test_what_the_store_has_is_put_down_in_one_go_however_it_was_asked(
    tmp_path: Path,
) -> None:
    judge = FakeJudge(say(YES))
    rubric = rubric_of(criterion("a"), criterion("b"))
    jobs = [Job(rubric, response_of("one"))]
    with VerdictStore.open(tmp_path / "verdicts.sqlite") as store:
        with patch.object(Proceedings, "settle", _SETTLE):
            run(jobs, panels_of(judge), store=store)
        result = run(jobs, panels_of(judge), store=store)
    assert result.cached == len(judge.requests) == len([*rubric.criteria()])


_SETTLE = Proceedings.settle


def test_what_looks_the_same_goes_in_one_request() -> None:
    judge = FakeJudge(say(YES))
    rubric = rubric_of(criterion("a"), criterion("b", sees=()), criterion("c"))
    run([Job(rubric, response_of("one"))], panels_of(judge, ask=Ask.TOGETHER))
    ((_, *others),) = [[*request.questions] for request in judge.requests]
    assert others == ["c2", "c3"]


def test_jobs_on_one_text_go_in_one_request() -> None:
    judge = FakeJudge(say(YES))
    jobs = [
        Job(rubric_of(*map(criterion, names), name=names), response_of("one"))
        for names in ("ab", "bc")
    ]
    run(jobs, panels_of(judge, ask=Ask.TOGETHER))
    assert [len(request.questions) for request in judge.requests] == [3]


def test_what_does_not_show_the_response_is_asked_once_for_all() -> None:
    judge = FakeJudge(say(YES))
    rubric = rubric_of(criterion("a", sees=("prompt",)), criterion("b"))
    jobs = [Job(rubric, response_of(text, id=text)) for text in ("one", "two")]
    run(jobs, panels_of(judge, ask=Ask.TOGETHER))
    asked = [q.text for r in judge.requests for q in r.questions.values()]
    assert sorted(asked) == ["Shows a.", "Shows b.", "Shows b."]
