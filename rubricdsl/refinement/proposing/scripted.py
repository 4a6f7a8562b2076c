"""The proposer ``scripted``: answers that were written down, for tests and replays.

A file of JSON Lines with rows of three kinds::

    {"prompt_id", "round", "edits": [...], "rubric"?}
    {"prompt_id", "round", "attack": text, "rubric"?}
    {"draft": {...} or source, "prompt_id"?}

A row that names the rubric goes before one that does not.  Quotes of ``a`` and ``b``
are of the first and the second response.  What is not in the file is not proposed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import attrs
from attrs import field, frozen

from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.judging.recorded_rows import RecordedRow, RowForm, read_rows
from rubricdsl.language.edit.records import read_edit
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.edit import Edit
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.refinement import (
    Attack,
    AttackRequest,
    Draft,
    DraftRequest,
    ProposalRequest,
    Proposed,
    ProposerOffer,
)
from rubricdsl.model.ruling import Failure, FailureKind
from rubricdsl.refinement.proposing.prompting import LABELS

_KINDS = ("edits", "attack", "draft")
_FORM = RowForm(
    "recorded proposal",
    'write {"prompt_id", "round", "edits": [...]} or {"prompt_id", "round", "attack"}, '
    'and if you like rubric; or {"draft"}, and if you like prompt_id',
)
_Key = tuple[str | None, str, int]
_Value = TypeVar("_Value")


@frozen(kw_only=True)
class Script:
    """What a file holds.

    Edits and attacks are by rubric, prompt and round; drafts stand in their order,
    with the prompt that each is for, None for any.
    ``identity`` is the digest of it all.
    """

    identity: str = ""
    edits: Mapping[_Key, tuple[Edit, ...]] = field(factory=dict)
    attacks: Mapping[_Key, str] = field(factory=dict)
    drafts: tuple[tuple[str | None, Plain], ...] = ()


class ScriptedProposer:
    """Proposes, attacks and drafts what a script says."""

    def __init__(self, script: Script) -> None:
        self.script = script

    @property
    def identity(self) -> str:
        """Digest of the script."""
        return self.script.identity

    async def propose(self, request: ProposalRequest) -> Proposed:
        """Look the edits up."""
        prompt_id = request.pair.first.response.prompt_id
        found = _find(self.script.edits, request.rubric.name, prompt_id, request.round)
        ids = dict(zip(LABELS, request.pair.ids, strict=True))
        return Proposed(edits=tuple(_of_pair(edit, ids) for edit in found or ()))

    async def attack(self, request: AttackRequest) -> Attack:
        """Look the attack up."""
        prompt_id = request.response.prompt_id
        script = self.script.attacks
        return Attack(text=_find(script, request.bound.name, prompt_id, request.round))

    async def close(self) -> None:
        """Nothing to give back."""

    async def draft(self, request: DraftRequest) -> Draft:
        """Look a draft up."""
        own = {None, request.prompt_id}
        drafts = [draft for named, draft in self.script.drafts if named in own]
        if request.number < len(drafts):
            return Draft(rubric=drafts[request.number])
        number = f"draft {request.number + 1}"
        reason = f"no {number} is recorded for the prompt {request.prompt_id!r}"
        failure = Failure(FailureKind.NOT_RECORDED.value, reason)
        return Draft(rubric=None, failure=failure)


def read_script(path: Path) -> Script:
    """Read a file of recorded proposals.

    Raises:
        RubricError: D206 with file and line for what cannot be read, also for two
            rows of one kind, prompt and round.
    """
    edits: dict[_Key, tuple[Edit, ...]] = {}
    attacks: dict[_Key, str] = {}
    drafts: list[tuple[str | None, Plain]] = []
    rows: list[Plain] = []
    missing = "scripted:FILE names a file of JSON Lines"
    for row in read_rows(path, _FORM, missing=missing):
        rows.append(row.fields)
        kinds = [kind for kind in _KINDS if kind in row.fields]
        if len(kinds) != 1:
            row.refuse("a row has one of `edits`, `attack` and `draft`")
        if kinds == ["draft"]:
            drafts.append(_draft(row))
            continue
        (kind,) = kinds
        row.expect(("prompt_id", "round", kind), ("rubric",))
        key = (row.optional_text("rubric"), row.text("prompt_id"), _round(row))
        if key in (edits if kind == "edits" else attacks):
            row.refuse(f"`{kind}` of this prompt and round stand in a row above")
        if kind == "edits":
            edits[key] = _edits(row)
        else:
            attacks[key] = row.text("attack")
    return Script(
        identity=digest(rows), edits=edits, attacks=attacks, drafts=tuple(drafts)
    )


def _draft(row: RecordedRow) -> tuple[str | None, Plain]:
    row.expect(("draft",), ("prompt_id",))
    draft = row.fields["draft"]
    if not isinstance(draft, str | dict | list) or not draft:
        row.refuse("`draft` must be an object, a list of criteria, or source text")
    return row.optional_text("prompt_id"), draft


def _round(row: RecordedRow) -> int:
    value = row.fields["round"]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        row.refuse("`round` must be a whole number from 1")
    return value


def _edits(row: RecordedRow) -> tuple[Edit, ...]:
    records = row.fields["edits"]
    if not isinstance(records, list):
        row.refuse("`edits` must be a list")
    edits: list[Edit] = []
    for number, record in enumerate(records, 1):
        try:
            edits.append(read_edit(record, number=number))
        except RubricError as error:
            row.refuse(f"edit {number}: {error.diagnostics[0].message}")
    return tuple(edits)


def _find(
    rows: Mapping[_Key, _Value], rubric: str, prompt_id: str, number: int
) -> _Value | None:
    for named in (rubric, None):
        found = rows.get((named, prompt_id, number))
        if found is not None:
            return found
    return None


def _of_pair(edit: Edit, ids: Mapping[str, str]) -> Edit:
    quotes = (
        attrs.evolve(quote, response=ids.get(quote.response, quote.response))
        for quote in edit.evidence
    )
    return attrs.evolve(edit, evidence=tuple(quotes))


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> ScriptedProposer:
    """Make the proposer of a file; raises as `read_script`."""
    del environ
    if not settings.model:
        fail(
            "D205",
            "the proposer `scripted` needs a file",
            hint="name one, as in scripted:edits.jsonl",
        )
    return ScriptedProposer(read_script(Path(settings.model)))


OFFER = ProposerOffer(
    name="scripted",
    description="edits, attacks and drafts recorded in a file of JSON Lines",
    create=create,
)
