"""Back in: what ``rub refine --json`` says of the rounds that rubrics went through."""

from collections.abc import Iterator, Mapping

from attrs import frozen

from rubricdsl.formats.fields import (
    Fields,
    needed_number,
    needed_objects,
    needed_text,
    optional_members,
    optional_number,
    optional_text,
)
from rubricdsl.formats.records import read_record
from rubricdsl.language.edit import edit_words
from rubricdsl.language.edit.records import read_edit
from rubricdsl.model.digest import Plain
from rubricdsl.model.refinement import TailMeasure


@frozen(kw_only=True)
class ToldDecision:
    """An edit in words, whether it entered the rubric, and what the gate measured.

    ``edit`` is the answer as it was given where no edit could be read from it.
    ``type`` is the refinement type and ``reason`` the reason that a proposer gave.
    """

    edit: str
    accepted: bool
    why: str
    op: str | None = None
    type: str | None = None
    reason: str | None = None
    before: TailMeasure | None = None
    after: TailMeasure | None = None


@frozen(kw_only=True)
class ToldRound:
    """A round; ``failure`` is the kind and the reason of what ended it."""

    number: int
    strategy: str
    prompt_id: str | None
    pair: tuple[str, ...]
    decisions: tuple[ToldDecision, ...]
    calls: int
    proposer_calls: int
    failure: str | None


@frozen(kw_only=True)
class ToldRefinement:
    """A rubric's way: ``begin`` and ``source`` are its source before and after.

    ``begin`` is None in records that were written before it was kept.
    """

    name: str
    file: str
    rounds: tuple[ToldRound, ...]
    stop: str
    begin: str | None
    source: str


def read_refinements(path: str) -> tuple[ToldRefinement, ...]:
    """Read the record of a refinement.

    Raises RubricError for a file that cannot be read (D101), is no JSON (D102) or no
    such record (D103).
    """
    return read_record(path, _refinements, what="a refinement", command="rub refine")


def _refinements(record: Fields) -> tuple[ToldRefinement, ...]:
    return tuple(map(_refinement, needed_objects(record, "rubrics")))


def _refinement(record: Fields) -> ToldRefinement:
    return ToldRefinement(
        name=needed_text(record, "name"),
        file=optional_text(record, "file") or "",
        rounds=tuple(map(_round, needed_objects(record, "rounds"))),
        stop=optional_text(record, "stop_reason") or needed_text(record, "stop"),
        begin=optional_text(record, "begin"),
        source=needed_text(record, "source"),
    )


def _round(record: Fields) -> ToldRound:
    error = optional_members(record, "error")
    pair = record.get("pair")
    return ToldRound(
        number=int(needed_number(record, "round")),
        strategy=needed_text(record, "strategy"),
        prompt_id=optional_text(record, "prompt_id"),
        pair=tuple(map(str, pair)) if isinstance(pair, list) else (),
        decisions=tuple(_decisions(record)),
        calls=int(optional_number(record, "calls") or 0),
        proposer_calls=int(optional_number(record, "proposer_calls") or 0),
        failure=None
        if error is None
        else f"{needed_text(error, 'kind')}: {needed_text(error, 'reason')}",
    )


def _decisions(record: Fields) -> Iterator[ToldDecision]:
    for name, is_accepted in (("accepted", True), ("rejected", False)):
        for entry in needed_objects(record, name):
            yield _decision(entry, accepted=is_accepted)


def _decision(record: Fields, *, accepted: bool) -> ToldDecision:
    why = needed_text(record, "why")
    proposed: Plain = record.get("edit")
    if proposed is None:
        text = optional_text(record, "text") or ""
        return ToldDecision(edit=text, accepted=False, why=why)
    edit = read_edit(proposed)
    return ToldDecision(
        edit=edit_words(edit),
        accepted=accepted,
        why=why,
        op=edit.op,
        type=edit.type,
        reason=edit.reason,
        before=_measure(optional_members(record, "before")),
        after=_measure(optional_members(record, "after")),
    )


def _measure(record: Mapping[str, Plain] | None) -> TailMeasure | None:
    if record is None:
        return None
    return TailMeasure(
        pairs=int(needed_number(record, "pairs")),
        accuracy=optional_number(record, "accuracy"),
        ties=optional_number(record, "ties"),
        leak=optional_number(record, "leak"),
    )
