"""The file that a report is: a policy that lets nothing in, a style, a script, a body.

The policy allows the one style and the one script that stand in the file, by their
digests, and no address whatsoever; so even a text that came to be taken for HTML, which
`markup` rules out, could neither run nor fetch anything.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from rubricdsl.model.digest import Plain
from rubricdsl.report.markup import Element, escaped

PACK_SIZE = 40
"""So many responses are packed together, and unpacked when one of them is opened."""


@cache
def asset(name: str) -> str:
    """Read the style or the script of the page."""
    return (files("rubricdsl.report") / "assets" / name).read_text("utf-8")


def document(title: str, body: Element, packed: Sequence[str] = ()) -> str:
    """Write a page: the same title, body and data give the same bytes."""
    data = "".join(
        f'<script type="application/octet-stream" id="pack-{number}">{text}</script>\n'
        for number, text in enumerate(packed)
    )
    return closed_page(
        title,
        f"{body.html()}\n{data}",
        style=asset("page.css"),
        script=asset("page.js"),
        allowed=("img-src data:",),
    )


def closed_page(
    title: str, content: str, *, style: str, script: str, allowed: Sequence[str] = ()
) -> str:
    """Write a page around HTML that is safe: it lets in one style and one script.

    ``allowed`` are further directives of its policy.
    """
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            *allowed,
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    return (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escaped(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="generator" content="rubricdsl">\n'
        f"<title>{escaped(title)}</title>\n<style>{style}</style>\n</head>\n"
        f"{content}<script>{script}</script>\n</html>\n"
    )


def _digest(text: str) -> str:
    found = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(found).decode()}"


def packs(elements: Iterable[Element]) -> list[str]:
    """Pack elements so that the page's script can make them when they are wanted.

    They are plain data, deflated and in base64: no letter of theirs is in the file as
    it is, and repeated texts take no room.  Number n is in pack n // `PACK_SIZE`.
    """
    groups: list[str] = []
    group: list[Plain] = []
    for element in elements:
        group.append(element.record())
        if len(group) == PACK_SIZE:
            groups.append(_packed(group))
            group = []
    return [*groups, _packed(group)] if group else groups


def _packed(records: list[Plain]) -> str:
    text = json.dumps(records, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()
