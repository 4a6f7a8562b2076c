"""The words in which a language model is asked: prompt templates, filled in.

The order is that of what stays the same: fixed instructions, those of the judge
block, the texts, and the statements last, so that a server can reuse the beginning
of a prompt for all questions about one response.  Weights, marks and the names of
criteria are never shown.  The wording stands in ``prompts/``; its digest is part of
every verdict's provenance.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from attrs import frozen

from rubricdsl.judging.exhibits import Exhibitor
from rubricdsl.judging.fencing import Secret, fresh_secret
from rubricdsl.judging.made_once import MadeOnce
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.judgement import JudgeRequest, Question
from rubricdsl.model.rubric import LevelScale

# Raised when the same templates are filled in differently.
_LAYOUT = 1

_KEPT_CLOSINGS = 512

# As long as a quote is as a rule: a sentence.
_SAMPLE_QUOTE = " ".join(["word"] * 20)


@frozen
class Prompt:
    """A filled-in prompt; ``removed`` counts characters not passed on.

    The user's message is ``opening``, the same for all questions about one
    response, and then ``closing``.
    """

    system: str
    opening: str
    closing: str
    removed: int

    @property
    def user(self) -> str:
        """The whole of the user's message."""
        return self.opening + self.closing


@frozen(eq=False)
class _Wording:
    """A question in words, with the schema and the sample form of its answer."""

    statement: str
    schema: dict[str, Plain]
    form: str


class PromptWriter:
    """Writes prompts, and the schemas that bind the replies to them.

    Texts are fenced by a line that whoever wrote them cannot foresee, the same for
    all questions about one response.
    """

    def __init__(self, *, secret: Secret = fresh_secret) -> None:
        self._closings: dict[tuple[tuple[str, str], ...], str] = {}
        self._wordings: dict[str, _Wording] = {}
        # The same is asked of one response after another.
        self._asked = MadeOnce(self._closing, _KEPT_CLOSINGS)
        before, self._after = _halves()
        self._exhibitor = Exhibitor(before, secret=secret)

    def write(self, request: JudgeRequest) -> Prompt:
        """Fill in the templates for a request."""
        opening = self._exhibitor.exhibit(request.seen)
        closing = self._asked.of(request.questions)
        system = _system(request.instructions)
        return Prompt(system, opening.text, closing, opening.removed)

    def schema(self, questions: Mapping[str, Question]) -> dict[str, Plain]:
        """Give the JSON schema of a reply: an answer for each id, nothing else."""
        return _object_schema(
            {name: self._wording(q).schema for name, q in questions.items()}
        )

    def _closing(self, questions: Mapping[str, Question]) -> str:
        key = tuple([(name, question.digest) for name, question in questions.items()])
        closing = self._closings.get(key)
        if closing is None:
            wordings = [(name, self._wording(q)) for name, q in questions.items()]
            statements = "\n\n".join(f"{name}: {w.statement}" for name, w in wordings)
            form = ", ".join(f'"{name}": {w.form}' for name, w in wordings)
            if len(self._closings) >= _KEPT_CLOSINGS:
                self._closings.clear()
            # Rubrics may hold braces, and so may texts: nothing is filled in twice.
            closing = f"{statements}{self._after}{{{form}}}"
            self._closings[key] = closing
        return closing

    def _wording(self, question: Question) -> _Wording:
        wording = self._wordings.get(question.digest)
        if wording is None:
            wording = self._wordings[question.digest] = _Wording(
                "\n".join(_statement_lines(question)),
                _answer_schema(question),
                _form(question),
            )
        return wording


def _answer_schema(question: Question) -> dict[str, Plain]:
    words: dict[str, Plain] = {"type": "string", "enum": list(question.answers)}
    if not question.evidence:
        return words
    return _object_schema({"quote": {"type": "string"}, "answer": words})


def _object_schema(properties: dict[str, Plain]) -> dict[str, Plain]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def sample_reply(questions: Mapping[str, Question]) -> str:
    """Give a reply as it may come: the longest answer to each, and a quote's length."""
    parts = []
    for name, question in questions.items():
        answer = f'"{max(question.answers, key=len)}"'
        if question.evidence:
            answer = f'{{"quote": "{_SAMPLE_QUOTE}", "answer": {answer}}}'
        parts.append(f'"{name}": {answer}')
    return f"{{{', '.join(parts)}}}"


@cache
def template_digest() -> str:
    """Give the digest of the prompt templates and of how they are filled in."""
    return digest(_LAYOUT, _template("instructions.txt"), _template("request.txt"))


@cache
def _template(name: str) -> str:
    folder = files("rubricdsl.judging") / "prompts"
    return (folder / name).read_text(encoding="utf-8").strip()


@cache
def _system(instructions: str | None) -> str:
    """Give the system's message, with the instructions of a judge block."""
    system = _template("instructions.txt")
    if instructions:
        system = f"{system}\n\nFurther instructions:\n{instructions}"
    return system


@cache
def _halves() -> tuple[str, str]:
    """Give the request's template before and after the statements."""
    before, _, after = _template("request.txt").partition("{statements}")
    return before, after.removesuffix("{form}")


def _statement_lines(question: Question) -> Iterator[str]:
    yield _indented(question.text)
    if isinstance(question.scale, LevelScale):
        yield "    This is a matter of degree. The levels are:"
        for level in question.scale.levels:
            label = f" “{level.label}”" if level.label else ""
            yield f"    - level {level.number:g}{label}: {_indented(level.text)}"
    if question.note:
        yield f"    Note: {_indented(question.note)}"
    for example in question.examples:
        yield f"    Example of {example.ruling}: {_indented(example.text)}"
    if "partly" in question.answers:
        yield "    Answer partly if it is true of a part only."
    if question.may_abstain:
        yield "    Answer n/a if it cannot apply to this response at all."
    if question.evidence:
        yield (
            "    Quote the words of the response, exactly and once, that make it "
            "true; if there are none, quote nothing."
        )


def _indented(text: str) -> str:
    return text.strip().replace("\n", "\n    ")


def _form(question: Question) -> str:
    answer = " | ".join(f'"{word}"' for word in question.answers)
    return f'{{"quote": "…", "answer": {answer}}}' if question.evidence else answer
