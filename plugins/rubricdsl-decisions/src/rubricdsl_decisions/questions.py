"""A rubric's questions as decision models take them, and the words they are put in."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files

import attrs

from rubricdsl.judging.backends.tokens import estimate_tokens
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.judgement import Question
from rubricdsl.model.rubric import LevelScale

# Raised when the same texts are put together differently.
_LAYOUT = 1

_MOST_SCORES = 10
_MOST_CHOICES = 255
# Around each question stand its name, its form, and marks.
_TOKENS_OF_QUESTION = 12
_TOKENS_OF_OPTION = 4

_TEXTS = ("guidance.txt", "state.txt", "statement.txt", "degree.txt")
_BETWEEN = "Between the level before and the level after."
_MEANINGS: Mapping[str, str] = {
    "yes": "It is true.",
    "partly": "It is true of a part only.",
    "no": "It is not true.",
    "n/a": "It cannot apply to this response at all.",
}


class Form(StrEnum):
    """The form of a question: yes or no, one of several words, or a degree."""

    PREDICATE = "predicate"
    CHOICE = "choice"
    SCORE = "score"


@attrs.frozen(kw_only=True, slots=False)
class Asked:
    """A question as a decision model takes it.

    ``options`` are what it may decide on, each with its meaning: the answers of the
    rubric's question, from the lowest level up where it is a matter of degree.
    """

    form: Form
    instructions: str
    options: Mapping[str, str]

    @cached_property
    def tokens(self) -> int:
        """About how many tokens it takes."""
        texts = (self.instructions, *self.options.values())
        marks = _TOKENS_OF_QUESTION + _TOKENS_OF_OPTION * len(self.options)
        return sum(map(estimate_tokens, texts)) + marks


def unsupported(question: Question) -> str | None:
    """Say why no decision model can be asked this; None where it can."""
    if question.evidence:
        return "a decision model quotes nothing, and this criterion requires evidence"
    if len(question.answers) > _MOST_CHOICES:
        return (
            f"a decision model chooses among {_MOST_CHOICES} answers at most, and this "
            f"criterion has {len(question.answers)}"
        )
    return None


def asked(question: Question) -> Asked:
    """Put a question to a decision model, which `unsupported` has nothing against."""
    if isinstance(question.scale, LevelScale):
        template, options = "degree.txt", dict(_levels(question.scale))
        form = Form.SCORE
        if question.may_abstain or len(question.answers) > _MOST_SCORES:
            form = Form.CHOICE
    else:
        template, options = "statement.txt", {}
        form = Form.PREDICATE if len(question.answers) == 2 else Form.CHOICE  # noqa: PLR2004 - yes and no
    for answer in question.answers:
        options.setdefault(answer, _MEANINGS.get(answer, _BETWEEN))
    lines = [text(template).replace("{statement}", question.text.strip())]
    if question.note:
        lines.append(f"Note: {question.note.strip()}")
    lines += [f"Example of {e.ruling}: {e.text.strip()}" for e in question.examples]
    return Asked(
        form=form,
        instructions="\n".join(lines),
        options={answer: options[answer] for answer in question.answers},
    )


def _levels(scale: LevelScale) -> Iterator[tuple[str, str]]:
    for level in scale.levels:
        label = f"{level.label}: " if level.label else ""
        yield f"level {level.number:g}", f"{label}{level.text.strip()}"


@cache
def text(name: str) -> str:
    """Give one of the texts that questions are put in."""
    folder = files("rubricdsl_decisions") / "prompts"
    return (folder / name).read_text(encoding="utf-8").strip()


def template_digest() -> str:
    """Give the digest of these texts and of how they are put together."""
    texts: list[Plain] = [text(name) for name in _TEXTS]
    return digest(_LAYOUT, texts, dict(_MEANINGS), _BETWEEN)
