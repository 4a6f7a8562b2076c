"""How well the words of a claim find their like in each sentence, by meaning.

Every piece of the claim is aligned with the piece of the sentence that is nearest
in context, as in BERTScore (Zhang et al. 2020, arXiv:1904.09675), and what is
left open is measured: by the sentence alone, and by all sentences together.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rubricdsl_presence.encoder import Encoding, MiniLM
from rubricdsl_presence.features import ReadClaim, ReadText, Row
from rubricdsl_presence.words import STOP_WORDS, stem

_Mask = npt.NDArray[np.bool_]

# So many of the claim's pieces that find their like least count apart.
_LEAST_ALIGNED = 3


class Alignment:
    """The alignment of claims with one response, which is encoded once."""

    def __init__(
        self, encoder: MiniLM, text: ReadText, claims: Sequence[ReadClaim]
    ) -> None:
        sentences = [sentence.sentence.plain for sentence in text.sentences]
        encodings = encoder.encode([claim.claim.text for claim in claims] + sentences)
        self._claims = dict(zip(map(id, claims), encodings, strict=False))
        self._sentences = encodings[len(claims) :]
        self._pieces = (
            np.concatenate([s.pieces for s in self._sentences])
            if self._sentences
            else None
        )
        self._starts = np.cumsum([0, *(len(s.pieces) for s in self._sentences)])[:-1]

    def rows(self, claim: ReadClaim, text: ReadText) -> list[Row]:
        """Give a row for each sentence: `AlignedFeatures`."""
        if self._pieces is None:
            return []
        encoding = self._claims[id(claim)]
        content = _content(encoding)
        cosines = encoding.pieces[content] @ self._pieces.T
        # The nearest piece of each sentence: shape (pieces, sentences).
        gaps = 1.0 - np.maximum.reduceat(cosines, self._starts, axis=1)
        words = [w for w, kept in zip(encoding.words, content, strict=True) if kept]
        whole = np.sqrt(np.mean(gaps * gaps, axis=0))
        stems = [stem(word) for word in words]
        anywhere = np.sort(gaps.min(axis=1))
        response = (float(anywhere.mean()), float(anywhere[-_LEAST_ALIGNED:].mean()))
        rows: list[Row] = []
        for number, sentence in enumerate(text.sentences):
            missing = np.array(
                [not s.isdigit() and s not in sentence.stems for s in stems]
            )
            open_gap = gaps[missing, number].mean() if missing.any() else 0.0
            rows.append((float(whole[number]), float(open_gap), *response))
        return rows


def _content(encoding: Encoding) -> _Mask:
    mask = np.array(
        [word.isalnum() and word not in STOP_WORDS for word in encoding.words]
    )
    return mask if mask.any() else np.ones(len(encoding.words), dtype=np.bool_)
