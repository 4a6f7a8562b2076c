"""Another wording of the core's prompt templates, for as long as a test takes."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rubricdsl.judging import prompting

MARK = "Mind the word zq-mark."
"""What is added to a prompt."""

_CACHED = ("template_digest", "_template", "_system", "_halves")


@contextmanager
def marked_templates() -> Iterator[None]:
    """Add `MARK` to the core's instructions, as a new version of it might."""
    read = vars(prompting)["_template"]

    def marked(name: str) -> str:
        text: str = read(name)
        return f"{text}\n{MARK}" if name == "instructions.txt" else text

    try:
        with pytest.MonkeyPatch.context() as patch:
            _forget()
            patch.setattr(prompting, "_template", marked)
            yield
    finally:
        _forget()


def _forget() -> None:
    """Clear what was read, digested or filled in."""
    for name in _CACHED:
        vars(prompting)[name].cache_clear()
