"""Attacks that get through are patched, and no honest response pays for it."""

from math import ceil

import numpy as np
import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.model.edit import Add, Edit, Remove
from rubricdsl.model.refinement import (
    Attack,
    AttackRequest,
    ProposalRequest,
    Proposed,
    Task,
)
from rubricdsl.model.response import Response
from rubricdsl.model.ruling import Failure
from rubricdsl.refinement.strategies.attack_patch import ATTACK_PATCH
from tests.refinement.strategies.stage import (
    ScriptedAttacker,
    ScriptedProposer,
    Stage,
    planted,
    responses_of,
)

RUBRIC = """rubric r
[2] clear: Shows clear.
[2] right: Shows right.
[1] kind: Shows kind.
"""
KINDS = ("padding", "praise", "echo", "hedge")


def _attack(request: AttackRequest) -> Attack:
    """Claim all that the rubric asks for, in the way of a kind of junk."""
    kind = KINDS[request.seed % len(KINDS)]
    words = [c.text.removeprefix("Shows ")[:-1] for c in request.bound.criteria()]
    claimed = [word for word in words if word not in KINDS]
    return Attack(text=" ".join([*claimed, kind]), calls=1)


def _patch(request: ProposalRequest) -> Proposed:
    """Forbid what the attack has and the honest response has not."""
    assert request.task is Task.PATCH
    honest, attack = (
        one.response.text.split() for one in (request.pair.first, request.pair.second)
    )
    new = [word for word in attack if word not in honest and word in KINDS]
    return Proposed(
        edits=tuple(
            Add(name=f"no_{word}", text=f"Shows {word}.", mark="never") for word in new
        ),
        calls=1,
    )


def _stage(attack=_attack, patch=_patch, text: str = RUBRIC) -> Stage:
    table, _ = planted({"clear": 1, "right": 1, "kind": 1}, 80, 3)
    return Stage(
        text,
        responses_of(table, 4),
        proposer=ScriptedProposer(patch),
        attacker=ScriptedAttacker(attack),
    )


def _false_positives(stage: Stage, text: str) -> float:
    """Give the share of junk that scores as the best tenth of the pool does."""
    junk = [
        Response(
            text=f"clear right kind {kind}", prompt_id=p, response_id=f"{kind}_{p}"
        )
        for kind in KINDS
        for p in sorted(set(stage.prompts))
    ]
    scores = stage.scores(text)
    bars = {}
    for prompt in set(stage.prompts):
        here = sorted(
            s for s, p in zip(scores, stage.prompts, strict=True) if p == prompt
        )
        bars[prompt] = here[-ceil(0.1 * len(here))]
    through = [
        score >= bars[one.prompt_id]
        for one, score in zip(junk, stage.scores(text, junk), strict=True)
    ]
    return float(np.mean(through))


def test_junk_no_longer_gets_to_the_top() -> None:
    stage = _stage()
    proposed = stage.play(ATTACK_PATCH, {"attacks": "24"})
    after = stage.after(proposed.edits)
    assert {e.name for e in proposed.edits if isinstance(e, Add)} == {
        f"no_{kind}" for kind in KINDS
    }
    assert _false_positives(stage, RUBRIC) >= 0.5
    assert _false_positives(stage, after.text) <= 0.05
    assert stage.scores(after.text) == stage.scores(RUBRIC)


def test_the_proposer_sees_the_attack_beside_the_best() -> None:
    stage = _stage()
    proposed = stage.play(ATTACK_PATCH, {"attacks": "1"})
    assert isinstance(stage.proposer, ScriptedProposer)
    (request,) = stage.proposer.asked
    first, second = request.pair.first, request.pair.second
    assert first.response.prompt_id == second.response.prompt_id
    assert second.response.source == "attack"
    assert second.score == 1.0
    assert first.score is not None
    best = max(
        score
        for score, prompt in zip(stage.scores(RUBRIC), stage.prompts, strict=True)
        if prompt == first.response.prompt_id
    )
    assert first.score == best
    assert request.focus == ("clear", "right", "kind")
    assert (len(proposed.edits), proposed.calls) == (1, 2)
    assert "attack_1_1 on" in proposed.notices[0]


def test_later_attacks_meet_the_patched_rubric() -> None:
    stage = _stage()
    stage.play(ATTACK_PATCH, {"attacks": "6"})
    assert isinstance(stage.attacker, ScriptedAttacker)
    asked = stage.attacker.asked
    assert len({request.seed for request in asked}) == 6
    assert len({request.response.prompt_id for request in asked}) == 4
    sizes = [len(list(request.bound.criteria())) for request in asked]
    assert sizes == sorted(sizes)
    assert sizes[0] == 3 < sizes[-1]


def test_a_patch_that_hurts_honest_responses_is_left_out() -> None:
    def patch(_: ProposalRequest) -> Proposed:
        edits: tuple[Edit, ...] = (
            Add(name="no_kind", text="Shows kind.", mark="never"),
            Add(name="useless", text="Shows clear.", mark="info"),
            Remove(criterion="nowhere"),
        )
        return Proposed(edits=edits)

    proposed = _stage(patch=patch).play(ATTACK_PATCH, {"attacks": "1"})
    assert proposed.edits == ()
    told = "\n".join(proposed.notices)
    assert "which is honest, falls" in told
    assert "the attack scores 1.000 -> 1.000" in told
    assert "does not apply: E304" in told


def test_honest_responses_may_fall_by_as_much_as_is_said() -> None:
    def patch(_: ProposalRequest) -> Proposed:
        return Proposed(edits=(Add(name="more", text="Shows more.", mark="1"),))

    stage = _stage(patch=patch)
    assert stage.play(ATTACK_PATCH, {"attacks": "1"}).edits == ()
    assert stage.play(ATTACK_PATCH, {"attacks": "1", "loss": "0.2"}).edits != ()


def test_an_attack_that_does_not_get_through_is_no_matter() -> None:
    stage = _stage(attack=lambda _: Attack(text="nothing", calls=1))
    proposed = stage.play(ATTACK_PATCH)
    assert isinstance(stage.proposer, ScriptedProposer)
    assert stage.proposer.asked == []
    assert (proposed.edits, proposed.calls) == ((), 3)


def test_an_attacker_that_fails_is_told_of() -> None:
    failure = Failure("unparseable", "rubbish")
    stage = _stage(attack=lambda _: Attack(text=None, calls=2, failure=failure))
    proposed = stage.play(ATTACK_PATCH)
    assert (proposed.failure, proposed.calls) == (failure, 6)


def test_options_are_read() -> None:
    for name, value in (("attacks", "0"), ("top", "2"), ("loss", "-1"), ("most", "1")):
        with pytest.raises(RubricError, match=f"`{name}`"):
            ATTACK_PATCH.create({name: value})
