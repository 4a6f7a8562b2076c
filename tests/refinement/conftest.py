"""The real model server of the judges' tests."""

from tests.judging.conftest import model_server, start_model_server

__all__ = ["model_server", "start_model_server"]
