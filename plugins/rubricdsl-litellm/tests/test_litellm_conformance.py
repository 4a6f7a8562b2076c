"""The judge against the suite that all judge backends are held to."""

import gc
import json
import warnings
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import ClassVar

import pytest

from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.testing.backend_suite import HttpBackendSuite, Received, Refused

# It is slow to import, and not every worker of a test run needs it.
if find_spec("litellm") is None:
    pytest.skip("litellm is not installed", allow_module_level=True)

from rubricdsl_litellm.judge import OFFER

# Its types are checked when they are first used, with a warning about each.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*`ReadOnly` qualifier:UserWarning"),
    # LiteLLM drops a coroutine of its own where it is cancelled before it has begun.
    pytest.mark.filterwarnings("ignore:.*was never awaited:RuntimeWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def dropped_coroutines() -> Iterator[None]:
    """See that they are collected here, and not in a test of something else."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        gc.collect()


class TestOpenAIRoute(HttpBackendSuite):
    """The judge `litellm` at a server that speaks as OpenAI does."""

    distribution = "rubricdsl-litellm"
    offer = OFFER
    key_variable = "OPENAI_API_KEY"
    refused = (
        Refused(JudgeSettings(backend="litellm"), code="D205"),
        Refused(JudgeSettings(backend="litellm", model="gpt-4.1-mini"), code="D205"),
        Refused(
            JudgeSettings(
                backend="litellm", model="openai/m", options={"api_key_env": "MINE"}
            ),
            code="D205",
        ),
        Refused(
            JudgeSettings(backend="litellm", model="openai/m"),
            code="D205",
            environ={"OPENAI_API_BASE": "nowhere"},
        ),
        Refused(
            JudgeSettings(backend="litellm", model="openai/m"),
            code="D205",
            environ={"OPENAI_API_KEY": "a\nb"},
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
            backend="litellm", model="openai/m", options={"base_url": f"{base}/v1"}
        )

    def saying(self, _: Received, text: str) -> object:
        """Give a completion."""
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": "stop",
        }
        return {
            "id": "x",
            "object": "chat.completion",
            "model": "m",
            "choices": [choice],
        }

    def reply(self, received: Received, answers: Mapping[str, str]) -> object:
        """Give a completion with the probabilities of its tokens."""
        pieces = json.dumps(answers).split('"')
        tokens = [t for n, p in enumerate(pieces) for t in (('"', p) if n else (p,))]
        choices = [
            {"token": token, "bytes": list(token.encode()), "logprob": logprob}
            for token, logprob in (("yes", -0.1), ("no", -2.4))
        ]
        document = self.saying(received, "".join(tokens))
        assert isinstance(document, dict)
        document["choices"][0]["logprobs"] = {
            "content": [
                {
                    "token": token,
                    "bytes": list(token.encode()),
                    "logprob": -0.1,
                    "top_logprobs": choices,
                }
                for token in tokens
                if token
            ]
        }
        usage = {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105}
        return {**document, "usage": usage}


class TestAnthropicRoute(HttpBackendSuite):
    """The same where LiteLLM speaks another protocol."""

    distribution = "rubricdsl-litellm"
    offer = OFFER
    key_variable = "ANTHROPIC_API_KEY"
    refused = (Refused(JudgeSettings(backend="litellm", model="x/"), code="D205"),)
    wrong_replies: ClassVar[Mapping[str, object]] = {
        "no content": {"content": [], "stop_reason": "end_turn"},
        "cut at its length": {
            "content": [{"type": "text", "text": '{"c1": "yes"}'}],
            "stop_reason": "max_tokens",
            "usage": {"input_tokens": 100, "output_tokens": 5},
        },
    }

    def settings_at(self, base: str) -> JudgeSettings:
        """Ask at the address of the server."""
        return JudgeSettings(
            backend="litellm", model="anthropic/m", options={"base_url": base}
        )

    def saying(self, _: Received, text: str) -> object:
        """Give a message."""
        return {
            "id": "x",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 100, "output_tokens": 5},
        }

    def reply(self, received: Received, answers: Mapping[str, str]) -> object:
        """Give a message with the answers."""
        return self.saying(received, json.dumps(answers))
