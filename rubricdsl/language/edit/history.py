"""Rounds of refinement, told in the ``history`` of a rubric."""

import attrs

from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.language.characters import Source
from rubricdsl.language.edit.patches import Patch
from rubricdsl.language.edit.slicing import joined, slices_of
from rubricdsl.language.printing import INDENT, print_round
from rubricdsl.language.reading import SourceReading, read_source
from rubricdsl.model.rubric import Round, Rubric

_HISTORY = "history"


def record_round(text: str, rubric: str, entry: Round) -> str:
    """Add a round to the history of the rubric of that name in a file.

    It comes after all rounds that are there, whatever its number.  A history that is
    not there yet begins before the first test, or else at the end of the rubric.
    All other lines keep their bytes.  An empty name stands for the only rubric.

    Raises RubricError with the errors of syntax in the file, or if the round cannot
    be told (D112): its number is there already, it says nothing, or a fact has no
    name that can be written.
    """
    return with_round(text, read_source(Source.of(text)), rubric, entry)[0]


def with_round(
    text: str, reading: SourceReading, rubric: str, entry: Round
) -> tuple[str, SourceReading]:
    """Do as `record_round` to a file that is read already; give its new reading."""
    rubrics = reading.models()
    old = _named(rubrics, rubric)
    _refuse(old, entry)
    pieces = [piece.text for piece in slices_of(text, reading)]
    place = rubrics.index(old)
    pieces[place] = _told(pieces[place], entry)
    result = joined(pieces)
    new = attrs.evolve(old, history=(*old.history, entry))
    found = read_source(Source.of(result))
    if found.models() != (*rubrics[:place], new, *rubrics[place + 1 :]):
        message = f"round {entry.number}: the source would not say what was meant"
        hint = "add the round by hand, and report this"
        raise RubricError([Diagnostic("D113", message, old.span, hint)])
    return result, found


def _named(rubrics: tuple[Rubric, ...], name: str) -> Rubric:
    found = [one for one in rubrics if not name or one.name == name]
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.name for one in rubrics)
    what = f"{len(found) or 'no'} rubrics `{name}`" if name else f"{len(found)} rubrics"
    return fail("D401", f"the text holds {what}", hint=f"name one of: {names}")


def _refuse(rubric: Rubric, entry: Round) -> None:
    """Refuse a round that the history of a rubric cannot tell."""
    what = f"round {entry.number}"
    for other in rubric.history:
        if other.number == entry.number:
            hint = f"number it {max(one.number for one in rubric.history) + 1}"
            message = f"{what} stands in the history already"
            fail("D112", message, hint=hint, span=other.span)
    if not entry.facts:
        fail("D112", f"{what} says nothing", hint="give it a fact, such as `by`")
    for name, _ in entry.facts:
        if name and not name.isidentifier():
            hint = "a fact is named like a criterion, or not at all"
            fail("D112", f"{what}: `{name}` is no name", hint=hint)


def _told(text: str, entry: Round) -> str:
    """Add a round to a file that holds one rubric."""
    patch = Patch.of(Source.of(text))
    told = print_round(entry)
    blocks = [line for _, line in sorted(patch.lines.items()) if line.column == 0]
    history = next((line for line in blocks if line.text == _HISTORY), None)
    if history is not None:
        indent = " " * history.children[0].column
        patch.add(patch.extent(history).last, indent + told)
        return patch.text(text)
    block = (_HISTORY, INDENT + told)
    test = next((line for line in blocks if line.text.startswith("test ")), None)
    if test is None:
        rows = enumerate(patch.source.lines, 1)
        last = max(number for number, row in rows if row.strip())
        patch.insert(("", *block), below=last)
        return patch.text(text)
    first = patch.extent(test).first
    above = ("",) if patch.row(first - 1).strip() else ()
    patch.insert((*above, *block, ""), above=first)
    return patch.text(text)
