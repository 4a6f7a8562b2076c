"""What people said of responses, held against a run as far as it speaks of them."""

from collections.abc import Sequence

import attrs

from rubricdsl.analysis.agreement.analysis import AgreementAnalysis, analyse_agreement
from rubricdsl.analysis.evaluation import Evaluation
from rubricdsl.analysis.tail.measuring import analyse_tail
from rubricdsl.analysis.tail.pool import Pool
from rubricdsl.analysis.tail.records import TailAnalysis, Target
from rubricdsl.analysis.tilting import TARGET_KL, tail_share
from rubricdsl.formats.gold import Gold
from rubricdsl.formats.labelled_results import labelled_results
from rubricdsl.model.scorecard import Scorecard


def tail_of(evaluation: Evaluation, gold: Gold, *, seed: int) -> TailAnalysis | None:
    """Analyse the tail; None where gold says nothing of which response is better."""
    pool = Pool.of(evaluation, gold.ratings(evaluation), preferences=gold.preferences)
    if not (len(pool.ratings.rows) or len(pool.preferences)):
        return None
    target = Target(share=tail_share(TARGET_KL), kl=TARGET_KL)
    return analyse_tail(pool, target, seed=seed)


def agreement_of(
    cards: Sequence[Scorecard], gold: Gold, *, seed: int
) -> AgreementAnalysis | None:
    """Hold verdicts and scores beside gold; None where it speaks of none of them.

    Scores of responses that several rubrics judged are not compared.
    """
    keys = {(card.prompt_id, card.response_id) for card in cards}
    if len(keys) < len(cards):
        gold = attrs.evolve(gold, scores=(), preferences=())
    found = labelled_results(cards, gold)
    rated = any(one.ratings for one in found.responses)
    if not (found.cells or rated or found.preferences):
        return None
    return analyse_agreement(found.cells, found.responses, found.preferences, seed=seed)
