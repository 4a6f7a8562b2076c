"""From a proposer's answer to a first rubric, which is sound or does not come about.

Three forms are read: an object with ``criteria`` that answer two questions each, a
list of criteria with weights, and ``.rub`` source, plain or in a code fence.  The two
questions are those of Zhang et al. ("Chasing the Tail", 2025).
"""

import re
from collections.abc import Iterable
from pathlib import Path

import attrs
from attrs import frozen

from rubricdsl.diagnostics import Diagnostic, RubricError, Severity
from rubricdsl.language.characters import Source
from rubricdsl.language.foreign_texts import one_line, without_hidden
from rubricdsl.language.foreign_texts import without_parameters as no_parameters
from rubricdsl.language.loading import load_text
from rubricdsl.language.naming import name_of, unique_name
from rubricdsl.language.printing import print_rubric
from rubricdsl.language.reading import read_models
from rubricdsl.language.words import RESERVED, is_path, skeleton_of
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Criterion, Rubric, Weight
from rubricdsl.refinement.proposing.answers import (
    MOST_CHARACTERS,
    code_blocks,
    read_value,
)
from rubricdsl.refinement.proposing.conversing import NotReadError
from rubricdsl.refinement.proposing.forms import MOST_TEXT

WEIGHTS = range(1, 4)

_KEYS = ("criteria", "rubric")
_QUESTIONS = ("frustration", "correctness")
_SOURCE = re.compile(r"\s*+(?:#[^\n]*+\s*+)*+rubric[ \t]+\S")
# Names that only number: c1, criterion_2, item3.
_NUMBERS = re.compile(
    r"(?:[a-z]|crit|criterion|item|point|rule)_?[0-9]*", re.IGNORECASE
)

# How criteria begin; in a name these say nothing.
_VERBS = frozenset(
    {"explains", "gives", "lists", "mentions", "names", "says", "states", "tells"}
    | {"not", "response", "warns"}
)
_MOST_WORDS = 4


@frozen(kw_only=True)
class DraftReader:
    """Makes rubrics for a prompt; ``name`` is theirs where somebody chose one."""

    prompt: str
    functions: FunctionTable
    name: str | None = None

    def read(self, answer: str) -> Rubric:
        """Read an answer in words.

        Raises:
            NotReadError: with all that keeps it from being a sound rubric.
        """
        if len(answer) > MOST_CHARACTERS:
            raise NotReadError("It is far too long.")
        parts = (answer.removeprefix("\ufeff"), *code_blocks(answer))
        sources = [part for part in parts if _SOURCE.match(part)]
        if len(sources) > 1:
            raise NotReadError(f"It holds {len(sources)} rubrics: give one.")
        return self.of(sources[0] if sources else read_value(answer, _KEYS))

    def of(self, value: Plain) -> Rubric:
        """Read an answer that is data already; raises NotReadError as `read`."""
        if isinstance(value, str):
            return self._of_source(value)
        name: Plain = None
        listed: Plain = value
        if isinstance(value, dict):
            name = value.get("name")
            listed = next((value[key] for key in _KEYS if key in value), None)
        if not isinstance(listed, list) or not listed:
            raise NotReadError("There is no list of criteria, or an empty one.")
        rubric = Rubric(
            name=self._name(name if isinstance(name, str) else ""),
            items=tuple(_criteria(listed)),
            prompt=self._prompt,
        )
        self._check(print_rubric(rubric))
        return rubric

    def _of_source(self, text: str) -> Rubric:
        try:
            rubrics = read_models(Source.of(text))
        except RubricError as error:
            raise NotReadError(*_problems(error.diagnostics)) from None
        if len(rubrics) != 1:
            raise NotReadError(f"It holds {len(rubrics)} rubrics: give one.")
        (rubric,) = rubrics
        if rubric.uses:
            raise NotReadError("It imports a file: write all criteria out.")
        self._check(text)
        made = attrs.evolve(
            rubric,
            name=self._name(rubric.name),
            prompt=self._prompt,
            conversation=(),
            for_prompts=(),
            history=(),
            # Who judges is for people to say, and not for whoever drafts.
            judges=tuple(attrs.evolve(one, models=()) for one in rubric.judges),
        )
        self._check(print_rubric(made))
        return made

    @property
    def _prompt(self) -> str:
        return no_parameters(without_hidden(self.prompt.replace("\r\n", "\n")))

    def _name(self, given: str) -> str:
        if self.name is not None:
            return self.name
        return (
            given if _is_telling(given) else unique_name(_content(self.prompt), set())
        )

    def _check(self, text: str) -> None:
        loaded = load_text(text, self.functions, name="<draft>", folder=Path())
        if not loaded.sound:
            raise NotReadError(*_problems(loaded.diagnostics))


def weight_of(frustration: int, correctness: int) -> int:
    """Give the weight that two answers from 1 to 3 come to: their mean, halves up."""
    return (frustration + correctness + 1) // 2


def _criteria(listed: Iterable[Plain]) -> list[Criterion]:
    taken = set[str]()
    made: list[Criterion] = []
    problems: list[str] = []
    for number, record in enumerate(listed, 1):
        try:
            made.append(_criterion(record, taken))
        except NotReadError as error:
            problems += [f"Criterion {number}: {one}" for one in error.problems]
    if problems:
        raise NotReadError(*problems)
    return made


def _criterion(record: Plain, taken: set[str]) -> Criterion:
    if not isinstance(record, dict):
        raise NotReadError("it is not an object.")
    text = record.get("text", record.get("criterion"))
    if not isinstance(text, str) or not text.strip():
        raise NotReadError("it has no `text`.")
    if len(text) > MOST_TEXT:
        raise NotReadError(f"its text has over {MOST_TEXT} characters.")
    weight = _weight(record)
    line = no_parameters(one_line(text))
    if not line:
        raise NotReadError("it has no `text`.")
    given = record.get("name")
    name = _name(given if isinstance(given, str) else "", line, taken)
    return Criterion(name=name, mark=Weight(float(weight)), text=line)


def _name(given: str, text: str, taken: set[str]) -> str:
    """Give a name that is telling: the one that is given, or one of its words."""
    if _is_telling(given) and skeleton_of(given) not in taken:
        taken.add(skeleton_of(given))
        return given
    has_words = given.strip() and not _NUMBERS.fullmatch(given.strip())
    return unique_name(given if has_words else _content(text), taken)


def _content(text: str) -> str:
    """Give the first words of a text that tell what it is about."""
    words = name_of(text).split("_")
    telling = [word for word in words if word not in _VERBS] or words
    return " ".join(telling[:_MOST_WORDS])


def _weight(record: dict[str, Plain]) -> int:
    if "weight" in record and not any(key in record for key in _QUESTIONS):
        return _whole(record, "weight")
    return weight_of(*(_whole(record, key) for key in _QUESTIONS))


def _whole(record: dict[str, Plain], key: str) -> int:
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value not in WEIGHTS:
        raise NotReadError(f"`{key}` is not 1, 2 or 3.")
    return value


def _is_telling(name: str) -> bool:
    is_name = is_path(name) and "." not in name and name not in RESERVED
    return is_name and not _NUMBERS.fullmatch(name)


def _problems(diagnostics: Iterable[Diagnostic]) -> list[str]:
    return [
        f"Line {d.span.line}: {d.code} {d.message} ({d.hint})."
        for d in diagnostics
        if d.severity is Severity.ERROR
    ]
