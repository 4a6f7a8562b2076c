"""``random_top_k``: two of the best few, by lot."""

from collections.abc import Mapping

from attrs import frozen

from rubricdsl.model.refinement import Pair, PairSelectorOffer, SelectionRequest
from rubricdsl.refinement.options import Options
from rubricdsl.refinement.selection.ordering import (
    FEW,
    MOST,
    lot,
    pair_of,
    ranked,
)

_NAME = "random_top_k"


@frozen
class RandomTopK:
    """Draws two of the best ``k``; every two are as likely over seeds and rounds."""

    k: int = FEW

    def select(self, request: SelectionRequest) -> Pair | None:
        """Draw two; the better one comes first."""
        best = ranked(request)[: self.k]
        if len(best) < 2:  # noqa: PLR2004 - a pair
            return None
        drawn = sorted(
            range(len(best)), key=lambda at: lot(request, "draw", best[at].candidate)
        )
        first, second = sorted(drawn[:2])
        return pair_of(best[first], best[second], f"drawn of the best {len(best)}")


def _create(options: Mapping[str, str]) -> RandomTopK:
    read = Options.of(f"the pair selector `{_NAME}`", options, OFFER.options)
    return RandomTopK(read.whole("k", FEW, least=2, most=MOST))


OFFER = PairSelectorOffer(
    name=_NAME,
    description=f"two of the best k ({FEW}) responses, drawn",
    create=_create,
    options=("k",),
)
