"""Responses that were judged, as columns: what every metric here is worked out from.

One `Evaluation` holds what a run found; the verdicts under each rubric are a `Sheet`.
It is filled row by row and keeps no row, so a hundred thousand responses to twenty
criteria take tens of megabytes.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import nan
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from attrs import define, field, frozen

from rubricdsl.analysis.prompts import Rows
from rubricdsl.scoring.arrays.columns import Floats, Truths

Key: TypeAlias = tuple[str, str]
"""The ids of a prompt and of a response to it."""
Cells: TypeAlias = npt.NDArray[np.float32]
"""Values or probabilities in [0, 1], of the shape (criteria, responses)."""


@frozen(kw_only=True)
class SheetCriterion:
    """A criterion, as results name it.

    ``weight`` is None for gates and info, ``share`` the part of the whole score that
    it decides.  ``helps`` says whether the score rises, if anything, as its value does:
    it does not for penalties and ``never``, nor in a group that counts against it.
    """

    path: str
    mark: str
    weight: float | None
    share: float | None
    helps: bool


@frozen(eq=False, kw_only=True)
class Sheet:
    """The verdicts under one rubric.

    ``rows`` are the numbers, in the evaluation, of the responses that were judged by
    it; arrays have the shape (criteria, responses), the latter in that order.
    ``values`` are in [0, 1], and NaN where a criterion is not applicable or was not
    ``measured``; ``probabilities`` are those of yes, NaN where a judge gave none.
    """

    rubric: str
    digest: str
    criteria: tuple[SheetCriterion, ...]
    rows: Rows
    values: Cells = field(repr=False)
    probabilities: Cells = field(repr=False)
    measured: Truths = field(repr=False)

    @property
    def credit(self) -> Cells:
        """The values turned so that more is better for every criterion."""
        helps = np.array([one.helps for one in self.criteria], np.bool_)
        credit: Cells = np.where(helps[:, None], self.values, 1 - self.values)
        return credit


@frozen(eq=False, kw_only=True)
class Evaluation:
    """What a run found of its responses, one entry of each column for each of them.

    ``scores`` are in [0, 1], NaN where there is none.  ``lows`` and ``highs`` are the
    least and the greatest that missing verdicts could still give, NaN for no interval.
    """

    prompts: tuple[str, ...] = field(repr=False)
    responses: tuple[str, ...] = field(repr=False)
    scores: Floats = field(repr=False)
    lows: Floats = field(repr=False)
    highs: Floats = field(repr=False)
    sheets: tuple[Sheet, ...]

    def __len__(self) -> int:
        """Count the responses."""
        return len(self.responses)

    @property
    def measured(self) -> int:
        """How many responses have a score."""
        return int(np.count_nonzero(~np.isnan(self.scores)))

    def keys(self) -> Iterator[Key]:
        """Give the ids of each response and of its prompt."""
        return zip(self.prompts, self.responses, strict=True)

    def aligned(self, known: Mapping[Key, float]) -> Floats:
        """Give the number that is known of each response; NaN where none is."""
        values = (known.get(key, nan) for key in self.keys())
        return np.fromiter(values, np.float64, len(self))


@define
class _Draft:
    """A sheet that is being filled; its cells are laid response by response."""

    rubric: str
    digest: str
    criteria: tuple[SheetCriterion, ...]
    rows: "array[int]" = field(factory=lambda: array("q"))
    values: "array[float]" = field(factory=lambda: array("f"))
    probabilities: "array[float]" = field(factory=lambda: array("f"))
    measured: bytearray = field(factory=bytearray)

    def sheet(self) -> Sheet:
        shape = (len(self.rows), len(self.criteria))
        return Sheet(
            rubric=self.rubric,
            digest=self.digest,
            criteria=self.criteria,
            rows=np.array(self.rows, np.intp),
            values=_turned(np.frombuffer(self.values, np.float32), shape),
            probabilities=_turned(np.frombuffer(self.probabilities, np.float32), shape),
            measured=np.frombuffer(self.measured, np.bool_).reshape(shape).T,
        )


def _turned(cells: Cells, shape: tuple[int, int]) -> Cells:
    turned: Cells = cells.reshape(shape).T
    return turned


@define
class EvaluationBuilder:
    """Gathers responses one after the other, and keeps their numbers alone."""

    _prompts: list[str] = field(factory=list)
    _responses: list[str] = field(factory=list)
    _numbers: "array[float]" = field(factory=lambda: array("d"))
    _drafts: dict[tuple[str, tuple[str, ...]], _Draft] = field(factory=dict)

    def add(  # noqa: PLR0913 - a row has that many parts
        self,
        key: Key,
        *,
        score: float | None,
        interval: tuple[float, float] | None,
        rubric: str,
        digest: str,
        paths: tuple[str, ...],
        criteria: Iterable[SheetCriterion],
        values: Sequence[float],
        probabilities: Sequence[float],
        measured: Sequence[bool],
    ) -> None:
        """Add what was found of a response; ``criteria`` are looked at once a rubric.

        Raises ValueError for another number of values than of paths.
        """
        if not len(values) == len(probabilities) == len(measured) == len(paths):
            raise ValueError(f"{len(paths)} criteria need as many values")
        draft = self._drafts.get((digest, paths))
        if draft is None:
            draft = _Draft(rubric, digest, tuple(criteria))
            self._drafts[digest, paths] = draft
        draft.rows.append(len(self._responses))
        draft.values.extend(values)
        draft.probabilities.extend(probabilities)
        draft.measured.extend(measured)
        self._prompts.append(key[0])
        self._responses.append(key[1])
        low, high = (nan, nan) if interval is None else interval
        self._numbers.extend((nan if score is None else score, low, high))

    def evaluation(self) -> Evaluation:
        """Give all that was added."""
        numbers = np.array(self._numbers, np.float64).reshape(-1, 3).T
        return Evaluation(
            prompts=tuple(self._prompts),
            responses=tuple(self._responses),
            scores=numbers[0],
            lows=numbers[1],
            highs=numbers[2],
            sheets=tuple(draft.sheet() for draft in self._drafts.values()),
        )
