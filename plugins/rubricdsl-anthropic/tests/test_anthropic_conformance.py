"""The suite for judge backends, on this one."""

import json
from collections.abc import Mapping
from typing import ClassVar

from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.testing.backend_suite import HttpBackendSuite, Received, Refused
from rubricdsl_anthropic.judge import OFFER


class TestAnthropic(HttpBackendSuite):
    """The judge `anthropic`."""

    distribution = "rubricdsl-anthropic"
    offer = OFFER
    key_variable = "ANTHROPIC_API_KEY"
    refused = (
        Refused(JudgeSettings(backend="anthropic"), code="D205"),
        Refused(JudgeSettings(backend="anthropic", model="m"), code="D205"),
        Refused(
            JudgeSettings(backend="anthropic", model="m", options={"effort": "huge"}),
            code="D203",
            environ={"ANTHROPIC_API_KEY": "k"},
        ),
    )
    wrong_replies: ClassVar[Mapping[str, object]] = {
        "no content": {"content": [], "stop_reason": "end_turn"},
        "a refusal": {
            "content": [{"type": "text", "text": '{"c1": "yes"}'}],
            "stop_reason": "refusal",
        },
        "a tool": {
            "content": [{"type": "tool_use", "id": "t", "input": {"c1": "yes"}}],
            "stop_reason": "tool_use",
        },
        "cut at its length": {
            "content": [{"type": "text", "text": '{"c1": "yes"}'}],
            "stop_reason": "max_tokens",
        },
    }

    def settings_at(self, base: str) -> JudgeSettings:
        """Ask at the address of the server."""
        return JudgeSettings(backend="anthropic", model="m", options={"base_url": base})

    def saying(self, _: Received, text: str) -> object:
        """Give a message."""
        return {
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
