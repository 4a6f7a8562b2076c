"""What all sections are made of: headings, tables, things to open, figures in a row."""

from collections.abc import Iterable, Sequence

from attrs import frozen

from rubricdsl.report.markup import Child, Element, h


def section(id_: str, title: str, *children: Child) -> Element:
    """Make a section with a heading, which the list of contents leads to."""
    heading = h("h2", title, id=f"{id_}-title")
    return h("section", heading, *children, id=id_, aria_labelledby=f"{id_}-title")


def note(*children: Child) -> Element:
    """Say in a sentence or two how something is to be read."""
    return h("p", *children, class_="note")


@frozen
class Column:
    """A column of a table; ``is_number`` are set flush right."""

    title: str
    is_number: bool = False
    hint: str | None = None


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Child]],
    *,
    class_: str = "",
    sortable: bool = False,
) -> Element:
    """Make a table whose first column names its rows; it scrolls where it is wide."""
    head = [
        h(
            "th",
            column.title,
            scope="col",
            class_="n" if column.is_number else None,
            title=column.hint,
        )
        for column in columns
    ]
    body = [
        h("tr", *_cells(columns, row, is_labelled="edits" in class_)) for row in rows
    ]
    whole = h(
        "table",
        h("caption", caption),
        h("thead", h("tr", *head)),
        h("tbody", *body),
        class_=f"{class_} sortable".strip() if sortable else class_ or None,
    )
    return scrolled(whole, caption)


def _cells(
    columns: Sequence[Column], row: Sequence[Child], *, is_labelled: bool
) -> Iterable[Element]:
    """Give the cells of a row; labelled ones can be set one below the other."""
    for number, (column, child) in enumerate(zip(columns, row, strict=True)):
        class_ = "n" if column.is_number else None
        if number == 0:
            yield h("th", child, scope="row", class_=class_)
        else:
            label = column.title if is_labelled else None
            yield h("td", child, class_=class_, data_label=label)


def scrolled(child: Element, label: str) -> Element:
    """Let something wide scroll by itself, by keyboard as well."""
    return h("div", child, class_="scroll", role="region", aria_label=label, tabindex=0)


def opened(summary: str, *children: Child, class_: str = "more") -> Element:
    """Put something away that can be opened."""
    return h("details", h("summary", summary), *children, class_=class_)


@frozen
class Figure:
    """A figure, what it is, and how many of how many it rests on."""

    name: str
    value: str
    basis: Child = None


def figures(found: Iterable[Figure]) -> Element:
    """Set figures in a row."""
    return h(
        "dl",
        *(
            h(
                "div",
                h("dt", one.name),
                h("dd", h("span", one.value, class_="value"), " ", one.basis),
            )
            for one in found
        ),
        class_="figures",
    )


def legend(entries: Iterable[tuple[str, str, str]]) -> Element:
    """Tell what marks mean: the class, the sign and the meaning of each."""
    return h(
        "ul",
        *(
            h("li", h("span", sign, class_=f"key {class_}", aria_hidden="true"), words)
            for class_, sign, words in entries
        ),
        class_="legend",
    )
