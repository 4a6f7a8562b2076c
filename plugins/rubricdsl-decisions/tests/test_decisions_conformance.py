"""The suite for judge backends, on this one in both its shapes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest

from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.testing.backend_suite import HttpBackendSuite, Received, Refused
from rubricdsl.testing.backend_suite.prompts import MARK
from rubricdsl_decisions import questions
from rubricdsl_decisions.judge import OFFER


def settings(**options: str | float) -> JudgeSettings:
    return JudgeSettings(backend="decisions", model="m", options=options)


def shares(options: list[str], chosen: str) -> dict[str, float]:
    """Give the chosen option the largest part."""
    rest = 0.2 / max(len(options) - 1, 1)
    return {option: 0.8 if option == chosen else rest for option in options}


class Decisions(HttpBackendSuite):
    """What both shapes have in common."""

    distribution = "rubricdsl-decisions"
    offer = OFFER
    shape: ClassVar[str]

    def settings_at(self, base: str) -> JudgeSettings:
        """Ask at the address of the server."""
        return settings(base_url=f"{base}/v1", shape=self.shape)

    @contextmanager
    def other_prompt(self) -> Iterator[None]:
        """Add the mark to the guidance."""
        read = questions.text

        def marked(name: str) -> str:
            return f"{read(name)}\n{MARK}" if name == "guidance.txt" else read(name)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(questions, "text", marked)
            yield


class TestSystemOne(Decisions):
    """The shape ``systemone``."""

    shape = "systemone"
    key_variable = "TYPESAFE_API_KEY"
    refused = (
        Refused(settings(), code="D205"),
        Refused(settings(shape="round"), code="D203"),
        Refused(settings(base_url="http://h", max_questions=0.5), code="D203"),
        Refused(settings(base_url="http://h", threshold=7.0), code="D203"),
        Refused(settings(), code="D205", environ={"TYPESAFE_BASE_URL": "nowhere"}),
    )
    wrong_replies: ClassVar[Mapping[str, object]] = {
        "no answers": {"answers": {}},
        "a list": {"answers": [{"type": "noul", "noul": 0.9}]},
        "no object": {"answers": {"c1": 0.9}},
        "another type": {"answers": {"c1": {"type": "choice", "choice": "yes"}}},
        "a truth value": {"answers": {"c1": {"type": "noul", "noul": True}}},
        "too much": {"answers": {"c1": {"type": "noul", "noul": 1.7}}},
        "NaN": b'{"answers": {"c1": {"type": "noul", "noul": NaN}}}',
        "an answer twice": b'{"answers": {"c1": {"type": "noul", "noul": 1},'
        b' "c1": {"type": "noul", "noul": 1}}}',
    }

    def reply(self, received: Received, answers: Mapping[str, str]) -> object:
        """Answer by name."""
        document: Any = received.document
        given: dict[str, object] = {}
        for name, word in answers.items():
            asked = document["questions"].get(name, {"type": "noul"})
            if asked["type"] == "noul":
                given[name] = {"type": "noul", "noul": 0.9 if word == "yes" else 0.1}
            elif asked["type"] == "choice":
                likely = shares(list(asked["criteria"]), word)
                given[name] = {
                    "type": "choice",
                    "choice": word,
                    "confidence": 0.3,
                    "probabilities": likely,
                }
            else:
                count = len(asked["criteria"])
                likely = shares([str(n) for n in range(count)], "0")
                given[name] = {
                    "type": "score",
                    "score": 0.3,
                    "confidence": 0.3,
                    "probabilities": likely,
                }
        usage = {"input_tokens": 100, "output_tokens": 0}
        return {"model": "m", "answers": given, "usage": usage}


class TestOpenAIDecisions(Decisions):
    """The shape ``openai``."""

    shape = "openai"
    key_variable = "OPENAI_API_KEY"
    refused = (
        Refused(JudgeSettings(backend="decisions"), code="D205"),
        Refused(settings(shape="openai"), code="D205"),
    )
    wrong_replies: ClassVar[Mapping[str, object]] = {
        "no answers": {"answers": []},
        "by name": {"answers": {"c1": {"type": "predicate", "probability": 0.9}}},
        "a refusal": {"answers": [{"type": "refusal", "name": "c1"}]},
        "no name": {"answers": [{"type": "predicate", "probability": 0.9}]},
        "an answer twice": {
            "answers": [{"type": "predicate", "name": "c1", "probability": 0.9}] * 2
        },
    }

    def reply(self, received: Received, answers: Mapping[str, str]) -> object:
        """Answer in a list."""
        document: Any = received.document
        asked = {question["name"]: question for question in document["questions"]}
        given: list[object] = []
        for name, word in answers.items():
            question = asked.get(name, {"type": "predicate"})
            if question["type"] == "predicate":
                probability = 0.9 if word == "yes" else 0.1
                answer: dict[str, object] = {"probability": probability}
            elif question["type"] == "choice":
                likely = shares([c["value"] for c in question["choices"]], word)
                pairs = [{"value": v, "probability": p} for v, p in likely.items()]
                answer = {"choice": word, "confidence": 0.3, "probabilities": pairs}
            else:
                labels = [level["label"] for level in question["levels"]]
                likely = shares(labels, word)
                pairs = [
                    {"label": label, "value": n, "probability": likely[label]}
                    for n, label in enumerate(labels)
                ]
                answer = {"score": 0.3, "confidence": 0.3, "probabilities": pairs}
            given.append({"type": question["type"], "name": name, **answer})
        usage = {"input_tokens": 100, "output_tokens": 3, "total_tokens": 103}
        return {"model": "m", "answers": given, "usage": usage}
