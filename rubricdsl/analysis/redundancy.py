"""How many different things a rubric's criteria say.

Two criteria are redundant where their verdicts go together: one of them could go, and
what both say would no longer count twice.  All is worked out within prompts, since
only what differs there can rank.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.analysis.discrimination import as_table
from rubricdsl.analysis.prompts import ByPrompt
from rubricdsl.scoring.arrays.columns import Floats
from rubricdsl.scoring.leaves import TOLERANCE


@frozen
class Likeness:
    """Two criteria by their numbers, the lesser first, and their correlation."""

    first: int
    second: int
    phi: float


@frozen(eq=False, kw_only=True)
class Redundancy:
    """How far criteria repeat each other.

    ``phi`` holds the correlations of all criteria with all; NaN for those in
    ``constant``, which never vary within a prompt and are left out of all else.
    ``effective`` is the effective number of criteria, (Σe)²/Σe² over the eigenvalues e
    of the covariance of verdicts: 1 if all say the same, their number if all say
    different things with the same spread.  It is 0 if none varies.
    """

    phi: Floats
    constant: tuple[int, ...]
    effective: float

    @property
    def greatest(self) -> float | None:
        """The greatest |φ| between two criteria; None where there are not two."""
        found = [abs(one.phi) for one in self.pairs()]
        return max(found, default=None)

    def pairs(self, least: float = -1.0) -> Iterator[Likeness]:
        """Give the pairs of a φ of at least so much, in the order of the criteria."""
        for first, second in zip(*np.triu_indices(len(self.phi), 1), strict=True):
            phi = float(self.phi[first, second])
            if phi >= least:
                yield Likeness(int(first), int(second), phi)


def redundancy(prompts: Sequence[str], values: npt.ArrayLike) -> Redundancy:
    """Work out how far criteria repeat each other.

    ``values`` has the shape (criteria, responses), NaN where a value is not known; two
    criteria are compared where both are.  Raises ValueError for another shape.
    """
    table = as_table(values, len(prompts))
    known = ~np.isnan(table)
    groups = ByPrompt.of(prompts)
    deviations = np.where(known, table - groups.means(table, known), 0.0)
    constant = np.all(np.abs(deviations) <= TOLERANCE, axis=1)
    deviations[constant] = 0.0
    covariance = deviations @ deviations.T
    there = known.astype(np.float64)
    spread = (deviations**2) @ there.T
    with np.errstate(invalid="ignore", divide="ignore"):
        phi = covariance / np.sqrt(spread * spread.T)
    phi = np.clip(phi, -1.0, 1.0)
    eigenvalues = np.linalg.eigvalsh(covariance) if len(table) else np.zeros(0)
    squares = float(np.sum(eigenvalues**2))
    return Redundancy(
        phi=phi,
        constant=tuple(int(number) for number in np.flatnonzero(constant)),
        effective=float(np.sum(eigenvalues)) ** 2 / squares if squares > 0 else 0.0,
    )
