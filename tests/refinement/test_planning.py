"""From wishes to a course, or to an error that says what is there."""

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.model.refinement import (
    Needs,
    Occasion,
    Pair,
    PairSelectorOffer,
    Proposed,
    RefinementStrategyOffer,
    SelectionRequest,
)
from rubricdsl.refinement.courses import PRESETS
from rubricdsl.refinement.planning import Wishes, course_of, read_choice
from rubricdsl.refinement.strategies.rtd import RTD, RTD_ITERATIVE


class Best:
    """A selector that finds nothing."""

    def select(self, request: SelectionRequest) -> Pair | None:
        """Nothing."""
        del request
        return None


class Fitted:
    """A strategy that needs gold."""

    needs = Needs(gold=True)

    async def propose(self, occasion: Occasion) -> Proposed:
        """Nothing."""
        del occasion
        return Proposed()


SELECTORS = {
    name: PairSelectorOffer(
        name=name,
        description="",
        create=lambda _: Best(),
        options=("k",) if "far" in name else (),
    )
    for name in ("top2", "top2_far", "random_top_k")
}
STRATEGIES = {
    offer.name: offer
    for offer in (
        RTD,
        RTD_ITERATIVE,
        *(
            RefinementStrategyOffer(name=n, description="", create=lambda _: Fitted())
            for n in ("prune", "reweigh")
        ),
    )
}


def course(*, proposer="somebody", has_gold=False, **wishes):
    return course_of(
        Wishes(**wishes),
        strategies=STRATEGIES,
        selectors=SELECTORS,
        proposer=proposer,
        has_gold=has_gold,
    )


def stages(found):
    return [(stage.name, stage.rounds) for stage in found.stages]


def test_with_a_proposer_it_is_differentiation_round_by_round():
    assert stages(course()) == [("rtd_iterative", 4)]
    assert stages(course(rounds=7)) == [("rtd_iterative", 7)]


def test_with_gold_alone_it_is_pruning_and_weights():
    found = course(proposer=None, has_gold=True)
    assert stages(found) == [("prune", 1), ("reweigh", 1)]
    assert found.author == ""


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_the_conditions_of_the_paper(name):
    found = course(preset=name)
    rounds = int(name[0])
    assert found.rounds == rounds
    # A single pair is not scored before it is drawn; of four, each is the best two.
    assert found.scores == (rounds > 1)
    assert found.selector_name == "top2"
    assert found.excludes_used


def test_a_preset_takes_another_way_to_choose():
    found = course(preset="1-great", select="random_top_k")
    assert found.scores
    assert found.selector_name == "random_top_k"


def test_several_strategies_follow_each_other():
    found = course(strategies=("prune", "rtd_iterative"), has_gold=True)
    assert stages(found) == [("prune", 1), ("rtd_iterative", 4)]


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"proposer": None}, "neither a proposer nor gold"),
        ({"strategies": ("prun",)}, "did you mean `prune`?"),
        ({"strategies": ("prune",)}, "needs gold"),
        ({"strategies": ("rtd",), "proposer": None}, "needs a proposer"),
        ({"select": "top3"}, "did you mean `top2`?"),
        ({"select": "top2?k=3"}, "it takes none"),
        ({"select": "top2_far?j=3"}, "it takes: k"),
        ({"select": "top2_far?k"}, "each key once"),
    ],
)
def test_what_cannot_be_met_is_refused_with_what_there_is(wishes, words):
    with pytest.raises(RubricError) as refused:
        course(**wishes)
    (diagnostic,) = refused.value.diagnostics
    assert words in f"{diagnostic.message} {diagnostic.hint}"


def test_a_choice_has_a_name_and_options():
    assert read_choice("top2_far?k=6&by=source") == (
        "top2_far",
        {"k": "6", "by": "source"},
    )
    assert read_choice("top2") == ("top2", {})
