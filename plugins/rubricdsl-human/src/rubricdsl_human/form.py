"""The form: a sheet as one HTML file that needs nothing and sends nothing.

Its policy lets in the one style and the one script that stand in it, by their digests,
and no address whatsoever.  What is asked is data, which the script makes elements of,
texts only ever as texts.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from rubricdsl.model.digest import Plain
from rubricdsl.report.markup import escaped, visible
from rubricdsl_human.items import Item, heading

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def form(name: str, annotator: str, items: Sequence[Item]) -> str:
    """Write the form of a sheet; the same sheet gives the same bytes."""
    style, script = _asset("form.css"), _asset("form.js")
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    data = _embedded(_record(name, annotator, items))
    return (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escaped(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="generator" content="rubricdsl">\n'
        f"<title>{escaped(name)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        "<noscript>This form works with JavaScript alone; the sheet as CSV works "
        'without.</noscript>\n<main id="main"></main>\n'
        f'<script type="application/json" id="sheet">{data}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
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


def _digest(text: str) -> str:
    found = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(found).decode()}"
