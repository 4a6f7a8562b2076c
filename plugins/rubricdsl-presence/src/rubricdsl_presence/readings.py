"""The two ways in which responses are read: by meaning, or by words alone."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rubricdsl_presence.features import (
    ALIGNED_SENSE,
    LEXICAL_SENSE,
    RECALL_SENSE,
    ReadClaim,
    ReadText,
    Row,
    lexical_rows,
)
from rubricdsl_presence.pinned import WeightsError

if TYPE_CHECKING:
    from rubricdsl_presence.encoder import MiniLM

MEANING = "minilm-l6-v2"
WORDS = "recall"


class Reading(Protocol):
    """A way of reading: gives features of sentences in the order of its model."""

    @property
    def name(self) -> str:
        """Its name in ``coefficients.json`` and in provenance."""
        ...

    @property
    def sense(self) -> dict[str, int]:
        """Its features, and whether more of each speaks for a claim or against."""
        ...

    def rows(self, text: ReadText, claims: Sequence[ReadClaim]) -> list[list[Row]]:
        """Give for each claim a row for each sentence."""
        ...


class ByWords:
    """Reads stems, numbers, names and words that deny or contrast."""

    name = WORDS
    sense = LEXICAL_SENSE

    def rows(self, text: ReadText, claims: Sequence[ReadClaim]) -> list[list[Row]]:
        """Give for each claim a row for each sentence."""
        return [lexical_rows(claim, text) for claim in claims]


class ByMeaning:
    """Reads the same, and how near the words of claim and sentence are in meaning.

    Raises `WeightsError` on creation if the weights are not those it was fitted
    with, or numpy is missing; they are loaded when the first response is read.
    """

    name = MEANING
    # The encoder takes the place of counting shared words.
    sense = ALIGNED_SENSE | {
        name: sense for name, sense in LEXICAL_SENSE.items() if name not in RECALL_SENSE
    }

    def __init__(self, weights: Path | None = None) -> None:
        self._weights = _trusted_weights(weights)

    def rows(self, text: ReadText, claims: Sequence[ReadClaim]) -> list[list[Row]]:
        """Give for each claim a row for each sentence."""
        from rubricdsl_presence.alignment import Alignment

        alignment = Alignment(_encoder(self._weights), text, claims)
        return [
            [
                (*aligned, *lexical[len(RECALL_SENSE) :])
                for aligned, lexical in zip(
                    alignment.rows(claim, text), lexical_rows(claim, text), strict=True
                )
            ]
            for claim in claims
        ]


@cache
def _trusted_weights(path: Path | None) -> Path:
    try:
        from rubricdsl_presence import encoder
    except ImportError as error:
        raise WeightsError(f"numpy cannot be imported ({error})") from None
    path = path or encoder.installed_weights()
    encoder.check_weights(path)
    return path


@cache
def _encoder(path: Path) -> "MiniLM":
    from rubricdsl_presence.encoder import MiniLM

    return MiniLM.load(path)
