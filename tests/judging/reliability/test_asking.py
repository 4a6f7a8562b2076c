"""Judges are asked again in orders drawn anew, and what they say is measured."""

from random import Random

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.panels import Panel
from rubricdsl.judging.reliability.asking import RepeatedJudges
from rubricdsl.judging.reliability.reports import Reliability, reliability
from rubricdsl.model.execution import Job
from rubricdsl.model.judgement import Answer, JudgeRequest, Question
from rubricdsl.model.rubric import Ask, Level, LevelScale, Weight
from rubricdsl.model.ruling import NO, YES, Ruling
from tests.judging.fakes import (
    Answering,
    FakeJudge,
    Panels,
    criterion,
    judge_of,
    panels_of,
    response_of,
    rubric_of,
    run,
    say,
)

CRITERIA = [criterion(f"c{n}", text=f"Statement {n}.") for n in range(6)]
RUBRIC = rubric_of(*CRITERIA)


def jobs(count: int) -> list[Job]:
    return [
        Job(RUBRIC, response_of(f"Response {n}.", id=f"r{n}")) for n in range(count)
    ]


def measured(
    panels: Panels, *, responses: int = 6, repeats: int = 4, seed: int = 0
) -> Reliability:
    judges = RepeatedJudges(panels, repeats=repeats, seed=seed)
    asked = jobs(responses)
    result = run(asked, judges)  # type: ignore[arg-type]
    return reliability(asked, result.scorecards, judges.listings(), seed=seed)


def orders(judge: FakeJudge) -> list[tuple[str, ...]]:
    return [tuple(q.text for q in r.questions.values()) for r in judge.requests]


def asked_with(panel: Panel, *, responses: int = 3) -> list[tuple[str, ...]]:
    (member,) = panel.members
    fake = member.backend
    assert isinstance(fake, FakeJudge)
    fake.requests.clear()
    run(jobs(responses), Panels({None: panel}))
    return orders(fake)


# ----------------------------------------------------------------------- orders


def panel_of(judge: FakeJudge, **options: object) -> Panel:
    return Panel(members=(judge_of(judge),), **options)  # type: ignore[arg-type]


def test_only_a_panel_that_is_told_so_shuffles() -> None:
    rubric_order = tuple(c.text for c in CRITERIA)
    plain = asked_with(panel_of(FakeJudge(say(YES)), votes=3))
    assert set(plain) == {rubric_order}
    shuffled = asked_with(panel_of(FakeJudge(say(YES)), votes=3, shuffled=0))
    assert len(shuffled) == 9
    assert all(sorted(order) == sorted(rubric_order) for order in shuffled)
    # The first time as the rubric has it, then for each response in its own order.
    assert shuffled.count(rubric_order) == 3
    assert len(set(shuffled)) == 7


def test_the_seed_draws_the_orders() -> None:
    def with_seed(seed: int) -> list[tuple[str, ...]]:
        panel = panel_of(FakeJudge(say(YES)), votes=3, shuffled=seed)
        return sorted(asked_with(panel))

    assert with_seed(1) == with_seed(1) != with_seed(2)


def test_the_order_is_part_of_the_manner() -> None:
    """A verdict had in one order is not taken for one had in another."""
    judge = FakeJudge(say(YES))
    plain = [seat.manner for seat in panel_of(judge, votes=2).seats]
    one = [seat.manner for seat in panel_of(judge, votes=2, shuffled=1).seats]
    other = [seat.manner for seat in panel_of(judge, votes=2, shuffled=2).seats]
    assert plain[0] == one[0] == other[0]
    assert len({plain[1], one[1], other[1]}) == 3


@given(st.integers(0, 5), st.integers(1, 4))
def test_the_order_of_questions_does_not_change_who_gets_which_answer(
    seed: int, limit: int
) -> None:
    def by_number(_: JudgeRequest, name: str, question: Question) -> Answer:
        number = int(question.text.split()[1].rstrip("."))
        return Answer(id=name, ruling=YES if number % 2 else NO)

    judge = FakeJudge(by_number)
    judge.capabilities = evolve(judge.capabilities, max_questions=limit)
    panel = panel_of(judge, votes=3, shuffled=seed)
    result = run(jobs(2), Panels({None: panel}))
    for card in result.scorecards:
        words = [c.verdict.ruling for c in card.criteria]
        assert words == [NO, YES] * 3


# --------------------------------------------------------------------- measures


def wavering(chance: float, *, bias: float = 0.0, seed: int = 0) -> Answering:
    """Say yes as often as that, and the more often the later a statement stands."""
    random = Random(seed)  # noqa: S311 - no secret

    def answer(request: JudgeRequest, name: str, _: Question) -> Answer:
        place = list(request.questions).index(name) / (len(request.questions) - 1)
        yes = random.random() < chance + bias * (place - 0.5)
        return Answer(id=name, ruling=YES if yes else NO)

    return answer


def test_a_judge_that_never_wavers() -> None:
    def firm(_: JudgeRequest, name: str, question: Question) -> Answer:
        yes = int(question.text.split()[1].rstrip(".")) % 2
        return Answer(id=name, ruling=YES if yes else NO)

    (judge,) = measured(panels_of(FakeJudge(firm), ask=Ask.TOGETHER)).judges
    assert judge.consistency is not None
    assert (judge.consistency.flip_rate, judge.consistency.alpha) == (0.0, 1.0)
    assert (judge.consistency.units, judge.consistency.answers) == (36, 144)
    assert judge.position is not None
    assert judge.position.effect == 0.0
    assert judge.noise is not None
    assert judge.noise.within == 0.0
    assert [c.path for c in judge.criteria] == [f"c{n}" for n in range(6)]


def test_a_judge_that_throws_a_coin() -> None:
    (judge,) = measured(
        panels_of(FakeJudge(wavering(0.5)), ask=Ask.TOGETHER), responses=20
    ).judges
    assert judge.consistency is not None
    assert judge.consistency.flip_rate == pytest.approx(0.5, abs=0.08)
    assert judge.consistency.alpha == pytest.approx(0.0, abs=0.12)
    assert judge.noise is not None
    assert judge.noise.within > 0.1


def test_a_judge_that_minds_the_place() -> None:
    biased = FakeJudge(wavering(0.5, bias=0.8))
    (judge,) = measured(panels_of(biased, ask=Ask.TOGETHER), responses=25).judges
    assert judge.position is not None
    assert judge.position.effect == pytest.approx(0.8, abs=0.15)
    assert judge.position.p_value < 0.01
    per_criterion = [c.position.effect for c in judge.criteria if c.position]
    assert len(per_criterion) == 6
    assert all(effect > 0.2 for effect in per_criterion)


def test_asked_alone_a_statement_has_no_place() -> None:
    panel = Panel(members=(judge_of(FakeJudge(say(YES))),), ask=Ask.EACH)
    (judge,) = measured(Panels({None: panel})).judges
    assert judge.position is None
    assert judge.consistency is not None


def test_a_panel_shows_who_is_right() -> None:
    def mostly_right(chance: float, seed: int) -> Answering:
        random = Random(seed)  # noqa: S311 - no secret

        def answer(request: JudgeRequest, name: str, question: Question) -> Answer:
            truth = Random(request.response.text + question.text).random() < 0.5  # noqa: S311
            yes = truth if random.random() < chance else not truth
            return Answer(id=name, ruling=YES if yes else NO)

        return answer

    members = [
        evolve(
            judge_of(FakeJudge(mostly_right(chance, seed))),
            settings=evolve(judge_of(FakeJudge(say(YES))).settings, model=name),
        )
        for seed, (name, chance) in enumerate(
            [("good", 0.95), ("fair", 0.8), ("poor", 0.6)]
        )
    ]
    found = measured(
        Panels({None: Panel(members=tuple(members))}), responses=30, repeats=2
    )
    assert len(found.judges) == 3
    assert found.panel is not None
    accuracy = {t.judge.rpartition(":")[2]: t.accuracy for t in found.panel.judges}
    assert accuracy["good"] > accuracy["fair"] > accuracy["poor"]
    assert accuracy["good"] == pytest.approx(0.95, abs=0.08)


def test_levels_have_a_place_too() -> None:
    scale = LevelScale(
        1.0, 3.0, tuple(Level(float(n), None, f"L{n}.") for n in (1, 2, 3))
    )
    rubric = rubric_of(
        criterion("a", scale=scale, mark=Weight(1.0), text="How much?"),
        criterion("b", text="Is so."),
    )

    def answer(request: JudgeRequest, name: str, question: Question) -> Answer:
        if question.scale == scale:
            place = list(request.questions).index(name)
            return Answer(id=name, ruling=Ruling.level(3 if place else 1))
        return Answer(id=name, ruling=YES)

    judges = RepeatedJudges(
        panels_of(FakeJudge(answer), ask=Ask.TOGETHER), repeats=6, seed=0
    )
    asked = [Job(rubric, response_of(f"R{n}.", id=f"r{n}")) for n in range(5)]
    result = run(asked, judges)  # type: ignore[arg-type]
    found = reliability(asked, result.scorecards, judges.listings())
    (judge,) = found.judges
    by_path = {c.path: c for c in judge.criteria}
    level = by_path["a"].position
    assert level is not None
    assert level.effect == pytest.approx(1.0)
    assert by_path["b"].position is not None
    assert by_path["b"].position.effect == 0.0
