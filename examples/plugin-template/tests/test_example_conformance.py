"""The judge against the suite that the engine's promises rest on."""

import json
from collections.abc import Mapping
from typing import ClassVar

from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.testing.backend_suite import HttpBackendSuite, Received, Refused
from rubricdsl_example import OFFER


class TestExample(HttpBackendSuite):
    """The judge `example`, against a server that the suite starts."""

    distribution = "rubricdsl-example"
    offer = OFFER
    key_variable = "OLLAMA_API_KEY"
    refused = (
        Refused(JudgeSettings(backend="example"), code="D205"),
        Refused(
            JudgeSettings(backend="example", model="llama3.2"),
            code="D205",
            environ={"OLLAMA_HOST": "ftp://example.com"},
        ),
    )
    wrong_replies: ClassVar[Mapping[str, object]] = {
        "no message": {"model": "m", "done": True},
        "an error with status 200": {"error": "out of memory"},
        "cut at its length": {
            "message": {"role": "assistant", "content": '{"c1": "yes"}'},
            "done_reason": "length",
        },
    }

    def settings_at(self, base: str) -> JudgeSettings:
        """Ask the server of the suite."""
        return JudgeSettings(
            backend="example", model="llama3.2", options={"base_url": base}
        )

    def saying(self, _: Received, text: str) -> object:
        """Give a reply of Ollama's whose message is a text."""
        return {
            "model": "llama3.2",
            "message": {"role": "assistant", "content": text},
            "done_reason": "stop",
            "done": True,
            "prompt_eval_count": 120,
            "eval_count": 12,
        }

    def reply(self, received: Received, answers: Mapping[str, str]) -> object:
        """Give a reply that answers, in the form that the prompt asks for."""
        return self.saying(received, json.dumps(answers))
