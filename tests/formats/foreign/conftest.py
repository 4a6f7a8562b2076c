"""What the tests of foreign formats share: our functions, loading, and binding."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.language.binding import bind
from rubricdsl.language.loading import load_text
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import BoundRubric, Rubric

DATA = Path(__file__).parents[3] / "../shared/data"


@pytest.fixture(scope="session")
def functions() -> FunctionTable:
    """Give the signatures of our own check functions."""
    return {f.signature.name: f.signature for f in builtin_functions()}


@pytest.fixture(scope="session")
def load(functions: FunctionTable) -> Callable[[str], Rubric]:
    """Give a function that loads source, which must be sound."""

    def load_sound(text: str) -> Rubric:
        (rubric,) = load_text(text, functions, folder=Path.cwd()).checked()
        return rubric

    return load_sound


@pytest.fixture(scope="session")
def bound(functions: FunctionTable) -> Callable[[Rubric], BoundRubric]:
    """Give a function that binds a rubric."""
    return lambda rubric: bind(rubric, functions)


@pytest.fixture
def data() -> Path:
    """Give the folder of real data; skip where there is none."""
    if not DATA.is_dir():
        pytest.skip("the folder `shared/data` is not beside this checkout")
    return DATA
