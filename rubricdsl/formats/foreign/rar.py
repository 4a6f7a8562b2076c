"""Rubrics as Rewards (Gunjal et al., 2025): titled items of four weight classes.

A row is ``{question, reference_answer, rubric: [{title, description, weight}]}``.
The explicit reward is the sum of the weights met over the sum of all weights: the
same as here as long as none is negative.
"""

from collections.abc import Iterator, Sequence

from rubricdsl.formats.fields import (
    Fields,
    needed_number,
    needed_objects,
    needed_text,
    optional_text,
)
from rubricdsl.formats.foreign.documents import Notation, read_entries, rows_of
from rubricdsl.formats.foreign.drafting import Draft, imported, mark_of, stem_of
from rubricdsl.formats.foreign.flattening import scored, weighed
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.formats.foreign.writing import (
    Bind,
    number,
    prompt_text,
    refuse_empty,
    row_file,
)
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import ExportedFile, ImportedRubric, RubricFormatOffer
from rubricdsl.model.rubric import Criterion, Rubric

_HINT = "a row is {question, rubric: [{title, description, weight}]}"
# The list of texts and the count say again what the rubric says.
_ROW = frozenset(
    {"question", "reference_answer", "rubric", "rubric_list", "rubric_count"}
)
_ITEM = frozenset({"title", "description", "weight"})
_PITFALL = "pitfall"


def read_rar(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read RaR rows; raises RubricError (D109) for what cannot be read."""
    entries = rows_of(read_entries(data, name, Notation.JSON), lambda _: True)
    yield from imported(entries, name, _rubric, hint=_HINT)


def write_rar(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write a row for each rubric."""
    rows: list[Plain] = []
    paths: list[tuple[str, str]] = []
    ledgers = [Ledger(rubric) for rubric in rubrics]
    for number_of_row, ledger in enumerate(ledgers):
        bound = bind(ledger.rubric)
        ledger.rubric_but(frozenset({"prompt", "conversation", "reference"}))
        items: list[Plain] = []
        for one in scored(weighed(bound, ledger), ledger):
            ledger.node_but(one.criterion, frozenset({"title"}))
            if one.weight < 0:
                instead = "kept; RaR divides by the sum of all weights"
                ledger.lose(one.path, "how a negative weight counts", instead)
            paths.append((f"{number_of_row}/{len(items)}", one.path))
            items.append(
                {
                    "title": one.criterion.title or one.criterion.name,
                    "description": one.criterion.text,
                    "weight": number(one.weight),
                }
            )
        refuse_empty(items, ledger.rubric, "rar")
        rows.append(
            {
                "question": prompt_text(bound, ledger) or "",
                "reference_answer": bound.reference or "",
                "rubric": items,
                "rubric_count": len(items),
            }
        )
    return row_file(rows, paths, ledgers)


RAR = RubricFormatOffer(
    name="rar",
    description="Rubrics as Rewards rows: items with title, description, weight",
    read=read_rar,
    write=write_rar,
)


def _rubric(row: Fields, draft: Draft) -> Rubric:
    draft.lose_members(row, "", _ROW)
    items: list[Criterion] = []
    for index, entry in enumerate(needed_objects(row, "rubric")):
        where = f"rubric[{index}]"
        draft.lose_members(entry, where, _ITEM)
        description = needed_text(entry, "description")
        title = optional_text(entry, "title")
        weight = needed_number(entry, "weight")
        is_titled = title is not None and title.strip() != ""
        name = draft.own_name(title or "") if is_titled else draft.name(description)
        if weight < 0:
            _warn(draft, where, description)
        draft.path(f"{draft.where or 0}/{index}", name)
        said = None if title is None or title == name else title
        items.append(
            Criterion(
                name=name,
                mark=mark_of(weight),
                text=draft.text(description, where),
                title=draft.optional_text(said, where),
            )
        )
    return Rubric(
        name=draft.rubric_name(f"{stem_of(draft.file)} {draft.where}"),
        items=tuple(items),
        prompt=draft.optional_text(optional_text(row, "question"), "question"),
        reference=draft.optional_text(
            optional_text(row, "reference_answer"), "reference_answer"
        ),
    )


def _warn(draft: Draft, where: str, description: str) -> None:
    instead = "here divided by the positive weights alone, then clipped"
    draft.lose(where, "a negative weight counts in what is divided by", instead)
    if description.casefold().startswith(_PITFALL):
        instead = "the weight as it is: see that `yes` is what should lose points"
        draft.lose(where, "whether a pitfall that is met is good or bad", instead)
