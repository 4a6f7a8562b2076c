"""The keys of a judge SPEC, as a page: ``rub judges --keys``."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from rubricdsl.judging.options import OPTIONS, Option
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import JudgeBackendOffer, JudgeWrapperOffer

_WIDTH = 88
_INDENT = 20
_HEAD = """\
A judge SPEC is BACKEND:MODEL?key=value&key=value, as in

  openai:gpt-4.1-mini?base_url=http://127.0.0.1:8080/v1&ask=each&canaries=1

The same keys stand in a table [judges.NAME] of rub.toml, beside `backend` and `model`
(or `models`, `votes`, `rule` and `on_error` for a panel).  A key or token of a server
stands in neither: it comes from the environment."""

Offers = Mapping[str, JudgeBackendOffer]
Wrappers = Sequence[JudgeWrapperOffer]


def key_page(backends: Offers, wrappers: Wrappers) -> Iterator[str]:
    """Give the lines of the page, for what is installed."""
    yield from _HEAD.splitlines()
    for heading, names in _groups(backends, wrappers):
        yield ""
        yield f"{heading}:"
        for name in names:
            option = OPTIONS.get(name)
            text = "see its documentation" if option is None else _sentence(option)
            first, *rest = wrap(text, _WIDTH - _INDENT)
            yield f"  {name:{_INDENT - 3}} {first}"
            yield from (" " * _INDENT + line for line in rest)


def key_records(backends: Offers, wrappers: Wrappers) -> list[Plain]:
    """Give the same for scripts."""
    return [
        {
            "name": name,
            "of": heading,
            "values": None if option is None else option.values,
            "default": None if option is None else option.default,
            "meaning": None if option is None else option.meaning,
        }
        for heading, names in _groups(backends, wrappers)
        for name in names
        for option in [OPTIONS.get(name)]
    ]


def key_table() -> str:
    """Give the keys that rubricdsl itself knows as a table in Markdown."""
    lines = ["| key | value | without it | meaning |", "| --- | --- | --- | --- |"]
    for option in OPTIONS.values():
        cells = (f"`{option.name}`", option.values, option.default, option.meaning)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _groups(
    backends: Offers, wrappers: Wrappers
) -> Iterator[tuple[str, Sequence[str]]]:
    shared = [option.name for option in OPTIONS.values() if option.engine]
    yield "any judge", [*shared, *(name for w in wrappers for name in w.options)]
    for name, offer in backends.items():
        if offer.options:
            yield name, offer.options


def _sentence(option: Option) -> str:
    return f"{option.meaning} ({option.values}; without it: {option.default})"
