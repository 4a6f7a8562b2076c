"""What `rub tail` finds as a record with stable keys."""

from rubricdsl.analysis.bootstrap import Interval
from rubricdsl.analysis.tail.figures import Figure
from rubricdsl.analysis.tail.records import (
    Accuracy,
    CriterionAnalysis,
    FrontierFigures,
    HumanCeiling,
    PredictedOnset,
    TailAnalysis,
)
from rubricdsl.model.digest import Plain


def tail_record(found: TailAnalysis) -> dict[str, Plain]:
    """Give all that was found; a figure that there is none of says why."""
    population = found.population
    return {
        "seed": found.seed,
        "responses": population.responses,
        "scored": population.scored,
        "rated": population.rated,
        "scored_and_rated": population.both,
        "prompts": population.prompts,
        "annotators": population.annotators,
        "base": {"source": population.base, "responses": population.base_responses},
        "target": {"kl": found.target.kl, "top": found.target.share},
        "accuracy": _accuracy(found.accuracy),
        "tail_accuracy": _accuracy(found.tail),
        "human_ceiling": _people(found.human),
        "preferences": None
        if found.preferences is None
        else {
            "preferences": population.preferences,
            "accuracy": _accuracy(found.preferences.accuracy),
            "human_ceiling": _people(found.preferences.human),
        },
        "best_of_k": [
            {
                "k": one.k,
                "kl": one.kl,
                "hit": _figure(one.hit),
                "random_hit": _figure(one.random),
                "gold_quantile": _figure(one.quantile),
                "regret": _figure(one.regret),
            }
            for one in found.best
        ],
        "saturation": {
            "full": _figure(found.ceiling.full),
            "best": _figure(found.ceiling.best),
            "win_rate_ceiling": _figure(found.ceiling.win_rate),
            "kl_ceiling": found.ceiling.kl,
        },
        "ties": {
            "top": found.ties.top,
            "tied": _figure(found.ties.tied),
            "levels": _figure(found.ties.levels),
        },
        "leak": {
            "top": found.leak.top,
            "bad": found.leak.bad,
            "bad_at_top": _figure(found.leak.bad_at_top),
            "good_at_bottom": _figure(found.leak.good_at_bottom),
            "excess": _figure(found.leak.excess),
        },
        "rubrics": [
            {
                "rubric": rubric.rubric,
                "rubric_digest": rubric.digest,
                "effective_criteria": rubric.effective,
                "criteria": [_criterion(one) for one in rubric.criteria],
            }
            for rubric in found.rubrics
        ],
        "frontier": _frontier(found.frontier),
        "start_slope": _figure(found.slope),
        "onset": _onset(found.onset),
        "length_correlation": _figure(found.length),
    }


def _figure(figure: Figure) -> dict[str, Plain]:
    return {
        "value": figure.value,
        "interval": _ends(figure),
        "measured": figure.count.measured,
        "total": figure.count.total,
        "unit": figure.count.unit,
        "why": figure.why,
        "cure": figure.cure,
    }


def _ends(figure: Figure) -> list[Plain] | None:
    if figure.low is None or figure.high is None:
        return None
    return [figure.low, figure.high]


def _accuracy(accuracy: Accuracy) -> dict[str, Plain]:
    return {
        "strict": _figure(accuracy.strict),
        "half": _figure(accuracy.half),
        "tie_rate": _figure(accuracy.tie_rate),
        "decisive": _figure(accuracy.decisive),
        "notice": accuracy.notice,
    }


def _people(found: HumanCeiling) -> dict[str, Plain]:
    return {
        "people": _figure(found.people),
        "rubric": _figure(found.rubric),
        "gap": _figure(found.gap),
    }


def _criterion(one: CriterionAnalysis) -> dict[str, Plain]:
    found = one.discrimination
    return {
        "path": one.path,
        "mark": one.mark,
        "share": one.share,
        "measured": one.measured,
        "total": one.responses,
        "tail_responses": found.responses,
        "pass_rate": found.pass_rate,
        "tail_pass_rate": found.tail_pass_rate,
        "difference": _interval(found.difference),
        "correlation": _interval(found.correlation),
        "dead": found.is_dead,
        "misaligned": found.is_misaligned,
        "redundant_with": [{"path": two.path, "phi": two.phi} for two in one.twins],
    }


def _interval(interval: Interval | None) -> dict[str, Plain] | None:
    if interval is None:
        return None
    return {
        "value": interval.estimate,
        "interval": [interval.low, interval.high],
        "level": interval.level,
    }


def _frontier(found: FrontierFigures) -> dict[str, Plain]:
    return {
        "points": [
            {
                "kl": point.kl,
                "win_rate": _figure(point.win_rate),
                "perfect": point.perfect,
                "effective_sample_size": point.effective,
            }
            for point in found.points
        ],
        "prompts": found.prompts,
        "gap": _figure(found.gap),
        "gap_kl": found.gap_kl,
        "peak": _figure(found.peak),
        "peak_kl": found.peak_kl,
        "notice": found.notice,
    }


def _onset(onset: PredictedOnset) -> dict[str, Plain]:
    return {
        "kl": onset.kl,
        "sure": onset.is_sure,
        "searched_kl": onset.searched,
        "rise_at_end": _figure(onset.end_rise),
        "why": onset.why,
    }
