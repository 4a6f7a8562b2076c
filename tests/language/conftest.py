"""What the tests of the language share: the functions, and the examples."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.language.loading import Loaded, load_text
from rubricdsl.model.protocols import FunctionTable

SHARED = Path(__file__).resolve().parents[3] / "shared" / "conformance"


@pytest.fixture(scope="session")
def functions() -> FunctionTable:
    """Give the signatures of the functions of the language reference."""
    return {f.signature.name: f.signature for f in builtin_functions()}


@pytest.fixture
def load(functions: FunctionTable, tmp_path: Path) -> Callable[[str], Loaded]:
    """Give a function that loads source text in an empty folder."""

    def load_in_empty_folder(text: str) -> Loaded:
        return load_text(text, functions, folder=tmp_path)

    return load_in_empty_folder


@pytest.fixture(scope="session")
def conformance() -> Path:
    """Give the folder of conformance examples; skip where there is none."""
    if not SHARED.is_dir():
        pytest.skip("the conformance examples are not beside the repository")
    return SHARED
