"""Real responses that people rated: what the analysis says of rubrics for them."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rubricdsl.analysis.tail.measuring import analyse_tail
from rubricdsl.analysis.tail.pool import Pool
from rubricdsl.analysis.tail.ratings import Rating, Ratings
from rubricdsl.analysis.tail.records import TailAnalysis, Target
from rubricdsl.formats.evaluations import read_evaluation
from rubricdsl.formats.gold import read_gold
from tests.analysis.tail.annotated import SETS


@cache
def analysed(name: str) -> TailAnalysis:
    annotated = SETS[name]
    if not annotated.data.is_there:
        pytest.skip("the folder `shared` is not beside this checkout")
    with TemporaryDirectory() as folder:
        annotated.write(Path(folder))
        evaluation = read_evaluation(f"{folder}/results.jsonl").evaluation
        gold = read_gold(f"{folder}/gold.jsonl")
    ratings = [
        Rating(
            key=(one.prompt_id, one.response_id),
            value=one.gold,
            annotator=one.annotator,
        )
        for one in gold.scores
    ]
    pool = Pool.of(evaluation, Ratings.of(evaluation, ratings))
    return analyse_tail(pool, Target(share=0.3, kl=None))


@pytest.mark.parametrize("name", SETS)
def test_rubrics_order_better_than_chance_but_worse_at_the_top(name):
    found = analysed(name)
    assert found.population.scored == found.population.responses
    assert found.accuracy.half.low is not None
    assert found.accuracy.half.low > 0.5
    assert found.slope.low is not None
    assert found.slope.low > 0
    # Stories are the exception: what people wrote stands out at the top.
    if name != "hanna":
        assert found.tail.half.value is not None
        assert found.accuracy.half.value is not None
        assert found.tail.half.value < found.accuracy.half.value
    for best in found.best:
        assert best.hit.value is not None
        assert best.random.value is not None
        assert best.hit.value > best.random.value


@pytest.mark.parametrize("name", ["wmt23_sxs_ende", "hanna"])
def test_the_verdicts_of_a_person_are_at_the_human_ceiling(name):
    human = analysed(name).human
    assert human.gap.low is not None
    assert human.gap.high is not None
    assert human.gap.low < 0 < human.gap.high
    assert human.people.count == human.rubric.count


@pytest.mark.parametrize("name", ["summeval", "mrbench_v2"])
def test_one_mean_of_several_people_gives_no_ceiling(name):
    human = analysed(name).human
    assert human.people.value is None
    assert human.people.why is not None


def test_the_criterion_that_is_keyed_wrong_is_found():
    (sound,), (keyed,) = (
        analysed(name).rubrics for name in ("mrbench_v2", "mrbench_v2, keyed wrong")
    )
    assert not any(one.discrimination.is_misaligned for one in sound.criteria)
    wrong = [one.path for one in keyed.criteria if one.discrimination.is_misaligned]
    assert wrong == ["lost"]


@pytest.mark.parametrize("name", ["wmt23_sxs_ende", "mrbench_v2", "hanna"])
def test_small_pools_are_refused_a_frontier(name):
    found = analysed(name)
    if found.frontier.points:
        assert found.frontier.points[-1].kl < 0.2
        assert found.frontier.notice is not None
    else:
        assert found.frontier.gap.cure is not None
        assert "101 responses" in found.frontier.gap.cure
        assert found.onset.kl is None


def test_a_rubric_of_much_agreed_criteria_saturates():
    found = analysed("mrbench_v2")
    assert found.ceiling.full.value == pytest.approx(0.133, abs=0.001)
    assert found.ceiling.win_rate.value == pytest.approx(0.934, abs=0.001)
    assert json.dumps(found.ceiling.kl) != "null"
