"""Sentences, words, pieces and the encoder."""

import contextlib
import hashlib
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl_presence.encoder import MiniLM, installed_weights
from rubricdsl_presence.features import LEXICAL_SENSE, ReadClaim, ReadText, lexical_rows
from rubricdsl_presence.onnx_tensors import read_tensors
from rubricdsl_presence.pinned import VOCABULARY_SHA256, WeightsError, verify
from rubricdsl_presence.sentences import split_sentences
from rubricdsl_presence.statements import Claim
from rubricdsl_presence.wordpiece import WordPiece
from rubricdsl_presence.words import CONTRASTS, is_negation, split_words, stem


@pytest.fixture(scope="module")
def encoder() -> MiniLM:
    return MiniLM.load(installed_weights())


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Lee met J. Smith, e.g. today.", ["Dr. Lee met J. Smith, e.g. today."]),
        ("It costs 3.5 euros. Cheap.", ["It costs 3.5 euros.", "Cheap."]),
        ("# Title\n\n- **Bold.** Text\n2. Two", ["Title", "Bold.", "Text", "Two"]),
        ("| a | b |\n|---|---|\n| c | d |", ["a b", "c d"]),
        ("```\nx = 1\n```", ["x = 1"]),
        ("See [the docs](http://x.y/z) now.", ["See the docs now."]),
        ("a line that was wrapped by an editor at about sixty signs\nends here.", 1),
        ("Roses are red,\nviolets are blue", ["Roses are red,", "violets are blue"]),
        ("", []),
        ("--- ...", []),
    ],
)
def test_sentences(text: str, sentences: list[str] | int) -> None:
    found = [sentence.plain for sentence in split_sentences(text)]
    assert found == sentences if isinstance(sentences, list) else len(found) == 1


@given(st.text())
def test_sentences_are_in_order_and_lose_no_letter(text: str) -> None:
    found = split_sentences(text)
    ends = [0] + [s.end for s in found]
    assert all(end <= s.start < s.end for end, s in zip(ends, found, strict=False))
    kept = sum(map(str.isalnum, "".join(text[s.start : s.end] for s in found)))
    assert kept <= sum(map(str.isalnum, text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,000", "1000"),
        ("two", "2"),
        ("4.2 million", "4,200,000"),
        ("3.50", "3.5"),
        ("ninety", "90"),
        ("recommends", "recommended"),
        ("running", "runs"),
        ("payments", "payment"),
        ("organisations", "organisation"),
    ],
)
def test_words_that_are_the_same(one: str, other: str) -> None:
    assert [w.stem for w in split_words(one)] == [w.stem for w in split_words(other)]


@given(st.text(alphabet="0123456789.,\u00b2\u0663\u2009 million", max_size=60))
def test_any_digits_are_read(text: str) -> None:
    assert all(word.stem for word in split_words(text) if word.number)


def test_very_long_numbers_stay_as_they_are() -> None:
    digits = "7" * 100_000
    assert [word.stem for word in split_words(digits)] == [digits]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("caresses", "caress"),
        ("ponies", "poni"),
        ("plastered", "plaster"),
        ("hopping", "hop"),
        ("relational", "relat"),
        ("conditional", "condit"),
        ("electricity", "electr"),
        ("oscillators", "oscil"),
        ("sky", "sky"),
    ],
)
def test_stems_are_porters(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_contrasts_go_both_ways() -> None:
    assert all(w in CONTRASTS[o] for w, others in CONTRASTS.items() for o in others)


def test_negations() -> None:
    assert [
        w.text for w in split_words("He didn\u2019t go, nor never") if is_negation(w)
    ] == [
        "didn\u2019t",
        "nor",
        "never",
    ]


@pytest.mark.parametrize(
    ("claim", "sentence", "feature"),
    [
        ("the shop is open", "The shop is not open.", "denied"),
        ("the shop is never open", "The shop is open.", "denial_missing"),
        ("the price rises", "The price falls.", "contrast"),
        ("the shop in Ghent", "The shop in Leuven.", "name_missing"),
        ("it takes 5 days", "It takes 7 days.", "number_replaced"),
        ("it takes 5 days", "It takes days.", "number_unsaid"),
    ],
)
def test_what_speaks_against_a_claim(claim: str, sentence: str, feature: str) -> None:
    place = list(LEXICAL_SENSE).index(feature)
    (row,) = lexical_rows(ReadClaim(Claim(claim, "state")), ReadText(sentence))
    assert row[place] > 0
    (same,) = lexical_rows(ReadClaim(Claim(claim, "state")), ReadText(claim))
    assert same[place] == 0


KEYWORDS = """
Fever, rash, glass test, stiff neck, breathing, dose, weight, virus, doctor, seizure,
fluids, thermometer, urine, sponging.
"""
ITEM = "Water, milk, broth, diluted juice, ice lollies."
PROSE = """
Get help at once if she has trouble breathing, a stiff neck or a rash that does not fade
when you press a glass on it.
"""


def test_a_run_of_keywords_is_no_sentence() -> None:
    assert [
        sentence.is_keyword_run
        for text in (KEYWORDS, ITEM, PROSE)
        for sentence in ReadText(text).sentences
    ] == [True, False, False]


def test_what_two_sentences_say_together_counts_for_both() -> None:
    place = list(LEXICAL_SENSE).index("response_recall")
    text = ReadText("The kettle is red. It came from Ghent.")
    claim = ReadClaim(Claim("a red kettle from Ghent", "state"))
    rows = lexical_rows(claim, text)
    assert [row[place] for row in rows] == [1.0, 1.0]


def test_the_vocabulary_is_the_pinned_one() -> None:
    data = (files("rubricdsl_presence") / "vocab.txt").read_bytes()
    assert hashlib.sha256(data).hexdigest() == VOCABULARY_SHA256
    with pytest.raises(WeightsError, match=r"vocab\.txt is not the file"):
        verify("vocab.txt", data + b"\n", VOCABULARY_SHA256)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Unbelievable naïveté!", ["unbelievable", "naivete", "!"]),
        ("it's 3.5%", ["it", "'", "s", "3", ".", "5", "%"]),
        ("日本", ["日", "本"]),
        ("", [""]),
    ],
)
def test_pieces(text: str, words: list[str]) -> None:
    pieces = WordPiece.load().split(text)
    assert list(dict.fromkeys(pieces.words)) == words


def test_known_ids() -> None:
    pieces = WordPiece.load().split("hello world")
    assert pieces.ids == (7592, 2088)


def test_the_encoder_knows_what_is_alike(encoder: MiniLM) -> None:
    car, auto, soup = encoder.encode(
        ["The car is parked.", "The automobile stands still.", "I like tomato soup."]
    )
    assert car.whole @ auto.whole > car.whole @ soup.whole + 0.3


REFERENCE = [0.080459, 0.009668, -0.016928, 0.063916]


def test_known_vector(encoder: MiniLM) -> None:
    """The reference is onnxruntime 1.32 on the same file."""
    (encoding,) = encoder.encode(["The capital of Australia is Canberra."])
    assert encoding.whole[:4] == pytest.approx(REFERENCE, abs=1e-4)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_batching_changes_nothing(encoder: MiniLM, texts: list[str]) -> None:
    together = encoder.encode(texts)
    for text, encoding in zip(texts, together, strict=True):
        (alone,) = encoder.encode([text])
        assert np.allclose(alone.pieces, encoding.pieces, atol=1e-4)
        assert np.allclose(np.linalg.norm(encoding.pieces, axis=1), 1, atol=1e-4)


@pytest.mark.parametrize(
    "data", [b"\x3a\xff", b"\xff\xff", b"\x3b", b"\x3a\x05\x2a\x09"]
)
def test_a_broken_file_of_weights_is_refused(data: bytes) -> None:
    with pytest.raises(WeightsError):
        read_tensors(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(WeightsError):
        assert isinstance(read_tensors(data), dict)


@given(st.text(st.characters(max_codepoint=127)))
def test_words_of_ascii_are_split_as_all_words_are(text: str) -> None:
    splitter = WordPiece.load()
    # The last letter is not ASCII, so the whole goes the longer way.
    assert splitter.split(f"{text} a").ids == splitter.split(f"{text} \u00e1").ids
