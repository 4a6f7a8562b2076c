"""From rows of a foreign format to rubrics: names, texts, marks, losses and faults.

A format gives `imported` a function that makes a rubric of one row with the help
of a `Draft`; everything that can be wrong with rows is reported at once.
"""

import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from attrs import define, field

from rubricdsl.diagnostics import Diagnostic, RubricError
from rubricdsl.formats.fields import FieldError, Fields, kind_of
from rubricdsl.formats.foreign.documents import Entry
from rubricdsl.formats.sources import place
from rubricdsl.language.characters import MAX_LINE
from rubricdsl.language.foreign_texts import without_hidden, without_parameters
from rubricdsl.language.naming import MAX_LENGTH, RESERVED, unique_name
from rubricdsl.language.printing import print_rubric
from rubricdsl.language.words import is_path, skeleton_of
from rubricdsl.model.protocols import ImportedRubric, Loss
from rubricdsl.model.rubric import (
    Bonus,
    Group,
    Info,
    Item,
    Level,
    LevelScale,
    Mark,
    Rubric,
    Tag,
    Turn,
    Weight,
)

_SPEAKERS = {"developer": "system", "function": "tool"}
_SPEAKERS.update((word, word) for word in ("system", "user", "assistant", "tool"))

MAX_STEPS = 1_000
"""How far the ends of an imported scale may lie apart."""


@define
class Draft:
    """What comes together while one row becomes a rubric.

    ``where`` the row stands in the file; ``rubric_names`` are those taken by the
    file's other rubrics.
    """

    where: str
    file: str
    rubric_names: set[str]
    names: set[str] = field(factory=set)
    paths: list[tuple[str, str]] = field(factory=list)
    losses: list[Loss] = field(factory=list)

    def lose(self, where: str, what: str, instead: str) -> None:
        """Report a loss at a place below the row's own."""
        place = " ".join(part for part in (self.where, where) if part)
        self.losses.append(Loss(where=place or self.file, what=what, instead=instead))

    def lose_members(self, members: Fields, where: str, known: frozenset[str]) -> None:
        """Report members of an object that are not among those ``known``."""
        for key, value in members.items():
            if key not in known and value not in (None, [], {}, ""):
                self.lose(where, f"`{key}`", "left out")

    def rubric_name(self, text: str) -> str:
        """Give the rubric a name that no other of the file has."""
        return _own_or_made(text, self.rubric_names)

    def name(self, text: str) -> str:
        """Make a name of a text, that no other criterion or group has."""
        return unique_name(text, self.names)

    def own_name(self, name: str) -> str:
        """Keep a source's own name if it can be one here, or make one of it."""
        return _own_or_made(name, self.names)

    def path(self, source_id: str, path: str) -> None:
        """Note what the source's own id has become."""
        self.paths.append((source_id, path))

    def text(self, text: str, where: str) -> str:
        """Give a text as a rubric can hold it: nothing hidden, no parameter.

        Raises FieldError for one that is empty.
        """
        clean = text.replace("\r\n", "\n")
        kept = without_hidden(clean)
        if kept != clean:
            self.lose(where, "characters that cannot be seen", "left out")
        short = "\n".join(_pieces(kept))
        if short != kept:
            self.lose(where, f"a line over {MAX_LINE:,} characters", "broken in two")
        free = without_parameters(short)
        if free != short:
            instead = "written with a blank, `{ {`, as it names no parameter"
            self.lose(where, "a placeholder in `{{ }}`", instead)
        if not free.strip():
            raise FieldError("a text is empty", "say what is wanted")
        return free

    def optional_text(self, text: str | None, where: str) -> str | None:
        """Give a text as `text` does; None for one that is missing or blank."""
        if text is None or not text.strip():
            return None
        if not without_hidden(text).strip():
            self.lose(where, "characters that cannot be seen", "left out")
            return None
        return self.text(text, where)

    def turns(
        self, messages: Iterable[tuple[str, str]], where: str
    ) -> tuple[Turn, ...]:
        """Give a conversation, from pairs of a role and a text."""
        turns: list[Turn] = []
        for number, (role, content) in enumerate(messages):
            speaker = _SPEAKERS.get(role)
            if speaker is None:
                known = ", ".join(_SPEAKERS)
                raise FieldError(f"`{role}` is no role", f"the roles are {known}")
            if speaker != role:
                self.lose(where, f"the role `{role}`", f"written `{speaker}`")
            if content.strip():
                turns.append(Turn(speaker, self.text(content, f"{where}[{number}]")))
            else:
                self.lose(f"{where}[{number}]", "a turn without text", "left out")
        return tuple(turns)

    def tag(self, tag: str) -> Tag:
        """Give ``axis:accuracy`` as the tag ``axis = accuracy``; others as they are."""
        name, colon, value = tag.partition(":")
        if colon and value and is_path(name) and "." not in name:
            return Tag(name, value)
        return Tag(tag)


def _own_or_made(text: str, taken: set[str]) -> str:
    skeleton = skeleton_of(text)
    is_name = len(text) <= MAX_LENGTH and text.isidentifier()
    is_name = is_name and unicodedata.is_normalized("NFKC", text)
    if is_name and skeleton not in taken and text not in RESERVED:
        taken.add(skeleton)
        return text
    return unique_name(text, taken)


def mark_of(weight: float) -> Mark:
    """Give the mark of a weight; 0 counts nothing and is ``info``."""
    return Weight(weight) if weight else Info()


def level_scale(
    low: float, high: float, levels: tuple[Level, ...], *, stated: bool
) -> LevelScale:
    """Give a scale; raises FieldError for one that nobody could use.

    It has levels that rise from ``low`` to ``high``, at most `MAX_STEPS` apart.
    """
    ends = (low, high, *(level.number for level in levels))
    if not all(map(math.isfinite, ends)) or low >= high or high - low > MAX_STEPS:
        what = f"a scale from {low:g} to {high:g} has no levels that can be told apart"
        raise FieldError(what, f"let it rise, by at most {MAX_STEPS}")
    return LevelScale(low, high, levels, stated=stated)


def stem_of(file: str) -> str:
    """Give a name to call a file's rubric by."""
    stem = file.replace("\\", "/").rpartition("/")[2].partition(".")[0]
    return stem if stem.strip("-") else "rubric"


def one_turn(turns: tuple[Turn, ...]) -> str | None:
    """Give the text of a conversation that is a user's one turn and no more."""
    return turns[0].text if len(turns) == 1 and turns[0].speaker == "user" else None


def imported(
    entries: Iterable[Entry],
    file: str,
    make: Callable[[Fields, Draft], Rubric],
    *,
    hint: str,
) -> Iterator[ImportedRubric]:
    """Make a rubric of each entry, which must be an object.

    Raises:
        RubricError: (D109) with every entry that cannot be imported, or that there
            are none.
    """
    made: list[ImportedRubric] = []
    faults: list[Diagnostic] = []
    taken = set[str]()
    for entry in entries:
        draft = Draft(entry.where, file, taken)
        where = entry.where or file
        try:
            if not isinstance(entry.value, dict):
                message = f"it is {kind_of(entry.value)}, not an object"
                raise FieldError(message, hint)  # noqa: TRY301 - one way to report
            rubric = make(entry.value, draft)
            if not any(_counts(item) for item in rubric.items):
                message = "nothing in it has a weight, so that nothing counts"
                raise FieldError(message, "give a criterion a weight")  # noqa: TRY301
        except FieldError as error:
            message = f"{where} cannot be imported: {error.message}"
            faults.append(Diagnostic("D109", message, entry.span, error.hint))
            continue
        made.append(
            ImportedRubric(
                file_stem=rubric.name,
                text=print_rubric(rubric),
                paths=tuple(draft.paths),
                losses=tuple(dict.fromkeys(draft.losses)),
            )
        )
    if not made and not faults:
        message = f"{file} holds no rubric"
        faults.append(Diagnostic("D109", message, place(file, 1), hint))
    if faults:
        raise RubricError(faults)
    yield from made


def _counts(item: Item) -> bool:
    if isinstance(item, Group):
        return isinstance(item.mark, Weight) and any(map(_counts, item.items))
    return isinstance(item.mark, Weight | Bonus)


def _pieces(text: str) -> Iterator[str]:
    most = MAX_LINE - 1_000
    for line in text.split("\n"):
        if len(line) <= most:
            yield line
            continue
        for start in range(0, len(line), most):
            yield line[start : start + most]
