"""What a check may look at: facts recorded with a response, files of the project."""

import math
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from attrs import frozen

from rubricdsl.diagnostics import CheckError, FactMissingError
from rubricdsl.model.response import Response

MAX_FILE = 10 << 20


@frozen
class ResponseFacts:
    """The facts of one response.

    Files are read inside ``root`` alone; without a root there are none.
    """

    response: Response
    root: Path | None = None

    def artifact(self, name: str) -> str:
        """Give the text of an artifact recorded with the response."""
        text = _recorded(self.response.artifacts, name, "artifact", "artifacts")
        if not isinstance(text, str):
            raise CheckError(f"the artifact {_shown(name)} is not a text")
        return text

    def exit_code(self, artifact: str) -> float:
        """Give the exit code recorded for an artifact, by its name."""
        recorded = self._recorded_group("exit_codes")
        place = "meta.exit_codes"
        return _number(_recorded(recorded, artifact, "exit code", place), artifact)

    def metric(self, name: str) -> float:
        """Give a recorded metric."""
        recorded = self._recorded_group("metrics")
        return _number(_recorded(recorded, name, "metric", "meta.metrics"), name)

    def _recorded_group(self, key: str) -> Mapping[str, object]:
        found = self.response.meta.get(key, {})
        if not isinstance(found, Mapping):
            raise CheckError(f"meta.{key} of the response is not an object")
        return found

    def file(self, path: str) -> str:
        """Give the text of a file of the project.

        Raises:
            FactMissingError: there is no such file inside the root.
            CheckError: it cannot be read, is too large or not UTF-8.
        """
        shown = _shown(path)
        if self.root is None:
            raise FactMissingError(f"no project folder is known to look for {shown} in")
        try:
            root = self.root.resolve(strict=True)
            # Resolved, so that neither `..` nor a symbolic link leads out.
            resolved = (root / path).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            raise FactMissingError(f"there is no file {shown} in the project") from None
        if not resolved.is_relative_to(root) or not resolved.is_file():
            raise FactMissingError(f"there is no file {shown} in the project")
        try:
            with resolved.open("rb") as file:
                content = file.read(MAX_FILE + 1)
            if len(content) > MAX_FILE:
                raise CheckError(f"{shown} is larger than {MAX_FILE >> 20} MiB")
            return content.decode()
        except UnicodeDecodeError:
            raise CheckError(f"{shown} is not UTF-8") from None
        except OSError as error:
            raise CheckError(f"{shown} cannot be read: {error.strerror}") from None


def _recorded(
    recorded: Mapping[str, object], name: str, what: str, place: str
) -> object:
    if name not in recorded:
        close = get_close_matches(name, map(str, recorded), n=1)
        hint = f"; there is {_shown(close[0])}" if close else ""
        raise FactMissingError(
            f"no {what} {_shown(name)} is recorded in {place} of the response{hint}"
        )
    return recorded[name]


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CheckError(f"what is recorded for {_shown(name)} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise CheckError(f"what is recorded for {_shown(name)} is not finite")
    return number


def _shown(name: str) -> str:
    short = name if len(name) <= 80 else f"{name[:79]}…"  # noqa: PLR2004
    return f'"{short.encode(errors="backslashreplace").decode()}"'
