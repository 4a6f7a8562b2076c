"""What a row says of a response: its text, its ids, and what stands beside it.

=============== ============================================================
``response``     the text; or ``messages``, a chat list whose last assistant
                 turn is the response, the turns before it the conversation
                 and those after it nothing; or ``responses``, a list of
                 texts or of objects with these fields, for which the
                 row's other fields hold where they have none
``prompt_id``    text or whole number; made from the prompt if missing
``response_id``  text or whole number; made from the response if missing
``prompt``       text, or a chat list
``reference``, ``source``, ``rubric``  text
``meta``         object
``artifacts``    object of name → text
=============== ============================================================

Other fields are left alone.  A field that is null is a field that is missing.
"""

from collections.abc import Mapping

from attrs import frozen

from rubricdsl.formats.fields import (
    FieldError,
    kind_of,
    needed_text,
    optional_members,
    optional_text,
)
from rubricdsl.formats.rows import Row
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Turn
from rubricdsl.model.source import Span

JSON_COLUMNS = ("messages", "responses", "meta", "artifacts")

_ID_DIGITS = 12
_SHAPES = ("response", "messages", "responses")
_SPEAKERS = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}


@frozen
class Draft:
    """A response, and whether its response id was made from its content."""

    response: Response
    is_id_made: bool


def drafts(row: Row, *, max_bytes: int) -> list[Draft]:
    """Give the responses of a row.

    Raises FieldError for a row that has none, or a field of the wrong type.
    """
    return [_draft(fields, row.span, max_bytes) for fields in _split(row.fields)]


def _split(fields: Mapping[str, Plain]) -> list[Mapping[str, Plain]]:
    """Give the fields of each response of a row."""
    shapes = [name for name in _SHAPES if fields.get(name) is not None]
    if len(shapes) != 1:
        raise _shape_error(shapes, fields)
    if shapes != ["responses"]:
        return [fields]
    entries = fields["responses"]
    if not isinstance(entries, list) or not entries:
        raise FieldError(
            f"`responses` is {kind_of(entries)}",
            'give a list of texts, or of objects: [{"response": "…"}]',
        )
    if fields.get("response_id") is not None:
        raise FieldError(
            "`response_id` stands beside `responses`, of which there are several",
            "give an id to each of them: "
            '"responses": [{"response_id": "a", "response": "…"}]',
        )
    common = {key: value for key, value in fields.items() if key != "responses"}
    return [_merged(common, entry, i) for i, entry in enumerate(entries, 1)]


def _merged(
    common: Mapping[str, Plain], entry: Plain, number: int
) -> Mapping[str, Plain]:
    if isinstance(entry, str):
        return {**common, "response": entry}
    if not isinstance(entry, dict):
        raise FieldError(
            f"entry {number} of `responses` is {kind_of(entry)}",
            'write each as a text, or as an object: {"response": "…"}',
        )
    shapes = [name for name in _SHAPES if entry.get(name) is not None]
    if len(shapes) != 1 or "responses" in shapes:
        raise _shape_error(shapes, entry, where=f"entry {number} of `responses`")
    own = {key: value for key, value in entry.items() if value is not None}
    return {**common, **own}


def _shape_error(
    shapes: list[str], fields: Mapping[str, Plain], *, where: str = "the row"
) -> FieldError:
    if len(shapes) > 1:
        both = " and ".join(f"`{name}`" for name in shapes)
        return FieldError(
            f"{where} has {both}",
            "keep one; a conversation before the response can stand in `prompt`",
        )
    close = [
        name
        for name in ("text", "answer", "completion", "output", "Response")
        if isinstance(fields.get(name), str)
    ]
    hint = (
        f"rename the field `{close[0]}` to `response`"
        if close
        else "give the text as `response`, or a chat list as `messages`"
    )
    return FieldError(f"{where} has no `response`", hint)


def _draft(fields: Mapping[str, Plain], span: Span, max_bytes: int) -> Draft:
    prompt, conversation = _prompt(fields)
    if fields.get("messages") is not None:
        text, before = _response_turn(fields["messages"])
        if conversation and before:
            raise FieldError(
                "both `messages` and `prompt` hold a conversation",
                "keep the conversation in one of them",
            )
        if prompt is None and not conversation:
            prompt, conversation = _as_prompt(before)
        else:
            conversation = conversation or before
    else:
        text = needed_text(fields, "response")
    size = len(text.encode())
    if size > max_bytes:
        raise FieldError(
            f"the response has {size / 1e6:.1f} MB, over the limit of "
            f"{max_bytes / 1e6:g} MB",
            "cut the response, or leave it out",
            code="D110",
        )
    source, artifacts = optional_text(fields, "source"), _artifacts(fields)
    response_id = _identifier(fields, "response_id")
    prompt_id = _identifier(fields, "prompt_id")
    response = Response(
        text=text,
        prompt_id=prompt_id or made_prompt_id(prompt, conversation),
        response_id=response_id or _made_response_id(text, source, artifacts),
        prompt=prompt,
        conversation=conversation,
        reference=optional_text(fields, "reference"),
        source=source,
        rubric=optional_text(fields, "rubric"),
        artifacts=artifacts,
        meta=optional_members(fields, "meta") or {},
        span=span,
    )
    return Draft(response, is_id_made=response_id is None)


def made_prompt_id(prompt: str | None, conversation: tuple[Turn, ...] = ()) -> str:
    """Give the id of a prompt that has none: it depends on its text alone."""
    if prompt is None and not conversation:
        return "p"
    turns: Plain = [[turn.speaker, turn.text] for turn in conversation]
    return f"p-{digest('prompt', prompt, turns)[:_ID_DIGITS]}"


def _made_response_id(
    text: str, source: str | None, artifacts: Mapping[str, str]
) -> str:
    made = digest("response", text, source, dict(artifacts))
    return f"r-{made[:_ID_DIGITS]}"


# -------------------------------------------------------------------- fields


def _identifier(fields: Mapping[str, Plain], name: str) -> str | None:
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = optional_text(fields, name)
    if text is not None and not text.strip():
        raise FieldError(f"`{name}` is empty", "write an id, or leave the field out")
    return text


def _artifacts(fields: Mapping[str, Plain]) -> Mapping[str, str]:
    artifacts: dict[str, str] = {}
    for name, value in (optional_members(fields, "artifacts") or {}).items():
        if not isinstance(value, str):
            raise FieldError(
                f"the artifact {name!r} is {kind_of(value)}, not a text",
                "give artifacts as texts by name; exit codes and metrics belong "
                "into `meta`",
            )
        artifacts[name] = value
    return artifacts


# --------------------------------------------------------------------- chats


def _prompt(fields: Mapping[str, Plain]) -> tuple[str | None, tuple[Turn, ...]]:
    value = fields.get("prompt")
    if isinstance(value, list):
        return _as_prompt(_turns(value, "prompt"))
    return optional_text(fields, "prompt"), ()


def _as_prompt(turns: tuple[Turn, ...]) -> tuple[str | None, tuple[Turn, ...]]:
    """Tell a conversation from the single turn of a user, which is a prompt."""
    if len(turns) == 1 and turns[0].speaker == "user":
        return turns[0].text, ()
    return None, turns


def _response_turn(messages: Plain) -> tuple[str, tuple[Turn, ...]]:
    """Give the text of the assistant's last turn, and the turns before it."""
    turns = _turns(messages, "messages")
    last = max(
        (i for i, turn in enumerate(turns) if turn.speaker == "assistant"), default=None
    )
    if last is None:
        raise FieldError(
            "`messages` holds no turn of the assistant",
            'end it with the response: {"role": "assistant", "content": "…"}',
        )
    if not turns[last].text:
        raise FieldError(
            "the assistant's last turn in `messages` has no text",
            "end it with the response, or give the text as `response`",
        )
    return turns[last].text, turns[:last]


def _turns(value: Plain, name: str) -> tuple[Turn, ...]:
    if not isinstance(value, list):
        raise FieldError(
            f"`{name}` is {kind_of(value)}, not a chat list",
            'write it as [{"role": "user", "content": "…"}, …]',
        )
    return tuple(
        _turn(entry, f"turn {i} of `{name}`") for i, entry in enumerate(value, 1)
    )


def _turn(entry: Plain, where: str) -> Turn:
    role = entry.get("role") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(role, str):
        raise FieldError(
            f"{where} has no `role`", 'write it as {"role": "user", "content": "…"}'
        )
    if role not in _SPEAKERS:
        raise FieldError(
            f"{where} has the role {role!r}", f"use one of {', '.join(_SPEAKERS)}"
        )
    return Turn(_SPEAKERS[role], _content(entry.get("content"), where))


def _content(content: Plain, where: str) -> str:
    if content is None:
        # A turn that only calls a tool says nothing.
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise FieldError(
            f"the content of {where} is {kind_of(content)}", "give it as a text"
        )
    parts = [_part(part, where) for part in content]
    return "".join(parts)


def _part(part: Plain, where: str) -> str:
    text = part.get("text") if isinstance(part, dict) else part
    if not isinstance(text, str):
        raise FieldError(
            f"{where} holds a part that is no text", "keep only parts with a `text`"
        )
    return text
