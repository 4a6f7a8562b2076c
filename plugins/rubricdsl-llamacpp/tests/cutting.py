"""A language model of fewer layers, cut from a real one: as fast as it is foolish.

What holds of every judge, whatever its model knows, is tested with it in a tenth of
the time.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from attrs import frozen

_ALIGNMENT = 32
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9


@frozen
class _Tensor:
    name: str
    shape: bytes
    offset: int


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


def _text(raw: bytes) -> bytes:
    return struct.pack("<Q", len(raw)) + raw


def _numbers(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))
