"""Runs are made by who was named: this process, or what a plugin offers."""

import asyncio
import pickle
from pathlib import Path

import pytest

from rubricdsl.api import evaluate_sync, loads
from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.judging.environment import ConsultedEnvironment
from rubricdsl.judging.executor import LOCAL, OFFER, read_executor
from rubricdsl.model.execution import (
    Commission,
    EvaluationResult,
    Execution,
    ExecutorOffer,
    ExecutorSettings,
    Job,
    JudgeOptions,
)
from rubricdsl.model.judgement import Usage
from rubricdsl.model.ruling import YES
from rubricdsl.plugins.host import PluginHost
from tests.judging.fakes import (
    FakeJudge,
    criterion,
    evaluation_of,
    panels_of,
    response_of,
    rubric_of,
    say,
)


@pytest.fixture
def commission() -> Commission:
    jobs = (Job(rubric_of(criterion("a")), response_of("Some text.")),)
    here = evaluation_of(jobs, panels_of(FakeJudge(say(YES))))
    return Commission(
        here=here,
        started=here.started,
        folder=Path(),
        environ={"OPENAI_API_KEY": "sk-local-0123456789"},
        jobs=jobs,
        judges=JudgeOptions(),
    )


def test_a_run_is_made_here_where_nobody_else_is_named(commission: Commission):
    offered = {n: o.offer for n, o in PluginHost.installed().executors.items()}
    assert offered[LOCAL] is OFFER
    execution = read_executor(LOCAL, offered)(commission)
    result = asyncio.run(execution.run())
    assert [card.score for card in result.scorecards] == [1.0]


def test_an_executor_gets_its_options_and_the_run(commission: Commission):
    got: list[ExecutorSettings] = []

    def create(settings: ExecutorSettings, ordered: Commission) -> Execution:
        got.append(settings)
        return ordered.here

    offer = ExecutorOffer(
        name="far", description="", create=create, options=("nodes", "at")
    )
    execution = read_executor("far?nodes=3&at=a%3A1", {"far": offer})(commission)
    assert execution is commission.here
    assert got == [ExecutorSettings(name="far", options={"nodes": 3.0, "at": "a:1"})]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("locale", "D401", "there is no executor `locale`"),
        ("local:model", "D401", "there is no executor `local:model`"),
        ("local?nodes=3", "D401", "the executor `local` has no option `nodes`"),
        ("", "D202", "does not begin"),
        ("local?key=sk-abcdefghijklmnopqrstuvwxyz", "D204", "holds a secret"),
    ],
)
def test_an_executor_that_cannot_be_is_refused(text: str, code: str, said: str):
    with pytest.raises(RubricError) as caught:
        read_executor(text, {LOCAL: OFFER})
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert said in diagnostic.message


def test_the_front_door_takes_an_executor():
    rubric = loads("rubric r\n[1] brief: Is brief.\n  check: words(response) <= 3\n")
    (card,) = evaluate_sync(rubric, ["Two words."], executor=LOCAL)
    assert card.score == 1.0
    with pytest.raises(RubricError) as caught:
        evaluate_sync(rubric, ["Two words."], executor="nowhere")
    assert [d.code for d in caught.value.diagnostics] == ["D401"]


def test_a_commission_shows_no_environment(commission: Commission):
    assert "sk-local" not in repr(commission)


def test_what_was_looked_up_in_an_environment_is_known():
    environ = ConsultedEnvironment({"A": "1", "B": "2"})
    assert environ["A"] == "1"
    assert environ.get("C") is None
    assert list(environ) == ["A", "B"]
    assert environ.consulted == {"A", "C"}
    assert "1" not in repr(environ)


def result(**changes: object) -> EvaluationResult:
    plain: dict[str, object] = {
        "scorecards": (),
        "judge_calls": 0,
        "retries": 0,
        "cached": 0,
        "usage": Usage(),
        "seconds": 0.0,
        "remarks": (),
        "peaks": {},
        "cancelled": False,
    }
    return EvaluationResult(**{**plain, **changes})  # type: ignore[arg-type]


def test_two_runs_are_one_and_each_notice_is_said_once():
    one = result(
        judge_calls=2,
        usage=Usage(prompt_tokens=3, cost=0.5),
        remarks=("b", "a"),
        hidden={"m": {"x": 2}},
        peaks={"m": 4},
    )
    other = result(
        judge_calls=1,
        cancelled=True,
        remarks=("b",),
        hidden={"m": {"x": 2, "y": 1}, "n": {"x": 1}},
        peaks={"m": 3, "n": 1},
    )
    both = one + other
    assert (both.judge_calls, both.cancelled) == (3, True)
    assert both.usage == Usage(prompt_tokens=3, cost=0.5)
    assert both.peaks == {"m": 4, "n": 1}
    assert both.notices == (
        "a",
        "b",
        "m was not shown 3 characters that cannot be seen, of 2 responses",
        "n was not shown 1 character that cannot be seen, of 1 response",
    )


def test_an_error_comes_whole_from_another_process():
    with pytest.raises(RubricError) as caught:
        fail("D401", "no", hint="yes")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own
    assert again.diagnostics == caught.value.diagnostics
    assert str(again) == str(caught.value)
