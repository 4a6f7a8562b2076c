"""The protocol ``POST /v1/decisions``: lists of questions, and of named answers."""

from collections.abc import Iterable, Iterator, Mapping

from rubricdsl.judging.backends.documents import unreadable
from rubricdsl.model.digest import Plain
from rubricdsl_decisions.decisions import (
    Decision,
    DecisionError,
    RefusalError,
    choice,
    predicate,
    score,
)
from rubricdsl_decisions.questions import Asked, Form


class OpenAIDecisions:
    """Writes requests and reads replies."""

    def body(
        self, model: str, guidance: str, texts: str, questions: Mapping[str, Asked]
    ) -> dict[str, Plain]:
        """Give the body of a request."""
        return {
            "model": model,
            "input": [
                {"role": "developer", "content": guidance},
                {"role": "user", "content": texts},
            ],
            "questions": [_question(name, on) for name, on in questions.items()],
        }

    def answers(
        self, document: Mapping[str, object]
    ) -> Iterable[tuple[str | None, Mapping[str, object]]]:
        """Give the answers with their names; raises JudgeError where there are none."""
        answers = document.get("answers")
        if not isinstance(answers, list):
            raise unreadable("the reply has no list of answers")
        for answer in answers:
            found = answer if isinstance(answer, dict) else {}
            name = found.get("name")
            yield name if isinstance(name, str) else None, found

    def decision(
        self, answer: Mapping[str, object], on: Asked, *, threshold: float
    ) -> Decision:
        """Read an answer; raises DecisionError, or RefusalError."""
        kind = answer.get("type")
        if kind == "refusal":
            raise RefusalError
        if kind != on.form:
            raise DecisionError(f"gave an answer of type {str(kind)[:40]!r}")
        if on.form is Form.PREDICATE:
            return predicate(answer.get("probability"), threshold=threshold)
        given = answer.get("probabilities")
        if not isinstance(given, list):
            raise DecisionError("gave no probabilities")
        if on.form is Form.CHOICE:
            return choice(answer.get("choice"), _pairs(given, "value"), on)
        return score(answer.get("score"), _pairs(given, "label"), on)


def _question(name: str, on: Asked) -> Plain:
    question: dict[str, Plain] = {
        "type": str(on.form),
        "name": name,
        "instructions": on.instructions,
    }
    key, options = {
        Form.PREDICATE: ("", ""),
        Form.CHOICE: ("value", "choices"),
        Form.SCORE: ("label", "levels"),
    }[on.form]
    if key:
        question[options] = [
            {key: option, "description": meaning}
            for option, meaning in on.options.items()
        ]
    return question


def _pairs(given: Iterable[object], key: str) -> Iterator[tuple[object, object]]:
    for entry in given:
        if not isinstance(entry, dict):
            raise DecisionError("gave a probability of nothing")
        yield entry.get(key), entry.get("probability")
