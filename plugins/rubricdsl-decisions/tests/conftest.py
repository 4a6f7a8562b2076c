"""The server of rubricdsl's own tests, for these."""

from tests.judging.conftest import serve  # noqa: F401 - a fixture
