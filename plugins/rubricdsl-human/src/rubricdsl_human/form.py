"""The form: a sheet as one HTML file that needs nothing and sends nothing.

Its policy lets in the one style and the one script that stand in it, by their digests,
and no address whatsoever.  What is asked is data, which the script makes elements of,
texts only ever as texts.
"""

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from rubricdsl.model.digest import Plain
from rubricdsl.report.document import closed_page
from rubricdsl.report.markup import visible
from rubricdsl_human.items import Item, heading

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def form(name: str, annotator: str, items: Sequence[Item]) -> str:
    """Write the form of a sheet; the same sheet gives the same bytes."""
    data = _embedded(_record(name, annotator, items))
    return closed_page(
        name,
        "<body>\n<noscript>This form works with JavaScript alone; the sheet as CSV "
        'works without.</noscript>\n<main id="main"></main>\n'
        f'<script type="application/json" id="sheet">{data}</script>\n',
        style=_asset("form.css"),
        script=_asset("form.js"),
    )


def _record(name: str, annotator: str, items: Sequence[Item]) -> Plain:
    """Give what the script needs; texts that several items are about stand once."""
    places: dict[str, int] = {}
    texts: list[Plain] = []
    for item in items:
        if item.about not in places:
            places[item.about] = len(texts)
            parts: list[Plain] = [
                [heading(n), visible(text)] for n, text in item.texts.items()
            ]
            texts.append([visible(item.instructions or ""), parts])
    asked: list[Plain] = [
        {
            "id": item.id,
            "about": places[item.about],
            "statement": visible(item.question.text),
            "details": [visible(line) for line in item.details()],
            "answers": list(item.question.answers),
            "quotes": item.question.evidence,
        }
        for item in items
    ]
    return {"name": name, "annotator": annotator, "texts": texts, "items": asked}


def _embedded(record: Plain) -> str:
    """Write JSON so that no text in it can end the element around it."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    for sign, escape in _ESCAPES.items():
        text = text.replace(sign, escape)
    return text


@cache
def _asset(name: str) -> str:
    return (files("rubricdsl_human") / name).read_text("utf-8")
