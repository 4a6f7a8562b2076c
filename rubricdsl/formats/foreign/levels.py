"""Level rubrics: one statement, and what each score from 1 to 5 looks like.

Read are the rubrics of Prometheus (Kim et al., 2024), ``{criteria,
score1_description, …}``, alone, under ``score_rubric`` beside ``input`` (BiGGen
Bench) or with every name under ``orig_`` (Feedback Collection); and rows of criteria
with ``levels`` or a scale in ``kind`` (`rubricdsl.formats.foreign.prompt_rows`).
Score s of a to b is worth (s - a) / (b - a).
"""

import re
from collections.abc import Iterator, Sequence

from rubricdsl.formats.fields import (
    FieldError,
    Fields,
    needed_text,
    optional_members,
    optional_text,
)
from rubricdsl.formats.foreign.documents import Notation, read_entries, rows_of
from rubricdsl.formats.foreign.drafting import Draft, imported, level_scale, stem_of
from rubricdsl.formats.foreign.flattening import Weighed, scored, weighed
from rubricdsl.formats.foreign.prompt_rows import criteria_of, read_row
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.formats.foreign.writing import (
    Bind,
    prompt_text,
    refuse_empty,
    row_file,
)
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import ExportedFile, ImportedRubric, RubricFormatOffer
from rubricdsl.model.rubric import (
    BoundRubric,
    Criterion,
    Level,
    LevelScale,
    Rubric,
    Turn,
    Weight,
)

_HINT = "give {criteria, score1_description, score2_description, …}, or rows with such"
_SCORE = re.compile(r"score(\d+)_description")
_ORIGINAL = "orig_"
_PROMPT_KEYS = ("input", "instruction", "prompt")
_KNOWN = frozenset(
    {*_PROMPT_KEYS, "id", "criteria", "score_rubric", "system_prompt"}
    | {"reference_answer"}
)


def read_levels(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read level rubrics; raises RubricError (D109) for what cannot be read."""
    entries = rows_of(read_entries(data, name, Notation.JSON), lambda _: True)
    yield from imported(entries, name, _rubric, hint=_HINT)


def write_levels(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write a row for each criterion that has levels; report the others."""
    rows: list[Plain] = []
    paths: list[tuple[str, str]] = []
    ledgers = [Ledger(rubric) for rubric in rubrics]
    for ledger in ledgers:
        bound = bind(ledger.rubric)
        ledger.rubric_but(
            frozenset({"prompt", "conversation", "reference", "for_prompts"})
        )
        ledger.lose_names()
        found = list(_with_levels(scored(weighed(bound, ledger), ledger), ledger))
        refuse_empty(found, ledger.rubric, "levels")
        if len(found) > 1:
            instead = "each criterion is a row of its own"
            ledger.lose("", "how its criteria count together", instead)
        elif found[0][0].weight != 1:
            ledger.lose(found[0][0].path, "its weight", "it stands alone")
        row_id = bound.for_prompts[0] if bound.for_prompts else bound.name
        for number, (one, scale) in enumerate(found):
            own_id = row_id if len(found) == 1 else f"{row_id}/{number}"
            paths.append((own_id, one.path))
            rows.append(_row(own_id, bound, ledger, one.criterion, scale))
    return row_file(rows, paths, ledgers)


LEVELS = RubricFormatOffer(
    name="levels",
    description="Prometheus and BiGGen: a statement with a text for each score",
    read=read_levels,
    write=write_levels,
)


def _with_levels(
    criteria: Iterator[Weighed], ledger: Ledger
) -> Iterator[tuple[Weighed, LevelScale]]:
    for one in criteria:
        scale = one.criterion.scale
        told = frozenset({"scale"})
        if not isinstance(scale, LevelScale):
            ledger.lose(one.path, "a criterion without levels")
        elif scale.stated or any(n < 0 or n != int(n) for n in scale.numbers):
            ledger.lose(
                one.path, "levels of which not each is a described whole number"
            )
        elif one.weight < 0:
            ledger.lose(one.path, "a criterion with a negative weight")
        else:
            ledger.node_but(one.criterion, told)
            if any(level.label is not None for level in scale.levels):
                ledger.lose(one.path, "the labels of its levels")
            yield one, scale


def _row(
    own_id: str,
    bound: BoundRubric,
    ledger: Ledger,
    criterion: Criterion,
    scale: LevelScale,
) -> Plain:
    turns = bound.conversation
    row: dict[str, Plain] = {"id": own_id}
    if [turn.speaker for turn in turns] == ["system", "user"]:
        row |= {"system_prompt": turns[0].text, "input": turns[1].text}
    else:
        prompt = prompt_text(bound, ledger)
        row |= {} if prompt is None else {"input": prompt}
    if bound.reference is not None:
        row["reference_answer"] = bound.reference
    rubric: dict[str, Plain] = {"criteria": criterion.text}
    for level in scale.levels:
        rubric[f"score{level.number:g}_description"] = level.text
    row["score_rubric"] = rubric
    return row


def _rubric(row: Fields, draft: Draft) -> Rubric:
    if criteria_of(row) is not None:
        return read_row(row, draft)
    plain: dict[str, Plain] = {
        key.removeprefix(_ORIGINAL): value
        for key, value in row.items()
        if isinstance(value, str | dict)
    }
    scores = optional_members(plain, "score_rubric") or plain
    draft.lose_members(
        {key: value for key, value in row.items() if not _is_known(key)},
        "",
        frozenset(),
    )
    text = needed_text(scores, "criteria")
    name = draft.name(text)
    own_id = optional_text(plain, "id")
    draft.path(own_id or draft.where or "0", name)
    criterion = Criterion(
        name=name,
        mark=Weight(1.0),
        text=draft.text(text, "criteria"),
        scale=_scale(scores, draft),
    )
    prompt, turns = _prompt(plain, draft)
    label = own_id or f"{stem_of(draft.file)} {draft.where}"
    reference = optional_text(plain, "reference_answer")
    return Rubric(
        name=draft.rubric_name(label),
        items=(criterion,),
        prompt=prompt,
        conversation=turns,
        reference=draft.optional_text(reference, "reference_answer"),
        for_prompts=() if own_id is None else (own_id,),
    )


def _is_known(key: str) -> bool:
    plain = key.removeprefix(_ORIGINAL)
    return plain in _KNOWN or _SCORE.fullmatch(plain) is not None


def _scale(scores: Fields, draft: Draft) -> LevelScale:
    levels: list[Level] = []
    for key in scores:
        match = _SCORE.fullmatch(key)
        if match:
            text = draft.text(needed_text(scores, key), key)
            levels.append(Level(float(match[1]), None, text))
    levels.sort(key=lambda level: level.number)
    if len(levels) < 2:  # noqa: PLR2004 - a scale
        raise FieldError("it has fewer than two scores", _HINT)
    low, high = levels[0].number, levels[-1].number
    return level_scale(low, high, tuple(levels), stated=False)


def _prompt(row: Fields, draft: Draft) -> tuple[str | None, tuple[Turn, ...]]:
    texts = [optional_text(row, key) for key in _PROMPT_KEYS]
    prompt = next((text for text in texts if text and text.strip()), None)
    kept = draft.optional_text(prompt, "prompt")
    system = draft.optional_text(optional_text(row, "system_prompt"), "system_prompt")
    if kept is None or system is None:
        return kept, ()
    return None, (Turn("system", system), Turn("user", kept))
