"""Where telemetry of a command goes, as OpenTelemetry's environment variables say.

``OTEL_TRACES_EXPORTER`` and ``OTEL_LOGS_EXPORTER`` name exporters (``otlp`` if they are
not set, over HTTP); all other variables are the SDK's to read.  A command under
``opentelemetry-instrument`` tells the providers that are there.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import entry_points
from typing import Any

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry._logs import get_logger_provider
from opentelemetry.sdk._logs import LoggerProvider, ReadWriteLogRecord
from opentelemetry.sdk._logs.export import (
    BatchLogRecordProcessor,
    ConsoleLogRecordExporter,
    LogRecordExporter,
)
from opentelemetry.sdk.environment_variables import (
    OTEL_EXPORTER_OTLP_LOGS_PROTOCOL,
    OTEL_EXPORTER_OTLP_PROTOCOL,
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,
)
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SpanExporter,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from rubricdsl.diagnostics import fail
from rubricdsl.model.events import Listener
from rubricdsl.model.protocols import Clock
from rubricdsl.telemetry.spans import RunTelemetry

TRACES_EXPORTER = "OTEL_TRACES_EXPORTER"
LOGS_EXPORTER = "OTEL_LOGS_EXPORTER"
_COMMAND = "rub"
_OTLP = "otlp"
_CONSOLE = "console"
_NONE = "none"
_PROTOCOLS = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}
# So many spans or events are taken in before they are waited for: half of what the
# SDK's queues hold unless told otherwise, so that nothing is dropped.
_BETWEEN_WAITS = 1024
# A collector that takes longer, in seconds, is not waited for again: the run goes on,
# and the SDK drops, and says so, what is too much for its queues.
_LONGEST_WAIT = 2.0


class Pace:
    """Waits for an exporter, now and then, as long as it is quick."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._taken = 0
        self._is_quick = True

    def took(self, flush: Callable[[], object]) -> None:
        """Hear that one more was taken in; wait until all is out if it is time."""
        self._taken += 1
        if self._taken < _BETWEEN_WAITS or not self._is_quick:
            return
        self._taken = 0
        started = self._clock()
        flush()
        self._is_quick = self._clock() - started <= _LONGEST_WAIT


class _PacedSpans(BatchSpanProcessor):
    """Sends spans in batches, and no faster than they are taken."""

    def __init__(self, exporter: SpanExporter) -> None:
        super().__init__(exporter)
        self._pace = Pace()

    def on_end(self, span: ReadableSpan) -> None:
        super().on_end(span)
        self._pace.took(self.force_flush)


class _PacedEvents(BatchLogRecordProcessor):
    """Sends events in batches, and no faster than they are taken."""

    def __init__(self, exporter: LogRecordExporter) -> None:
        super().__init__(exporter)
        self._pace = Pace()

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        super().on_emit(log_record)
        self._pace.took(self.force_flush)


@contextmanager
def exported(environ: Mapping[str, str], *, reasons: bool) -> Iterator[Listener]:
    """Give a listener of a command's run; what it tells has been sent at the end.

    The span that ``TRACEPARENT`` names, if any, is the parent of the run's.

    Raises RubricError for an exporter that is not installed (D108) or a protocol that
    nobody speaks (D401).
    """
    with ExitStack() as stack:
        tracers = trace.get_tracer_provider()
        if isinstance(tracers, TracerProvider):
            stack.callback(tracers.force_flush)
        else:
            tracers = _tracers(environ)
            stack.callback(tracers.shutdown)
        loggers = get_logger_provider()
        if isinstance(loggers, LoggerProvider):
            stack.callback(loggers.force_flush)
        else:
            loggers = _loggers(environ)
            stack.callback(loggers.shutdown)
        stack.enter_context(_below_caller(environ))
        yield RunTelemetry(tracers, loggers, reasons=reasons)


@contextmanager
def _below_caller(environ: Mapping[str, str]) -> Iterator[None]:
    """Take the span that the caller of this process names as the current one."""
    carrier = {
        name: environ[name.upper()]
        for name in ("traceparent", "tracestate")
        if name.upper() in environ
    }
    token = contexts.attach(TraceContextTextMapPropagator().extract(carrier))
    try:
        yield
    finally:
        contexts.detach(token)


def _tracers(environ: Mapping[str, str]) -> TracerProvider:
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    for name in _names(environ, TRACES_EXPORTER, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL):
        exporter: SpanExporter
        if name == _CONSOLE:
            exporter = ConsoleSpanExporter(out=sys.stderr)
        else:
            exporter = _made("opentelemetry_traces_exporter", name, TRACES_EXPORTER)
        provider.add_span_processor(_PacedSpans(exporter))
    return provider


def _loggers(environ: Mapping[str, str]) -> LoggerProvider:
    provider = LoggerProvider(resource=_resource(), shutdown_on_exit=False)
    for name in _names(environ, LOGS_EXPORTER, OTEL_EXPORTER_OTLP_LOGS_PROTOCOL):
        exporter: LogRecordExporter
        if name == _CONSOLE:
            exporter = ConsoleLogRecordExporter(out=sys.stderr)
        else:
            exporter = _made("opentelemetry_logs_exporter", name, LOGS_EXPORTER)
        provider.add_log_record_processor(_PacedEvents(exporter))
    return provider


def _resource() -> Resource:
    """Say who tells, as the environment says, or that it is ``rub``."""
    named = Resource.create()
    if str(named.attributes[SERVICE_NAME]).startswith("unknown_service"):
        return named.merge(Resource({SERVICE_NAME: _COMMAND}))
    return named


def _names(environ: Mapping[str, str], variable: str, protocol: str) -> Iterator[str]:
    """Give the exporters that a variable names, as the entry points call them."""
    for part in (environ.get(variable) or _OTLP).split(","):
        name = part.strip()
        if name == _OTLP:
            yield _otlp(environ, protocol)
        elif name not in {"", _NONE}:
            yield name


def _otlp(environ: Mapping[str, str], protocol: str) -> str:
    for variable in (protocol, OTEL_EXPORTER_OTLP_PROTOCOL):
        spoken = environ.get(variable, "").strip()
        if spoken in _PROTOCOLS:
            return _PROTOCOLS[spoken]
        if spoken:
            fail(
                "D401",
                f"{variable} names the protocol `{spoken}`, which no exporter speaks",
                hint=f"set it to one of: {', '.join(_PROTOCOLS)}",
            )
    return _PROTOCOLS["http/protobuf"]


def _made(group: str, name: str, variable: str) -> Any:
    """Make an exporter that an installed package offers; what it is, is its word.

    Raises RubricError (D108) where none offers it.
    """
    offered = next(iter(entry_points(group=group, name=name)), None)
    if offered is None:
        way = f"name another in {variable}, such as {_OTLP}, {_CONSOLE} or {_NONE}"
        if name in _PROTOCOLS.values():
            package = f"opentelemetry-exporter-{name.replace('_', '-')}"
            way = f'pip install "{package}", or {way}'
        fail(
            "D108",
            f"{variable}: no exporter `{name}` of OpenTelemetry is installed",
            hint=way,
        )
    return offered.load()()
