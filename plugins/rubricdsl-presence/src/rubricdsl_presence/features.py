"""What each sentence of a response, and the whole of it, shows about a claim.

A claim is held against every sentence, and the sentence that supports it best
decides.  What a good answer says, it often says over several sentences,
so a few features are of the whole response, and the same for all its sentences.  A
run of keywords has words in common with any claim and states nothing; its lack of
small words gives it away.

Each feature is a number with a fixed sense: more of it speaks for the claim or more
of it speaks against it, so that the fit cannot learn from the habits of those who
wrote its labels that, say, a missing number is a good sign.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import attrs

from rubricdsl_presence.sentences import Sentence, split_sentences
from rubricdsl_presence.statements import Claim
from rubricdsl_presence.verbs import ASKING
from rubricdsl_presence.words import (
    CONTRASTS,
    Word,
    is_content,
    is_negation,
    split_words,
)

Row = tuple[float, ...]

# Features of words alone; with the encoder, `AlignedFeatures` come first.
RECALL_SENSE = {"word_recall": 1, "response_recall": 1}
LEXICAL_SENSE = RECALL_SENSE | {
    "denied": -1,
    "denial_missing": -1,
    "contrast": -1,
    "name_missing": -1,
    "number_replaced": -1,
    "number_unsaid": -1,
    "question_missing": -1,
    "keyword_run": -1,
}
ALIGNED_SENSE = {
    "misalignment": -1,
    "missing_misalignment": -1,
    "response_misalignment": -1,
    "response_least_aligned": -1,
}

# How much of a claim a sentence says, by which the sentence to quote is found.
COVERAGE = frozenset({"word_recall", "misalignment", "missing_misalignment"})

# A denial bears on a word that follows it closely, or stands just before it.
_DENIAL_REACHES = 4
_DENIAL_FOLLOWS = 2

# Of the words of English prose, about half carry no meaning of their own; items of
# a list may have none, and are short.
_KEYWORD_RUN = 12
_KEYWORD_SHARE = 0.88


@attrs.frozen(slots=False, eq=False)
class ReadSentence:
    """A sentence with its words."""

    sentence: Sentence

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words of the sentence, in order."""
        return tuple(split_words(self.sentence.plain))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of its words."""
        return frozenset(word.stem for word in self.words)

    @cached_property
    def denials(self) -> tuple[int, ...]:
        """The places of words that deny."""
        return tuple(n for n, word in enumerate(self.words) if is_negation(word))

    @cached_property
    def is_keyword_run(self) -> bool:
        """Whether it strings content words together and states nothing."""
        content = sum(map(is_content, self.words))
        return len(self.words) >= _KEYWORD_RUN and content > _KEYWORD_SHARE * len(
            self.words
        )


@attrs.frozen(slots=False, eq=False)
class ReadText:
    """A response, read once for all claims."""

    text: str

    @cached_property
    def sentences(self) -> tuple[ReadSentence, ...]:
        """Its sentences, in order; none if it says nothing."""
        return tuple(map(ReadSentence, split_sentences(self.text)))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of all its words."""
        return frozenset().union(*(sentence.stems for sentence in self.sentences))


@attrs.frozen(slots=False, eq=False)
class ReadClaim:
    """A claim with what of it is looked for."""

    claim: Claim

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """All words of the claim."""
        return tuple(split_words(self.claim.text))

    @cached_property
    def content(self) -> tuple[str, ...]:
        """The stems of the words that carry meaning; of all, if none does."""
        content = [word for word in self.words if is_content(word)]
        return tuple(word.stem for word in content or self.words)

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Its numbers but 1, which is as often an article as a number."""
        return tuple(w.stem for w in self.words if w.number and w.stem != "1")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The stems of capitalised words but the first."""
        return tuple(
            word.stem
            for word in self.words[1:]
            if word.text[0].isupper() and is_content(word)
        )

    @cached_property
    def denies(self) -> bool:
        """Whether it says that something is not so, or advises against it."""
        return any(map(is_negation, self.words)) != self.claim.against

    @cached_property
    def contrasting(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """Its words that have contrasts, with those."""
        return tuple(
            (word.stem, CONTRASTS[word.stem])
            for word in self.words
            if word.stem in CONTRASTS
        )


class AlignedFeatures(Protocol):
    """Gives the features of `ALIGNED_SENSE` for each sentence of a text."""

    def rows(self, claim: ReadClaim, text: ReadText) -> Sequence[Row]:
        """Give a row for each sentence, in order."""
        ...


def _is_denied(claim: ReadClaim, sentence: ReadSentence) -> bool:
    """Tell whether a denial stands near a word that the claim shares."""
    if not sentence.denials:
        return False
    content = frozenset(claim.content)
    shared = [n for n, word in enumerate(sentence.words) if word.stem in content]
    return any(
        -_DENIAL_FOLLOWS <= at - denial <= _DENIAL_REACHES
        for at in shared
        for denial in sentence.denials
    )


def _share(parts: Sequence[str], whole: frozenset[str]) -> float:
    """Give how much of ``parts`` is in ``whole``; all, if there are none."""
    return sum(part in whole for part in parts) / len(parts) if parts else 1.0


def lexical_rows(claim: ReadClaim, text: ReadText) -> list[Row]:
    """Give the features of `LEXICAL_SENSE` for each sentence of a text."""
    response_recall = _share(claim.content, text.stems)
    unsaid = 1.0 - _share(claim.numbers, text.stems)
    asks = claim.claim.verb in ASKING
    rows: list[Row] = []
    for sentence in text.sentences:
        stems = sentence.stems
        recall = _share(claim.content, stems)
        denied = _is_denied(claim, sentence)
        contrast = any(
            word not in stems and not others.isdisjoint(stems)
            for word, others in claim.contrasting
        )
        has_number = any(word.number for word in sentence.words)
        rows.append(
            (
                recall,
                response_recall,
                float(denied and not claim.denies),
                recall * (claim.denies and not denied),
                float(contrast),
                float(any(name not in stems for name in claim.names)),
                (1.0 - _share(claim.numbers, stems)) * has_number,
                unsaid,
                float(asks and "?" not in sentence.sentence.plain),
                float(sentence.is_keyword_run),
            )
        )
    return rows
