"""What part of the score each criterion decides, and how much of it is judged.

The share of a child is its weight over the positive weights of its group (over all
weights where none is positive); the share of a criterion is the product along its
path.  Gates and info have none, nor has what stands below them.
"""

from collections.abc import Collection
from math import fsum

from attrs import frozen

from rubricdsl.scoring.meaning import Branch, Leaf, Meaning


@frozen(eq=False)
class Shares:
    """The shares of one rubric's nodes, by their number in the structure."""

    meaning: Meaning
    shares: tuple[float | None, ...]

    @classmethod
    def of(cls, meaning: Meaning) -> "Shares":
        """Work out the shares from the root down."""
        shares: list[float | None] = [None] * len(meaning.nodes)
        shares[0] = 1.0
        for step in meaning.nodes:
            above = shares[step.number]
            if above is None or isinstance(step, Leaf):
                continue
            for part in (*step.weighted, *step.bonuses):
                part_of_group = part.weight / step.divisor if step.divisor else 0.0
                shares[part.number] = above * part_of_group
        return cls(meaning, tuple(shares))

    def by_path(self) -> dict[str, float | None]:
        """Give the share of each node by its path, which is empty for the root."""
        places = self.meaning.structure.places
        return {place.node.path: self.shares[place.number] for place in places}

    def coverage(self, judged: Collection[str]) -> float:
        """Give the judged share of the effective weight, in [0, 1].

        ``judged`` are the paths of the criteria with a ruling, n/a among them.
        Each criterion weighs the product, along its path, of its weight over those
        of its siblings, all taken as positive and bonuses included; what a formula
        names and has no weight weighs 1.  Info does not count.  Gates have no
        weight, but while one is not judged its group is not fully known: beside
        all that is weighted, together 1, it stands for 1 - cap, and the coverage
        of the group is multiplied by the judged part of these.  So the coverage is
        1 just where every verdict that counts is there, and no verdict lowers it.
        """
        covered = [0.0] * len(self.meaning.nodes)
        for step in self.meaning.steps:
            if isinstance(step, Leaf):
                covered[step.number] = 1.0 if step.path in judged else 0.0
            else:
                covered[step.number] = _covered(step, covered)
        return covered[0]


def _covered(branch: Branch, covered: list[float]) -> float:
    weights = {number: 1.0 for _, number in branch.operands}
    for part in (*branch.weighted, *branch.bonuses):
        weights[part.number] = abs(part.weight)
    weighted = 1.0
    if weights:
        judged = fsum(weight * covered[number] for number, weight in weights.items())
        weighted = judged / fsum(weights.values())
    stakes = [(1 - gate.cap, covered[gate.number]) for gate in branch.gates]
    if not stakes:
        return weighted
    own = 1.0 if weights else 0.0
    judged = fsum([own, *(stake * part for stake, part in stakes)])
    return weighted * judged / fsum([own, *(stake for stake, _ in stakes)])
