"""What writers of foreign formats share: how JSON is written, and prompts."""

import json
from collections.abc import Callable, Iterable, Sequence

from rubricdsl.diagnostics import fail
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import ExportedFile
from rubricdsl.model.rubric import BoundRubric, Rubric

Bind = Callable[[Rubric], BoundRubric]
Paths = list[tuple[str, str]]


def number(value: float) -> float:
    """Give a whole number as an integer, which JSON then writes without ``.0``."""
    return int(value) if value == int(value) and abs(value) < 2**53 else value


def json_file(
    value: Plain, paths: Iterable[tuple[str, str]], ledgers: Iterable[Ledger]
) -> ExportedFile:
    """Give a file of one JSON document."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    return exported(text, ".json", paths, ledgers)


def row_file(
    rows: Iterable[Plain], paths: Iterable[tuple[str, str]], ledgers: Iterable[Ledger]
) -> ExportedFile:
    """Give a file of JSON Lines."""
    text = "".join(
        json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows
    )
    return exported(text, ".jsonl", paths, ledgers)


def exported(
    text: str,
    ending: str,
    paths: Iterable[tuple[str, str]],
    ledgers: Iterable[Ledger],
) -> ExportedFile:
    """Give a file of text, with what its rubrics lost."""
    losses = [loss for ledger in ledgers for loss in ledger.losses]
    return ExportedFile(
        data=text.encode(),
        ending=ending,
        paths=tuple(paths),
        losses=tuple(dict.fromkeys(losses)),
    )


def only(rubrics: Sequence[Rubric], format_name: str) -> Rubric:
    """Give the one rubric that a file of this format can hold.

    Raises RubricError (D401) where there are more.
    """
    if len(rubrics) != 1:
        names = ", ".join(rubric.name for rubric in rubrics)
        fail(
            "D401",
            f"a file of `{format_name}` holds one rubric, not {len(rubrics)}",
            hint=f"export them one by one, as in `FILE#NAME`; there are: {names}",
        )
    return rubrics[0]


def refuse_empty(what: Sequence[object], rubric: Rubric, format_name: str) -> None:
    """Refuse a rubric of which the format can say nothing (D109)."""
    if not what:
        fail(
            "D109",
            f"`{format_name}` can say nothing of `{rubric.name}`",
            hint="choose another format; `rub export --list` names them",
            span=rubric.span,
        )


def prompt_messages(bound: BoundRubric) -> list[Plain]:
    """Give the prompt or conversation as a list of chat messages."""
    if bound.conversation:
        return [
            {"role": turn.speaker, "content": turn.text} for turn in bound.conversation
        ]
    return [{"role": "user", "content": bound.prompt}] if bound.prompt else []


def prompt_text(bound: BoundRubric, ledger: Ledger) -> str | None:
    """Give the prompt as one text; a conversation is written out, and reported."""
    if not bound.conversation:
        return bound.prompt
    ledger.lose("", "the turns of its conversation", "written as one text")
    return "\n\n".join(f"{turn.speaker}: {turn.text}" for turn in bound.conversation)
