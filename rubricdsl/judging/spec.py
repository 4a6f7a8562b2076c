"""A judge SPEC as it is typed: ``BACKEND:MODEL?key=value&…``."""

import re
from collections.abc import Iterable, Mapping
from typing import NoReturn
from urllib.parse import unquote_plus

from rubricdsl.diagnostics import fail
from rubricdsl.diagnostics.secrets import looks_secret
from rubricdsl.judging.options import (
    ENGINE_OPTIONS,
    OptionError,
    OptionValue,
    SecretError,
    check_option,
    did_you_mean,
)
from rubricdsl.model.protocols import JudgeBackendOffer, JudgeSettings
from rubricdsl.model.source import Span

_BACKEND = re.compile(r"[A-Za-z][\w.-]*")
_SHAPE = "write BACKEND:MODEL, as in openai:gpt-4.1-mini?ask=each"


def keys_hint(variable: str) -> str:
    """Say where a key belongs that ``variable`` would hold."""
    return (
        f"keys come from the environment only: set {variable}, or name another "
        "variable with `api_key_env` in rub.toml"
    )


KEYS_HINT = keys_hint("OPENAI_API_KEY")


def parse_spec(
    text: str, *, span: Span | None = None, what: str = "the judge SPEC"
) -> JudgeSettings:
    """Read a judge SPEC; ``what`` is what messages call it.

    The model is all between the first ``:`` and the first ``?``; values of
    the query are percent-decoded and have their type.

    Raises:
        RubricError: D202 for a SPEC that is malformed, D203 for a value of the
            wrong type, D204 for a secret.
    """
    head, mark, query = text.partition("?")
    backend, colon, model = head.partition(":")
    if looks_secret(head):
        _refuse_secret(what, span)
    if not _BACKEND.fullmatch(backend):
        fail(
            "D202",
            f"{what} {_shown(text)} does not begin with a backend's name",
            hint=_SHAPE,
            span=span,
        )
    if colon and not model:
        fail(
            "D202",
            f"{what} {_shown(text)} has a `:` but no model after it",
            hint=_SHAPE,
            span=span,
        )
    options = _query(query, span, what) if mark else {}
    return JudgeSettings(backend=backend, model=model, options=options)


def parse_model(text: str, *, span: Span | None = None) -> JudgeSettings:
    """Read ``BACKEND/MODEL``, the form of judge blocks and of ``models``.

    Raises `RubricError` as `parse_spec` does.
    """
    if looks_secret(text):
        _refuse_secret("the judge's model", span)
    backend, slash, model = text.partition("/")
    if not _BACKEND.fullmatch(backend) or (slash and not model):
        fail(
            "D202",
            f"{_shown(text)} does not name a judge",
            hint='write "BACKEND/MODEL", as in "openai/gpt-4.1-mini"',
            span=span,
        )
    return JudgeSettings(backend=backend, model=model)


def find_offer(
    settings: JudgeSettings,
    offers: Mapping[str, JudgeBackendOffer],
    *,
    besides: Iterable[str] = (),
    span: Span | None = None,
    origin: str = "",
) -> JudgeBackendOffer:
    """Find the backend that settings name, and see that it takes their options.

    ``besides`` are options that any judge takes; ``origin`` says who named the
    judge.

    Raises:
        RubricError: D201 for a backend that is not installed, D203 for an option
            that it does not take.
    """
    offer = offers.get(settings.backend)
    named = f" ({origin})" if origin else ""
    if offer is None:
        fail(
            "D201",
            f"there is no judge backend `{settings.backend}`{named}",
            hint=f"{did_you_mean(settings.backend, offers)}; `rub judges` lists all",
            span=span,
        )
    known = (*ENGINE_OPTIONS, *offer.options, *besides)
    for name in settings.options:
        if name not in known:
            fail(
                "D203",
                f"the judge backend `{offer.name}` has no option `{name}`{named}",
                hint=did_you_mean(name, known),
                span=span,
            )
    return offer


def _query(query: str, span: Span | None, what: str) -> dict[str, OptionValue]:
    options: dict[str, OptionValue] = {}
    for pair in query.split("&"):
        raw_name, equals, raw_value = pair.partition("=")
        name, value = unquote_plus(raw_name), unquote_plus(raw_value)
        if looks_secret(name):
            _refuse_secret(what, span)
        if not equals or not name.isidentifier():
            fail(
                "D202",
                f"{_shown(pair)} in {what} is no `key=value`",
                hint=_SHAPE,
                span=span,
            )
        if name in options:
            fail(
                "D202",
                f"{what} gives `{name}` twice",
                hint="keep one of the two",
                span=span,
            )
        try:
            options[name] = check_option(name, value)
        except SecretError:
            _refuse_secret(f"`{name}` in {what}", span)
        except OptionError as error:
            fail("D203", f"`{name}` in {what} {error}", hint=_SHAPE, span=span)
    return options


def _refuse_secret(what: str, span: Span | None) -> NoReturn:
    fail("D204", f"{what} holds a secret", hint=KEYS_HINT, span=span)


def _shown(text: str) -> str:
    if looks_secret(text):
        return "(not shown)"
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"  # noqa: PLR2004
