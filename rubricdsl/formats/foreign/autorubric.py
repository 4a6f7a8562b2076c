"""The format of the Python library ``autorubric``: named criteria, yes/no or options.

An option has a label and a value in [0, 1]; one that is ``na`` leaves the criterion
out.  The score is the sum of weight times value over that of the positive weights,
clipped; if none is positive, 1 plus the sum over that of the negative ones.  What
the library's grader does with a judge that cannot tell is not in the file.
"""

from collections.abc import Iterator, Sequence

from rubricdsl.formats.fields import (
    FieldError,
    Fields,
    needed_number,
    needed_objects,
    needed_text,
    optional_members,
    optional_number,
    optional_text,
    optional_truth,
)
from rubricdsl.formats.foreign.documents import Notation, read_entries
from rubricdsl.formats.foreign.drafting import Draft, imported, mark_of, stem_of
from rubricdsl.formats.foreign.flattening import weighed
from rubricdsl.formats.foreign.rubric_library import as_document
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.formats.foreign.weighted_lists import listed_criteria
from rubricdsl.formats.foreign.writing import Bind, json_file, number, only
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import ExportedFile, ImportedRubric, RubricFormatOffer
from rubricdsl.model.rubric import (
    AnswerScale,
    Criterion,
    Level,
    LevelScale,
    NaPolicy,
    NaRule,
    Rubric,
    Scale,
)

DEFAULT_WEIGHT = 10.0
"""The weight that the library gives to a criterion without one."""
NA_LABEL = "n/a"
_HINT = "give {criteria: [{name, weight, requirement, options}]}"
_DOCUMENT = frozenset({"rubric", "sections", "criteria", "guidelines"})
_CRITERION = frozenset({"name", "weight", "requirement", "options", "scale_type"})
_OPTION = frozenset({"label", "value", "na"})


def read_autorubric(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read one rubric, as JSON or YAML; raises RubricError (D109) if it cannot be."""
    entries = read_entries(data, name, Notation.JSON_OR_YAML)
    yield from imported(map(as_document, entries), name, _rubric, hint=_HINT)


def write_autorubric(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write the one rubric as JSON; raises RubricError for more than one."""
    ledger = Ledger(only(rubrics, "autorubric"))
    bound = bind(ledger.rubric)
    ledger.rubric_but(frozenset({"note"}))
    criteria: list[Plain] = []
    paths: list[tuple[str, str]] = []
    for one in weighed(bound, ledger):
        criterion = one.criterion
        told = {"scale"} if criterion.check is None else set[str]()
        options = _options_of(criterion)
        if isinstance(criterion.scale, LevelScale) and any(
            level.label is not None for level in criterion.scale.levels
        ):
            ledger.lose(one.path, "what its levels say beside their labels")
        if options and criterion.na is NaPolicy.SKIP:
            told.add("na")
        ledger.node_but(criterion, frozenset(told))
        paths.append((criterion.name, one.path))
        entry: dict[str, Plain] = {
            "name": criterion.name,
            "weight": number(one.weight),
            "requirement": criterion.text,
        }
        if options:
            entry |= {"scale_type": "ordinal", "options": options}
        criteria.append(entry)
    document: dict[str, Plain] = {"criteria": criteria}
    if ledger.rubric.note:
        document["guidelines"] = ledger.rubric.note
    return json_file(document, paths, [ledger])


AUTORUBRIC = RubricFormatOffer(
    name="autorubric",
    description="The Python library autorubric: criteria with weights and options",
    read=read_autorubric,
    write=write_autorubric,
)


def _options_of(criterion: Criterion) -> list[Plain]:
    match criterion.scale:
        case LevelScale(low, high):
            described = {v.number: v for v in criterion.scale.levels}
            options: list[Plain] = []
            for n in criterion.scale.numbers:
                level = described.get(n)
                label = f"{n:g}" if level is None else level.label or level.text
                value = (n - low) / (high - low)
                options.append({"label": label, "value": number(value)})
        case AnswerScale(answers) if "partly" in answers:
            values = {"no": 0, "partly": 0.5, "yes": 1}
            options = [
                {"label": word, "value": value}
                for word, value in values.items()
                if word in answers
            ]
        case _:
            return []
    if criterion.na is NaPolicy.SKIP:
        options.append({"label": NA_LABEL, "value": 0, "na": True})
    return options


def _rubric(document: Fields, draft: Draft) -> Rubric:
    draft.lose_members(document, "", _DOCUMENT)
    inner = document.get("rubric")
    guidelines = optional_text(document, "guidelines")
    if isinstance(inner, dict):
        members = optional_members(document, "rubric") or {}
        draft.lose_members(members, "rubric", _DOCUMENT)
        guidelines = guidelines or optional_text(members, "guidelines")
    note = draft.optional_text(guidelines, "guidelines")
    if note is not None:
        instead = "the rubric's note; `instructions` of a judge block reach the judge"
        draft.lose("guidelines", "that the judge reads the guidelines", instead)
    items: list[Criterion] = []
    for listed in listed_criteria(document, draft, _HINT):
        entry, where = listed.entry, listed.where
        draft.lose_members(entry, where, _CRITERION)
        requirement = needed_text(entry, "requirement")
        own_name = optional_text(entry, "name")
        is_named = own_name is not None and own_name.strip() != ""
        name = draft.own_name(own_name or "") if is_named else draft.name(requirement)
        draft.path(own_name or str(len(items)), name)
        weight = optional_number(entry, "weight")
        scale, na = _scale(entry, draft, where)
        items.append(
            Criterion(
                name=name,
                mark=mark_of(DEFAULT_WEIGHT if weight is None else weight),
                text=draft.text(requirement, where),
                scale=scale,
                na=na,
                tags=listed.tags,
            )
        )
    return Rubric(
        name=draft.rubric_name(stem_of(draft.file)), items=tuple(items), note=note
    )


def _scale(entry: Fields, draft: Draft, where: str) -> tuple[Scale, NaRule | None]:
    if entry.get("options") is None:
        return AnswerScale(), None
    if optional_text(entry, "scale_type") == "nominal":
        draft.lose(where, "that its options have no order", "levels by their values")
    options = needed_objects(entry, "options")
    values = _values(options, draft, where)
    na = NaPolicy.SKIP if len(_abstaining(options)) else None
    if values == {0.0: "no", 0.5: "partly", 1.0: "yes"}:
        return AnswerScale(("yes", "partly", "no")), na
    levels = tuple(Level(value, None, values[value]) for value in sorted(values))
    stated = not {0.0, 1.0} <= values.keys()
    if stated:
        instead = "the scale goes from 0 to 1, and a judge may give its ends, too"
        draft.lose(where, "that no option is worth just 0, or 1", instead)
    return LevelScale(0.0, 1.0, levels, stated=stated), na


def _abstaining(options: list[Fields]) -> list[Fields]:
    return [option for option in options if optional_truth(option, "na")]


def _values(options: list[Fields], draft: Draft, where: str) -> dict[float, str]:
    """Give the labels by their values; those of one value together."""
    abstaining = _abstaining(options)
    values: dict[float, str] = {}
    for option in options:
        draft.lose_members(option, where, _OPTION)
        label = draft.text(needed_text(option, "label"), where)
        if option in abstaining:
            if label != NA_LABEL:
                draft.lose(where, f"the label `{label}`", "n/a, which is skipped")
            continue
        value = needed_number(option, "value")
        if not 0 <= value <= 1:
            raise FieldError(f"{where}: the value {value:g} is not in [0, 1]", _HINT)
        if value in values:
            draft.lose(where, "two options of one value", "one level with both labels")
            label = f"{values[value]}; or: {label}"
        values[value] = label
    if not values:
        raise FieldError(f"{where} has no option that is worth anything", _HINT)
    return values
