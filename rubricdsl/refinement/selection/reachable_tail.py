"""``reachable_tail``: the best two that the policy to be trained can still reach.

What tells two responses apart that are both far above a policy is hardly ever seen in
what the policy writes, so that it cannot learn from it.
"""

from collections.abc import Mapping

from attrs import frozen

from rubricdsl.model.refinement import Pair, PairSelectorOffer, SelectionRequest
from rubricdsl.refinement.options import Options
from rubricdsl.refinement.selection.ordering import ranked
from rubricdsl.refinement.selection.top2 import best_two
from rubricdsl.scoring.leaves import TOLERANCE

_NAME = "reachable_tail"
_MARGIN = 0.1


@frozen
class ReachableTail:
    """Chooses the best two that score at most ``margin`` above the policy's best.

    ``policy`` is the source of the policy's responses.  Where none of them has a
    score, nothing is known of what it reaches, and nothing is chosen.
    """

    policy: str
    margin: float = _MARGIN

    def select(self, request: SelectionRequest) -> Pair | None:
        """Give the best two within reach."""
        own = [
            one.score
            for one in (*request.candidates, *request.scored)
            if one.response.source == self.policy and one.score is not None
        ]
        if not own:
            return None
        most = max(own) + self.margin + TOLERANCE
        return best_two(tuple(one for one in ranked(request) if one.score <= most))


def _create(options: Mapping[str, str]) -> ReachableTail:
    read = Options.of(f"the pair selector `{_NAME}`", options, OFFER.options)
    margin = read.number("margin", _MARGIN, least=0.0, most=1.0)
    return ReachableTail(read.word("policy"), margin)


OFFER = PairSelectorOffer(
    name=_NAME,
    description=f"the two best within margin ({_MARGIN:g}) above the best of policy",
    create=_create,
    options=("policy", "margin"),
)
