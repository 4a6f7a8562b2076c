"""What many verdicts are worth, as one array.

It is laid out by criterion: all values of one lie together, in the order of the
responses.  A missing verdict is no number: it has a place of its own, and what stands
in the array there is never looked at.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from rubricdsl.model.rubric import BoundRubric, Criterion, LevelScale
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Ruling
from rubricdsl.scoring.arrays.columns import Column, Floats, Truths, has_even_values
from rubricdsl.scoring.leaves import IllegalRulingError, RulingWorths


class Code(IntEnum):
    """How arrays of bytes write a verdict.

    The n-th level of a scale, counted from 0 and from the lowest, is ``LEVEL + n``.
    """

    MISSING = -1
    NO = 0
    YES = 1
    PARTLY = 2
    NA = 3
    LEVEL = 4


_MOST_LEVELS = np.iinfo(np.int8).max - Code.LEVEL + 1
_WORDS = {Code.NO: NO, Code.YES: YES, Code.PARTLY: PARTLY, Code.NA: NA}


@frozen(eq=False)
class Worths:
    """The worth of each criterion's verdict in each response.

    Both arrays have the shape (criteria, responses), the criteria in the order of
    ``paths``.  ``values`` lie in [0, 1], or are NaN for n/a that is skipped;
    ``missing`` says where there is no verdict, and is None if that is nowhere.
    """

    paths: tuple[str, ...]
    values: Floats
    missing: Truths | None = None
    _even: Truths = field(init=False, repr=False)
    _na: Truths = field(init=False, repr=False)

    @_even.default
    def _rows_of_even_values(self) -> Truths:
        even: Truths = np.array([has_even_values(row) for row in self.values], np.bool_)
        return even

    @_na.default
    def _rows_with_na(self) -> Truths:
        na: Truths = np.any(np.isnan(self.values), axis=1)
        return na

    def column(self, row: int, rows: slice) -> Column:
        """Give what one criterion's verdicts are worth in some responses."""
        values = self.values[row, rows]
        return Column(values, even=bool(self._even[row]), na=bool(self._na[row]))

    @classmethod
    def of_values(
        cls, rubric: BoundRubric, values: npt.ArrayLike, missing: Truths | None = None
    ) -> "Worths":
        """Take what verdicts are worth; copies nothing that has the right layout.

        Raises:
            ValueError: for the wrong shape, and for a number outside [0, 1].
            IllegalRulingError: for NaN where a criterion has no ``n/a: skip``.
        """
        criteria = tuple(rubric.criteria())
        array = np.ascontiguousarray(values, np.float64)
        if array.ndim != 2 or len(array) != len(criteria):  # noqa: PLR2004 - a table
            raise ValueError(
                f"needs {len(criteria)} rows, one for each criterion, and a column for "
                f"each response; the shape is {array.shape}"
            )
        if missing is not None and missing.shape != array.shape:
            raise ValueError(f"missing has shape {missing.shape}, not {array.shape}")
        known = True if missing is None else ~missing
        if np.any(((array < 0) | (array > 1)) & known):
            raise ValueError("a verdict is worth a number from 0 to 1, or NaN for n/a")
        for criterion, skipped in zip(criteria, np.isnan(array) & known, strict=True):
            if skipped.any() and not RulingWorths.of(criterion).skippable:
                raise IllegalRulingError(f"{criterion.path}: NaN without `n/a: skip`")
        return cls(tuple(c.path for c in criteria), array, missing)

    @classmethod
    def of_codes(cls, rubric: BoundRubric, codes: npt.NDArray[np.int8]) -> "Worths":
        """Take verdicts as bytes, of the shape (criteria, responses); see `Code`.

        Raises IllegalRulingError for a code that its criterion does not allow, and
        ValueError for the wrong shape and for scales with too many levels for bytes.
        """
        criteria = tuple(rubric.criteria())
        if codes.ndim != 2 or len(codes) != len(criteria):  # noqa: PLR2004 - a table
            raise ValueError(
                f"needs {len(criteria)} rows, one for each criterion, and a column for "
                f"each response; the shape is {codes.shape}"
            )
        values = np.empty(codes.shape)
        for row, criterion in enumerate(criteria):
            table = _table(criterion)
            if np.any((codes[row] < Code.MISSING) | (codes[row] >= len(table) - 1)):
                raise IllegalRulingError(f"{criterion.path}: no such code")
            # The last place of the table, which is that of -1, is for what is missing.
            np.take(table, codes[row], out=values[row], mode="wrap")
            if np.any(values[row] == _ILLEGAL):
                raise IllegalRulingError(f"{criterion.path}: a code that is not legal")
        missing = codes == Code.MISSING
        paths = tuple(c.path for c in criteria)
        return cls(paths, values, missing if missing.any() else None)

    @classmethod
    def of_rulings(
        cls, rubric: BoundRubric, rulings: Sequence[Mapping[str, Ruling]]
    ) -> "Worths":
        """Take the rulings on each response, by path; those not there are missing.

        Much slower than arrays.  Raises IllegalRulingError for a ruling that its
        criterion does not allow.
        """
        criteria = tuple(rubric.criteria())
        values = np.full((len(criteria), len(rulings)), np.nan)
        missing = np.ones(values.shape, np.bool_)
        for row, criterion in enumerate(criteria):
            worths = RulingWorths.of(criterion)
            for column, said in enumerate(rulings):
                ruling = said.get(criterion.path)
                if ruling is not None:
                    worth = worths.worth(ruling)
                    values[row, column] = np.nan if worth is None else worth
                    missing[row, column] = False
        paths = tuple(c.path for c in criteria)
        return cls(paths, values, missing if missing.any() else None)


def code_of(criterion: Criterion, ruling: Ruling) -> int:
    """Give the byte for a ruling.

    Raises IllegalRulingError for one that no byte stands for: a number, or a level
    between two steps.
    """
    for code, word in _WORDS.items():
        if ruling == word:
            return code
    if isinstance(criterion.scale, LevelScale) and ruling.number is not None:
        levels = [Ruling.level(number) for number in criterion.scale.numbers]
        if ruling in levels:
            return Code.LEVEL + levels.index(ruling)
    raise IllegalRulingError(f"{criterion.path}: no code stands for {ruling}")


_ILLEGAL = 2.0


def _table(criterion: Criterion) -> Floats:
    """Give the worth of each code, and last that of a missing verdict."""
    worths = RulingWorths.of(criterion)
    rulings = list(_WORDS.values())
    if isinstance(criterion.scale, LevelScale):
        levels = criterion.scale.numbers
        if len(levels) > _MOST_LEVELS:
            raise ValueError(f"{criterion.path}: {len(levels)} levels are too many")
        rulings += [Ruling.level(number) for number in levels]
    table: list[float] = []
    for ruling in rulings:
        try:
            worth = worths.worth(ruling)
        except IllegalRulingError:
            table.append(_ILLEGAL)
        else:
            table.append(np.nan if worth is None else worth)
    return np.array([*table, np.nan])
