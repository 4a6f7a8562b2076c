"""How several answers become one."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.judging.backends.scripted import ScriptedJudge
from rubricdsl.judging.panels import Judge, Panel, oriented_worth
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.rubric import (
    AnswerScale,
    Ask,
    Criterion,
    Level,
    LevelScale,
    NaPolicy,
    NaRule,
    Never,
    Scale,
    VoteRule,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Failure, Ruling
from rubricdsl.scoring.bounds import Bounds
from rubricdsl.scoring.leaves import RulingWorths
from rubricdsl.testing.strategies import rubric_of

THREE = AnswerScale(("yes", "partly", "no"))
LEVELS = LevelScale(
    1.0, 5.0, (Level(1.0, None, "Bad."), Level(5.0, None, "Good.")), stated=True
)


def judge(name: str, **options: str | float | bool) -> Judge:
    settings = JudgeSettings(backend="x", model=name, options=options)
    return Judge(settings=settings, backend=ScriptedJudge([]))


def ballot(
    said: Ruling | Failure,
    *,
    probability: float | None = None,
    reason: str | None = None,
) -> Verdict:
    provenance = Provenance(judge="x", response="s")
    if isinstance(said, Failure):
        return Verdict(failure=said, at=1.0, provenance=provenance)
    return Verdict(
        ruling=said,
        probability=probability,
        reason=reason,
        evidence=f"quote for {said}",
        at=1.0,
        provenance=provenance,
    )


def decide(  # noqa: PLR0913 - one case, by name
    said: Sequence[Ruling | Failure],
    rule: VoteRule,
    *,
    scale: Scale = THREE,
    mark: Weight | Never = Weight(1.0),  # noqa: B008 - a frozen value
    na: NaRule | None = NaPolicy.SKIP,
    probabilities: Sequence[float] = (),
    skip_failed: bool = False,
) -> Verdict:
    criterion = Criterion(name="a", path="a", mark=mark, text="A.", scale=scale, na=na)
    panel = Panel(
        members=tuple(judge(f"m{n}") for n in range(len(said))),
        rule=rule,
        skip_failed=skip_failed,
    )
    given_: list[float | None] = [*probabilities] or [None] * len(said)
    ballots = [ballot(s, probability=p) for s, p in zip(said, given_, strict=True)]
    return panel.decide(ballots, scale=scale, worth=oriented_worth(criterion))


@pytest.mark.parametrize(
    ("said", "rule", "ruling"),
    [
        ([YES, YES, NO], VoteRule.MAJORITY, YES),
        ([YES, NO], VoteRule.MAJORITY, NO),
        ([YES, PARTLY], VoteRule.MAJORITY, PARTLY),
        ([YES, PARTLY, NO], VoteRule.MAJORITY, NO),
        ([YES, NA], VoteRule.MAJORITY, NA),
        ([NO, NA], VoteRule.MAJORITY, NO),
        ([NA, NA, YES], VoteRule.MAJORITY, NA),
        ([YES, YES, YES], VoteRule.UNANIMOUS, YES),
        ([YES, YES, PARTLY], VoteRule.UNANIMOUS, PARTLY),
        ([YES, NO, YES], VoteRule.UNANIMOUS, NO),
        ([YES, NA], VoteRule.UNANIMOUS, YES),
        ([YES, NA, NA], VoteRule.UNANIMOUS, NA),
        ([NO, NO, YES], VoteRule.ANY, YES),
        ([NO, NO], VoteRule.ANY, NO),
        ([NA, NA], VoteRule.ANY, NA),
        ([YES, NO, PARTLY, YES], VoteRule.MEAN, Ruling.of_number(0.625)),
        ([YES, NA], VoteRule.MEAN, Ruling.of_number(1.0)),
    ],
)
def test_the_rules(said: list[Ruling], rule: VoteRule, ruling: Ruling) -> None:
    assert decide(said, rule).ruling == ruling


def test_what_hurts_depends_on_the_mark() -> None:
    for mark in (Never(), Weight(-1.0)):
        assert decide([YES, NO], VoteRule.MAJORITY, mark=mark).ruling == YES
    assert decide([YES, NA], VoteRule.MAJORITY, na=NaPolicy.PASS).ruling == YES
    assert decide([NO, NA], VoteRule.MAJORITY, na=NaPolicy.FAIL).ruling == NO
    assert decide([PARTLY, NA], VoteRule.MAJORITY, na=0.25).ruling == NA


def test_levels() -> None:
    one, two, five = Ruling.level(1), Ruling.level(2), Ruling.level(5)
    assert decide([two, two, five], VoteRule.MAJORITY, scale=LEVELS).ruling == two
    assert decide([two, five], VoteRule.MAJORITY, scale=LEVELS).ruling == two
    assert decide([one, two, five], VoteRule.UNANIMOUS, scale=LEVELS).ruling == one
    assert decide([one, two, five], VoteRule.ANY, scale=LEVELS).ruling == five
    mean = decide([one, two], VoteRule.MEAN, scale=LEVELS).ruling
    assert mean == Ruling.level(1.5)


def test_the_mean_is_of_probabilities_where_all_have_one() -> None:
    verdict = decide([YES, NO], VoteRule.MEAN, probabilities=[0.9, 0.4])
    assert verdict.ruling == Ruling.of_number(0.65)
    assert verdict.probability == 0.65


SCALES: tuple[Scale, ...] = (
    AnswerScale(("yes", "no")),
    THREE,
    AnswerScale(("yes", "partly")),
    AnswerScale(("partly", "no")),
    LEVELS,
    LevelScale(
        0.1, 0.7, (Level(0.1, None, "Bad."), Level(0.7, None, "Good.")), stated=True
    ),
)


@st.composite
def _panels_of_any_kind(draw: st.DrawFn) -> tuple[Criterion, Verdict]:
    scale = draw(st.sampled_from(SCALES))
    na = draw(st.sampled_from([None, NaPolicy.SKIP, NaPolicy.FAIL, NaPolicy.PASS, 0.3]))
    marks: list[Weight | Never] = [Weight(1.0), Weight(-1.0), Never()]
    mark = draw(st.sampled_from(marks))
    legal = (
        [Ruling.level(number) for number in scale.numbers]
        if isinstance(scale, LevelScale)
        else [Ruling.from_record(word) for word in scale.answers]
    )
    legal += [NA] * (na is not None)
    failure = Failure("rate_limited", "later")
    said: list[Ruling | Failure] = draw(
        st.lists(st.sampled_from([*legal, failure]), min_size=1, max_size=7)
    )
    number = len(said) * draw(st.integers(0, 1))
    chances = draw(st.lists(st.floats(0, 1), min_size=number, max_size=number))
    verdict = decide(
        said,
        draw(st.sampled_from(VoteRule)),
        scale=scale,
        mark=mark,
        na=na,
        probabilities=chances,
        skip_failed=draw(st.booleans()),
    )
    return Criterion(name="a", mark=mark, text="A.", scale=scale, na=na), verdict


@settings(max_examples=5 * settings().max_examples)
@given(_panels_of_any_kind())
def test_no_rule_leaves_the_range_of_the_answers(
    case: tuple[Criterion, Verdict],
) -> None:
    """So the bounds of a score that take answers alone hold for every panel."""
    criterion, verdict = case
    if verdict.ruling is None:
        return
    rubric = rubric_of([criterion])
    missing = Bounds.of(rubric).ranges({})[1]
    worth = RulingWorths.of(criterion).worth(verdict.ruling)
    if worth is None:
        assert missing.na
    else:
        assert missing.interval is not None
        low, high = missing.interval
        assert low <= worth <= high


def test_what_is_not_yes_is_at_least_the_least_answer() -> None:
    two = AnswerScale(("yes", "partly"))
    chances = [0.8, 0.4]
    verdict = decide([YES, PARTLY], VoteRule.MEAN, scale=two, probabilities=chances)
    assert verdict.ruling == Ruling.of_number(0.8)
    low = AnswerScale(("partly", "no"))
    verdict = decide([PARTLY, NO], VoteRule.MEAN, scale=low, probabilities=chances)
    assert verdict.ruling == Ruling.of_number(0.25)


def test_the_reason_says_who_said_what() -> None:
    failure = Failure("judge_refused", "no")
    verdict = decide([YES, failure, YES], VoteRule.MAJORITY, skip_failed=True)
    assert verdict.reason == "majority: x:m0 yes, x:m1 failed (judge_refused), x:m2 yes"
    assert verdict.evidence == "quote for yes"
    assert verdict.provenance.judge == "majority of x:m0, x:m1, x:m2"


_BALLOTS = st.lists(st.sampled_from([YES, PARTLY, NO, NA]), min_size=1, max_size=6)
# What counts of a cascade is who was asked last; see test_cascades.py.
_AT_ONCE = st.sampled_from([rule for rule in VoteRule if rule is not VoteRule.CASCADE])


@given(_BALLOTS, _AT_ONCE, st.randoms())
def test_the_order_of_members_changes_no_ruling(
    said: list[Ruling], rule: VoteRule, random: object
) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide(said, rule).ruling == decide(shuffled, rule).ruling


@given(_BALLOTS, st.sampled_from([VoteRule.UNANIMOUS, VoteRule.ANY, VoteRule.MAJORITY]))
def test_what_all_say_is_what_is_said(said: list[Ruling], rule: VoteRule) -> None:
    ruling = decide(said, rule).ruling
    assert ruling in said
    if len(set(said)) == 1:
        assert ruling == said[0]


@given(_BALLOTS, _AT_ONCE, st.integers(0, 5))
def test_a_failure_is_never_a_ruling(
    said: list[Ruling], rule: VoteRule, place: int
) -> None:
    mixed: list[Ruling | Failure] = list(said)
    mixed.insert(place, Failure("rate_limited", "later"))
    assert decide(mixed, rule).failure is not None
    assert decide(mixed, rule, skip_failed=True).ruling == decide(said, rule).ruling
    only = decide([Failure("rate_limited", "later")], rule, skip_failed=True)
    assert only.failure is not None


@given(_BALLOTS, _AT_ONCE, st.integers(0, 5), st.booleans())
def test_who_has_yet_to_answer_is_waited_for(
    said: list[Ruling],
    rule: VoteRule,
    place: int,
    skip_failed: bool,  # noqa: FBT001
) -> None:
    mixed: list[Ruling | Failure] = [*said, Failure("rate_limited", "later")]
    mixed.insert(place, Failure("judge_pending", "in some hours"))
    failure = decide(mixed, rule, skip_failed=skip_failed).failure
    assert failure is not None
    assert failure.kind == "judge_pending"


def test_identity_is_of_what_an_answer_depends_on() -> None:
    assert judge("a", timeout=3.0).identity == judge("a", timeout=4.0).identity
    assert judge("a", temperature=0.0).identity != judge("a", temperature=1.0).identity
    member = judge("a")
    manners = {
        seat.manner
        for panel in (
            Panel(members=(member,)),
            Panel(members=(member,), ask=Ask.EACH),
            Panel(members=(member,), instructions="Be strict."),
            Panel(members=(member,), votes=3),
        )
        for seat in panel.seats
    }
    # The first of three votes is the same question as the only one.
    assert len(manners) == 5
