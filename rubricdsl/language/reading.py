"""From a source to the rubrics in it, read by themselves: no imports, no checks."""

from collections.abc import Iterable

from attrs import frozen

from rubricdsl.diagnostics import Diagnostic, RubricError, Severity
from rubricdsl.language.building import Built, build
from rubricdsl.language.characters import Source
from rubricdsl.language.parsing import parse
from rubricdsl.model.rubric import Rubric


@frozen(eq=False)
class SourceReading:
    """A source, what is wrong with its syntax, and the rubrics that it holds."""

    source: Source
    syntax: tuple[Diagnostic, ...]
    built: tuple[Built, ...]

    @property
    def rubrics(self) -> tuple[Rubric, ...]:
        """The rubrics, whatever is wrong with them."""
        return tuple(one.rubric for one in self.built)

    def parsed(self) -> tuple[Rubric, ...]:
        """Give the rubrics, which need not make sense yet.

        Raises RubricError for errors of syntax.
        """
        _refuse_errors(self.syntax)
        return self.rubrics

    def models(self) -> tuple[Rubric, ...]:
        """Give the rubrics, each of whose blocks makes sense for itself.

        Raises RubricError for errors of syntax, and for what is wrong with a block.
        """
        _refuse_errors([*self.syntax, *(d for one in self.built for d in one.found)])
        return self.rubrics


def read_source(source: Source, faults: Iterable[Diagnostic] = ()) -> SourceReading:
    """Read a source, of whose characters ``faults`` are known already."""
    syntax = parse(source, faults)
    built = tuple(build(source.name, tree) for tree in syntax.rubrics)
    return SourceReading(source, syntax.diagnostics, built)


def read_models(source: Source) -> tuple[Rubric, ...]:
    """Read the rubrics of a source; raises as `SourceReading.models`."""
    return read_source(source).models()


def _refuse_errors(found: Iterable[Diagnostic]) -> None:
    found = tuple(found)
    if any(diagnostic.severity is Severity.ERROR for diagnostic in found):
        raise RubricError(found)
