"""The scores of many responses at once, from an array of what verdicts are worth.

The responses are gone through in blocks, so that all that is in use at a time stays
in the processor's cache.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from attrs import frozen

from rubricdsl.model.rubric import BoundRubric
from rubricdsl.scoring.arrays.branches import branch_column, is_met
from rubricdsl.scoring.arrays.columns import Column, Floats, Truths
from rubricdsl.scoring.arrays.worths import Worths
from rubricdsl.scoring.meaning import Branch, Leaf, Meaning

_BLOCK = 32_768


@frozen(eq=False)
class ArrayScores:
    """The scores of many responses, in [0, 1] or NaN.

    ``missing`` says where a verdict that counts is missing, so that there can be no
    score; where it is NaN without that, all that counts is not applicable.
    """

    scores: Floats
    missing: Truths

    @property
    def undefined(self) -> Truths:
        """Where every verdict is there, and nothing that counts is applicable."""
        return np.isnan(self.scores) & ~self.missing


@frozen(eq=False)
class ArrayValues:
    """The values of every node by path, the root's under ``""``; NaN for n/a.

    ``missing`` says where a verdict is missing; the values there say nothing.
    """

    values: Mapping[str, Floats]
    missing: Truths


@frozen(eq=False)
class ArrayMeaning:
    """The meaning of one rubric, for arrays of verdicts.

    ``counting`` are the steps that the score depends on: neither info nor what only
    info needs is among them.
    """

    meaning: Meaning
    paths: tuple[str, ...]
    counting: tuple[Leaf | Branch, ...]

    @classmethod
    def of(cls, rubric: BoundRubric) -> "ArrayMeaning":
        """Work out what does not depend on verdicts; raises as `Meaning.of`."""
        meaning = Meaning.of(rubric)
        counting: set[int] = set()
        stack = [0]
        while stack:
            number = stack.pop()
            if number in counting:
                continue
            counting.add(number)
            step = meaning.nodes[number]
            if isinstance(step, Leaf):
                stack += [need.number for need in step.needs]
            else:
                stack += step.counted
        return cls(
            meaning,
            tuple(criterion.path for criterion in rubric.criteria()),
            tuple(step for step in meaning.steps if step.number in counting),
        )

    def scores(self, worths: Worths) -> ArrayScores:
        """Score all responses.

        Raises ValueError for the worths of other criteria, and for a formula that
        checking a rubric would have refused.
        """
        scores = np.empty(worths.values.shape[1])
        missing = np.zeros(scores.shape, np.bool_)
        for rows, columns in self._blocks(self.counting, worths, missing):
            scores[rows] = columns[0].values
        scores[missing] = np.nan
        return ArrayScores(scores, missing)

    def values(self, worths: Worths) -> ArrayValues:
        """Give the values of all nodes; raises as `scores`."""
        places = self.meaning.structure.places
        values = np.empty((len(places), worths.values.shape[1]))
        missing = np.zeros(values.shape[1], np.bool_)
        for rows, columns in self._blocks(self.meaning.steps, worths, missing):
            for number, column in columns.items():
                values[number, rows] = column.values
        by_path = {place.node.path: values[place.number] for place in places}
        return ArrayValues(by_path, missing)

    def _blocks(
        self, steps: tuple[Leaf | Branch, ...], worths: Worths, missing: Truths
    ) -> Iterator[tuple[slice, Mapping[int, Column]]]:
        """Give the values of nodes, by number, for some responses after others.

        Notes in ``missing`` where a verdict is missing.
        """
        if worths.paths != self.paths:
            raise ValueError("these are verdicts on the criteria of another rubric")
        row_of = {path: row for row, path in enumerate(self.paths)}
        for start in range(0, len(missing), _BLOCK):
            size = min(_BLOCK, len(missing) - start)
            rows = slice(start, start + size)
            columns: dict[int, Column] = {}
            # 0 by 0 and the like are what is not applicable; see `branches`.
            with np.errstate(all="ignore"):
                for step in steps:
                    if isinstance(step, Branch):
                        columns[step.number] = branch_column(step, columns, size)
                        continue
                    row = row_of[step.path]
                    columns[step.number] = _leaf_column(
                        step, row, worths, columns, rows, missing
                    )
            yield rows, columns


def _leaf_column(  # noqa: PLR0913, PLR0917 - one criterion in some responses
    leaf: Leaf,
    row: int,
    worths: Worths,
    columns: Mapping[int, Column],
    rows: slice,
    missing: Truths,
) -> Column:
    own = worths.column(row, rows)
    lacks = None if worths.missing is None else worths.missing[row, rows]
    if leaf.needs:
        asked = is_met(columns[leaf.needs[0].number], leaf.needs[0].passing)
        for need in leaf.needs[1:]:
            asked &= is_met(columns[need.number], need.passing)
        own = Column(np.where(asked, own.values, 0.0), even=own.even, na=own.na)
        lacks = None if lacks is None else lacks & asked
    if lacks is not None:
        missing[rows] |= lacks
    return own
