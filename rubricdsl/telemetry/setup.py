"""Switching telemetry on, where the extra ``otel`` is installed."""

from importlib.util import find_spec

from rubricdsl.diagnostics import fail
from rubricdsl.model.events import Listener

TYPE_CHECKING = False  # OpenTelemetry is an extra
if TYPE_CHECKING:
    from opentelemetry._logs import LoggerProvider
    from opentelemetry.trace import TracerProvider

_NAMESPACE = "opentelemetry"


def require_opentelemetry(what: str, *, sdk: bool = False) -> None:
    """Refuse to do ``what`` where the extra ``otel`` is not installed.

    Applications may bring another implementation than its ``sdk``.

    Raises RubricError (D108).
    """
    # The namespace may be there without what is needed of it.
    needed = ("trace", "_logs", "sdk") if sdk else ("trace", "_logs")
    if find_spec(_NAMESPACE) is None or not all(
        find_spec(f"{_NAMESPACE}.{package}") for package in needed
    ):
        fail(
            "D108",
            f"{what} needs OpenTelemetry, which is not installed",
            hint='pip install "rubricdsl[otel]"',
        )


def telemetry_listener(
    *,
    tracer_provider: "TracerProvider | None" = None,
    logger_provider: "LoggerProvider | None" = None,
    reasons: bool = False,
) -> Listener:
    """Make a listener that tells one run at a time as spans and evaluation events.

    Without providers, those that the application has set for OpenTelemetry as a whole
    are told.  The span that is current when the run begins is the parent of the run's.
    With ``reasons``, what judges say for their verdicts is the events' explanation;
    it may quote the response.

    Raises RubricError (D108) without the extra ``otel``.
    """
    require_opentelemetry("a listener for telemetry")
    from rubricdsl.telemetry.spans import RunTelemetry

    return RunTelemetry(tracer_provider, logger_provider, reasons=reasons)
