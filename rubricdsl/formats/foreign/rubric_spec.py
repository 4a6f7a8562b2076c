"""AuraOne Rubric Schema v1 (``rubric-spec``): weighted criteria with anchors.

The schema says how a criterion is scaled and what its anchors mean, but not how
scores are combined; the weighted mean of anchors, from the lowest to the highest, is
taken.  Its weights are positive.
"""

from collections.abc import Iterator, Sequence

from rubricdsl.formats.fields import (
    FieldError,
    Fields,
    needed_objects,
    needed_text,
    optional_number,
    optional_text,
)
from rubricdsl.formats.foreign.documents import Notation, read_entries, rows_of
from rubricdsl.formats.foreign.drafting import Draft, imported, level_scale
from rubricdsl.formats.foreign.flattening import scored, weighed
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.formats.foreign.writing import (
    Bind,
    json_file,
    number,
    only,
    refuse_empty,
)
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import ExportedFile, ImportedRubric, RubricFormatOffer
from rubricdsl.model.rubric import (
    AnswerScale,
    Criterion,
    Level,
    LevelScale,
    Rubric,
    Scale,
    Weight,
)

VERSION = "auraone-rubric-v1"
_HINT = f'give {{"version": "{VERSION}", "rubric_id", "label", "criteria": […]}}'
_DOCUMENT = frozenset({"version", "rubric_id", "label", "criteria"})
_CRITERION = frozenset(
    {"criterion_id", "label", "description", "scale_type", "weight", "anchors"}
)
_ANCHOR = frozenset({"value", "label", "description"})
_NO_RULE = "none"
_YES_NO: tuple[tuple[float, str], ...] = ((0.0, "fail"), (1.0, "pass"))


def read_rubric_spec(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read AuraOne rubrics; raises RubricError (D109) for what cannot be read."""
    entries = rows_of(read_entries(data, name, Notation.JSON), lambda _: True)
    yield from imported(entries, name, _rubric, hint=_HINT)


def write_rubric_spec(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write the one rubric; raises RubricError for more than one."""
    ledger = Ledger(only(rubrics, "rubric-spec"))
    bound = bind(ledger.rubric)
    ledger.rubric_but(frozenset({"title"}))
    criteria: list[Plain] = []
    paths: list[tuple[str, str]] = []
    for one in scored(weighed(bound, ledger), ledger):
        criterion = one.criterion
        if one.weight < 0:
            ledger.lose(one.path, "a criterion with a negative weight")
            continue
        is_scaled = isinstance(criterion.scale, LevelScale)
        told = {"title", "scale"} if is_scaled else {"title"}
        ledger.node_but(criterion, frozenset(told))
        paths.append((criterion.name, one.path))
        criteria.append(
            {
                "criterion_id": criterion.name,
                "label": criterion.title or criterion.name,
                "description": criterion.text,
                "scale_type": "ordinal" if is_scaled else "binary",
                "weight": number(one.weight),
                "tie_break_rule": _NO_RULE,
                "anchors": _anchors(criterion.scale),
                "examples": [],
            }
        )
    refuse_empty(criteria, ledger.rubric, "rubric-spec")
    document: Plain = {
        "version": VERSION,
        "rubric_id": bound.name,
        "label": bound.title or bound.name,
        "tie_break_rule": _NO_RULE,
        "judge_prompt_contract": {
            "instruction": "Score each criterion by its anchors.",
            "output_format": "json",
            "required_fields": ["criterion_id", "score"],
        },
        "provenance": {"source": "rubricdsl", "synthetic": False},
        "criteria": criteria,
    }
    return json_file(document, paths, [ledger])


RUBRIC_SPEC = RubricFormatOffer(
    name="rubric-spec",
    description="AuraOne Rubric Schema v1: weighted criteria with anchors",
    read=read_rubric_spec,
    write=write_rubric_spec,
)


def _anchors(scale: Scale) -> list[Plain]:
    if not isinstance(scale, LevelScale):
        return [{"value": int(n), "label": label} for n, label in _YES_NO]
    described = {level.number: level for level in scale.levels}
    anchors: list[Plain] = []
    for n in scale.numbers:
        level = described.get(n)
        anchor: dict[str, Plain] = {"value": number(n), "label": f"{n:g}"}
        if level is not None:
            anchor["label"] = level.label or level.text
            if level.label is not None:
                anchor["description"] = level.text
        anchors.append(anchor)
    return anchors


def _rubric(document: Fields, draft: Draft) -> Rubric:
    if document.get("version") != VERSION:
        raise FieldError(f"its `version` is not {VERSION}", _HINT)
    for key in document.keys() - _DOCUMENT:
        if document[key] not in (None, "", [], _NO_RULE):
            draft.lose("", f"`{key}`", "left out")
    items = tuple(
        _criterion(entry, index, draft)
        for index, entry in enumerate(needed_objects(document, "criteria"))
    )
    rubric_id = needed_text(document, "rubric_id")
    name = draft.rubric_name(rubric_id)
    label = draft.optional_text(optional_text(document, "label"), "label")
    return Rubric(name=name, items=items, title=None if label == name else label)


def _criterion(entry: Fields, index: int, draft: Draft) -> Criterion:
    where = f"criteria[{index}]"
    own_id = needed_text(entry, "criterion_id")
    for key in sorted(entry.keys() - _CRITERION):
        if entry[key] not in (None, "", [], _NO_RULE):
            draft.lose(where, f"`{key}`", "left out")
    label = draft.text(needed_text(entry, "label"), where)
    text = draft.optional_text(optional_text(entry, "description"), where)
    weight = optional_number(entry, "weight")
    if weight is None or weight <= 0:
        raise FieldError(f"{where} has no positive weight", "give it one above 0")
    name = draft.own_name(own_id)
    draft.path(own_id, name)
    return Criterion(
        name=name,
        mark=Weight(weight),
        text=text or label,
        title=label if text is not None and label != name else None,
        scale=_scale(entry, draft, where),
    )


def _scale(entry: Fields, draft: Draft, where: str) -> Scale:
    kind = needed_text(entry, "scale_type")
    levels = _levels(entry, draft, where)
    if kind == "binary":
        labels = tuple((v.number, v.label or v.text) for v in levels)
        if labels not in ((), _YES_NO):
            draft.lose(where, "the anchors of a yes or no", "yes is 1 and no is 0")
        return AnswerScale()
    if kind not in {"ordinal", "likert", "continuous"}:
        raise FieldError(f"{where}: `{kind}` is no scale_type", _HINT)
    if len(levels) < 2:  # noqa: PLR2004 - a scale
        raise FieldError(f"{where} has fewer than two anchors", _HINT)
    stated = kind == "continuous"
    if stated:
        draft.lose(where, "values between the anchors", "whole steps between them")
    low, high = levels[0].number, levels[-1].number
    return level_scale(low, high, levels, stated=stated)


def _levels(entry: Fields, draft: Draft, where: str) -> tuple[Level, ...]:
    levels: dict[float, Level] = {}
    for anchor in needed_objects(entry, "anchors"):
        draft.lose_members(anchor, where, _ANCHOR)
        value = optional_number(anchor, "value")
        if value is None or value in levels:
            what = f"{where} has an anchor without a value of its own"
            raise FieldError(what, "give each anchor another number")
        label = draft.text(needed_text(anchor, "label"), where)
        said = draft.optional_text(optional_text(anchor, "description"), where)
        if said is None:
            levels[value] = Level(value, None, label)
        else:
            levels[value] = Level(value, " ".join(label.split()), said)
    return tuple(levels[value] for value in sorted(levels))
