"""Back in: what commands print with ``--json``, one document to a file."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from rubricdsl.diagnostics import fail
from rubricdsl.diagnostics.strict_json import StrictJsonError, loads_strict
from rubricdsl.formats.fields import FieldError, Fields
from rubricdsl.formats.sources import place

T = TypeVar("T")


def read_record(
    path: str, read: Callable[[Fields], T], *, what: str, command: str
) -> T:
    """Read a document; ``what`` it tells of, and the ``command`` that printed it.

    ``read`` takes its fields and may raise FieldError.  Raises RubricError for a file
    that cannot be read (D101), is no JSON (D102) or tells of something else (D103).
    """
    hint = f"give a file that `{command} --json` wrote"
    try:
        document = loads_strict(Path(path).read_text("utf-8"))
        return read(document if isinstance(document, dict) else {})
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        fail("D101", f"{path} cannot be read: {reason}", hint="name a file that can be")
    except (StrictJsonError, UnicodeDecodeError) as error:
        fail("D102", f"{path} is no JSON: {error}", hint=hint, span=place(path, 1))
    except FieldError as error:
        message = f"{path} is no record of {what}: {error.message}"
        fail("D103", message, hint=hint, span=place(path, 1))
