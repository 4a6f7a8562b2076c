"""The suite for judge backends, on this one, with a model that is made here.

It is as small as llama.cpp takes one, and always of one mind: what holds of every
judge, whatever its model knows, needs no other.
"""

import asyncio
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.testing.backend_suite import BackendSuite, Refused
from rubricdsl_llamacpp import judge

NO_MODEL = str(Path(__file__))

_WIDTH = 64
_CONTEXT = 16_384
_ALIGNMENT = 32
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6

# Every text can be written in bytes; these are tokens of their own, each put together
# from shorter ones.  The first is how the tokenizer writes a space.
_WORDS = ("\u2581", "y", "e", "s", "n", "o", "es", "yes", "no")
_BYTE_NAMES = [f"<0x{byte:02X}>" for byte in range(256)]
_TOKENS = (
    ("<unk>", _UNKNOWN),
    ("<s>", _CONTROL),
    ("</s>", _CONTROL),
    *((name, _BYTE) for name in _BYTE_NAMES),
    *((word, _NORMAL) for word in _WORDS),
)
# How likely it finds each, whatever it has read: where a grammar lets it, it ends a
# text at once, says yes rather than no, and writes no more spaces than it must.
_LOGITS = {
    _BYTE_NAMES[ord('"')]: 5.0,
    "yes": 4.0,
    "no": 3.0,
    **{_BYTE_NAMES[ord(sign)]: 2.0 for sign in ":,}"},
}


def write_model(path: Path) -> None:
    """Write a model of one layer that adds nothing to what it is given."""
    keys = [
        _key("general.architecture", _STRING, _text("llama")),
        _key("general.name", _STRING, _text("made for tests")),
        _key("llama.attention.layer_norm_rms_epsilon", _FLOAT32, _pack("<f", 1e-5)),
        *(
            _key(f"llama.{name}", _UINT32, _pack("<I", value))
            for name, value in (
                ("context_length", _CONTEXT),
                ("embedding_length", _WIDTH),
                ("feed_forward_length", _WIDTH),
                ("block_count", 1),
                ("attention.head_count", 1),
                ("attention.head_count_kv", 1),
                ("rope.dimension_count", _WIDTH),
            )
        ),
        _key("tokenizer.ggml.model", _STRING, _text("llama")),
        # What it writes must begin as a grammar says, without a space before.
        _key("tokenizer.ggml.add_space_prefix", _BOOL, b"\0"),
        _list("tokens", _STRING, [_text(word) for word, _ in _TOKENS]),
        _list("scores", _FLOAT32, [_pack("<f", len(word)) for word, _ in _TOKENS]),
        _list("token_type", _INT32, [_pack("<i", kind) for _, kind in _TOKENS]),
    ]
    tensors = list(_tensors())
    infos, offset = b"", 0
    for name, shape, values in tensors:
        infos += _text(name) + _pack("<I", len(shape))
        infos += _pack(f"<{len(shape)}QIQ", *shape, 0, offset)
        offset += len(values)
    head = b"GGUF" + _pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys) + infos
    path.write_bytes(
        head
        + bytes(-len(head) % _ALIGNMENT)
        + b"".join(values for _, _, values in tensors)
    )


def _tensors() -> Iterator[tuple[str, tuple[int, ...], bytes]]:
    """Give each tensor's name, shape and numbers; all rows are of the same width."""
    ones, zeros = _pack(f"<{_WIDTH}f", *[1.0] * _WIDTH), bytes(4 * _WIDTH)
    words = len(_TOKENS)
    yield "token_embd.weight", (_WIDTH, words), ones * words
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        yield f"{name}.weight", (_WIDTH,), ones
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        yield f"blk.0.{name}.weight", (_WIDTH, _WIDTH), zeros * _WIDTH
    for name in ("ffn_gate", "ffn_up", "ffn_down"):
        yield f"blk.0.{name}.weight", (_WIDTH, _WIDTH), zeros * _WIDTH
    rows = [[_LOGITS.get(word, 0.0) / _WIDTH] * _WIDTH for word, _ in _TOKENS]
    likely = b"".join(_pack(f"<{_WIDTH}f", *row) for row in rows)
    yield "output.weight", (_WIDTH, words), likely


def _pack(form: str, *values: float) -> bytes:
    return struct.pack(form, *values)


def _text(value: str) -> bytes:
    raw = value.encode()
    return _pack("<Q", len(raw)) + raw


def _key(name: str, kind: int, raw: bytes) -> bytes:
    return _text(name) + _pack("<I", kind) + raw


def _list(name: str, kind: int, values: Sequence[bytes]) -> bytes:
    raw = _pack("<IQ", kind, len(values)) + b"".join(values)
    return _key(f"tokenizer.ggml.{name}", _ARRAY, raw)


@pytest.fixture(scope="module")
def resident(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JudgeSettings]:
    """Keep the model in memory, so that not every test loads it anew."""
    pytest.importorskip("xllamacpp", reason="xllamacpp is not installed")
    path = tmp_path_factory.mktemp("made") / "made.gguf"
    write_model(path)
    settings = JudgeSettings(
        backend="llamacpp",
        model=str(path),
        options={"parallel": 2.0, "threads": 1.0},
    )
    made = judge.create(settings, {})
    made.prepare()
    yield settings
    asyncio.run(made.close())


class TestLlamaCpp(BackendSuite):
    """The judge `llamacpp`, with a model that knows nothing."""

    distribution = "rubricdsl-llamacpp"
    offer = judge.OFFER
    refused = (
        Refused(JudgeSettings(backend="llamacpp"), code="D205"),
        Refused(JudgeSettings(backend="llamacpp", model="none.gguf"), code="D205"),
        Refused(JudgeSettings(backend="llamacpp", model=NO_MODEL), code="D205"),
    )

    @pytest.fixture(autouse=True)
    def _found(self, resident: JudgeSettings) -> None:
        self._settings = resident

    def settings_in(self, folder: Path) -> JudgeSettings:
        """Ask the model that is in memory already."""
        del folder
        return self._settings
