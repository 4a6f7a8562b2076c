"""Telling OpenTelemetry of a run, where the command is asked to."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rubricdsl.diagnostics import fail
from rubricdsl.model.events import Listener
from rubricdsl.telemetry.setup import require_opentelemetry


def add_telemetry(parser: argparse.ArgumentParser) -> None:
    """Declare whether OpenTelemetry is told."""
    parser.add_argument(
        "--otel",
        action="store_true",
        help="tell OpenTelemetry of each score, as the OTEL_* variables say",
    )
    parser.add_argument(
        "--otel-reasons",
        action="store_true",
        help="with --otel, tell judges' reasons, too, which may quote responses",
    )


def check_telemetry(options: argparse.Namespace) -> None:
    """Refuse what could not be told.

    Raises RubricError: D108 without the extra ``otel``, D401 for reasons alone.
    """
    if options.otel:
        require_opentelemetry("--otel", sdk=True)
    elif options.otel_reasons:
        fail(
            "D401",
            "--otel-reasons is of use only with --otel",
            hint="add --otel, or leave it out",
        )


@contextmanager
def telemetry(
    options: argparse.Namespace, environ: Mapping[str, str]
) -> Iterator[Sequence[Listener]]:
    """Give the listener that tells OpenTelemetry, if it shall be told."""
    if not options.otel:
        yield ()
        return
    from rubricdsl.telemetry.exporting import exported

    with exported(environ, reasons=options.otel_reasons) as listener:
        yield (listener,)
