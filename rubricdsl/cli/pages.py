"""Pages of HTML that commands write beside what they print."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rubricdsl.cli.output import say
from rubricdsl.formats.whole_files import whole_file

if TYPE_CHECKING:
    from rubricdsl.report.markup import Element


def write_page(path: str, title: str, sections: Sequence["Element"]) -> None:
    """Write a page of sections; it appears whole, or the old one stays.

    Raises RubricError (D111) if it cannot be written.
    """
    from rubricdsl.report.assembly import assembled

    write_html(path, assembled(title, sections))


def write_html(path: str, html: str) -> None:
    """Write a page that is there already; raises as `write_page`."""
    page = html.encode()
    with whole_file(path) as file:
        file.write(page)
    say(f"report: {path}, {len(page) / 1000:,.0f} kB")
