"""Probabilities of yes from the log-probabilities of a reply's tokens.

Where an answer's word begins, the model had a choice of tokens.  Those that begin
one of the legal answers, and only one, are summed by answer and renormalised over
the answers found; all other tokens, which a grammar may have forbidden anyway, do
not count.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from rubricdsl.model.judgement import Question
from rubricdsl.model.rubric import LevelScale

# An answer that is not listed can be as likely as all that is not listed.
_NEGLIGIBLE = 0.01


@frozen
class Token:
    """A token of the reply, and the tokens that might have stood there.

    ``choices`` are bytes with their natural log-probabilities.
    """

    text: bytes
    choices: tuple[tuple[bytes, float], ...]


def read_tokens(logprobs: object) -> tuple[Token, ...]:
    """Read the ``logprobs`` of a chat completion; empty if there are none."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(content, list):
        return ()
    tokens = []
    for entry in content:
        if not isinstance(entry, dict) or (text := _bytes(entry)) is None:
            return ()
        top = entry.get("top_logprobs")
        choices = tuple(_choices(top)) if isinstance(top, list) else ()
        tokens.append(Token(text, choices))
    return tuple(tokens)


def _choices(top: Sequence[object]) -> Iterator[tuple[bytes, float]]:
    for choice in top:
        if not isinstance(choice, dict):
            continue
        text, logprob = _bytes(choice), choice.get("logprob")
        if (
            text is not None
            and isinstance(logprob, int | float)
            and not math.isnan(logprob)
            and logprob <= 0
        ):
            yield text, float(logprob)


def _bytes(entry: Mapping[str, object]) -> bytes | None:
    raw = entry.get("bytes")
    if isinstance(raw, list):
        try:
            return bytes(raw)
        except (TypeError, ValueError):
            return None
    token = entry.get("token")
    return token.encode("utf-8", "replace") if isinstance(token, str) else None


def probability_of_yes(
    content: str, tokens: Sequence[Token], name: str, question: Question
) -> float | None:
    """Give the probability of yes to a question, in [0, 1].

    ``content`` is a reply that was read as JSON, ``name`` the question's id.
    None where the tokens do not tell: levels, tokens that are not those of the
    content, answers that begin alike, or an answer that is not among the choices
    though it may be likely enough to matter.
    """
    if isinstance(question.scale, LevelScale) or not tokens:
        return None
    start = _word_start(content, name)
    # A server may leave out of the message what stood around it, such as a fence.
    joined, message = b"".join(token.text for token in tokens), content.encode()
    if start is None or joined.count(message) != 1:
        return None
    start += joined.find(message)
    offset = 0
    for token in tokens:
        if offset <= start < offset + len(token.text):
            return _share_of_yes(token, start - offset, question.answers)
        offset += len(token.text)
    return None


def _word_start(content: str, name: str) -> int | None:
    """Find where the answer's first letter stands, in bytes."""
    # In JSON no text can hold an unescaped quotation mark, so an id with one on
    # each side is a key, wherever it stands.
    key = rf'"{re.escape(name)}"\s*:\s*'
    plain = re.search(rf'{key}"\s*', content, re.IGNORECASE)
    if plain is None:
        inner = re.search(rf"{key}\{{", content, re.IGNORECASE)
        if inner is None:
            return None
        plain = re.compile(r'"answer"\s*:\s*"\s*').search(content, inner.end())
    return None if plain is None else len(content[: plain.end()].encode())


def _share_of_yes(token: Token, skip: int, answers: Sequence[str]) -> float | None:
    lead = token.text[:skip]
    masses: dict[str, float] = {}
    for text, logprob in token.choices:
        if not text.startswith(lead):
            continue
        word = text[skip:].decode("utf-8", "replace").casefold().strip(' ".')
        begun = [a for a in answers if word and a.startswith(word)]
        if len(begun) == 1:
            masses[begun[0]] = masses.get(begun[0], 0.0) + math.exp(logprob)
    total = math.fsum(masses.values())
    unlisted = 1 - math.fsum(math.exp(logprob) for _, logprob in token.choices)
    if total <= 0 or (len(masses) < len(answers) and unlisted > _NEGLIGIBLE * total):
        return None
    return min(masses.get("yes", 0.0) / total, 1.0)
