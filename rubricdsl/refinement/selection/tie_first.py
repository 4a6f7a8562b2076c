"""``tie_first``: two that the rubric cannot tell apart at all, the best of those."""

from collections.abc import Mapping

from attrs import frozen

from rubricdsl.model.refinement import Pair, PairSelectorOffer, SelectionRequest
from rubricdsl.refinement.options import Options
from rubricdsl.refinement.selection.ordering import by_level, pair_of, ranked
from rubricdsl.refinement.selection.top2 import best_two

_NAME = "tie_first"


@frozen
class TieFirst:
    """Chooses two, by lot, of the best score that several share; else the two best."""

    def select(self, request: SelectionRequest) -> Pair | None:
        """Give two that tie, or else the two best."""
        ranking = ranked(request)
        for first, *others in by_level(ranking):
            if others:
                why = f"two of {len(others) + 1} that tie"
                return pair_of(first, others[0], why)
        return best_two(ranking)


def _create(options: Mapping[str, str]) -> TieFirst:
    Options.of(f"the pair selector `{_NAME}`", options, ())
    return TieFirst()


OFFER = PairSelectorOffer(
    name=_NAME,
    description="two responses of the best score that several share, else the two best",
    create=_create,
)
