"""The suite for judge backends, on the judges of the core itself."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from rubricdsl.judging.backends import openai, scripted
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.testing.backend_suite import (
    SAMPLES,
    BackendSuite,
    HttpBackendSuite,
    Received,
    Refused,
    recorded_as,
)


class TestScripted(BackendSuite):
    """The judge `scripted`, from a recording of the samples."""

    distribution = "rubricdsl"
    offer = scripted.OFFER
    refused = (
        Refused(JudgeSettings(backend="scripted"), code="D205"),
        Refused(JudgeSettings(backend="scripted", model="none.jsonl"), code="D206"),
    )

    def settings_in(self, folder: Path) -> JudgeSettings:
        """Record the first legal answer to each sample."""
        file = folder / "verdicts.jsonl"
        with file.open("w", encoding="utf-8") as rows:
            for name, question in SAMPLES.items():
                rubric, criterion, prompt_id, response_id = recorded_as(name)
                row = {
                    "rubric": rubric,
                    "criterion": criterion,
                    "prompt_id": prompt_id,
                    "response_id": response_id,
                    "verdict": question.answers[0],
                    "probability": 0.75,
                }
                rows.write(json.dumps(row) + "\n")
        return JudgeSettings(backend="scripted", model=str(file))


class TestOpenAI(HttpBackendSuite):
    """The judge `openai`."""

    distribution = "rubricdsl"
    offer = openai.OFFER
    key_variable = "OPENAI_API_KEY"
    refused = (
        Refused(JudgeSettings(backend="openai"), code="D205"),
        Refused(JudgeSettings(backend="openai", model="m"), code="D205"),
        Refused(
            JudgeSettings(backend="openai", model="m"),
            code="D205",
            environ={"OPENAI_API_KEY": "a\nb"},
        ),
        Refused(
            JudgeSettings(backend="openai", model="m"),
            code="D205",
            environ={"OPENAI_BASE_URL": "nowhere", "OPENAI_API_KEY": "k"},
        ),
    )
    wrong_replies: ClassVar[Mapping[str, object]] = {
        "no choices": {"choices": []},
        "two choices": {"choices": [{"message": {"content": '{"c1": "yes"}'}}] * 2},
        "a refusal": {"choices": [{"message": {"refusal": "no"}}]},
        "a tool call": {"choices": [{"message": {"tool_calls": [{"id": "t"}]}}]},
        "cut at its length": {
            "choices": [
                {"message": {"content": '{"c1": "yes"}'}, "finish_reason": "length"}
            ]
        },
    }

    def settings_at(self, base: str) -> JudgeSettings:
        """Ask at the address of the server."""
        return JudgeSettings(
            backend="openai", model="m", options={"base_url": f"{base}/v1"}
        )

    def saying(self, _: Received, text: str) -> object:
        """Give a completion."""
        choice = {
            "message": {"role": "assistant", "content": text},
            "finish_reason": "stop",
        }
        return {"model": "m", "choices": [choice]}

    def reply(self, _: Received, answers: Mapping[str, str]) -> object:
        """Give a completion with the probabilities of its tokens."""
        pieces = json.dumps(answers).split('"')
        tokens = [t for n, p in enumerate(pieces) for t in (('"', p) if n else (p,))]
        choices = [{"token": "yes", "logprob": -0.1}, {"token": "no", "logprob": -2.4}]
        logprobs = [
            {"token": token, "logprob": -0.1, "top_logprobs": choices}
            for token in tokens
            if token
        ]
        choice = {
            "message": {"role": "assistant", "content": "".join(tokens)},
            "finish_reason": "stop",
            "logprobs": {"content": logprobs},
        }
        usage = {"prompt_tokens": 100, "completion_tokens": 5}
        return {"model": "m", "choices": [choice], "usage": usage}
