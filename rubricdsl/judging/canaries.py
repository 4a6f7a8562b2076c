"""Canaries: two statements whose answers are known, among those that are asked.

One is true of no response and one is true of this response.  A judge that was talked
into saying yes to everything, or no, answers one of them wrongly; then nothing that
it said of the response is believed, and the row is ``suspect``.

What is stated depends on the response and on a seed, so whoever wrote the response
could not know it.
"""

import hashlib
import re
from collections.abc import Mapping

from attrs import frozen

from rubricdsl.model.judgement import Answer, Question
from rubricdsl.model.ruling import NO, YES

# A word that the response holds, long enough to be found by whoever reads it.
_WORD = re.compile(r"[^\W\d_]{4,24}")
_LETTERS = "bcdfghklmnprstvz"
_VOWELS = "aeiou"
_SYLLABLES = 5


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
        drawn = hashlib.blake2b(
            f"{seed}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16
        ).digest()
        words = _WORD.findall(text)
        place = int.from_bytes(drawn[:2], "big")
        known = words[place % len(words)] if words else None
        return cls(
            impossible=Question(text=f"Contains the word “{_nonsense(drawn, text)}”."),
            trivial=(
                None
                if known is None
                else Question(text=f"Contains the word “{known}”.")
            ),
            places=(drawn[14] / 256, drawn[15] / 256),
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

    ``names`` give the ids that those other than canaries had before.
    """

    questions: Mapping[str, Question]
    names: Mapping[str, str]
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


def _nonsense(drawn: bytes, text: str) -> str:
    """Give a word that no language has and the text does not hold."""
    word = "".join(
        _LETTERS[drawn[2 + 2 * n] % len(_LETTERS)]
        + _VOWELS[drawn[3 + 2 * n] % len(_VOWELS)]
        for n in range(_SYLLABLES)
    )
    folded = text.casefold()
    while word in folded:
        word += _LETTERS[len(word) % len(_LETTERS)] + "o"
    return word
