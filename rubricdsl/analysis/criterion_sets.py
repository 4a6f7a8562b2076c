"""Rubrics with the same criteria, looked at as one.

Where every prompt has a rubric of its own there are too few responses under each to
say anything.  Often they ask the same; then all of their verdicts are of one kind.
"""

from collections.abc import Iterable

import numpy as np
from attrs import field, frozen

from rubricdsl.analysis.evaluation import Cells, Sheet, SheetCriterion
from rubricdsl.analysis.prompts import Rows
from rubricdsl.scoring.arrays.columns import Truths


@frozen(eq=False, kw_only=True)
class CriterionSet:
    """The verdicts on the same criteria under one rubric or several.

    ``rubrics`` are their names, and all else is as for a `Sheet`: arrays have the shape
    (criteria, responses), and ``rows`` are the numbers of these in the evaluation.
    ``credit`` is in [0, 1], the better the greater, NaN where not known or n/a.
    """

    rubrics: tuple[str, ...]
    criteria: tuple[SheetCriterion, ...]
    rows: Rows
    credit: Cells = field(repr=False)
    measured: Truths = field(repr=False)


def criterion_sets(sheets: Iterable[Sheet]) -> tuple[CriterionSet, ...]:
    """Put sheets of the same criteria together, those of most responses first.

    Criteria are the same that have the same paths, marks, weights and shares, in the
    same order.
    """
    found: dict[tuple[SheetCriterion, ...], list[Sheet]] = {}
    for sheet in sheets:
        found.setdefault(sheet.criteria, []).append(sheet)
    sets = [
        CriterionSet(
            rubrics=tuple(dict.fromkeys(sheet.rubric for sheet in alike)),
            criteria=criteria,
            rows=np.concatenate([sheet.rows for sheet in alike]),
            credit=np.concatenate([sheet.credit for sheet in alike], axis=1),
            measured=np.concatenate([sheet.measured for sheet in alike], axis=1),
        )
        for criteria, alike in found.items()
    ]
    return tuple(sorted(sets, key=lambda one: -len(one.rows)))
