"""How text becomes the pieces that the encoder knows (uncased BERT WordPiece).

The vocabulary, ``vocab.txt``, is that of Google's ``bert-base-uncased``
(Apache-2.0), with which the encoder was trained; it is checked against its
digest when it is read.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files

from attrs import frozen

from rubricdsl_presence.pinned import VOCABULARY_SHA256, verify

_LONGEST_WORD = 100
_KEPT_WORDS = 50_000
_CONTINUES = "##"
_IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
# In ASCII, what is no blank is a letter, a digit or a sign, or is left out.
_ASCII_WORD = re.compile(r"[a-z0-9]+|[^a-z0-9 \t\n\r]")
_DROPPED = {
    code: None
    for code in range(128)
    if not chr(code).isprintable() and chr(code) not in "\t\n\r"
}


def _stands_alone(char: str) -> bool:
    code = ord(char)
    if 33 <= code <= 126 and not char.isalnum():  # noqa: PLR2004 - ASCII signs
        return True
    return unicodedata.category(char).startswith("P") or any(
        low <= code <= high for low, high in _IDEOGRAPHS
    )


def _words(text: str) -> Iterator[str]:
    """Give lower-case words without accents; every sign is a word of its own."""
    if text.isascii():
        return iter(_ASCII_WORD.findall(text.lower().translate(_DROPPED)))
    return _wide_words(text)


def _wide_words(text: str) -> Iterator[str]:
    word: list[str] = []
    for char in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(char)
        if category == "Mn":
            continue
        if char in "\t\n\r" or category == "Zs":
            yield "".join(word)
            word = []
        elif category.startswith("C") or char == "\ufffd":
            continue
        elif _stands_alone(char):
            yield "".join(word)
            word = []
            yield char
        else:
            word.append(char)
    yield "".join(word)


@frozen
class Pieces:
    """The pieces of a text: ids in the vocabulary, and the word of each."""

    ids: tuple[int, ...]
    words: tuple[str, ...]


class WordPiece:
    """Splits text by longest match against the vocabulary."""

    def __init__(self, vocabulary: list[str]) -> None:
        self._ids = {piece: number for number, piece in enumerate(vocabulary)}
        self._known: dict[str, tuple[int, ...]] = {}
        self.unknown = self._ids["[UNK]"]
        self.begin = self._ids["[CLS]"]
        self.end = self._ids["[SEP]"]
        self.padding = self._ids["[PAD]"]

    @classmethod
    def load(cls) -> "WordPiece":
        """Read the vocabulary in this package.

        Raises `rubricdsl_presence.pinned.WeightsError` if it is not the one
        that the encoder was trained with.
        """
        data = (files("rubricdsl_presence") / "vocab.txt").read_bytes()
        verify("vocab.txt", data, VOCABULARY_SHA256)
        return cls(data.decode("utf-8").split("\n")[:-1])

    def split(self, text: str) -> Pieces:
        """Split ``text``; what the vocabulary does not cover is unknown.

        There is always at least one piece.
        """
        ids: list[int] = []
        words: list[str] = []
        for word in _words(text):
            if word:
                pieces = self._pieces_of(word)
                ids.extend(pieces)
                words.extend([word] * len(pieces))
        return Pieces(tuple(ids) or (self.unknown,), tuple(words) or ("",))

    def _pieces_of(self, word: str) -> tuple[int, ...]:
        """Give the pieces of a word; those of many words are kept."""
        pieces = self._known.get(word)
        if pieces is None:
            pieces = tuple(self._pieces(word))
            if len(self._known) < _KEPT_WORDS:
                self._known[word] = pieces
        return pieces

    def _pieces(self, word: str) -> list[int]:
        if len(word) > _LONGEST_WORD:
            return [self.unknown]
        pieces = []
        start = 0
        while start < len(word):
            mark = _CONTINUES if start else ""
            for end in range(len(word), start, -1):
                piece = self._ids.get(mark + word[start:end])
                if piece is not None:
                    break
            else:
                return [self.unknown]
            pieces.append(piece)
            start = end
        return pieces


@cache
def _splitter() -> WordPiece:
    return WordPiece.load()


@lru_cache(maxsize=512)
def count_pieces(text: str) -> int:
    """Count the pieces of a text; the same texts come up in many requests.

    Raises `rubricdsl_presence.pinned.WeightsError` as `WordPiece.load`.
    """
    return len(_splitter().split(text).ids) if text.strip() else 0
