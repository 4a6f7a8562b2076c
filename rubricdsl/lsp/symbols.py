"""The outline of a document: rubrics, their items, and what else has a name."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from lsprotocol import types

from rubricdsl.language.printing import print_mark
from rubricdsl.language.scopes import item_name
from rubricdsl.lsp.documents import Reading
from rubricdsl.lsp.places import name_span
from rubricdsl.model.rubric import Group, Include, Item, Rubric
from rubricdsl.model.source import Span

_Kind = types.SymbolKind


def document_symbols(reading: Reading) -> list[types.DocumentSymbol]:
    """Give the outline of a document."""
    rubrics = reading.loaded.rubrics
    ends = [*(rubric.span.line - 1 for rubric in rubrics[1:]), _last_row(reading)]
    return [
        _Outline(reading).rubric(rubric, end)
        for rubric, end in zip(rubrics, ends, strict=False)
    ]


def _last_row(reading: Reading) -> int:
    return max(reading.lines, default=1)


class _Outline:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def rubric(self, rubric: Rubric, end: int) -> types.DocumentSymbol:
        start = rubric.span.line
        own = [
            *(
                self.named(p.name, p.span, _Kind.Variable, p.type)
                for p in rubric.params
            ),
            *(self.named(u.alias, u.span, _Kind.Module, u.path) for u in rubric.uses),
            *self.items(rubric.items),
            *(
                self.named(j.name, j.span, _Kind.Interface, "judge")
                for j in rubric.judges
            ),
            *(
                self.named(f"round {r.number}", r.span, _Kind.Event, "history")
                for r in rubric.history
            ),
            *(self.named(t.title, t.span, _Kind.Method, "test") for t in rubric.tests),
        ]
        places = self.reading.places
        return types.DocumentSymbol(
            name=rubric.name or "rubric",
            kind=_Kind.Class,
            range=places.lines(start, max(start, end)),
            selection_range=places.range(rubric.span),
            detail=rubric.title or rubric.version,
            children=sorted(own, key=_start),
        )

    def items(self, items: Iterable[Item]) -> Iterator[types.DocumentSymbol]:
        for item in items:
            name = item_name(item)
            mark = f"[{print_mark(item.mark)}]"
            make = partial(self.named, name, item.span)
            if isinstance(item, Group):
                inner = list(self.items(item.items))
                yield make(_Kind.Namespace, f"{mark} {item.kind} of", inner)
            elif isinstance(item, Include):
                yield make(_Kind.Module, f"{mark} include {item.target}")
            else:
                yield make(_Kind.Field, f"{mark} {item.text.partition(chr(10))[0]}")

    def named(
        self,
        name: str,
        span: Span,
        kind: types.SymbolKind,
        detail: str,
        children: Sequence[types.DocumentSymbol] = (),
    ) -> types.DocumentSymbol:
        chain = self.reading.lines.get(span.line)
        last = span.line
        if chain is not None:
            last = max(line.last for line in chain[-1].walk())
        places = self.reading.places
        return types.DocumentSymbol(
            name=name or "?",
            kind=kind,
            range=places.lines(span.line, last),
            selection_range=places.range(name_span(span, name)),
            detail=detail,
            children=list(children),
        )


def _start(symbol: types.DocumentSymbol) -> tuple[int, int]:
    return symbol.range.start.line, symbol.range.start.character
