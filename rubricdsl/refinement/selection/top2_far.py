"""``top2_far``: of the best few, the two that differ most."""

from collections.abc import Mapping
from itertools import combinations

from attrs import frozen

from rubricdsl.model.refinement import (
    Candidate,
    Pair,
    PairSelectorOffer,
    SelectionRequest,
)
from rubricdsl.refinement.options import Options
from rubricdsl.refinement.selection.distances import Shingles, distance, shingles
from rubricdsl.refinement.selection.ordering import (
    FEW,
    MOST,
    Ranked,
    pair_of,
    ranked,
)

_NAME = "top2_far"


@frozen
class Top2Far:
    """Chooses, of the best ``k``, two of different sources and the most distant texts.

    Of two pairs as distant, the one that ranks better is chosen.
    """

    k: int = FEW

    def select(self, request: SelectionRequest) -> Pair | None:
        """Give the most different two of the best."""
        best = [(one, shingles(_text(one))) for one in ranked(request)[: self.k]]
        pairs = list(combinations(best, 2))
        if not pairs:
            return None
        first, second = max(pairs, key=lambda pair: _difference(*pair))
        why = f"the most different of the best {len(best)}"
        return pair_of(first[0], second[0], why)


def _text(one: Ranked) -> str:
    return one.candidate.response.text


def _difference(
    first: tuple[Ranked, Shingles], second: tuple[Ranked, Shingles]
) -> tuple[bool, float]:
    return (
        are_of_different_sources(first[0].candidate, second[0].candidate),
        distance(first[1], second[1]),
    )


def are_of_different_sources(first: Candidate, second: Candidate) -> bool:
    """Tell whether it is known of both who wrote them, and that these are two."""
    sources = first.response.source, second.response.source
    return None not in sources and sources[0] != sources[1]


def _create(options: Mapping[str, str]) -> Top2Far:
    read = Options.of(f"the pair selector `{_NAME}`", options, OFFER.options)
    return Top2Far(read.whole("k", FEW, least=2, most=MOST))


OFFER = PairSelectorOffer(
    name=_NAME,
    description=f"of the best k ({FEW}), two of different sources and distant texts",
    create=_create,
    options=("k",),
)
