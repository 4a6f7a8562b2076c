"""``top2``: the two best."""

from collections.abc import Mapping

from attrs import frozen

from rubricdsl.model.refinement import Pair, PairSelectorOffer, SelectionRequest
from rubricdsl.refinement.options import Options
from rubricdsl.refinement.selection.ordering import Ranked, pair_of, ranked

_NAME = "top2"


@frozen
class Top2:
    """Chooses the two best responses."""

    def select(self, request: SelectionRequest) -> Pair | None:
        """Give the two best."""
        return best_two(ranked(request))


def best_two(ranking: tuple[Ranked, ...]) -> Pair | None:
    """Give the two best of a ranking; None if there are no two."""
    if len(ranking) < 2:  # noqa: PLR2004 - a pair
        return None
    return pair_of(ranking[0], ranking[1], f"the two best of {len(ranking)}")


def _create(options: Mapping[str, str]) -> Top2:
    Options.of(f"the pair selector `{_NAME}`", options, ())
    return Top2()


OFFER = PairSelectorOffer(
    name=_NAME, description="the two best responses", create=_create
)
