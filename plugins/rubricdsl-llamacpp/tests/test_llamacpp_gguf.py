"""What is read of a GGUF file before it is loaded."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl_llamacpp.gguf import GgufError, ModelCard, fingerprint, read_card
from tests.judging.gguf_files import ARCHITECTURE, CONTEXT
from tests.judging.gguf_files import gguf_header as header
from tests.judging.gguf_files import gguf_key as key
from tests.judging.gguf_files import gguf_text as text

_TEXT, _ARRAY, _UINT32 = 8, 9, 4


WORDS = key(
    "some.words",
    _ARRAY,
    struct.pack("<IQ", _TEXT, 2) + text("a") + text("b"),
)


def card_of(folder: Path, raw: bytes) -> ModelCard:
    file = folder / "model.gguf"
    file.write_bytes(raw)
    return read_card(file)


@settings(max_examples=60, deadline=None)
@given(
    name=st.text(min_size=1, max_size=20).filter(str.strip),
    context=st.integers(1, 2**32 - 1),
    order=st.permutations(range(3)),
)
def test_what_was_written_is_read(
    name: str, context: int, order: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys = [
        key("general.name", _TEXT, text(name)),
        WORDS,
        key("general.type", _TEXT, text("model")),
    ]
    raw = header(
        *[keys[n] for n in order],
        ARCHITECTURE,
        key("llama.context_length", _UINT32, struct.pack("<I", context)),
    )
    card = card_of(tmp_path_factory.getbasetemp(), raw)
    assert card == ModelCard(architecture="llama", name=name, context_tokens=context)


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=200), length=st.integers(0, 200))
def test_what_is_no_model_is_refused_and_breaks_nothing(
    raw: bytes, length: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole = header(ARCHITECTURE, WORDS)
    for wrong in (raw, whole[:length] + raw, header(raw)):
        try:
            card = card_of(folder, wrong)
        except GgufError:
            continue
        assert card.architecture


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "does not begin"),
        (b"GGML" + bytes(20), "does not begin"),
        (header(ARCHITECTURE, version=1), "version 1"),
        (header(ARCHITECTURE, CONTEXT)[:-3], "ends within"),
        (header(CONTEXT), "no architecture"),
        (header(key("x", 99, b"")), "cannot be read"),
        (header(text("x" * 70_000)), "cannot be read"),
    ],
)
def test_the_reason_is_told(raw: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(GgufError, match=reason):
        card_of(tmp_path, raw)


def test_a_file_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    one, copy, other = (tmp_path / name for name in ("one", "copy", "other"))
    one.write_bytes(b"GGUF" + bytes(1000))
    copy.write_bytes(one.read_bytes())
    other.write_bytes(b"GGUF" + bytes(999) + b"\1")
    assert fingerprint(one) == fingerprint(copy) != fingerprint(other)
    before = fingerprint(one)
    one.write_bytes(other.read_bytes() + b"\0")
    assert fingerprint(one) != before


def test_of_a_large_file_a_changed_layer_is_seen(tmp_path: Path) -> None:
    """A layer is some hundredth of a model; one byte may be missed, and is said to."""
    file = tmp_path / "large.gguf"
    size, layer = 40 * 2**20, 2**20
    file.write_bytes(bytes(size))
    seen = {fingerprint(file)}
    for start in range(0, size, 8 * layer):
        with file.open("r+b") as opened:
            opened.seek(start)
            opened.write(b"\1" * layer)
        seen.add(fingerprint(file))
    assert len(seen) == 1 + size // (8 * layer)
