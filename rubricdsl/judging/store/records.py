"""What is stored of a verdict, and how a row becomes the verdict again.

Texts are text, digests 16 bytes, rulings a small number and perhaps a level.  What
many verdicts share (the judge's name and settings, the model) stands once, in a table
of its own.
"""

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from attrs import frozen

from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Ruling, RulingWord

Text: TypeAlias = str | bytes

DIGEST_BYTES = 16

# Numbers of words are for good: a file outlives the code that wrote it.
_WORDS = {
    RulingWord.NO: 0,
    RulingWord.YES: 1,
    RulingWord.PARTLY: 2,
    RulingWord.NA: 3,
    RulingWord.LEVEL: 4,
    RulingWord.NUMBER: 5,
}
_PLAIN = {0: NO, 1: YES, 2: PARTLY, 3: NA}
_NUMBERED = {4: RulingWord.LEVEL, 5: RulingWord.NUMBER}


class VerdictKey(NamedTuple):
    """What a verdict is stored under: three digests of 32 hexadecimal digits.

    ``response`` is that of all that the judge sees, ``question`` that of the question
    and ``judge`` that of everything else an answer can depend on: the judge with its
    resolved parameters and address, the way of asking, instructions, template, sample.
    """

    response: str
    question: str
    judge: str


@frozen
class StoredJudge:
    """A judge as the store knows it: its digest, and its part of a provenance."""

    digest: str
    name: str
    settings: str
    template: str


# A verdict as it is stored, but for its key: word, number, probability, at, model (a
# number of a table), evidence, reason.
VerdictRow: TypeAlias = tuple[
    int,
    float | None,
    float | None,
    float | None,
    int | None,
    Text | None,
    Text | None,
]


# The same digests come again and again: a response's with each of its questions.
@lru_cache(maxsize=4096)
def pack_digest(digest: str) -> bytes:
    """Give the 16 bytes of a digest; raises ValueError for anything else."""
    packed = bytes.fromhex(digest)
    if len(packed) != DIGEST_BYTES or packed.hex() != digest:
        raise ValueError(f"no digest of 32 hexadecimal digits: {digest!r}")
    return packed


def pack_text(text: str) -> Text:
    """Give a text as SQLite takes it: one with a lone surrogate as bytes."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def unpack_text(text: Text) -> str:
    """Give the text again; raises ValueError for what is none."""
    if isinstance(text, str):
        return text
    if isinstance(text, bytes):
        return text.decode("utf-8", "surrogatepass")
    raise ValueError(f"no text: {text!r}")


def check_storable(key: VerdictKey, verdict: Verdict) -> None:
    """Raise ValueError for a verdict that must never be found in a store.

    That is a failure (what could not be had is asked again), a panel's (each of its
    seats has a verdict of its own), one about something else than its key says, and
    one with a number that is none.
    """
    if verdict.ruling is None or verdict.failure is not None:
        raise ValueError("only rulings are stored; a failure is asked again")
    if verdict.ballots:
        raise ValueError("a panel's verdict is not stored, those of its seats are")
    if verdict.provenance.response != key.response:
        raise ValueError("the verdict's provenance names another response")
    _check_numbers(verdict.probability, verdict.at)


def _check_numbers(probability: float | None, at: float | None) -> None:
    if probability is not None and not 0.0 <= probability <= 1.0:
        raise ValueError(f"a probability lies in [0, 1], not {probability}")
    if at is not None and not math.isfinite(at):
        raise ValueError(f"a time must be finite, not {at}")


def pack_verdict(ruling: Ruling, verdict: Verdict, model: int | None) -> VerdictRow:
    """Give the row of a verdict that `check_storable` lets pass, and of its ruling."""
    evidence, reason = verdict.evidence, verdict.reason
    return (
        _WORDS[ruling.word],
        ruling.number,
        verdict.probability,
        verdict.at,
        model,
        None if evidence is None else pack_text(evidence),
        None if reason is None else pack_text(reason),
    )


def unpack_ruling(word: int, number: float | None) -> Ruling:
    """Give the ruling again; raises ValueError for what is none."""
    if number is None and word in _PLAIN:
        return _PLAIN[word]
    if number is None or word not in _NUMBERED:
        raise ValueError(f"no ruling: word {word}, number {number}")
    return Ruling(_NUMBERED[word], number)


# Verdicts come back by the hundred thousand.  To write the slots of a frozen class
# directly takes a quarter of the time of its constructor, whose only other work is
# to bring in defaults.
_new_verdict = Verdict.__new__
_slot = vars(Verdict)
_set_ruling = _slot["ruling"].__set__
_set_failure = _slot["failure"].__set__
_set_probability = _slot["probability"].__set__
_set_evidence = _slot["evidence"].__set__
_set_reason = _slot["reason"].__set__
_set_ballots = _slot["ballots"].__set__
_set_cached = _slot["cached"].__set__
_set_asked = _slot["asked"].__set__
_set_at = _slot["at"].__set__
_set_provenance = _slot["provenance"].__set__


def unpack_verdicts(
    response: str,
    rows: Iterable[tuple[Any, ...]],
    judges: Mapping[int, StoredJudge],
    models: Mapping[int, str],
    found: dict[tuple[str, str], Verdict],
) -> None:
    """Make the verdicts of rows again, as those for which nobody was asked.

    A row is question, number of the judge, and a `VerdictRow`; its verdict is put into
    ``found``, by the digests of question and judge.  Raises LookupError for a judge or
    model that is not among those given, and AttributeError, TypeError or ValueError
    for a row that holds no verdict.
    """
    provenances: dict[tuple[int, int | None], Provenance] = {}
    for packed, by, word, number, probability, at, model, evidence, reason in rows:
        if not (
            (at is None or -math.inf < at < math.inf)
            and (probability is None or 0.0 <= probability <= 1.0)
        ):
            _check_numbers(probability, at)
        judge = judges[by]
        provenance = provenances.get((by, model))
        if provenance is None:
            provenance = provenances[by, model] = Provenance(
                judge=judge.name,
                response=response,
                settings=judge.settings,
                template=judge.template,
                model=None if model is None else models[model],
            )
        verdict = _new_verdict(Verdict)
        ruling = _PLAIN.get(word) if number is None else None
        _set_ruling(verdict, unpack_ruling(word, number) if ruling is None else ruling)
        _set_failure(verdict, None)
        _set_probability(verdict, probability)
        is_text = not evidence or type(evidence) is str
        _set_evidence(verdict, evidence if is_text else unpack_text(evidence))
        is_text = not reason or type(reason) is str
        _set_reason(verdict, reason if is_text else unpack_text(reason))
        _set_ballots(verdict, ())
        _set_cached(verdict, True)  # noqa: FBT003 - a slot's value
        _set_asked(verdict, True)  # noqa: FBT003 - a slot's value
        _set_at(verdict, at)
        _set_provenance(verdict, provenance)
        found[_hexadecimal(packed), judge.digest] = verdict


# The same questions come with one response after another, and are held once then.
@lru_cache(maxsize=4096)
def _hexadecimal(packed: bytes) -> str:
    return packed.hex()
