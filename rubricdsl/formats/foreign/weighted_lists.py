"""The two list formats of graders in Python: sections of criteria with weights.

Both take a list of criteria, a list of sections with ``criteria``, or an object with
either under ``rubric``, ``sections`` or ``criteria``; both ignore sections when they
score, and so does the rubric, where a section becomes a tag.
"""

from attrs import frozen

from rubricdsl.formats.fields import FieldError, Fields, kind_of, optional_text
from rubricdsl.formats.foreign.drafting import Draft
from rubricdsl.model.digest import Plain
from rubricdsl.model.rubric import Tag

_SECTION_NAMES = ("name", "title", "section")
_CONTAINERS = ("sections", "criteria")


@frozen
class Listed:
    """A criterion of the list, where it stands, and the section that it is in."""

    entry: Fields
    where: str
    tags: tuple[Tag, ...]


def listed_criteria(document: Fields, draft: Draft, hint: str) -> list[Listed]:
    """Give the criteria of a document, section by section.

    Raises FieldError for a document of another shape.
    """
    value, where = _list_of(document)
    if not isinstance(value, list):
        raise FieldError(f"`{where}` is {kind_of(value)}, not a list", hint)
    found: list[Listed] = []
    for index, element in enumerate(value):
        here = f"{where}[{index}]"
        if not isinstance(element, dict):
            raise FieldError(f"{here} is {kind_of(element)}, not an object", hint)
        if "criteria" in element:
            found += _section(element, here, draft, hint)
        else:
            found.append(Listed(element, here, ()))
    if not found:
        raise FieldError("it has no criteria", hint)
    return found


def _list_of(document: Fields) -> tuple[Plain, str]:
    """Find the list, as both libraries do: under `rubric`, then in a container."""
    value: Plain = dict(document)
    where = ""
    if "rubric" in document:
        value, where = document["rubric"], "rubric"
    if isinstance(value, dict):
        for key in _CONTAINERS:
            if key in value:
                return value[key], f"{where}.{key}".removeprefix(".")
    return value, where or "the document"


def _section(section: Fields, where: str, draft: Draft, hint: str) -> list[Listed]:
    criteria = section["criteria"]
    if not isinstance(criteria, list):
        raise FieldError(f"`criteria` of {where} is no list", hint)
    tags: tuple[Tag, ...] = ()
    for key in _SECTION_NAMES:
        title = optional_text(section, key) if key in section else None
        if title and title.strip() and not tags:
            tags = (Tag("section", " ".join(draft.text(title, where).split())),)
    draft.lose_members(section, where, frozenset({"criteria", *_SECTION_NAMES}))
    found: list[Listed] = []
    for index, entry in enumerate(criteria):
        here = f"{where}.criteria[{index}]"
        if not isinstance(entry, dict):
            raise FieldError(f"{here} is {kind_of(entry)}, not an object", hint)
        found.append(Listed(entry, here, tags))
    return found
