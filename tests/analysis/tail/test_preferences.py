"""Preferences tell of pairs what ratings tell, where they come from ratings."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.evaluation import EvaluationBuilder
from rubricdsl.analysis.pairs import pair_counts
from rubricdsl.analysis.tail.preferences import Preferences
from rubricdsl.analysis.tail.ratings import Rating, Ratings
from rubricdsl.model.refinement import Preference

levels = st.sampled_from([0.0, 0.25, 0.5, 1.0])
scores = levels | st.just(math.nan)


def evaluation_of(rows):
    builder = EvaluationBuilder()
    for number, (prompt, score) in enumerate(rows):
        builder.add(
            (prompt, f"y{number}"),
            score=None if math.isnan(score) else score,
            interval=None,
            rubric="r",
            digest="d",
            paths=(),
            criteria=(),
            values=[],
            probabilities=[],
            measured=[],
        )
    return builder.evaluation()


def preferred(prompts, gold, annotator=None):
    """Give all preferences of somebody who rates so."""
    for one, other in combinations(range(len(gold)), 2):
        if prompts[one] != prompts[other] or gold[one] == gold[other]:
            continue
        better, worse = (one, other) if gold[one] > gold[other] else (other, one)
        yield Preference(
            prompt_id=prompts[one],
            better=f"y{better}",
            worse=f"y{worse}",
            annotator=annotator,
        )


def columns(counts):
    return [counts.right, counts.tied, counts.wrong, counts.unscored]


rated = st.lists(
    st.tuples(st.sampled_from("pq"), scores, levels, levels), min_size=2, max_size=9
)


@given(rated)
def test_preferences_of_one_rater_count_as_the_ratings_do(rows):
    prompts = tuple(prompt for prompt, *_ in rows)
    evaluation = evaluation_of([(prompt, score) for prompt, score, *_ in rows])
    gold = [one for *_, one, _ in rows]
    found = Preferences.of(evaluation, prompts, preferred(prompts, gold))
    counts = found.counts(prompts, evaluation.scores)
    wanted = pair_counts(prompts, gold, evaluation.scores)
    assert counts.prompts == wanted.prompts
    for ours, theirs in zip(columns(counts), columns(wanted), strict=True):
        assert np.array_equal(ours, theirs)


@given(rated)
def test_two_raters_are_held_against_each_other_as_their_ratings_are(rows):
    prompts = tuple(prompt for prompt, *_ in rows)
    evaluation = evaluation_of([(prompt, score) for prompt, score, *_ in rows])
    opinions = {"ann": [row[2] for row in rows], "ben": [row[3] for row in rows]}
    preferences = [
        one for name, gold in opinions.items() for one in preferred(prompts, gold, name)
    ]
    found = Preferences.of(evaluation, prompts, preferences)
    both = found.against_others(prompts, evaluation.scores)
    ratings = Ratings.of(
        evaluation,
        [
            Rating(key=key, value=value, annotator=name)
            for name, gold in opinions.items()
            for key, value in zip(evaluation.keys(), gold, strict=True)
        ],
    )
    rated_counts = ratings.against_others(prompts, evaluation.scores, None)
    if rated_counts is None or both is None:
        assert both is None
        return
    people, wanted = both[0], rated_counts[0]
    # Ratings may be equal where preferences are not, which then is a tie.
    right = dict(zip(people.prompts, people.right.tolist(), strict=True))
    for prompt, count in zip(wanted.prompts, wanted.right.tolist(), strict=True):
        assert right[prompt] == count
    assert people.wrong.sum() == wanted.wrong.sum()
    assert np.array_equal(people.known, both[1].known)


def test_as_many_for_either_are_for_none():
    evaluation = evaluation_of([("p", 0.9), ("p", 0.1), ("p", 0.5)])
    prompts = ("p",) * 3
    given_ = [
        Preference(prompt_id="p", better="y0", worse="y1", annotator="ann"),
        Preference(prompt_id="p", better="y1", worse="y0", annotator="ben"),
        Preference(prompt_id="p", better="y2", worse="y0"),
        Preference(prompt_id="p", better="y2", worse="y9"),
    ]
    found = Preferences.of(evaluation, prompts, given_)
    assert (len(found), found.compared, found.strangers) == (3, 3, 1)
    counts = found.counts(prompts, evaluation.scores)
    assert (counts.equal.sum(), counts.wrong.sum(), counts.known.sum()) == (1, 1, 1)
    both = found.against_others(prompts, evaluation.scores)
    assert both is not None
    people, rubric = both
    assert (people.wrong.sum(), rubric.right.sum(), rubric.wrong.sum()) == (2, 1, 1)
    alone = Preferences.of(evaluation, prompts, given_[2:])
    assert alone.against_others(prompts, evaluation.scores) is None


def test_responses_of_two_groups_are_not_compared():
    evaluation = evaluation_of([("p", 0.9), ("p", 0.1)])
    preference = Preference(prompt_id="p", better="y0", worse="y1")
    found = Preferences.of(evaluation, ("p one", "p two"), [preference])
    assert (len(found), found.strangers) == (0, 1)
    with pytest.raises(ValueError, match="one prompt"):
        Preferences.of(evaluation, ("p", "p"), [preference]).counts(
            ("p one", "p two"), evaluation.scores
        )
