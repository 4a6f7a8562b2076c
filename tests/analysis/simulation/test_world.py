"""The simulated world: what is asked for, what is shown, and what that is worth."""

import attrs
import numpy as np
import pytest

from rubricdsl.analysis.simulation.parameters import Parameters, Quality
from rubricdsl.analysis.simulation.world import World, generator, logit

DEFAULT = Parameters()
WORLD = World.of(DEFAULT, 0)


def everything(prompts):
    """Features of responses that show all that is asked for, and no hack."""
    hacks = np.zeros((len(prompts), DEFAULT.hacks), dtype=np.bool_)
    return np.hstack([WORLD.asked[prompts], hacks])


def test_prompts_ask_for_so_many_skills_of_each_kind():
    basic = WORLD.asked[:, WORLD.is_basic].sum(axis=1)
    advanced = WORLD.asked[:, ~WORLD.is_basic].sum(axis=1)
    assert set(basic) == {DEFAULT.asked_basic}
    assert set(advanced) == {DEFAULT.asked_advanced}
    assert set(WORLD.values) == {1.0, 2.0, 3.0}


def test_gold_is_the_share_of_value_shown_less_what_hacks_cost():
    prompts = np.array([3])
    features = everything(prompts)
    assert WORLD.gold(prompts, features) == pytest.approx([1.0])
    features[0, DEFAULT.skills] = True
    assert WORLD.gold(prompts, features) == pytest.approx([1.0 - 0.6 / 4])
    features[:] = False
    features[0, DEFAULT.skills :] = True
    assert WORLD.gold(prompts, features) == pytest.approx([-0.6])
    skill = np.flatnonzero(WORLD.asked[3])[0]
    features[0, skill] = True
    share = WORLD.values[skill] / WORLD.values[WORLD.asked[3]].sum()
    assert WORLD.gold(prompts, features) == pytest.approx([share - 0.6])


def test_no_response_shows_a_skill_that_nobody_asked_for():
    samples = WORLD.samples(WORLD.diverse(), 16, "test")
    skills = samples.features[:, :, : DEFAULT.skills]
    assert not (skills & ~WORLD.asked[:, np.newaxis, :]).any()


def test_sources_are_as_good_as_their_quality():
    means = {}
    for source in (WORLD.untrained(), WORLD.good(), WORLD.great(), WORLD.diverse()):
        samples = WORLD.samples(source, 16, "test")
        means[source.name] = samples.gold.mean()
        hacks = samples.features[:, :, DEFAULT.skills :].mean()
        assert hacks == pytest.approx(source.chances[:, -1].mean(), abs=0.02)
    assert means["base"] < means["good"] < means["great"]
    exact = Quality(basic=0.9, advanced=0.3, basic_spread=0.0, advanced_spread=0.0)
    (chances,) = WORLD.source("exact", exact).chances
    expected = np.where(WORLD.is_basic, 0.9, 0.3)
    assert chances[: DEFAULT.skills] == pytest.approx(expected)


def test_a_diverse_source_has_a_profile_for_each_response_of_a_pool():
    chances = WORLD.diverse().rows(DEFAULT.pool)
    assert len(np.unique(chances, axis=0)) == DEFAULT.pool
    assert len(np.unique(chances[:, -1])) == DEFAULT.pool
    assert np.array_equal(WORLD.great().rows(3), np.repeat(WORLD.great().chances, 3, 0))


def test_the_same_seed_draws_the_same_world_and_another_one_another():
    again, other = World.of(DEFAULT, 0), World.of(DEFAULT, 1)
    assert np.array_equal(again.asked, WORLD.asked)
    assert again.first_rubrics() == WORLD.first_rubrics()
    assert not np.array_equal(other.asked, WORLD.asked)
    first = WORLD.samples(WORLD.great(), 4, "one").features
    assert np.array_equal(again.samples(again.great(), 4, "one").features, first)
    assert not np.array_equal(again.samples(again.great(), 4, "two").features, first)


def test_what_is_proposed_does_not_change_the_world():
    other = World.of(attrs.evolve(DEFAULT, style=0.8, steps=1), 0)
    assert np.array_equal(other.asked, WORLD.asked)
    assert np.array_equal(other.great().chances, WORLD.great().chances)


def test_first_rubrics_know_what_is_usual():
    rubrics = WORLD.first_rubrics()
    skills = [[one for one in rubric if one < DEFAULT.skills] for rubric in rubrics]
    asked = [set(np.flatnonzero(row)) for row in WORLD.asked]
    assert all(set(known) <= there for known, there in zip(skills, asked, strict=True))
    basic = sum(one < DEFAULT.basic_skills for known in skills for one in known)
    advanced = sum(map(len, skills)) - basic
    count = len(rubrics)
    assert basic / (count * DEFAULT.asked_basic) == pytest.approx(0.70, abs=0.04)
    assert advanced / (count * DEFAULT.asked_advanced) == pytest.approx(0.15, abs=0.03)
    assert all(len(r) - len(k) == 3 for r, k in zip(rubrics, skills, strict=True))


def test_junk_shows_all_hacks_and_no_skill():
    junk = WORLD.junk(2)
    assert junk.features.shape == (DEFAULT.prompts, 2, DEFAULT.features)
    assert not junk.features[:, :, : DEFAULT.skills].any()
    assert junk.gold == pytest.approx(np.full((DEFAULT.prompts, 2), -0.6))


def test_divergence_is_what_sampling_says():
    assert WORLD.divergence(WORLD.base) == pytest.approx(0.0, abs=1e-12)
    chances = np.clip(WORLD.base + 0.1, 0, 1)
    draw = generator(0, "divergence")
    prompts = np.repeat(np.arange(DEFAULT.prompts), 200)
    shown = WORLD.show(prompts, chances, draw)
    ratio = np.where(shown, chances / WORLD.base, (1 - chances) / (1 - WORLD.base))
    asked = np.hstack([WORLD.asked, np.ones((DEFAULT.prompts, DEFAULT.hacks), bool)])
    sampled = (np.log(ratio) * asked[prompts]).sum(axis=1).mean()
    assert WORLD.divergence(chances) == pytest.approx(sampled, rel=0.03)


def test_certain_features_have_a_logit_and_a_divergence():
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
    assert np.isfinite(WORLD.divergence(np.zeros(DEFAULT.features)))


@pytest.mark.parametrize(
    "changes",
    [
        {"hack_cost": -1.0},
        {"recall": 1.5},
        {"prompts": 0},
        {"base_basic": (0.8, 0.2)},
        {"asked_basic": 21},
        {"skills": 25},
        {"learning_rate": 0.0},
    ],
)
def test_parameters_that_make_no_world_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes)) + "|asks for"):
        attrs.evolve(DEFAULT, **changes)
