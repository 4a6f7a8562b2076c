"""Sections put together to a page: a heading, a list of contents, and a foot."""

from collections.abc import Sequence

from rubricdsl.report.document import document
from rubricdsl.report.markup import Element, h
from rubricdsl.report.svg import hatch_pattern


def assembled(
    title: str, sections: Sequence[Element], packed: Sequence[str] = ()
) -> str:
    """Write a page of sections; ``packed`` as `rubricdsl.report.document.packs`."""
    return document(f"{title}: report", _body(title, sections), packed)


def _body(title: str, sections: Sequence[Element]) -> Element:
    contents = [h("li", h("a", _heading(one), href=f"#{_id(one)}")) for one in sections]
    return h(
        "body",
        h("a", "Skip to the report", href="#main", class_="skip"),
        hatch_pattern(),
        h(
            "header",
            h("p", "rubricdsl report", class_="kind"),
            h("h1", title),
            h("nav", h("ol", *contents), aria_label="Contents")
            if len(contents) > 1
            else None,
        ),
        h("main", *sections, id="main", tabindex=-1),
        h(
            "footer",
            h("p", "Made by rubricdsl. Nothing here comes from or goes to a network."),
        ),
    )


def _id(section: Element) -> str:
    return dict(section.attributes)["id"]


def _heading(section: Element) -> str:
    heading = section.children[0]
    return "" if isinstance(heading, str) else str(heading.children[0])
