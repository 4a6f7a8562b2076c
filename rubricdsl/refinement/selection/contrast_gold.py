"""``contrast_gold``: where the rubric is most wrong about what people said."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import ceil

from attrs import frozen

from rubricdsl.model.refinement import Pair, PairSelectorOffer, SelectionRequest
from rubricdsl.refinement.options import Options
from rubricdsl.refinement.selection.ordering import Ranked, pair_of, ranked
from rubricdsl.scoring.leaves import TOLERANCE

_NAME = "contrast_gold"
_TOP = 0.5


@frozen
class ContrastGold:
    """Chooses the two of the greatest gold difference that the rubric does not order.

    It ties them, or puts the worse one first.  Both are of the ``top`` share of the
    responses with gold by score, with all that tie with the last of these: a policy
    is driven there, and what is good and what is not must be told apart there.  The
    first of the pair is the better one, as people said.
    """

    top: float = _TOP

    def select(self, request: SelectionRequest) -> Pair | None:
        """Give the pair that the rubric is most wrong about; None if about none."""
        wrong = max(_wrong(self._best(request)), key=lambda one: one[0], default=None)
        if wrong is None:
            return None
        difference, better, worse = wrong
        what = "tied" if better.level == worse.level else "in the wrong order"
        return pair_of(better, worse, f"{what}, though {difference:.4g} gold apart")

    def _best(self, request: SelectionRequest) -> Sequence[Ranked]:
        labelled = [one for one in ranked(request) if one.candidate.gold is not None]
        if not labelled:
            return ()
        count = min(len(labelled), max(2, ceil(self.top * len(labelled))))
        last = labelled[count - 1].level
        return [one for one in labelled if one.level <= last]


def _wrong(best: Sequence[Ranked]) -> Iterator[tuple[float, Ranked, Ranked]]:
    """Give pairs that are not in the order of gold, the better one first."""
    for above, below in combinations(best, 2):
        high, low = above.candidate.gold, below.candidate.gold
        if high is None or low is None:
            continue
        if low > high + TOLERANCE:
            yield low - high, below, above
        elif above.level == below.level and high > low + TOLERANCE:
            yield high - low, above, below


def _create(options: Mapping[str, str]) -> ContrastGold:
    read = Options.of(f"the pair selector `{_NAME}`", options, OFFER.options)
    return ContrastGold(read.number("top", _TOP, least=0.0, most=1.0))


OFFER = PairSelectorOffer(
    name=_NAME,
    description=f"of the top ({_TOP:g}) by score, two that only gold tells apart",
    create=_create,
    options=("top",),
)
