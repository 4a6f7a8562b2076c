"""The servers of rubricdsl's own tests, for these."""

from tests.judging.conftest import (  # noqa: F401 - fixtures
    model_server,
    serve,
    start_model_server,
)
