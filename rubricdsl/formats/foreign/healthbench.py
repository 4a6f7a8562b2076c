"""HealthBench (Arora et al., 2025): criteria with points, positive or negative.

A row is ``{prompt_id, prompt: [{role, content}], rubrics: [{criterion, points,
tags}], example_tags}``.  Its score is the sum of the points met over the sum of the
positive ones, as here; HealthBench clips the mean over its examples, the language
each score (``points`` in results are not clipped).
"""

from collections.abc import Iterator, Sequence

from rubricdsl.formats.fields import (
    FieldError,
    Fields,
    kind_of,
    needed_number,
    needed_objects,
    needed_text,
    optional_text,
)
from rubricdsl.formats.foreign.documents import Notation, read_entries, rows_of
from rubricdsl.formats.foreign.drafting import Draft, imported, mark_of, one_turn
from rubricdsl.formats.foreign.flattening import weighed
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.formats.foreign.writing import Bind, number, prompt_messages, row_file
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import ExportedFile, ImportedRubric, RubricFormatOffer
from rubricdsl.model.rubric import Criterion, Rubric, Tag

_HINT = (
    "a row is {prompt_id, prompt: [{role, content}], rubrics: [{criterion, points}]}"
)
_ROW = frozenset({"prompt_id", "prompt", "rubrics", "example_tags"})
_CRITERION = frozenset({"criterion", "points", "tags"})


def read_healthbench(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read HealthBench rows; raises RubricError (D109) for what cannot be read."""
    entries = rows_of(read_entries(data, name, Notation.JSON), lambda _: True)
    yield from imported(entries, name, _rubric, hint=_HINT)


def write_healthbench(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write a row for each rubric."""
    rows: list[Plain] = []
    paths: list[tuple[str, str]] = []
    ledgers = [Ledger(rubric) for rubric in rubrics]
    for ledger in ledgers:
        bound = bind(ledger.rubric)
        told = frozenset({"prompt", "conversation", "tags"})
        if len(bound.for_prompts) == 1:
            told |= {"for_prompts"}
        ledger.rubric_but(told)
        ledger.lose_names()
        prompt_id = bound.for_prompts[0] if bound.for_prompts else bound.name
        entries: list[Plain] = []
        for one in weighed(bound, ledger):
            ledger.node_but(one.criterion, frozenset({"tags"}))
            paths.append((f"{prompt_id}/{len(entries)}", one.path))
            entries.append(
                {
                    "criterion": one.criterion.text,
                    "points": number(one.weight),
                    "tags": [_tag(tag) for tag in one.criterion.tags],
                }
            )
        rows.append(
            {
                "prompt_id": prompt_id,
                "prompt": prompt_messages(bound),
                "rubrics": entries,
                "example_tags": [_tag(tag) for tag in ledger.rubric.tags],
            }
        )
    return row_file(rows, paths, ledgers)


HEALTHBENCH = RubricFormatOffer(
    name="healthbench",
    description="HealthBench rows: criteria with points and tags",
    read=read_healthbench,
    write=write_healthbench,
)


def _rubric(row: Fields, draft: Draft) -> Rubric:
    draft.lose_members(row, "", _ROW)
    prompt_id = optional_text(row, "prompt_id")
    messages = needed_objects(row, "prompt") if row.get("prompt") is not None else []
    turns = draft.turns(
        ((needed_text(m, "role"), needed_text(m, "content")) for m in messages),
        "prompt",
    )
    items: list[Criterion] = []
    for index, entry in enumerate(needed_objects(row, "rubrics")):
        where = f"rubrics[{index}]"
        draft.lose_members(entry, where, _CRITERION)
        criterion = Criterion(
            name=draft.name(needed_text(entry, "criterion")),
            mark=mark_of(needed_number(entry, "points")),
            text=draft.text(needed_text(entry, "criterion"), where),
            tags=_tags(entry, "tags", draft),
        )
        draft.path(f"{prompt_id or draft.where}/{index}", criterion.name)
        items.append(criterion)
    prompt = one_turn(turns)
    return Rubric(
        name=draft.rubric_name(f"healthbench {prompt_id or draft.where}"),
        items=tuple(items),
        prompt=prompt,
        conversation=() if prompt is not None else turns,
        for_prompts=() if prompt_id is None else (prompt_id,),
        tags=_tags(row, "example_tags", draft),
    )


def _tags(fields: Fields, key: str, draft: Draft) -> tuple[Tag, ...]:
    tags = fields.get(key)
    if tags is None:
        return ()
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        what = f"`{key}` is {kind_of(tags)}, not a list of texts"
        raise FieldError(what, f'write "{key}": ["axis:accuracy"]')
    return tuple(draft.tag(str(tag)) for tag in tags)


def _tag(tag: Tag) -> str:
    return tag.name if tag.value is None else f"{tag.name}:{tag.value}"
