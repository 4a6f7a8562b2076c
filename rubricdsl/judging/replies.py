"""What a language model replied: read strictly, or not at all.

A reply is one JSON object that is the whole message.  Nothing is repaired, searched
for or supposed: a text from which a wanted answer could be picked is a text in
which the judged response can have put it.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import NoReturn

from attrs import frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.diagnostics.strict_json import StrictJsonError, loads_strict
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Answer, Question
from rubricdsl.model.rubric import LevelScale
from rubricdsl.model.ruling import NO, YES, Failure, FailureKind, Ruling

_FENCED = re.compile(r"```(?:json)?[ \t]*\n(.*)\n[ \t]*```", re.DOTALL | re.IGNORECASE)


@frozen
class ReadReply:
    """The answers found, and what else stood in the reply."""

    answers: tuple[Answer, ...]
    notices: tuple[str, ...]


def read_reply(content: str, questions: Mapping[str, Question]) -> ReadReply:
    """Read the answers to ``questions`` from a model's message.

    Tolerated are one code fence around the whole, ids and answers in another
    case, a full stop after an answer, true and false for yes and no, a bare number
    for a level, and a list of objects with one id each.  A question that is not
    answered has no `Answer`; one whose answer is none of the legal words has a
    failure.

    Raises:
        JudgeError: ``judge_unparseable`` when the message is not such an object.
    """
    text = content.strip().removeprefix("\ufeff").strip()
    if text.startswith("```") and (fenced := _FENCED.fullmatch(text)):
        text = fenced[1]
    try:
        document = loads_strict(text)
    except StrictJsonError as error:
        _unreadable(f"the reply is not one JSON object: {error}")
    if isinstance(document, dict) and document.keys() == questions.keys():
        # All that was asked, and nothing else: strict JSON has no key twice.
        return ReadReply(tuple(_said(document, questions)), ())
    found: dict[str, list[Plain]] = {}
    notices: list[str] = []
    for key, value in _pairs(document):
        name = key if key in questions else _folded(key, questions)
        if name is None:
            notices.append(f"an answer to {key[:40]!r}, which was not asked")
        else:
            found.setdefault(name, []).append(value)
    answers = tuple(
        _answer(name, found[name], question)
        for name, question in questions.items()
        if name in found
    )
    return ReadReply(answers, tuple(notices))


def _pairs(document: Plain) -> Iterator[tuple[str, Plain]]:
    objects = document if isinstance(document, list) else [document]
    for item in objects:
        if not isinstance(item, dict) or (objects is document and len(item) != 1):
            _unreadable("the reply is JSON, but not an object of answers by id")
        yield from item.items()


def _folded(key: str, questions: Mapping[str, Question]) -> str | None:
    like = [name for name in questions if name.casefold() == key.casefold()]
    return like[0] if len(like) == 1 else None


def _said(
    document: Mapping[str, Plain], questions: Mapping[str, Question]
) -> list[Answer]:
    """Give the answers to questions of which each has just one."""
    answers: list[Answer] = []
    for name, question in questions.items():
        value, plain = document[name], None
        if isinstance(value, str):
            plain = _plain_answers(name, question.answers).get(value)
        answers.append(plain or _answer(name, [value], question))
    return answers


@lru_cache(maxsize=4096)
def _plain_answers(name: str, answers: tuple[str, ...]) -> Mapping[str, Answer]:
    """Give the answers that are just a legal word, by that word."""
    rulings = _rulings(answers)
    return {word: Answer(id=name, ruling=ruling) for word, ruling in rulings.items()}


def _answer(name: str, values: list[Plain], question: Question) -> Answer:
    if len(values) > 1:
        return _no_answer(name, "answered more than once")
    value, quote = values[0], None
    if isinstance(value, dict):
        # Only where the schema asks for a quote is an object an answer.
        if not question.evidence or "answer" not in value:
            return _no_answer(name, "answered with an object")
        quote, value = value.get("quote"), value["answer"]
    ruling = _ruling(value, question)
    if ruling is None:
        legal = ", ".join(question.answers)
        return _no_answer(name, f"answered {_shown(value)}; legal are {legal}")
    return Answer(
        id=name,
        ruling=ruling,
        evidence=quote if isinstance(quote, str) and quote.strip() else None,
    )


def _ruling(value: Plain, question: Question) -> Ruling | None:
    legal = _rulings(question.answers)
    if isinstance(value, str) and (ruling := legal.get(value)) is not None:
        return ruling
    leveled = isinstance(question.scale, LevelScale)
    if isinstance(value, bool):
        return None if leveled else (YES if value else NO)
    if isinstance(value, int | float):
        return Ruling.level(value) if leveled else None
    if not isinstance(value, str):
        return None
    word = value.strip().casefold().removesuffix(".").strip()
    if leveled and re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", word):
        return Ruling.level(float(word))
    return legal.get(word)


@cache
def _rulings(answers: tuple[str, ...]) -> Mapping[str, Ruling]:
    return {answer: Ruling.from_record(answer) for answer in answers}


def _no_answer(name: str, reason: str) -> Answer:
    return Answer(id=name, failure=Failure(FailureKind.JUDGE_UNPARSEABLE.value, reason))


def _shown(value: Plain) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"  # noqa: PLR2004


def _unreadable(reason: str) -> NoReturn:
    raise JudgeError(FailureKind.JUDGE_UNPARSEABLE, reason)
