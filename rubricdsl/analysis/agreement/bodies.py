"""Cells to be compared as one: those of a criterion, or of several."""

from collections.abc import Sequence

import numpy as np
from attrs import field, frozen

from rubricdsl.analysis.agreement.cells import (
    LabelledCell,
    Scale,
    majority,
    scale_of,
    value_on,
)
from rubricdsl.analysis.alpha import Metric
from rubricdsl.analysis.figures import Resampling
from rubricdsl.analysis.prompts import Rows
from rubricdsl.model.ruling import NA, Ruling


@frozen(eq=False, kw_only=True)
class Body:
    """The cells of one criterion, or of several that share a scale.

    ``numbers`` are those of the cells among all; ``values`` are the categories.
    """

    cells: Sequence[LabelledCell] = field(repr=False)
    numbers: Sequence[int] = field(repr=False)
    scale: Scale
    values: tuple[float, ...]
    resampling: Resampling

    @classmethod
    def of(
        cls,
        cells: Sequence[LabelledCell],
        numbers: Sequence[int],
        resampling: Resampling,
    ) -> "Body":
        """Take some cells, by their numbers; ``resampling`` is that of all cells."""
        own = [cells[number] for number in numbers]
        said = {
            ruling
            for cell in own
            for ruling in (cell.ruling, *cell.labels.values())
            if ruling is not None and ruling != NA
        }
        scale = scale_of(said)
        values = {0.0, 1.0} if scale.has_yes else set[float]()
        values |= {v for ruling in said if (v := value_on(scale, ruling)) is not None}
        return cls(
            cells=own,
            numbers=numbers,
            scale=scale,
            values=tuple(sorted(values)),
            resampling=resampling.among(np.array(numbers, np.intp)),
        )

    @property
    def metric(self) -> Metric:
        """How far apart rulings are: levels by their order, for what lies between."""
        match self.scale:
            case Scale.BINARY:
                return Metric.NOMINAL
            case Scale.NUMBERS:
                return Metric.INTERVAL
            case _:
                return Metric.ORDINAL

    @property
    def annotators(self) -> tuple[str, ...]:
        """Who labelled any of the cells."""
        return tuple(sorted({name for cell in self.cells for name in cell.labels}))

    def of_judge(self) -> list[Ruling | None]:
        """Give the judge's rulings."""
        return [cell.ruling for cell in self.cells]

    def of_annotator(self, name: str) -> list[Ruling | None]:
        """Give one annotator's rulings."""
        return [cell.labels.get(name) for cell in self.cells]

    def of_majority(self, *, without: str | None = None) -> list[Ruling | None]:
        """Give what most say, perhaps without one of them."""
        return [
            majority(
                self.scale, [r for name, r in cell.labels.items() if name != without]
            )
            for cell in self.cells
        ]


@frozen(eq=False)
class Matched:
    """The cells on which two raters can be compared: their numbers and categories."""

    rows: Rows
    first: Rows
    second: Rows

    @classmethod
    def of(
        cls,
        body: Body,
        one: Sequence[Ruling | None],
        other: Sequence[Ruling | None],
    ) -> "Matched":
        """Match two rows of rulings, one for each cell of the body."""
        places = {value: number for number, value in enumerate(body.values)}
        known: dict[Ruling | None, int] = {None: -1}

        def category(ruling: Ruling | None) -> int:
            if ruling not in known:
                value = None if ruling is None else value_on(body.scale, ruling)
                known[ruling] = -1 if value is None else places[value]
            return known[ruling]

        first = np.array([category(ruling) for ruling in one], np.intp)
        second = np.array([category(ruling) for ruling in other], np.intp)
        rows = np.flatnonzero((first >= 0) & (second >= 0))
        return cls(rows, first[rows], second[rows])
