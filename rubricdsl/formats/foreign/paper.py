"""The lists of "Chasing the Tail" (Zhang et al., 2025): criteria with weights.

A file is one list of ``{criterion, weight}``, or holds rows with such a list in
``criteria``, as `rubricdsl.formats.foreign.prompt_rows` reads them.  The paper's
score is the sum of the weights met over the sum of all weights, which are positive.
"""

from collections.abc import Iterator, Sequence

from rubricdsl.formats.foreign.documents import Entry, Notation, read_entries, rows_of
from rubricdsl.formats.foreign.drafting import imported
from rubricdsl.formats.foreign.flattening import scored, weighed
from rubricdsl.formats.foreign.prompt_rows import HINT, criteria_of, read_row
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
from rubricdsl.model.rubric import Rubric

_HINT = f"give a list of {{criterion, weight}}, or rows: {HINT}"


def read_paper(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read lists of criteria; raises RubricError (D109) for what cannot be read."""
    entries = rows_of(read_entries(data, name, Notation.JSON), criteria_of)
    yield from imported(map(_as_row, entries), name, read_row, hint=_HINT)


def write_paper(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write a row for each rubric, with criteria that have a positive weight."""
    rows: list[Plain] = []
    paths: list[tuple[str, str]] = []
    ledgers = [Ledger(rubric) for rubric in rubrics]
    for ledger in ledgers:
        bound = bind(ledger.rubric)
        told = frozenset({"prompt", "conversation"})
        if len(bound.for_prompts) == 1:
            told |= {"for_prompts"}
        ledger.rubric_but(told)
        ledger.lose_names()
        row_id = bound.for_prompts[0] if bound.for_prompts else bound.name
        criteria: list[Plain] = []
        for one in scored(weighed(bound, ledger), ledger):
            if one.weight < 0:
                ledger.lose(one.path, "a criterion with a negative weight")
                continue
            ledger.node_but(one.criterion, frozenset())
            local_id = f"c{len(criteria) + 1}"
            paths.append((f"{row_id}/{local_id}", one.path))
            criteria.append(
                {
                    "local_id": local_id,
                    "criterion": one.criterion.text,
                    "weight": number(one.weight),
                }
            )
        refuse_empty(criteria, ledger.rubric, "paper")
        row: dict[str, Plain] = {"id": row_id, "criteria": criteria}
        prompt = prompt_text(bound, ledger)
        rows.append(row if prompt is None else {**row, "prompt": prompt})
    return row_file(rows, paths, ledgers)


PAPER = RubricFormatOffer(
    name="paper",
    description="Lists of {criterion, weight}, or rows {id, prompt, criteria}",
    read=read_paper,
    write=write_paper,
)


def _as_row(entry: Entry) -> Entry:
    """Take a bare list for the criteria of one row."""
    if isinstance(entry.value, list):
        return Entry({"criteria": entry.value}, entry.span, entry.where)
    return entry
