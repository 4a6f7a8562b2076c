"""The words of prompts: golden files, fences, and what is never shown."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.prompting import Prompt, PromptWriter, template_digest
from rubricdsl.model.judgement import JudgeRequest, Question
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import AnswerScale, Example, Level, LevelScale
from rubricdsl.model.ruling import NO, YES

GOLDEN = Path(__file__).parent / "golden"

QUESTIONS = {
    "plain": {"c1": Question(text="States that the dose is given in week 27.")},
    "everything": {
        "c1": Question(
            text="Names the vaccine.",
            note="Brand names count.",
            examples=(
                Example(YES, "Ask for the Tdap shot."),
                Example(NO, "Ask for the cough jab.\nIt is free."),
            ),
            evidence=True,
        ),
        "c2": Question(
            text="Explains the risk.",
            scale=AnswerScale(("yes", "partly", "no")),
            may_abstain=True,
        ),
        "c3": Question(
            text="How clear is it?",
            scale=LevelScale(
                0.0,
                3.0,
                (Level(0.0, "missing", "Not clear."), Level(3.0, None, "Very clear.")),
                stated=True,
            ),
        ),
    },
}
SEEN = {
    "prompt": "When is the dose given?",
    "response": "In week {27},\nask your midwife.",
    "reference": "Weeks 27 to 36.",
}


def request_of(
    questions: Mapping[str, Question],
    seen: Mapping[str, str],
    *,
    instructions: str | None = None,
) -> JudgeRequest:
    return JudgeRequest(
        questions=questions,
        seen=seen,
        response=Response(text="", prompt_id="p", response_id="r"),
        instructions=instructions,
    )


def write(
    seen: Mapping[str, str], *, secret: bytes = b"s", instructions: str | None = None
) -> Prompt:
    writer = PromptWriter(secret=lambda: secret)
    request = request_of(QUESTIONS["plain"], seen, instructions=instructions)
    return writer.write(request)


@pytest.mark.parametrize("name", QUESTIONS)
def test_prompts_are_as_agreed(name: str) -> None:
    """With UPDATE_GOLDEN=1 the files are written anew; read the difference."""
    writer = PromptWriter(secret=lambda: b"golden")
    instructions = "If in doubt, answer no." if name == "everything" else None
    request = request_of(QUESTIONS[name], SEEN, instructions=instructions)
    prompt = writer.write(request)
    text = f"{prompt.system}\n\n<<<<<<<< user >>>>>>>>\n\n{prompt.user}\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_schema_allows_the_answers_and_nothing_else() -> None:
    schema = PromptWriter().schema(QUESTIONS["everything"])
    words = {"type": "string", "enum": ["yes", "no"]}
    assert schema == {
        "type": "object",
        "properties": {
            "c1": {
                "type": "object",
                "properties": {"quote": {"type": "string"}, "answer": words},
                "required": ["quote", "answer"],
                "additionalProperties": False,
            },
            "c2": {"type": "string", "enum": ["yes", "partly", "no", "n/a"]},
            "c3": {
                "type": "string",
                "enum": ["level 0", "level 1", "level 2", "level 3"],
            },
        },
        "required": ["c1", "c2", "c3"],
        "additionalProperties": False,
    }


def fence_of(prompt: Prompt) -> str:
    return prompt.user.splitlines()[1]


_HOSTILE = st.text(alphabet="=-~#*_+:\n {}%ac0\\", max_size=400) | st.text()


@given(st.fixed_dictionaries({"prompt": _HOSTILE, "response": _HOSTILE}))
def test_no_text_holds_the_fence_and_each_stands_between_two(
    seen: dict[str, str],
) -> None:
    prompt = write(seen)
    fence = fence_of(prompt)
    assert all(fence not in text for text in seen.values())
    lines = prompt.user.split("\n")
    places = [n for n, line in enumerate(lines) if line == fence]
    assert len(places) == 1 + 2 * len(seen)


@given(_HOSTILE.filter(str.isprintable))
def test_the_response_is_passed_on_as_it_is(text: str) -> None:
    prompt = write({"response": text})
    fence = fence_of(prompt)
    assert prompt.removed or f"{fence}\n{text}\n{fence}" in prompt.user


@given(
    st.text(), st.binary(min_size=1, max_size=32), st.binary(min_size=1, max_size=32)
)
def test_who_does_not_know_the_secret_cannot_foresee_the_fence(
    text: str, one: bytes, other: bytes
) -> None:
    first, second = (
        write({"response": text}, secret=one),
        write({"response": text}, secret=other),
    )
    assert (fence_of(first) == fence_of(second)) == (
        one.ljust(64, b"\0") == other.ljust(64, b"\0")
    )


def test_the_fence_is_the_same_for_all_questions_about_a_response() -> None:
    writer = PromptWriter()
    seen = dict(SEEN)
    prompts = [writer.write(request_of(q, seen)) for q in QUESTIONS.values()]
    before = [prompt.user.partition("Statements:")[0] for prompt in prompts]
    assert before[0] == before[1]
    other = writer.write(request_of(QUESTIONS["plain"], {**seen, "response": "x"}))
    assert fence_of(other) != fence_of(prompts[0])


def test_long_runs_of_every_fence_mark_only_lengthen_the_fence() -> None:
    text = "\n".join(mark * 20 for mark in "=-~#*_+:")
    assert fence_of(write({"response": text})) not in text
    assert len(fence_of(write({"response": text}))) >= 16 + 2 * 21


def test_what_cannot_be_seen_is_not_passed_on_and_counted() -> None:
    prompt = write({"response": "good\u202e\u200b\U000e0041 \ud800 👩\u200d🔬"})
    assert prompt.removed == 4
    assert "good \ufffd 👩\u200d🔬" in prompt.user
    prompt.user.encode()


def test_instructions_come_before_what_changes() -> None:
    prompt = write(SEEN, instructions="Be {strict}.")
    assert prompt.system.endswith("Further instructions:\nBe {strict}.")
    order = ["prompt that was answered", "response to be judged", "reference", "c1:"]
    places = [prompt.user.index(heading) for heading in order]
    assert places == sorted(places)


def test_the_digest_is_that_of_the_templates_and_of_no_secret() -> None:
    PromptWriter(secret=lambda: b"another")
    assert template_digest() == template_digest()
    assert len(template_digest()) == 32
