"""Rows of criteria for a prompt, in two levels and on scales: what many corpora use.

A row is ``{prompt_id, prompt, criteria: [{id, text, weight, kind, parent, levels,
guidance}]}``.  ``kind`` says what is asked: ``leaf`` yes or no, ``group`` nothing
itself, ``ordinal 1-5`` and ``ordinal: worse < better`` a level, ``nominal: A | B`` a
choice without an order, which is not scored.  The released rubrics of "Chasing the
Tail" (Zhang et al., 2025) are of the same shape, with ``id``, ``criterion`` and
``local_id`` for ``prompt_id``, ``text`` and ``id``.
"""

import re

from attrs import define

from rubricdsl.formats.fields import (
    FieldError,
    Fields,
    needed_objects,
    optional_members,
    optional_number,
    optional_text,
)
from rubricdsl.formats.foreign.drafting import Draft, level_scale, mark_of, stem_of
from rubricdsl.model.rubric import (
    AnswerScale,
    Criterion,
    Group,
    Info,
    Level,
    Mark,
    Node,
    Rubric,
    Scale,
    Turn,
)

HINT = "a row is {prompt_id, prompt, criteria: [{id, text, weight}]}"
_TEXT_KEYS = ("criterion", "text", "requirement", "description")
_ID_KEYS = ("id", "local_id")
_NOTE_KEYS = ("guidance", "note")
_CRITERION = frozenset(
    {*_TEXT_KEYS, *_ID_KEYS, *_NOTE_KEYS, "weight", "kind", "parent", "levels"}
)
# The sums are made of the criteria, and the text is the criteria before they were read.
_ROW = frozenset(
    {"id", "prompt_id", "prompt", "criteria", "rubric", "rubrics", "meta"}
    | {"total_criteria", "total_weight", "original_rubric"}
)
_RANGE = re.compile(r"ordinal\s+(-?\d+(?:\.\d+)?)\s*-\s*(-?\d+(?:\.\d+)?)\s*(.*)")
_ORDINAL, _NOMINAL = "ordinal:", "nominal:"
_YES_OR_NO = frozenset({"", "leaf", "binary", "yes/no"})


def criteria_of(row: Fields) -> str | None:
    """Name the member of a row that holds its criteria, if one does."""
    for key in ("criteria", "rubric", "rubrics"):
        if isinstance(row.get(key), list):
            return key
    return None


def read_row(row: Fields, draft: Draft) -> Rubric:
    """Make the rubric of a row; raises FieldError for one that cannot be read."""
    key = criteria_of(row)
    if key is None:
        raise FieldError("it has no criteria", HINT)
    draft.lose_members(row, "", _ROW)
    prompt_id = _first_text(row, ("prompt_id", "id"))
    entries = _Entries(draft, key, prompt_id, needed_objects(row, key))
    meta = optional_members(row, "meta") or {}
    draft.lose_members(meta, "meta", frozenset({"system_prompt", "reference"}))
    system = draft.optional_text(optional_text(meta, "system_prompt"), "meta")
    prompt = draft.optional_text(optional_text(row, "prompt"), "prompt")
    turns = (Turn("system", system), Turn("user", prompt)) if system and prompt else ()
    if system and not prompt:
        draft.lose("meta", "`system_prompt`", "left out, as there is no prompt")
    label = prompt_id or stem_of(draft.file)
    return Rubric(
        name=draft.rubric_name(label if label[:1].isalpha() else f"prompt {label}"),
        items=tuple(entries.nodes(None, "")),
        prompt=None if turns else prompt,
        conversation=turns,
        reference=draft.optional_text(optional_text(meta, "reference"), "meta"),
        for_prompts=() if prompt_id is None else (prompt_id,),
    )


def scale_of(entry: Fields, draft: Draft, where: str) -> tuple[Scale, bool]:
    """Read what is asked: a scale, and whether its answers have an order."""
    kind = (optional_text(entry, "kind") or "").strip()
    levels = optional_members(entry, "levels") or {}
    if kind.startswith((_ORDINAL, _NOMINAL)):
        labels = re.split(r"[<|]", kind.partition(":")[2])
        names = [draft.text(label.strip(), where) for label in labels if label.strip()]
        steps = tuple(Level(float(n), None, label) for n, label in enumerate(names))
        if len(steps) > 1:
            scale = level_scale(0.0, float(len(steps) - 1), steps, stated=False)
            return scale, kind.startswith(_ORDINAL)
    match = _RANGE.fullmatch(kind)
    if match and match[3].strip():
        draft.lose(where, f"{match[3].strip()} on the scale", "one whole level")
    described = tuple(_level(key, text, draft, where) for key, text in levels.items())
    described = tuple(sorted(described, key=lambda level: level.number))
    ends = [level.number for level in described]
    if match:
        ends += [float(match[1]), float(match[2])]
    if len(set(ends)) > 1:
        low, high = min(ends), max(ends)
        is_listed = bool(described) and (
            (low, high) == (described[0].number, described[-1].number)
        )
        return level_scale(low, high, described, stated=not is_listed), True
    if kind not in _YES_OR_NO:
        draft.lose(where, f"what is asked, `{kind}`", "asked as yes or no")
    return AnswerScale(), True


def _level(key: str, text: object, draft: Draft, where: str) -> Level:
    try:
        number = float(key)
    except ValueError:
        what = f"the level `{key}` is no number"
        raise FieldError(what, 'number the levels: {"1": "…", "2": "…"}') from None
    if not isinstance(text, str):
        raise FieldError(f"level {key} has no text", "describe each level")
    return Level(number, None, draft.text(text, f"{where} level {key}"))


@define
class _Entries:
    """The criteria of one row, which name each other as parents."""

    draft: Draft
    key: str
    prompt_id: str | None
    entries: list[Fields]

    def nodes(self, parent: str | None, path: str) -> list[Node]:
        """Give the nodes below a parent, or those that have none."""
        ids = {_first_text(entry, _ID_KEYS) for entry in self.entries}
        found: list[Node] = []
        for index, entry in enumerate(self.entries):
            above = optional_text(entry, "parent")
            if above is not None and above not in ids:
                what = f"criterion {index} has the parent `{above}`, which is not there"
                raise FieldError(what, "name the id of a group")
            if above == parent:
                found.append(self._node(index, entry, path))
        return found

    def _node(self, index: int, entry: Fields, above: str) -> Node:
        where = f"{self.key}[{index}]"
        own_id = _first_text(entry, _ID_KEYS)
        text = _first_text(entry, _TEXT_KEYS)
        if text is None:
            raise FieldError(f"{where} has no text", HINT)
        name = self.draft.name(text)
        path = f"{above}.{name}".removeprefix(".")
        source_id = str(index) if own_id is None else own_id
        self.draft.path(f"{self.prompt_id or self.key}/{source_id}", path)
        self.draft.lose_members(entry, where, _CRITERION)
        kept = self.draft.text(text, where)
        note = self.draft.optional_text(_first_text(entry, _NOTE_KEYS), where)
        if optional_text(entry, "kind") == "group":
            if path.count(".") > 30:  # noqa: PLR2004 - the language's own bound
                raise FieldError("the groups are over 32 deep", "make them flatter")
            items = tuple(self.nodes(own_id, path))
            if not items or own_id is None:
                raise FieldError(f"the group {where} is empty", "take it out")
            return Group(
                name=name,
                mark=self._mark(entry, where),
                text=kept,
                note=note,
                items=items,
            )
        scale, is_ordered = scale_of(entry, self.draft, where)
        mark = self._mark(entry, where)
        if not is_ordered:
            instead = "levels in the order given, not scored"
            self.draft.lose(where, "a choice whose answers have no order", instead)
            mark = Info()
        return Criterion(name=name, mark=mark, text=kept, note=note, scale=scale)

    def _mark(self, entry: Fields, where: str) -> Mark:
        weight = optional_number(entry, "weight")
        if weight is None:
            self.draft.lose(where, "no weight is given", "each such criterion weighs 1")
            return mark_of(1.0)
        return mark_of(weight)


def _first_text(fields: Fields, keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = fields.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if value is not None:
            return optional_text(fields, key)
    return None
