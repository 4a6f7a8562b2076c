"""``rub refine`` with a real model as judge and proposer, far too small for either.

What is tested is that the loop runs whole, and that rubbish never damages a rubric.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

import rubricdsl
from rubricdsl.model.digest import Plain
from rubricdsl.model.refinement import StopKind
from rubricdsl.refinement.proposing import chat
from rubricdsl.refinement.proposing.forms import TYPES, record_form

pytestmark = pytest.mark.model

TEXT = """\
# What a first answer should have.
rubric capital
prompt: What is the capital of France?

[2] names: Names Paris as the capital.  # The fact.
[1] short: Is brief.
    check: words(response) < 9

test "both"
    given all: yes
    expect score: 1
"""
SHOWN = ("The capital of France is Paris.", "It is Lyon.")
HELD_OUT = ("I do not know.", "Paris.")


class Server(Protocol):
    """Where the model is, and its key."""

    base: str
    key: str


class Done(Protocol):
    """What a run of ``rub`` said, and its exit code."""

    code: int
    err: str
    rubrics: Mapping[str, Mapping[str, Any]]


def write_pools() -> None:
    """Write the rubric, the pool, and what is held out."""
    Path("r.rub").write_text(TEXT, "utf-8")
    for name, answers in (("r", SHOWN), ("held", HELD_OUT)):
        rows = [
            {"prompt_id": "p", "response_id": f"{name}{n}", "response": answer}
            for n, answer in enumerate(answers)
        ]
        Path(f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")


def test_the_loop_runs_whole_and_damages_nothing(
    run: Callable[..., Done], model_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a gate, and then with one that is told what judges said before."""
    monkeypatch.setenv("OPENAI_API_KEY", model_server.key)
    write_pools()
    # Such a model may go on for ever: what it may say is bounded, and so is the time.
    # One after another, so that it reads what requests have in common just once.
    spec = f"openai:judge?base_url={model_server.base}&timeout=600&concurrency=1"
    for rounds, how in ((2, "--no-gate"), (1, "--held-out=held.jsonl")):
        done = run(
            *("refine", "r.rub", "--responses", "r.jsonl", "--keep-used", "--json"),
            *("--judge", f"{spec}&max_tokens=40"),
            *("--proposer", f"{spec}&max_tokens=16"),
            *("--out", "new.rub", "--rounds", str(rounds), how),
        )
        assert done.code in {0, 3}, done.err
        assert "Traceback" not in done.err
        told = done.rubrics["capital"]
        assert told["stop"] in set(StopKind)
        assert told["stop_reason"]
        assert len(told["rounds"]) == rounds or told["stop"] == "failed"
        assert all(one["proposer_calls"] for one in told["rounds"])
        assert told["source"] == Path("new.rub").read_text("utf-8")
        hold_what_was_not_edited(told)


TEXTS = ("Names Paris.", "Says that it is a city.", "Is a whole sentence.")


def narrow_form() -> dict[str, Plain]:
    """A form in which even this model's answer is one edit that applies.

    Which one it is, is for the model to say, and for the gate to decide over.
    """

    def one_of(*words: str) -> Plain:
        return {"type": "string", "enum": [*words]}

    nothing: Plain = {"type": "null"}
    account: dict[str, Plain] = {
        "type": one_of(*TYPES),
        "reason": one_of("Only one does.", "It matters.", "It is not clear."),
        "evidence": record_form({"a": nothing, "b": nothing}),
    }
    marks = one_of("1", "2", "3")
    variants: list[Plain] = [
        record_form({"op": one_of(op), **fields, **account})
        for op, fields in {
            "add": {
                "name": one_of("city", "sentence", "capital_named"),
                "text": one_of(*TEXTS),
                "mark": marks,
            },
            "reword": {"criterion": one_of("names"), "text": one_of(*TEXTS)},
            "reweigh": {"criterion": one_of("names", "short"), "mark": one_of("3")},
        }.items()
    ]
    items: Plain = {"anyOf": variants}
    edits: Plain = {"type": "array", "items": items, "minItems": 1, "maxItems": 1}
    return record_form({"edits": edits})


def test_the_gate_decides_over_what_the_model_proposes(
    run: Callable[..., Done], model_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the model says is well-formed and applies: the server holds it to that."""
    monkeypatch.setenv("OPENAI_API_KEY", model_server.key)
    monkeypatch.setattr(chat, "edits_form", narrow_form)
    write_pools()
    spec = f"openai:judge?base_url={model_server.base}&timeout=600&concurrency=1"
    done = run(
        *("refine", "r.rub", "--responses", "r.jsonl", "--held-out=held.jsonl"),
        *("--judge", f"{spec}&max_tokens=40", "--proposer", f"{spec}&max_tokens=200"),
        *("--rounds", "1", "--json", "--out", "new.rub"),
    )
    assert done.code == 0, done.err
    told = done.rubrics["capital"]
    (round_,) = told["rounds"]
    assert round_["error"] is None
    assert round_["proposer_calls"] == 1
    assert round_["tokens"]["completion"] > 0
    (edit,) = round_["proposed"]
    decisions: list[Mapping[str, Any]] = round_["accepted"] + round_["rejected"]
    (decision,) = decisions
    assert decision["edit"] == edit
    assert decision["why"]
    # It was tried: the gate knows what it comes to for what is held out.
    for side in ("before", "after"):
        assert decision[side]["pairs"] >= 0
    (record,) = Path(".rub", "refinements").glob("*.json")
    assert json.loads(record.read_text("utf-8"))["rubrics"] == [told]
    assert told["source"] == Path("new.rub").read_text("utf-8")
    assert ("round 1" in told["source"]) == bool(round_["accepted"])
    hold_what_was_not_edited(told)


def hold_what_was_not_edited(told: Mapping[str, Any]) -> None:
    """What no edit names is as it was, and without edits every byte is."""
    edits = [one["edit"] for round_ in told["rounds"] for one in round_["accepted"]]
    if not edits:
        assert told["source"] == TEXT
    named = {name for e in edits for name in (e.get("criterion"), *e.get("with", ()))}
    refined = rubricdsl.load("new.rub")
    assert refined.prompt == "What is the capital of France?"
    for one in rubricdsl.load("r.rub").items:
        assert one in refined.items or one.name in named
