"""The stored tensors of an ONNX file, without the onnx package.

An ONNX file is a protocol buffer.  Of its graph only the initialisers are read:
ModelProto.graph is field 7, GraphProto.initializer field 5, and in TensorProto
dims is field 1, data_type 2, name 8 and raw_data 9.
"""

from collections.abc import Iterator
from math import prod

import numpy as np
import numpy.typing as npt

from rubricdsl_presence.pinned import WeightsError

Tensor = npt.NDArray[np.generic]

_GRAPH, _INITIALIZER = 7, 5
_DIMS, _DATA_TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9
_TYPES: dict[int, type[np.generic]] = {1: np.float32, 3: np.int8}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:  # noqa: PLR2004 - the top bit says that more follows
            return value, at
        shift += 7


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Give the fields of a message: numbers, and pieces for all that is longer."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            number, at = _varint(data, at)
            yield key >> 3, number
            continue
        if kind == _BYTES:
            length, at = _varint(data, at)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise WeightsError("the weights are not an ONNX file")
        if at + length > len(data):
            raise WeightsError("the ONNX file ends too early")
        yield key >> 3, data[at : at + length]
        at += length


def _packed(piece: int | memoryview) -> Iterator[int]:
    if isinstance(piece, int):
        yield piece
        return
    at = 0
    while at < len(piece):
        number, at = _varint(piece, at)
        yield number


def _tensor(data: memoryview) -> tuple[str, Tensor] | None:
    shape: list[int] = []
    name, kind, raw = "", 0, memoryview(b"")
    for field, value in _fields(data):
        if field == _DIMS:
            shape.extend(_packed(value))
        elif field == _DATA_TYPE and isinstance(value, int):
            kind = value
        elif field == _NAME and isinstance(value, memoryview):
            name = bytes(value).decode("utf-8")
        elif field == _RAW_DATA and isinstance(value, memoryview):
            raw = value
    if kind not in _TYPES:
        return None
    dtype = np.dtype(_TYPES[kind])
    if len(raw) != prod(shape) * dtype.itemsize:
        raise WeightsError(f"tensor {name!r} of the ONNX file has a wrong size")
    return name, np.frombuffer(raw, dtype=dtype).reshape(shape)


def read_tensors(data: bytes) -> dict[str, Tensor]:
    """Give the float32 and int8 tensors of an ONNX file by name.

    The arrays are views of ``data``.  Raises `WeightsError` for anything that
    is no ONNX file.
    """
    tensors: dict[str, Tensor] = {}
    try:
        for field, graph in _fields(memoryview(data)):
            if field != _GRAPH or not isinstance(graph, memoryview):
                continue
            for inner, value in _fields(graph):
                if inner == _INITIALIZER and isinstance(value, memoryview):
                    tensor = _tensor(value)
                    if tensor is not None:
                        tensors[tensor[0]] = tensor[1]
    except (IndexError, UnicodeDecodeError):
        raise WeightsError("the ONNX file ends too early") from None
    return tensors
