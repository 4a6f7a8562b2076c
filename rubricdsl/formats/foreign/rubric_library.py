"""The format of the Python library ``rubric``: ``{weight, requirement}`` in a list.

Its score is the sum of the weights met over that of the positive ones, clipped; if
none is positive, 1 plus the sum over that of the negative ones.  So is the
language's.
"""

from collections.abc import Iterator, Sequence

from rubricdsl.formats.fields import Fields, needed_number, needed_text
from rubricdsl.formats.foreign.documents import Entry, Notation, read_entries
from rubricdsl.formats.foreign.drafting import Draft, imported, mark_of, stem_of
from rubricdsl.formats.foreign.flattening import weighed
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.formats.foreign.weighted_lists import listed_criteria
from rubricdsl.formats.foreign.writing import Bind, json_file, number, only
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import ExportedFile, ImportedRubric, RubricFormatOffer
from rubricdsl.model.rubric import Criterion, Rubric

_HINT = "give a list of {weight, requirement}, or sections with such `criteria`"
_CRITERION = frozenset({"weight", "requirement"})
_DOCUMENT = frozenset({"rubric", "sections", "criteria"})


def read_rubric_library(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read one rubric, as JSON or YAML; raises RubricError (D109) if it cannot be."""
    entries = read_entries(data, name, Notation.JSON_OR_YAML)
    yield from imported(map(as_document, entries), name, _rubric, hint=_HINT)


def write_rubric_library(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write the one rubric as a JSON list; raises RubricError for more than one."""
    ledger = Ledger(only(rubrics, "rubric"))
    bound = bind(ledger.rubric)
    ledger.rubric_but(frozenset())
    ledger.lose_names()
    criteria: list[Plain] = []
    paths: list[tuple[str, str]] = []
    for one in weighed(bound, ledger):
        ledger.node_but(one.criterion, frozenset())
        paths.append((str(len(criteria)), one.path))
        entry: Plain = {
            "weight": number(one.weight),
            "requirement": one.criterion.text,
        }
        criteria.append(entry)
    return json_file(criteria, paths, [ledger])


RUBRIC_LIBRARY = RubricFormatOffer(
    name="rubric",
    description="The Python library rubric: lists of {weight, requirement}",
    read=read_rubric_library,
    write=write_rubric_library,
)


def as_document(entry: Entry) -> Entry:
    """Take a bare list for what stands under ``rubric``."""
    if isinstance(entry.value, list):
        return Entry({"rubric": entry.value}, entry.span, entry.where)
    return entry


def _rubric(document: Fields, draft: Draft) -> Rubric:
    draft.lose_members(document, "", _DOCUMENT)
    items: list[Criterion] = []
    for index, listed in enumerate(listed_criteria(document, draft, _HINT)):
        entry = listed.entry
        draft.lose_members(entry, listed.where, _CRITERION)
        requirement = needed_text(entry, "requirement")
        name = draft.name(requirement)
        draft.path(str(index), name)
        items.append(
            Criterion(
                name=name,
                mark=mark_of(needed_number(entry, "weight")),
                text=draft.text(requirement, listed.where),
                tags=listed.tags,
            )
        )
    return Rubric(name=draft.rubric_name(stem_of(draft.file)), items=tuple(items))
