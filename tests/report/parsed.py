"""A page as a parser of HTML sees it, and whether it is sound."""

import re
from html.parser import HTMLParser
from itertools import pairwise

from attrs import define, field

VOID = {"br", "col", "hr", "input", "meta", "wbr"}
RAW = {"script", "style"}


@define
class Parsed(HTMLParser):
    """The elements of a page, its texts, and the insides of scripts and styles."""

    elements: list[tuple[str, dict[str, str | None]]] = field(factory=list)
    texts: list[str] = field(factory=list)
    raw: list[tuple[str, dict[str, str | None], str]] = field(factory=list)
    open: list[str] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        """Begin as a parser."""
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, page: str) -> "Parsed":
        """Parse a page whose elements are all closed, in order."""
        parsed = cls()
        parsed.feed(page)
        parsed.close()
        assert parsed.open == []
        return parsed

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in an element."""
        assert len(dict(attrs)) == len(attrs), f"an attribute twice: {attrs}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in RAW:
            self.raw.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Take in a text."""
        if self.open and self.open[-1] in RAW:
            tag, attributes, text = self.raw.pop()
            self.raw.append((tag, attributes, text + data))
        else:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        """Refuse comments: a page has none."""
        raise AssertionError(f"a comment: {data}")

    @property
    def text(self) -> str:
        """All that is to be read."""
        return "".join(self.texts)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """Give the attributes of all elements of a tag."""
        return [attributes for name, attributes in self.elements if name == tag]

    def classed(self, class_: str) -> list[tuple[str, dict[str, str | None]]]:
        """Give the elements of a class."""
        return [
            (tag, attributes)
            for tag, attributes in self.elements
            if class_ in (attributes.get("class") or "").split()
        ]


def check_sound(page: str) -> Parsed:
    """See that a page can neither run nor fetch anything but its own, and is whole."""
    parsed = Parsed.of(page)
    ids = [one["id"] for _, one in parsed.elements if "id" in one]
    assert len(set(ids)) == len(ids)
    for tag, attributes in parsed.elements:
        assert tag not in {"img", "iframe", "link", "base", "object", "form", "a:b"}
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in {"style", "src", "srcset", "action", "xmlns"}
            if name == "href":
                assert value is not None
                assert value.startswith("#")
                assert value[1:] in ids
            if name in {"aria-labelledby", "for"}:
                assert value in ids
    scripts = [one for one in parsed.raw if one[0] == "script"]
    assert [one[1] for one in scripts if "type" not in one[1]] == [{}]
    assert sum(tag == "style" for tag, _, _ in parsed.raw) == 1
    for _, attributes, text in parsed.raw:
        if attributes.get("type") == "application/octet-stream":
            assert re.fullmatch(r"[A-Za-z0-9+/=]+", text)
        else:
            assert "://" not in text
    assert [one for one in parsed.elements if one[0] == "h1"] != []
    headings = [
        int(tag[1]) for tag, _ in parsed.elements if re.fullmatch("h[1-6]", tag)
    ]
    assert all(b <= a + 1 for a, b in pairwise(headings))
    for caption in ("caption", "thead", "tbody"):
        assert len(parsed.named(caption)) == len(parsed.named("table"))
    assert all("scope" in one for one in parsed.named("th"))
    return parsed
