"""Runs of pytest within a test: what a user has, without the plugins of our tools."""

import pytest


@pytest.fixture
def pytester(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """Give pytest's own fixture, and keep two plugins out of the runs in it."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:asyncio -p no:pytest-lsp")
    return pytester
