"""all-MiniLM-L6-v2 in numpy: what each piece of a text means in its context.

The model (Wang et al. 2020, "MiniLM", arXiv:2002.10957; trained on sentence
pairs by the sentence-transformers project, Apache-2.0) is a BERT of 6 layers, 12
heads and width 384.  The weights are stored as int8 with one scale for each row
or column and are multiplied out on loading, so that nothing but numpy is needed
to run it.
"""

import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from attrs import frozen
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from rubricdsl_presence.onnx_tensors import Tensor, read_tensors
from rubricdsl_presence.pinned import (
    WEIGHTS_DISTRIBUTION,
    WEIGHTS_FILE,
    WEIGHTS_PACKAGE,
    WEIGHTS_SHA256,
    WeightsError,
    verify,
)
from rubricdsl_presence.wordpiece import WordPiece

Floats = npt.NDArray[np.float32]

_LAYERS, _HEADS, _WIDTH = 6, 12, 384
_MATRICES_OF_A_LAYER = 6
_MOST_PIECES = 126
_BATCH_PIECES = 512
_TINY = 1e-12


@frozen
class Encoding:
    """An encoded text: unit rows for its pieces, and one for the whole.

    ``words`` are the words that the pieces belong to, ``ids`` the pieces'
    numbers in the vocabulary, which runs roughly from common to rare.
    """

    pieces: Floats
    whole: Floats
    words: tuple[str, ...]
    ids: tuple[int, ...]


@frozen
class _Layer:
    attention_in: Floats
    attention_in_bias: Floats
    attention_out: Floats
    attention_out_bias: Floats
    attention_norm: tuple[Floats, Floats]
    up: Floats
    up_bias: Floats
    down: Floats
    down_bias: Floats
    norm: tuple[Floats, Floats]


def _floats(tensor: Tensor) -> Floats:
    return np.asarray(tensor, dtype=np.float32)


def _normalise(x: Floats, weight_bias: tuple[Floats, Floats]) -> Floats:
    x = x - x.mean(axis=-1, keepdims=True)
    scale = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + _TINY)
    return _floats(x / scale * weight_bias[0] + weight_bias[1])


def _gelu(x: Floats) -> Floats:
    """Exact GELU; erf by Abramowitz and Stegun 7.1.26 (error below 1.5e-7)."""
    z = np.abs(x) * np.float32(0.7071067811865476)
    t = 1.0 / (1.0 + np.float32(0.3275911) * z)
    series = np.float32(1.061405429) * t + np.float32(-1.453152027)
    for coefficient in (1.421413741, -0.284496736, 0.254829592):
        series = series * t + np.float32(coefficient)
    erf = np.copysign(1.0 - series * t * np.exp(-z * z), x)
    return _floats(0.5 * x * (1.0 + erf))


def _unit(x: Floats) -> Floats:
    return _floats(x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), _TINY))


def installed_weights() -> Path:
    """Find the weights; raises `WeightsError` if they are not installed."""
    try:
        path = distribution(WEIGHTS_DISTRIBUTION).locate_file(
            f"{WEIGHTS_PACKAGE}/{WEIGHTS_FILE}"
        )
    except PackageNotFoundError:
        raise WeightsError(f"{WEIGHTS_DISTRIBUTION} is not installed") from None
    return Path(str(path))


def check_weights(path: Path) -> bytes:
    """Read the weights; raises `WeightsError` unless they are the pinned ones."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"the weights {path} cannot be read: {error.strerror}"
        ) from None
    verify(path.name, data, WEIGHTS_SHA256)
    return data


class MiniLM:
    """The encoder.  Create it with `load`; it is safe to use from one thread."""

    def __init__(self, tensors: dict[str, Tensor], splitter: WordPiece) -> None:
        self._splitter = splitter
        self._threads = ThreadpoolController()
        prefix = "inner.embeddings."
        self._rows = tensors[f"{prefix}word_embeddings.weight_q"]
        self._row_scales = _floats(tensors[f"{prefix}word_embeddings.weight_scale"])
        self._positions = _floats(
            tensors[f"{prefix}position_embeddings.weight_q"]
        ) * _floats(tensors[f"{prefix}position_embeddings.weight_scale"])
        self._positions = self._positions + _floats(
            tensors[f"{prefix}token_type_embeddings.weight"][0]
        )
        self._norm = (
            _floats(tensors[f"{prefix}LayerNorm.weight"]),
            _floats(tensors[f"{prefix}LayerNorm.bias"]),
        )
        # The exporter numbered the matrices in the order in which they are used.
        numbers = sorted(
            int(found[1])
            for name in tensors
            if (found := re.fullmatch(r"val_(\d+)_q", name))
        )
        if len(numbers) != _LAYERS * _MATRICES_OF_A_LAYER:
            raise WeightsError(f"{WEIGHTS_FILE} does not hold 6 layers of 6 matrices")
        matrices = [
            _floats(tensors[f"val_{n}_q"]) * _floats(tensors[f"val_{n}_scale"])
            for n in numbers
        ]
        self._layers = [
            self._layer(
                tensors,
                number,
                matrices[
                    number * _MATRICES_OF_A_LAYER : (number + 1) * _MATRICES_OF_A_LAYER
                ],
            )
            for number in range(_LAYERS)
        ]

    @staticmethod
    def _layer(
        tensors: dict[str, Tensor], number: int, matrices: list[Floats]
    ) -> _Layer:
        def stored(name: str) -> Floats:
            return _floats(tensors[f"inner.encoder.layer.{number}.{name}"])

        query, key, value, out, up, down = matrices
        return _Layer(
            attention_in=np.concatenate([query, key, value], axis=1),
            attention_in_bias=np.concatenate(
                [stored(f"attention.self.{n}.bias") for n in ("query", "key", "value")]
            ),
            attention_out=out,
            attention_out_bias=stored("attention.output.dense.bias"),
            attention_norm=(
                stored("attention.output.LayerNorm.weight"),
                stored("attention.output.LayerNorm.bias"),
            ),
            up=up,
            up_bias=stored("intermediate.dense.bias"),
            down=down,
            down_bias=stored("output.dense.bias"),
            norm=(stored("output.LayerNorm.weight"), stored("output.LayerNorm.bias")),
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the weights at ``path``.

        Raises `WeightsError` if the file cannot be read or is another one than
        the judge was fitted with.
        """
        return cls(read_tensors(check_weights(path)), WordPiece.load())

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Encode texts, each by itself; of a very long one, only the beginning."""
        split = [self._splitter.split(text) for text in texts]
        lengths = [min(len(pieces.ids), _MOST_PIECES) for pieces in split]
        encodings: dict[int, Encoding] = {}
        batch: list[int] = []
        # Texts of like length share a batch, so that little of it is padding.
        order = sorted(range(len(texts)), key=lambda n: lengths[n])
        for place, number in enumerate(order):
            batch.append(number)
            following = order[place + 1] if place + 1 < len(order) else None
            if (
                following is not None
                and (len(batch) + 1) * (lengths[following] + 2) <= _BATCH_PIECES
            ):
                continue
            ids = [split[n].ids[: lengths[n]] for n in batch]
            # On matrices this small, threads of the BLAS wait more than they work.
            with self._threads.limit(limits=1, user_api="blas"):
                states = self._states(ids)
            for n, row in zip(batch, states, strict=True):
                inner = row[1 : lengths[n] + 1]
                encodings[n] = Encoding(
                    _unit(inner),
                    _unit(row[: lengths[n] + 2].mean(axis=0)),
                    split[n].words[: lengths[n]],
                    split[n].ids[: lengths[n]],
                )
            batch = []
        return [encodings[n] for n in range(len(texts))]

    def _states(self, rows: Sequence[Sequence[int]]) -> Floats:
        """Give the last hidden states, shape (texts, pieces, width)."""
        marks = self._splitter
        length = max(len(row) for row in rows) + 2
        ids = np.full((len(rows), length), marks.padding)
        for n, row in enumerate(rows):
            ids[n, : len(row) + 2] = (marks.begin, *row, marks.end)
        padding = np.where(ids == marks.padding, np.float32(-1e9), np.float32(0))
        x = _floats(self._rows[ids]) * self._row_scales[ids]
        x = _normalise(_floats(x + self._positions[:length]), self._norm)
        for layer in self._layers:
            x = self._attend(x, padding[:, None, None, :], layer)
            inner = _gelu(_floats(x @ layer.up + layer.up_bias))
            x = _normalise(
                _floats(x + inner @ layer.down + layer.down_bias), layer.norm
            )
        return x

    @staticmethod
    def _attend(x: Floats, padding: Floats, layer: _Layer) -> Floats:
        texts, length, _ = x.shape
        heads = (x @ layer.attention_in + layer.attention_in_bias).reshape(
            texts, length, 3, _HEADS, _WIDTH // _HEADS
        )
        query, key, value = heads.transpose(2, 0, 3, 1, 4)
        scores = query @ key.transpose(0, 1, 3, 2)
        scores = scores * np.float32((_WIDTH // _HEADS) ** -0.5) + padding
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores = scores / scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(texts, length, _WIDTH)
        return _normalise(
            _floats(x + mixed @ layer.attention_out + layer.attention_out_bias),
            layer.attention_norm,
        )
