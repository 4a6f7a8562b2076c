"""What a GGUF file says of itself, and which file it is, without loading it.

The format is a header, metadata by key, descriptions of the tensors and then the
tensors (GGUF, versions 2 and 3, little-endian).  Only as much is read as is needed.
"""

import hashlib
import os
import struct
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NoReturn

from attrs import frozen

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST_KEYS = 100_000
_LONGEST_KEY = 65_535
_LONGEST_TEXT = 2**20
# No file is as long; systems refuse to look for what is beyond their own bounds.
_FARTHEST = 2**40

_STRING, _ARRAY = 8, 9
_NUMBERS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_SCALARS = frozenset({_STRING, *_NUMBERS})

# Up to here a file is read whole to tell it from others; of a larger one its
# beginning, where all metadata is, and pieces at even distances.
_WHOLE = 32 * 2**20
_BEGINNING = 4 * 2**20
_PIECES = 256
_PIECE = 64 * 2**10


class GgufError(ValueError):
    """A file that is no model in GGUF; the text says why."""


@frozen(kw_only=True)
class ModelCard:
    """What a file says of the model in it.

    ``context_tokens`` is the longest text that it was trained on.  ``kind`` is
    ``model``, or what else a file can hold, such as an ``adapter``.
    """

    architecture: str
    kind: str = "model"
    name: str | None = None
    context_tokens: int | None = None


def read_card(path: Path) -> ModelCard:
    """Read a file's metadata up to what is wanted.

    Raises:
        GgufError: for a file that is not GGUF, or that is cut.
        OSError: for one that cannot be read.
    """
    with path.open("rb") as file:
        try:
            return _read_card(file)
        except struct.error:
            raise GgufError("it ends within its metadata") from None


def _read_card(file: BinaryIO) -> ModelCard:
    magic = file.read(4)
    if magic != _MAGIC:
        raise GgufError("it does not begin as GGUF files do")
    (version,) = _unpack(file, "<I")
    if version not in _VERSIONS:
        raise GgufError(f"it is GGUF of version {version}, which is not known here")
    _, count = _unpack(file, "<QQ")
    found: dict[str, object] = {}
    for _ in range(min(int(count), _MOST_KEYS)):
        key = _text(file, _LONGEST_KEY)
        (kind,) = _unpack(file, "<I")
        value = _value(file, int(kind))
        if value is not None:
            found[key] = value
        architecture = found.get("general.architecture")
        # What is said of the model in general comes first, and of its words last.
        if f"{architecture}.context_length" in found or key.startswith("tokenizer."):
            break
    architecture = found.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise GgufError("it names no architecture")
    kind_named, name = found.get("general.type"), found.get("general.name")
    context = found.get(f"{architecture}.context_length")
    return ModelCard(
        architecture=architecture,
        kind=kind_named if isinstance(kind_named, str) else "model",
        name=name if isinstance(name, str) and name.strip() else None,
        context_tokens=context if isinstance(context, int) and context > 0 else None,
    )


def _value(file: BinaryIO, kind: int) -> object:
    """Read a value; None for an array, which is passed over."""
    if kind == _STRING:
        return _text(file, _LONGEST_TEXT)
    if kind in _NUMBERS:
        return _unpack(file, _NUMBERS[kind])[0]
    if kind != _ARRAY:
        _garbled()
    inner, count = _unpack(file, "<IQ")
    if inner not in _SCALARS:
        _garbled()
    if inner == _STRING:
        for _ in range(count):
            (length,) = _unpack(file, "<Q")
            _skip(file, length)
    else:
        _skip(file, count * struct.calcsize(_NUMBERS[inner]))
    return None


def _skip(file: BinaryIO, count: int) -> None:
    if count > _FARTHEST:
        _garbled()
    file.seek(count, os.SEEK_CUR)


def _text(file: BinaryIO, longest: int) -> str:
    (length,) = _unpack(file, "<Q")
    if length > longest:
        _garbled()
    raw = file.read(length)
    if len(raw) < length:
        raise GgufError("it ends within its metadata")
    return raw.decode("utf-8", "replace")


def _unpack(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _garbled() -> NoReturn:
    raise GgufError("its metadata cannot be read")


def fingerprint(path: Path) -> str:
    """Give 32 hexadecimal digits that tell a file from others, wherever it lies.

    They depend on its size and contents, not on its name or age.  A file of more
    than 32 MiB is not read whole, for some have hundreds of gigabytes: its first
    4 MiB and 256 pieces of 64 KiB at even distances stand for it.
    """
    status = path.stat()
    return _fingerprint(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _fingerprint(path: Path, size: int, _: int) -> str:
    seen = hashlib.sha256(f"{size}:".encode())
    with path.open("rb") as file:
        if size <= _WHOLE:
            seen.update(file.read())
        else:
            seen.update(file.read(_BEGINNING))
            step = (size - _BEGINNING - _PIECE) / (_PIECES - 1)
            for number in range(_PIECES):
                file.seek(_BEGINNING + int(number * step))
                seen.update(file.read(_PIECE))
    return seen.hexdigest()[:32]
