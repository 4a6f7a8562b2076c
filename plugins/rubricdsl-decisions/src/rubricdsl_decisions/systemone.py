"""The protocol ``POST /v1/systemone``: questions and answers by name."""

from collections.abc import Iterable, Iterator, Mapping

from rubricdsl.judging.backends.documents import unreadable
from rubricdsl.model.digest import Plain
from rubricdsl_decisions.decisions import (
    Decision,
    DecisionError,
    choice,
    predicate,
    score,
)
from rubricdsl_decisions.questions import Asked, Form

_TYPES = {Form.PREDICATE: "noul", Form.CHOICE: "choice", Form.SCORE: "score"}


class SystemOne:
    """Writes requests and reads replies."""

    def body(
        self, model: str, guidance: str, texts: str, questions: Mapping[str, Asked]
    ) -> dict[str, Plain]:
        """Give the body of a request."""
        return {
            "model": model,
            "state": f"{guidance}\n\n{texts}",
            "questions": {name: _question(on) for name, on in questions.items()},
        }

    def answers(
        self, document: Mapping[str, object]
    ) -> Iterable[tuple[str | None, Mapping[str, object]]]:
        """Give the answers with their names; raises JudgeError where there are none."""
        wrapped = document.get("result")
        if "answers" not in document and isinstance(wrapped, dict):
            document = wrapped
        answers = document.get("answers")
        if not isinstance(answers, dict):
            raise unreadable("the reply has no answers by name")
        for name, answer in answers.items():
            yield name, answer if isinstance(answer, dict) else {}

    def decision(
        self, answer: Mapping[str, object], on: Asked, *, threshold: float
    ) -> Decision:
        """Read an answer; raises DecisionError, or RefusalError."""
        kind = answer.get("type")
        if kind != _TYPES[on.form]:
            raise DecisionError(f"gave an answer of type {str(kind)[:40]!r}")
        if on.form is Form.PREDICATE:
            return predicate(answer.get("noul"), threshold=threshold)
        given = answer.get("probabilities")
        if not isinstance(given, dict):
            raise DecisionError("gave no probabilities")
        if on.form is Form.CHOICE:
            return choice(answer.get("choice"), given.items(), on)
        return score(answer.get("score"), _by_option(given, on), on)


def _question(on: Asked) -> dict[str, Plain]:
    question: dict[str, Plain] = {
        "type": _TYPES[on.form],
        "instructions": on.instructions,
    }
    if on.form is Form.SCORE:
        question["criteria"] = list(on.options.values())
    elif on.form is Form.CHOICE:
        question["criteria"] = dict(on.options)
    else:
        question["criteria"] = {"true": on.options["yes"], "false": on.options["no"]}
    return question


def _by_option(
    given: Mapping[str, object], on: Asked
) -> Iterator[tuple[object, object]]:
    """Name levels as they were asked, of which the reply has the places."""
    names = {str(place): option for place, option in enumerate(on.options)}
    for place, value in given.items():
        yield names.get(place, f"place {place}"), value
