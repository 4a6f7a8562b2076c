"""Canaries: two statements whose answers are known, among those that are asked.

One is true of no response and one is true of this response.  A judge that was talked
into saying yes to everything, or no, answers one of them wrongly; then nothing that
it said of the response is believed, and the row is ``suspect``.

What is stated, and in what words, is drawn from the response and a seed, the same way
for both: whoever wrote the response could not know it, and no judge can know canaries
by heart, or tell by its words which of the two it has before it.  That a text holds a
word, or does not, is certain whatever the words; more of a response than a single word
would carry what it says out of its fence.
"""

import random
import re
from collections.abc import Mapping

from attrs import field, frozen

from rubricdsl.model.digest import digest
from rubricdsl.model.judgement import Answer, Question
from rubricdsl.model.ruling import NO, YES

# A word that the response holds, long enough to be found by whoever reads it.
_WORD = re.compile(r"[^\W\d_]{4,24}")
_LETTERS = "bcdfghklmnprstvz"
_VOWELS = "aeiou"
_ENDS = ("", "", "l", "n", "r", "s", "th")
_SYLLABLES = (4, 5, 6)
# As often as a word of a text is a name, or begins a sentence.
_CAPITALS = 0.2
# The parts of a statement, of which each may go with any other.
_SUBJECTS = ("", "", "the response ", "the text ", "the answer ", "it ")
_VERBS = ("contains", "includes", "uses", "has", "makes use of", "has in it")
_NOUNS = ("the word", "the term", "the expression", "the single word", "a word:")
_QUOTES = ("“{}”", "“{}”", '"{}"', "«{}»", "‘{}’")  # noqa: RUF001 - as people write
_PLACES = ("", "", " somewhere", " at least once", " at some point", " in any place")


@frozen
class Canaries:
    """The canaries of one request: statements with places among the others.

    ``impossible`` is true of no response; ``trivial`` is true of this one, and None
    where the response holds no word to state something of.
    """

    impossible: Question
    trivial: Question | None
    places: tuple[float, float]

    @classmethod
    def of(cls, text: str, *, seed: int) -> "Canaries":
        """Make the canaries for a response."""
        # Nobody guesses the digest of a text that holds the guess.
        draw = random.Random(digest("canaries", seed, text))  # noqa: S311
        words = _WORD.findall(text)
        impossible = _statement(_nonsense(text, draw), draw)
        trivial = _statement(draw.choice(words), draw) if words else None
        return cls(
            impossible=Question(text=impossible),
            trivial=None if trivial is None else Question(text=trivial),
            places=(draw.random(), draw.random()),
        )

    def among(self, questions: Mapping[str, Question]) -> "Asked":
        """Put the canaries among questions, under ids that tell nobody apart."""
        order: list[tuple[str | None, Question]] = [*questions.items()]
        for place, question in zip(
            self.places, (self.impossible, self.trivial), strict=True
        ):
            if question is not None:
                order.insert(int(place * (len(order) + 1)), (None, question))
        numbered = {f"c{n}": pair for n, pair in enumerate(order, 1)}
        return Asked(
            questions={new: question for new, (_, question) in numbered.items()},
            names={new: old for new, (old, _) in numbered.items() if old is not None},
            impossible=_id_of(self.impossible, numbered),
            trivial=_id_of(self.trivial, numbered),
        )


@frozen
class Asked:
    """Questions with canaries among them.

    ``names`` give the ids that those other than canaries had before; without canaries
    they have them still.
    """

    questions: Mapping[str, Question]
    names: Mapping[str, str] = field(factory=dict)
    impossible: str | None = None
    trivial: str | None = None

    @property
    def canaries(self) -> tuple[str, ...]:
        """The ids of the canaries."""
        ids = (self.impossible, self.trivial)
        return tuple([name for name in ids if name is not None])

    def renamed(
        self, answers: Mapping[str, Answer | None]
    ) -> Mapping[str, Answer | None]:
        """Give the answers by the ids that questions had before."""
        if not self.canaries:
            return answers
        return {old: answers[new] for new, old in self.names.items() if new in answers}

    def are_unanswered(self, answers: Mapping[str, Answer | None]) -> bool:
        """Tell whether a canary has no answer that can be read."""
        for name in self.canaries:
            answer = answers.get(name)
            if answer is None or answer.ruling not in {YES, NO}:
                return True
        return False

    def are_tripped(self, answers: Mapping[str, Answer | None]) -> bool:
        """Tell whether a canary was answered wrongly."""
        for name, right in ((self.impossible, NO), (self.trivial, YES)):
            answer = answers.get(name) if name is not None else None
            if answer is not None and answer.ruling not in {right, None}:
                return True
        return False


def _id_of(
    question: Question | None, numbered: Mapping[str, tuple[str | None, Question]]
) -> str | None:
    found = (n for n, (_, asked) in numbered.items() if asked is question)
    return next(found, None)


def _statement(word: str, draw: random.Random) -> str:
    """State, in words that are drawn, that the response holds a word."""
    parts = (
        draw.choice(_SUBJECTS),
        draw.choice(_VERBS),
        " ",
        draw.choice(_NOUNS),
        " ",
        draw.choice(_QUOTES).format(word),
        draw.choice(_PLACES),
    )
    text = "".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _nonsense(text: str, draw: random.Random) -> str:
    """Give a word that no language has and the text does not hold."""
    count = draw.choice(_SYLLABLES)
    word = "".join(draw.choice(_LETTERS) + draw.choice(_VOWELS) for _ in range(count))
    word += draw.choice(_ENDS)
    folded = text.casefold()
    while word in folded:
        word += draw.choice(_LETTERS) + draw.choice(_VOWELS)
    return word.capitalize() if draw.random() < _CAPITALS else word
