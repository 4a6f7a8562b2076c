"""Which rubric of the newer file is which of the older one."""

from collections.abc import Sequence

from attrs import frozen

from rubricdsl.changes.breaking import severity_for
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.diagnostics import Diagnostic, Severity


@frozen(eq=False)
class RubricPair:
    """A rubric before and after; one of the two may be missing."""

    old: Snapshot | None
    new: Snapshot | None

    @property
    def name(self) -> str:
        """The rubric's name now, or what it was."""
        side = self.new or self.old
        return "" if side is None else side.rubric.name


def pair_rubrics(
    olds: Sequence[Snapshot], news: Sequence[Snapshot]
) -> tuple[RubricPair, ...]:
    """Pair rubrics by name; two that stand alone are paired whatever their names."""
    if len(olds) == len(news) == 1:
        return (RubricPair(olds[0], news[0]),)
    before = {side.rubric.name: side for side in olds}
    after = {side.rubric.name: side for side in news}
    return (
        *(RubricPair(before.get(name), side) for name, side in after.items()),
        *(RubricPair(side, None) for name, side in before.items() if name not in after),
    )


def lone_diagnostic(
    pair: RubricPair, *, old_count: int, names_count: bool
) -> Diagnostic | None:
    """Report a rubric that is new or gone.

    One that is gone breaks at every level.  One that is new breaks only what names
    the file without a rubric, which was possible while there was but one (of
    ``old_count``), where ``names_count`` says that names matter.
    """
    if pair.old is not None and pair.new is None:
        rubric = pair.old.rubric
        return Diagnostic(
            "B701",
            f"the rubric `{rubric.name}` is gone",
            rubric.span,
            "results and imports name it; keep it",
            severity_for(pair.old),
        )
    if pair.new is None or pair.old is not None or not names_count:
        return None
    rubric = pair.new.rubric
    first = "the file held one rubric, so it could be named without `#name`"
    several = "nothing refers to it yet"
    return Diagnostic(
        "B718",
        f"the rubric `{rubric.name}` is new",
        rubric.span,
        first if old_count == 1 else several,
        Severity.WARNING if old_count == 1 else Severity.INFO,
    )
