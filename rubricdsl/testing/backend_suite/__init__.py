"""The conformance suite for judge backends: what the engine counts on, as tests.

A plugin's test file subclasses `BackendSuite`, or `HttpBackendSuite` for a judge that
sends HTTP requests, and says how a working judge is set up; pytest does the rest::

    from rubricdsl.model.protocols import JudgeSettings
    from rubricdsl.testing.backend_suite import BackendSuite, Refused
    from rubricdsl_mine.judge import OFFER

    class TestMine(BackendSuite):
        distribution = "rubricdsl-mine"
        offer = OFFER
        settings = JudgeSettings(backend="mine", model="small")
        refused = (Refused(JudgeSettings(backend="mine"), code="D205"),)

Every law is one test, whose docstring says why the engine needs it.  A law that a
judge cannot keep is overridden in the subclass by a test that skips and says why.
Beside rubricdsl itself this needs pytest alone (the extra ``testing``).
"""

from rubricdsl.testing.backend_suite.bench import Bench, Refused
from rubricdsl.testing.backend_suite.faults import FAULTS, Fault
from rubricdsl.testing.backend_suite.http_suite import HttpBackendSuite
from rubricdsl.testing.backend_suite.samples import (
    SAMPLES,
    SURE,
    recorded_as,
    sample_request,
)
from rubricdsl.testing.backend_suite.server import LocalServer, Received
from rubricdsl.testing.backend_suite.suite import BackendSuite

__all__ = [
    "FAULTS",
    "SAMPLES",
    "SURE",
    "BackendSuite",
    "Bench",
    "Fault",
    "HttpBackendSuite",
    "LocalServer",
    "Received",
    "Refused",
    "recorded_as",
    "sample_request",
]
