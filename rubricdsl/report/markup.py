"""HTML as a tree whose texts are texts, whatever is written in them.

Names, responses, reasons and quotes come from models and strangers.  They enter a page
as children or as values of attributes, and both are escaped when the tree is written:
there is no other way in.  What could run or fetch something has no place in the tree
at all, and characters that nobody can see are made visible.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from typing import TypeAlias

from attrs import frozen

from rubricdsl.model.digest import Plain

Child: TypeAlias = "Element | str | None"
Value: TypeAlias = str | int | float | bool | None

_VOID = frozenset({"br", "col", "hr", "input", "meta", "wbr"})
_REFUSED = frozenset(
    {"script", "style", "link", "base", "object", "embed", "iframe", "form", "img"}
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# Everything but tabs and line feeds that changes what is seen without being seen:
# controls, zero widths, directions, tags, and what is no character at all.  Joiners
# stay, for scripts and emoji are written with them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_CONTROLS = 0x20
_DELETE = 0x7F


@frozen(eq=False)
class Element:
    """An element of HTML or SVG: a tag, its attributes and what is in it."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    children: tuple["Element | str", ...]

    def html(self) -> str:
        """Write the element, all texts escaped."""
        pieces: list[str] = []
        _write(self, pieces)
        return "".join(pieces)

    def record(self) -> Plain:
        """Give the element as plain data: tag, attributes and children, in a list.

        The script of the page makes elements of it, and texts of all else.
        """
        children = (
            child.record() if isinstance(child, Element) else visible(child)
            for child in self.children
        )
        attributes: dict[str, Plain] = {
            name: visible(text) for name, text in self.attributes
        }
        return [self.tag, attributes or 0, *children]


def h(tag: str, *children: Child, **attributes: Value) -> Element:
    """Make an element; ``class_`` is ``class``, and ``aria_label`` ``aria-label``.

    Children that are None are left out, and so are attributes that are None or False;
    one that is True has no value.

    Raises ValueError for an element or attribute that could run, style or fetch.
    """
    if tag in _REFUSED or not _NAME.fullmatch(tag):
        raise ValueError(f"a report has no element `{tag}`")
    return Element(
        tag,
        tuple(_attributes(attributes)),
        tuple(child for child in children if child is not None),
    )


def _attributes(given: dict[str, Value]) -> Iterator[tuple[str, str]]:
    for key, value in given.items():
        if value is None or value is False:
            continue
        name = _name(key)
        text = "" if value is True else _written(value)
        if name == "href" and not text.startswith("#"):
            raise ValueError("a report leads nowhere but into itself")
        yield name, text


@cache
def _name(key: str) -> str:
    name = key.rstrip("_").replace("_", "-")
    lower = name.lower()
    refused = lower.startswith("on") or lower in {"style", "src", "srcset", "srcdoc"}
    if refused or not _NAME.fullmatch(name):
        raise ValueError(f"a report has no attribute `{name}`")
    return lower if lower == "href" else name


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def visible(text: str) -> str:
    """Give ``text`` with every character that nobody can see written as its number.

    Controls become the pictures that there are of them, such as ``␀``, all others
    ``⟨U+202E⟩``.  Ends of lines are line feeds.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(_shown, text.replace("\r\n", "\n"))


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < _CONTROLS:
        return chr(0x2400 + code)
    return "\u2421" if code == _DELETE else f"⟨U+{code:04X}⟩"


def escaped(text: str) -> str:
    """Give ``text`` as it stands in HTML, in an element or between quotes."""
    return escape(visible(text), quote=True)


def joined(children: Iterable[Child], between: str = " ") -> Iterator[Child]:
    """Give ``children`` with a text between each two of them."""
    for number, child in enumerate(children):
        if number:
            yield between
        yield child


def _write(element: Element, pieces: list[str]) -> None:
    pieces.append(f"<{element.tag}")
    for name, text in element.attributes:
        pieces.append(f' {name}="{escaped(text)}"')
    pieces.append(">")
    if element.tag in _VOID:
        return
    for child in element.children:
        if isinstance(child, Element):
            _write(child, pieces)
        else:
            pieces.append(escaped(child))
    pieces.append(f"</{element.tag}>")
