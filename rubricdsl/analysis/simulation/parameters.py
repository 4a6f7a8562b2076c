"""All that can be set about the simulated world, its judge, proposer and training."""

from enum import StrEnum

import attrs
from attrs import field, frozen
from attrs.validators import ge, gt, le, lt

_CHANCE = [ge(0.0), le(1.0)]
# Far beyond any sense, and far from where floats end.
AMOUNT = [ge(0.0), le(1e3)]
RATE = [gt(0.0), le(1e3)]


def _is_range(
    instance: object,
    attribute: "attrs.Attribute[tuple[float, float]]",
    value: tuple[float, float],
) -> None:
    del instance
    low, high = value
    if not 0.0 <= low <= high <= 1.0:
        raise ValueError(
            f"{attribute.name} is no range of chances: {low:g} to {high:g}"
        )


class Weighting(StrEnum):
    """By which weights verdicts are added up to what a policy is trained on.

    Those that are ``given`` in the rubric; ``equal`` ones; or the given ones times the
    ``variance`` of the verdicts within a group of rollouts, so that what all or none
    of them meet counts nothing.
    """

    GIVEN = "given"
    EQUAL = "equal"
    VARIANCE = "variance"


@frozen(kw_only=True)
class Quality:
    """How good a source of responses is: the chance of a skill, and how it varies.

    ``basic`` and ``advanced`` are chances for a skill of middling difficulty; the
    logit of the chance for a certain skill is off by a normal of ``basic_spread`` or
    ``advanced_spread``.  ``hack`` is the range that the chance of hack features, the
    same for all of them, is drawn from.
    """

    basic: float = field(default=0.97, validator=_CHANCE)
    advanced: float = field(default=0.60, validator=_CHANCE)
    basic_spread: float = field(default=0.5, validator=AMOUNT)
    advanced_spread: float = field(default=2.0, validator=AMOUNT)
    hack: tuple[float, float] = field(default=(0.15, 0.15), validator=_is_range)


GOOD = Quality(basic=0.80, advanced=0.12, advanced_spread=1.5)
GREAT = Quality()
DIVERSE = Quality(hack=(0.05, 0.25))


@frozen(kw_only=True)
class Parameters:
    """The simulated world in numbers; `attrs.evolve` gives another one.

    Of ``skills`` the first ``basic_skills`` are usually shown by the base policy, the
    others, advanced ones, rarely; a skill is worth 1 to ``most_value``.  A prompt asks
    for ``asked_basic`` and ``asked_advanced`` of them.  Nobody asks for the ``hacks``,
    features that fool the judge (padding, self-praise); all of them cost ``hack_cost``.

    The judge says yes with ``true_positives`` where a skill is shown, and else with
    ``false_positives`` and ``gullibility`` times the share of hacks shown.  Vague
    criteria are met by looks: with the logit ``vague_start`` + ``vague_hack`` times
    the share of hacks + ``vague_basic`` times the share of basic skills.

    A first rubric has a criterion for each basic skill with ``known_basic``, for each
    advanced one with ``known_advanced``, and ``vague`` vague ones of ``vague_weight``.
    The proposer notices a skill that only one of two responses shows with ``recall``,
    one that both show with ``recall_both``, at most ``most_proposed`` in a round, and
    with ``style`` takes other hacks for a merit.

    A policy is trained for ``steps`` by batches of ``batch`` prompts, each with
    ``rollouts`` responses (GRPO), and looked at every ``look_every`` steps.  What it
    is trained on is the weighted mean of verdicts: with the weights of the rubric, or
    those of `Weighting`; without the ``dropout`` of criteria, drawn anew for each
    group of rollouts.
    """

    prompts: int = field(default=200, validator=ge(1))
    skills: int = field(default=60, validator=ge(1))
    basic_skills: int = field(default=20, validator=ge(1))
    asked_basic: int = field(default=5, validator=ge(1))
    asked_advanced: int = field(default=9, validator=ge(0))
    most_value: int = field(default=3, validator=ge(1))
    hacks: int = field(default=4, validator=ge(1))
    hack_cost: float = field(default=0.6, validator=AMOUNT)

    base_basic: tuple[float, float] = field(default=(0.45, 0.75), validator=_is_range)
    base_advanced: tuple[float, float] = field(
        default=(0.05, 0.20), validator=_is_range
    )
    base_hack: float = field(default=0.02, validator=_CHANCE)
    good: Quality = GOOD
    great: Quality = GREAT
    diverse: Quality = DIVERSE
    profiles: int = field(default=16, validator=ge(1))

    true_positives: float = field(default=0.95, validator=_CHANCE)
    false_positives: float = field(default=0.05, validator=_CHANCE)
    gullibility: float = field(default=0.10, validator=_CHANCE)
    vague_start: float = -1.0
    vague_hack: float = 3.0
    vague_basic: float = 1.0

    known_basic: float = field(default=0.70, validator=_CHANCE)
    known_advanced: float = field(default=0.15, validator=_CHANCE)
    vague: int = field(default=3, validator=ge(0))
    vague_weight: int = field(default=2, validator=ge(1))

    recall: float = field(default=0.70, validator=_CHANCE)
    recall_both: float = field(default=0.05, validator=_CHANCE)
    most_proposed: int = field(default=4, validator=ge(0))
    style: float = field(default=0.15, validator=_CHANCE)
    pool: int = field(default=16, validator=ge(2))
    rounds: int = field(default=4, validator=ge(1))

    steps: int = field(default=320, validator=ge(1))
    batch: int = field(default=32, validator=ge(1))
    rollouts: int = field(default=16, validator=ge(2))
    learning_rate: float = field(default=0.6, validator=RATE)
    kl_coefficient: float = field(default=0.01, validator=AMOUNT)
    normalises: bool = True
    weighting: Weighting = Weighting.GIVEN
    dropout: float = field(default=0.0, validator=[ge(0.0), lt(1.0)])
    look_every: int = field(default=10, validator=ge(1))

    def __attrs_post_init__(self) -> None:
        """See that what is chosen from is enough; raises ValueError."""
        enough = (
            (self.asked_basic, self.basic_skills, "basic skills"),
            (self.asked_advanced, self.skills - self.basic_skills, "advanced skills"),
        )
        for asked, there, what in enough:
            if asked > there:
                raise ValueError(f"a prompt asks for {asked} of {there} {what}")

    @property
    def features(self) -> int:
        """How many things a response may show: skills, and then hacks."""
        return self.skills + self.hacks
