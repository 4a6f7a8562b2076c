"""What a rule looks at: a rubric without errors, and the source that it stands in."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from attrs import field, frozen

from rubricdsl.language.characters import Source
from rubricdsl.language.layout import Comment, Layout, Line, lay_out
from rubricdsl.language.lint.wording import without_quotes
from rubricdsl.language.scopes import Named, Scope
from rubricdsl.model.rubric import Criterion, NaRule, Rubric
from rubricdsl.model.source import Span


@frozen
class Statement:
    """The text of a criterion that a judge reads.

    ``words`` is the text with everything in quotes blanked out, of the same length:
    what is quoted is what an answer says, not what the author says of it.
    """

    path: str
    criterion: Criterion
    na: NaRule | None
    words: str


@frozen
class Unused:
    """A code in a comment that allows it, where the rule has nothing to say."""

    comment: Comment
    code: str


@frozen
class Subject:
    """One rubric of a file, from the comments above it to its last line.

    ``lines`` are those at the left margin, the header first.  ``unused`` is filled for
    the rule that looks at allowances once all others are done.
    """

    rubric: Rubric
    source: Source
    lines: tuple[Line, ...]
    comments: tuple[Comment, ...]
    unused: tuple[Unused, ...] = field(default=(), kw_only=True)

    @cached_property
    def scope(self) -> Scope:
        """The names of the rubric."""
        return Scope.of(self.rubric)

    @cached_property
    def criteria(self) -> tuple[Named, ...]:
        """The rubric's own criteria, in the order of the source."""
        return tuple(n for n in self.scope.own if isinstance(n.item, Criterion))

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """What a judge is asked: the texts of criteria without a check."""
        return tuple(
            Statement(n.path, n.item, n.na, without_quotes(n.item.text))
            for n in self.criteria
            if isinstance(n.item, Criterion) and n.item.check is None
        )

    @property
    def english(self) -> tuple[Statement, ...]:
        """The statements, if they are in English for all that the rubric says."""
        language = self.rubric.language or "en"
        return self.statements if language.lower().startswith("en") else ()

    @property
    def end(self) -> int:
        """The number of the last line."""
        return max(each.last for line in self.lines for each in line.walk())

    def text(self) -> str:
        """Give the source of the rubric, from its header to its last line."""
        return "\n".join(self.source.lines[self.lines[0].number - 1 : self.end])

    def line_at(self, number: int) -> Line | None:
        """Give the line that begins at a line number."""
        for top in self.lines:
            for line in top.walk():
                if line.number == number:
                    return line
        return None

    def field(self, owner: Span, key: str) -> Span | None:
        """Give the place of a field that stands below an item or block itself."""
        above = self.line_at(owner.line)
        for line in above.children if above else ():
            if line.text.partition(":")[0].rstrip() == key:
                length = line.column + len(line.text)
                return self.source.span(line.number, line.column, length)
        return None

    def within(self, criterion: Criterion, start: int, end: int) -> Span:
        """Give the place of a piece of a criterion's text, clipped to one line."""
        text = criterion.text
        begin = text.rfind("\n", 0, start) + 1
        stop = text.find("\n", start)
        row = text[begin:] if stop < 0 else text[begin:stop]
        line = self.line_at(criterion.span.line)
        last = max((each.last for each in line.walk()), default=0) if line else 0
        for number in range(criterion.span.line, last + 1):
            raw = self.source.lines[number - 1].rstrip()
            if row.strip() and raw.endswith(row.rstrip()):
                column = len(raw) - len(row.rstrip()) - begin
                stop = begin + len(row) if stop < 0 else stop
                return self.source.span(number, column + start, column + min(end, stop))
        return criterion.span


def subjects(rubrics: Iterable[Rubric], source: Source) -> Iterator[Subject]:
    """Give each rubric of a file that has no errors with its part of the source."""
    layout = lay_out(source)
    after = 0
    for rubric in rubrics:
        subject = _part(rubric, source, layout, after)
        after = subject.end
        yield subject


def _part(rubric: Rubric, source: Source, layout: Layout, after: int) -> Subject:
    later = [line for line in layout.lines if line.number >= rubric.span.line]
    size = next((i for i, line in enumerate(later) if i and _is_header(line)), None)
    lines = tuple(later[:size])
    until = len(source.lines) if size is None else lines[-1].number
    until = max(until, *(each.last for line in lines for each in line.walk()))
    comments = (c for c in layout.comments if after < c.line <= until)
    return Subject(rubric, source, lines, tuple(comments))


def _is_header(line: Line) -> bool:
    return line.text.split(" ", 1)[0] == "rubric"
