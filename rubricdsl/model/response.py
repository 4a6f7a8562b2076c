"""A response to be judged, with what was recorded beside it."""

from collections.abc import Mapping
from types import MappingProxyType

from attrs import field, frozen

from rubricdsl.model.rubric import Turn
from rubricdsl.model.source import NOWHERE, Span

_NOTHING: Mapping[str, object] = MappingProxyType({})
_NO_TEXT: Mapping[str, str] = MappingProxyType({})


@frozen(kw_only=True)
class Response:
    """One response of a model or a person to a prompt.

    ``source`` names who wrote it, ``rubric`` the rubric that it asks for.
    ``artifacts`` are texts by name; ``meta`` holds whatever else was recorded,
    of which checks read ``meta.metrics`` and ``meta.exit_codes``.  ``span`` is
    where it came from, for messages.
    """

    text: str
    prompt_id: str
    response_id: str
    prompt: str | None = None
    conversation: tuple[Turn, ...] = ()
    reference: str | None = None
    source: str | None = None
    rubric: str | None = None
    artifacts: Mapping[str, str] = field(default=_NO_TEXT, hash=False)
    meta: Mapping[str, object] = field(default=_NOTHING, hash=False)
    span: Span = field(default=NOWHERE, eq=False, repr=False)
