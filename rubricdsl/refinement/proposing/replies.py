"""From a proposer's answer to edits: each read by itself, and nothing trusted.

One edit that cannot be read costs only itself.  Quotes that stand in neither response
are dropped; new names that are no names are turned into names.  Whether an edit can be
applied, and whether it helps, is decided elsewhere.
"""

import json
from collections.abc import Mapping

import attrs
from attrs import define, field, frozen

from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.judging.quotes import QuoteSource
from rubricdsl.judging.sight import prompt_text
from rubricdsl.language.edit.records import read_edit
from rubricdsl.language.foreign_texts import one_line
from rubricdsl.language.naming import unique_name
from rubricdsl.language.scopes import Scope
from rubricdsl.language.words import RESERVED, is_path, skeleton_of
from rubricdsl.model.digest import Plain
from rubricdsl.model.edit import (
    Account,
    Add,
    Edit,
    Merge,
    Move,
    Part,
    Quote,
    Rename,
    Reword,
    Split,
)
from rubricdsl.model.refinement import ProposalRequest, Unread
from rubricdsl.model.response import Response
from rubricdsl.refinement.proposing.answers import read_value
from rubricdsl.refinement.proposing.conversing import NotReadError
from rubricdsl.refinement.proposing.forms import MOST_EDITS, MOST_REASON, MOST_TEXT

_MOST_QUOTED = 300


@frozen
class ReadEdits:
    """The edits of an answer, what in it is none, and what was changed in reading."""

    edits: tuple[Edit, ...]
    unread: tuple[Unread, ...] = ()
    notices: tuple[str, ...] = ()


def read_answer(
    answer: str, request: ProposalRequest, responses: Mapping[str, Response]
) -> ReadEdits:
    """Read ``{"edits": [...]}``; ``responses`` are by the labels that quotes have.

    Raises:
        NotReadError: where there are no edits to be read, or none of them can be.
    """
    texts = [response.text for response in responses.values()]
    value = read_value(answer, ("edits",), shown=texts)
    listed = value.get("edits") if isinstance(value, dict) else value
    if not isinstance(listed, list):
        raise NotReadError("`edits` is not a list.")
    reader = _Reader.of(request, responses)
    unread: list[Unread] = []
    edits: list[Edit] = []
    for number, record in enumerate(listed[:MOST_EDITS], 1):
        try:
            edits.append(reader.read(record))
        except RubricError as error:
            reason = error.diagnostics[0].message
            unread.append(Unread(_quoted(record), f"edit {number}: {reason}"))
    if len(listed) > MOST_EDITS:
        left_out = len(listed) - MOST_EDITS
        reader.note(f"{left_out} edits beyond the first {MOST_EDITS} were not read")
    if listed and not edits:
        problems = [f"{one.reason}." for one in unread]
        raise NotReadError(*problems, unread=tuple(unread))
    return ReadEdits(tuple(edits), tuple(unread), tuple(reader.notices))


@define
class _Reader:
    """Reads the edits of one answer; ``made`` are the names that it had to make."""

    scope: Scope
    sources: Mapping[str, tuple[str, QuoteSource]]
    taken: set[str]
    made: dict[str, str] = field(factory=dict)
    notices: list[str] = field(factory=list)

    @classmethod
    def of(
        cls, request: ProposalRequest, responses: Mapping[str, Response]
    ) -> "_Reader":
        """Prepare for the answer to a request."""
        scope = Scope.of(request.rubric)
        sources: dict[str, tuple[str, QuoteSource]] = {}
        for label, response in responses.items():
            texts = {"response": response.text}
            prompt = prompt_text(request.bound, response)
            if prompt is not None:
                texts["prompt"] = prompt
            sources[label] = (response.response_id, QuoteSource(texts))
        return cls(scope, sources, {skeleton_of(name) for name in scope.by_name})

    def note(self, text: str) -> None:
        """Note once what a person should know."""
        if text not in self.notices:
            self.notices.append(text)

    def read(self, record: Plain) -> Edit:
        """Read one edit; raises RubricError (D103) if it is none."""
        edit = read_edit(record)
        for text in _texts(edit):
            if len(text) > MOST_TEXT:
                what = f"a text has over {MOST_TEXT} characters"
                fail("D103", what, hint="say it in a sentence")
        edit = self._renamed(_tidied(edit))
        return attrs.evolve(
            edit,
            reason=_shortened(edit.reason),
            type=_shortened(edit.type),
            evidence=self._evidence(edit),
        )

    def _evidence(self, edit: Edit) -> tuple[Quote, ...]:
        quotes: list[Quote] = []
        for quote in edit.evidence:
            if not quote.text.strip():
                continue
            known = self.sources.get(quote.response.strip().casefold())
            if known is None:
                self.note(f"a quote of `{quote.response[:40]}`, which is no response")
                continue
            response_id, source = known
            fault = source.fault(quote.text, "")
            if fault is None:
                quotes.append(Quote(response_id, quote.text))
            else:
                self.note(f"evidence left out: {fault}")
        return tuple(quotes)

    # ----------------------------------------------------------------- names

    def _renamed(self, edit: Edit) -> Edit:
        """Make names of what are none, and find what is meant by others."""
        match edit:
            case Add():
                return attrs.evolve(
                    edit,
                    name=self._name(edit.name),
                    parent=self._optional(edit.parent),
                    after=self._optional(edit.after),
                )
            case Split():
                parts = (attrs.evolve(p, name=self._name(p.name)) for p in edit.into)
                criterion = self._known(edit.criterion)
                return attrs.evolve(edit, criterion=criterion, into=tuple(parts))
            case Merge():
                return attrs.evolve(
                    edit,
                    criterion=self._known(edit.criterion),
                    others=tuple(map(self._known, edit.others)),
                    name=self._name(edit.name),
                )
            case Move():
                return attrs.evolve(
                    edit,
                    criterion=self._known(edit.criterion),
                    parent=self._optional(edit.parent),
                    after=self._optional(edit.after),
                )
            case Rename():
                name = self._name(edit.to)
                return attrs.evolve(
                    edit, criterion=self._known(edit.criterion), to=name
                )
            case _:
                return attrs.evolve(edit, criterion=self._known(edit.criterion))

    def _name(self, name: str) -> str:
        is_name = is_path(name) and "." not in name and name not in RESERVED
        if is_name:
            self.taken.add(skeleton_of(name))
            return name
        if name not in self.made:
            self.made[name] = unique_name(name, self.taken)
            self.note(f"the name {name[:60]!r} became `{self.made[name]}`")
        return self.made[name]

    def _known(self, name: str) -> str:
        """Find what is meant: a name of the rubric, or one that was made."""
        if self.scope.find(name) is not None:
            return name
        if name in self.made:
            return self.made[name]
        skeleton = skeleton_of(name.strip(" `[]\"'"))
        like = [one for one in self.scope.by_name if skeleton_of(one) == skeleton]
        return like[0] if len(like) == 1 else name

    def _optional(self, name: str | None) -> str | None:
        """Find what is meant; an empty name is how some say that there is none."""
        return self._known(name) if name else None


def _texts(edit: Edit) -> tuple[str, ...]:
    if isinstance(edit, Add | Reword | Merge):
        levels = edit.levels if isinstance(edit, Add) else ()
        return (edit.text, *(level.text for level in levels))
    if isinstance(edit, Split):
        return tuple(part.text for part in edit.into)
    return ()


def _tidied(edit: Edit) -> Edit:
    """Bring texts on one line, without what cannot be seen."""
    match edit:
        case Add():
            levels = (attrs.evolve(v, text=one_line(v.text)) for v in edit.levels)
            edit = attrs.evolve(edit, text=one_line(edit.text), levels=tuple(levels))
        case Reword() | Merge():
            edit = attrs.evolve(edit, text=one_line(edit.text))
        case Split():
            edit = attrs.evolve(edit, into=tuple(map(_tidied_part, edit.into)))
        case _:
            pass
    if isinstance(edit, Account):
        return attrs.evolve(edit, why=_shortened(edit.why))
    return edit


def _tidied_part(part: Part) -> Part:
    return attrs.evolve(part, text=one_line(part.text), why=_shortened(part.why))


def _shortened(text: str | None) -> str | None:
    """Give a reason as one line of bounded length; None for one that says nothing."""
    if text is None:
        return None
    line = one_line(text[: 4 * MOST_REASON])
    if len(line) > MOST_REASON:
        line = f"{line[: MOST_REASON - 1]}…"
    return line or None


def _quoted(record: Plain) -> str:
    text = json.dumps(record, ensure_ascii=False)
    return text if len(text) <= _MOST_QUOTED else f"{text[: _MOST_QUOTED - 1]}…"
