"""Figures on a terminal: tables and lines of blocks, drawn with rich.

Texts come from models and strangers, so none is taken for rich's markup, and what could
steer a terminal is made visible.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from rubricdsl.diagnostics.render import safe_text

if TYPE_CHECKING:
    from rich.console import Console

_BLOCKS = "▁▂▃▄▅▆▇█"
_DIGITS = "12345678"
_NARROW = 40
_WITHOUT_TERMINAL = 100


@frozen(kw_only=True)
class Column:
    """A column of a table; numbers stand to the right."""

    title: str
    number: bool = False


def draw_table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], *, title: str = ""
) -> None:
    """Draw a table on standard output."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = _console()
    if title:
        console.print(Text(_writable(title), style="bold"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            Text(_writable(column.title)),
            justify="right" if column.number else "left",
            no_wrap=column.number,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(_writable(cell)) for cell in row))
    console.print(table)


def draw_line(text: str) -> None:
    """Write a paragraph on standard output, folded to the terminal's width."""
    from rich.text import Text

    _console().print(Text(_writable(text)))


def blocks(values: Sequence[float | None], low: float, high: float) -> str:
    """Draw values as a row of blocks, as high as they are between two ends.

    A gap stands for None.  Where standard output has no blocks, digits from 1 to 8 do.
    """
    signs = _BLOCKS if _can_write(_BLOCKS) else _DIGITS
    width = (high - low) or 1.0

    def sign(value: float | None) -> str:
        if value is None:
            return " "
        place = int((value - low) / width * len(signs))
        return signs[min(max(place, 0), len(signs) - 1)]

    return "".join(map(sign, values))


def _writable(text: str) -> str:
    """Give a text as standard output can show it."""
    safe = safe_text(text)
    if _can_write(safe):
        return safe
    encoding = sys.stdout.encoding or "ascii"
    plain = safe.replace("±", "+-").replace("…", "...")
    return plain.encode(encoding, "replace").decode(encoding)


def _can_write(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _console() -> "Console":
    """Give a console that looks at the terminal as it is now."""
    from rich.console import Console

    class OpenConsole(Console):
        """Leaves a closed pipe to `rub`; rich would exit with 1."""

        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 - called while BrokenPipeError is handled

    width = None if sys.stdout.isatty() else _WITHOUT_TERMINAL
    console = OpenConsole(
        file=sys.stdout, width=width, markup=False, highlight=False, emoji=False
    )
    console.width = max(console.width, _NARROW)
    return console
