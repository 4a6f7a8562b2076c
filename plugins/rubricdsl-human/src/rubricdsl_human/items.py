"""What people are asked: one question about the texts that they may see.

An item knows nothing of weights, marks, the names of criteria or other answers.  The
same question about the same texts is one item, whoever asks it, and its id is the same
in every run.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

import attrs

from rubricdsl.model.digest import digest
from rubricdsl.model.judgement import JudgeRequest, Question
from rubricdsl.model.rubric import LevelScale

# With a letter before it, no spreadsheet takes an id for a number.
_ID_LETTER, _ID_DIGITS = "q", 15

_HEADINGS = {
    "prompt": "The prompt that was answered",
    "response": "The response to be judged",
    "reference": "A reference answer, to compare with",
}


@attrs.frozen(kw_only=True, eq=False, slots=False)
class Item:
    """A question, the texts that it is about, and who asks it.

    ``texts`` are by name, in the order in which they are shown, and ``askers`` are
    rubric, path of the criterion, prompt id and response id of each.
    """

    question: Question
    texts: Mapping[str, str]
    instructions: str | None = None
    askers: frozenset[tuple[str, ...]] = frozenset()

    @classmethod
    def of(cls, request: JudgeRequest, name: str) -> "Item":
        """Give the item of one of the questions of a request."""
        question = request.questions[name]
        asker = question.asker
        return cls(
            question=attrs.evolve(question, asker=()),
            texts=request.seen,
            instructions=request.instructions,
            askers=frozenset([asker] if asker else ()),
        )

    @cached_property
    def about(self) -> str:
        """Digest of the texts, and of the instructions for judging them."""
        return digest(self.instructions, [[n, text] for n, text in self.texts.items()])

    @cached_property
    def id(self) -> str:
        """What names the item in files."""
        return _ID_LETTER + digest(self.question.digest, self.about)[:_ID_DIGITS]

    def details(self) -> Iterator[str]:
        """Say what belongs to the statement: levels, note, examples, what to quote."""
        question = self.question
        if isinstance(question.scale, LevelScale):
            for level in question.scale.levels:
                label = f" “{level.label}”" if level.label else ""
                yield f"level {level.number:g}{label}: {level.text}"
        if question.note:
            yield f"Note: {question.note}"
        for example in question.examples:
            yield f"Example of {example.ruling}: {example.text}"
        if "partly" in question.answers:
            yield "Answer partly if it is true of a part only."
        if question.may_abstain:
            yield "Answer n/a if it cannot apply to this response at all."
        if question.evidence:
            yield (
                "Quote the words of the response, exactly, that make it true; if there "
                "are none, quote nothing."
            )


def heading(name: str) -> str:
    """Give what a text is called on a sheet."""
    return _HEADINGS.get(name, f"What the response produced: {name}")
