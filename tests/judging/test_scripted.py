"""Recorded verdicts: read, answered from, and recorded again."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.backends.scripted import (
    OFFER,
    ScriptedJudge,
    read_recording,
)
from rubricdsl.judging.engine import Evaluation
from rubricdsl.judging.panels import Judge, Panel
from rubricdsl.judging.recording import recorded_rows, write_recording
from rubricdsl.judging.spec import parse_spec
from rubricdsl.model.execution import Job
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Criterion, Group, NaPolicy, Weight
from rubricdsl.model.ruling import NA, NO, YES, FailureKind, Ruling
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.testing.strategies import bound_rubrics, rulings_for

GOOD = '{"prompt_id":"p","response_id":"r","criterion":"a","verdict":"yes"}'


def recording(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "verdicts.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


class _One:
    """A book with one judge."""

    def __init__(self, backend: ScriptedJudge) -> None:
        settings = JudgeSettings(backend="scripted", model="f")
        self._panel = Panel(members=(Judge(settings=settings, backend=backend),))

    def panel(self, rubric: BoundRubric, name: str | None) -> Panel:
        del rubric, name
        return self._panel


def judge_all(jobs: Sequence[Job], backend: ScriptedJudge) -> tuple[Scorecard, ...]:
    evaluation = Evaluation(
        jobs,
        _One(backend),
        functions={},
        facts=ResponseFacts,
        clock=lambda: 0.0,
        stopwatch=lambda: 0.0,
    )
    return asyncio.run(evaluation.run()).scorecards


def response(name: str = "r") -> Response:
    return Response(text="Some text.", prompt_id="p", response_id=name)


def rubric_of(*criteria: Criterion, name: str = "main") -> BoundRubric:
    root = Group(name=name, mark=Weight(1.0), items=criteria)
    return BoundRubric(name=name, root=root, digest=name)


def criterion(path: str) -> Criterion:
    return Criterion(
        name=path.rpartition(".")[2],
        path=path,
        mark=Weight(1.0),
        text="Is so.",
        na=NaPolicy.SKIP,
        sees=("response",),
    )


def test_the_most_precise_row_answers(tmp_path: Path) -> None:
    def row(criterion: str, verdict: str, **more: str) -> str:
        row = {"prompt_id": "p", "response_id": "r", "criterion": criterion}
        return json.dumps({**row, "verdict": verdict, **more})

    path = recording(
        tmp_path,
        row("a", "no"),
        row("g.a", "n/a"),
        row("g.a", "yes", rubric="main"),
        row("a", "n/a", rubric="other"),
    )
    judge = OFFER.create(parse_spec(f"scripted:{path}"), {})
    assert isinstance(judge, ScriptedJudge)
    job = Job(rubric_of(criterion("g.a"), criterion("h.a")), response())
    (card,) = judge_all([job], judge)
    assert [c.verdict.ruling for c in card.criteria] == [YES, NO]
    third = Job(rubric_of(criterion("g.a"), name="third"), response())
    (card,) = judge_all([third], judge)
    assert card.criteria[0].verdict.ruling == NA


def test_what_is_not_recorded_has_no_verdict(tmp_path: Path) -> None:
    judge = ScriptedJudge(read_recording(recording(tmp_path, GOOD)))
    job = Job(rubric_of(criterion("a")), response("other"))
    (card,) = judge_all([job], judge)
    failure = card.criteria[0].verdict.failure
    assert failure is not None
    assert failure.kind == FailureKind.NOT_RECORDED
    assert "'other'" in failure.reason
    assert card.judge_calls == 1


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "{}",
        GOOD[:-1] + ',"verdict":"no"}',
        GOOD[:-1] + ',"verdct":"no"}',
        GOOD.replace('"yes"', "null"),
        GOOD.replace('"yes"', '"maybe"'),
        GOOD.replace('"yes"', '"level x"'),
        GOOD.replace('"yes"', "NaN"),
        GOOD.replace('"p"', "3"),
        GOOD[:-1] + ',"probability":1.5}',
        GOOD[:-1] + ',"probability":true}',
        GOOD[:-1] + ',"reason":""}',
        GOOD.replace('"yes"', '"no"'),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(RubricError) as caught:
        read_recording(recording(tmp_path, GOOD, "", line))
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.span.line) == ("D206", 3)
    assert diagnostic.span.file.endswith("verdicts.jsonl")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(RubricError, match="D206"):
            read_recording(path)
    (tmp_path / "bad.jsonl").write_bytes(GOOD.encode() + b"\n\xff\n")
    with pytest.raises(RubricError, match=r"bad\.jsonl:2"):
        read_recording(tmp_path / "bad.jsonl")
    with pytest.raises(RubricError, match="D205"):
        OFFER.create(parse_spec("scripted"), {})


def test_the_same_row_twice_is_one(tmp_path: Path) -> None:
    assert len(read_recording(recording(tmp_path, GOOD, GOOD))) == 1


def test_failures_are_not_recorded(tmp_path: Path) -> None:
    judge = ScriptedJudge(read_recording(recording(tmp_path, GOOD)))
    job = Job(rubric_of(criterion("a"), criterion("b")), response())
    rows = list(recorded_rows(judge_all([job], judge)))
    assert [row["criterion"] for row in rows] == ["a"]


@given(st.data())
def test_a_recorded_run_is_replayed_exactly(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    rubric = data.draw(bound_rubrics())
    rulings: dict[str, Ruling] = data.draw(rulings_for(rubric))
    rows = [
        {
            "prompt_id": "p",
            "response_id": "r",
            "rubric": rubric.name,
            "criterion": path,
            "verdict": ruling.record,
        }
        for path, ruling in rulings.items()
    ]
    folder = tmp_path_factory.mktemp("run")
    first = folder / "first.jsonl"
    first.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    jobs = [Job(rubric, response())]
    cards = judge_all(jobs, ScriptedJudge(read_recording(first)))
    second = folder / "second.jsonl"
    write_recording(second, cards)
    again = judge_all(jobs, ScriptedJudge(read_recording(second)))
    assert again == cards
    assert [path.name for path in folder.glob("*.tmp")] == []
