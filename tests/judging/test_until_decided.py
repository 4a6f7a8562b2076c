"""A ranking that asks again asks no more than it takes, and than it may."""

import random
from collections import Counter

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.model.execution import Job, Limits, Precision
from rubricdsl.model.judgement import Answer, Capabilities, JudgeRequest, Question
from rubricdsl.model.rubric import Ask, Weight
from rubricdsl.model.ruling import Failure, FailureKind, Ruling
from rubricdsl.model.scorecard import Doubt, Scorecard
from rubricdsl.testing.strategies import rubric_of
from tests.judging.fakes import Answering, FakeJudge, criterion, response_of
from tests.judging.test_asking_again import (
    PRECISIONS,
    Plan,
    asked,
    calls,
    plans,
    stored,
)

TOPS = st.integers(1, 2)


def doubt_of(card: Scorecard) -> Doubt:
    assert card.standing is not None
    assert card.standing.doubt is not None
    return card.standing.doubt


def standings(cards: tuple[Scorecard, ...]) -> list[object]:
    return [card.standing and evolve(card.standing, doubt=None) for card in cards]


# ------------------------------------------------------------------------ laws


@settings(max_examples=40)
@given(plans(), PRECISIONS, TOPS)
def test_a_judge_that_is_no_model_is_asked_as_in_a_plain_ranking(
    plan: Plan, precision: Precision, top: int
) -> None:
    """What it says is certain: it is never asked the same again."""
    plan = evolve(plan, capabilities=Capabilities(is_model=False), rate=0.0, votes=1)
    plain, sure = plan.backends(), plan.backends()
    expected = plan.run(plain, None, top=top)
    found = plan.run(sure, precision, top=top)
    assert standings(found.scorecards) == standings(expected.scorecards)
    assert asked(sure) == asked(plain)


@settings(max_examples=40)
@given(plans(), PRECISIONS, TOPS)
def test_no_judge_is_asked_the_same_too_often(
    plan: Plan, precision: Precision, top: int
) -> None:
    backends = plan.backends()
    result = plan.run(backends, precision, top=top)
    most = max(plan.votes, precision.most)
    assert all(count <= most for found in asked(backends) for count in found.values())
    assert all(0 <= doubt_of(card).border <= 1 for card in result.scorecards)


@settings(max_examples=40)
@given(plans(needs=False), PRECISIONS, TOPS)
def test_it_asks_no_more_than_as_many_votes_on_everything(
    plan: Plan, precision: Precision, top: int
) -> None:
    plan = evolve(plan, ask=Ask.EACH)
    backends, others = plan.backends(), plan.backends()
    plan.run(backends, precision, top=top)
    plan.run(others, None, votes=max(plan.votes, precision.most))
    for found, fixed in zip(asked(backends), asked(others), strict=True):
        assert found <= fixed
    assert calls(backends) <= calls(others)


@settings(max_examples=40)
@given(plans(), PRECISIONS, TOPS)
def test_it_asks_no_more_than_is_planned(
    plan: Plan, precision: Precision, top: int
) -> None:
    said = plan.estimate(precision)
    backends = plan.backends()
    plan.run(backends, precision, top=top)
    assert sum(found.total() for found in asked(backends)) <= said.most.questions


@settings(max_examples=40)
@given(plans(), PRECISIONS, TOPS, st.integers(1, 9))
def test_the_order_of_answers_makes_no_difference(
    plan: Plan, precision: Precision, top: int, seed: int
) -> None:
    plan = evolve(plan, votes=1)
    one = plan.run(plan.backends(), precision, top=top)
    other = plan.run(plan.backends(seed=seed), precision, top=top)
    assert one.scorecards == other.scorecards


@settings(max_examples=40)
@given(plans(), PRECISIONS, TOPS, st.integers(0, 12))
def test_what_was_answered_is_known_and_asked_no_more(
    plan: Plan, precision: Precision, top: int, most: int
) -> None:
    with stored() as store:
        limits = Limits(max_calls=most)
        plan.run(plan.backends(), precision, store=store, limits=limits, top=top)
        resumed = plan.run(plan.backends(), precision, store=store, top=top)
        again = plan.backends()
        repeated = plan.run(again, precision, store=store, top=top)
    assert calls(again) == 0
    assert [card.noise for card in repeated.scorecards] == [
        card.noise for card in resumed.scorecards
    ]
    assert [card.standing for card in repeated.scorecards] == [
        card.standing for card in resumed.scorecards
    ]


# -------------------------------------------------------------------- examples


HEAVY = rubric_of(
    [criterion(n, mark=Weight(w)) for n, w in (("a", 6.0), ("b", 3.0), ("c", 1.0))]
)
TEXTS = ("abc", "ab-", "a--", "---")
CLOSE = Precision(within=0.05, most=5, flip_rate=0.1)


def by_letters(request: JudgeRequest, name: str, question: Question) -> Answer:
    text = request.seen["response"]
    letter = question.text.removeprefix("Shows ")[:-1]
    return Answer(id=name, ruling=Ruling.of_bool(letter in text))


def plan_of(**fields: object) -> Plan:
    jobs = [Job(HEAVY, response_of(text, id=f"r{n}")) for n, text in enumerate(TEXTS)]
    return Plan(jobs, **fields)  # type: ignore[arg-type]


def test_who_stands_at_the_border_is_asked_about_again() -> None:
    backend = FakeJudge(by_letters)
    result = plan_of().run([backend], CLOSE, top=2)
    ranks = [card.standing and card.standing.rank for card in result.scorecards]
    assert ranks[:2] == [1, 2]
    assert sum(doubt_of(card).border for card in result.scorecards[:2]) <= 0.05
    counts = Counter(text for text, _ in backend.asked)
    most = {
        text: max(n for (t, _), n in Counter(backend.asked).items() if t == text)
        for text in counts
    }
    assert most["ab-"] > 1
    assert most["a--"] > 1
    assert most.get("---", 1) == 1
    votes = [card.noise and card.noise.votes for card in result.scorecards]
    assert votes == [counts[text] for text in TEXTS]


def test_what_can_go_along_is_asked_again_in_the_same_request() -> None:
    plan = plan_of(ask=Ask.TOGETHER, capabilities=Capabilities(together=True))
    backend = FakeJudge(by_letters, capabilities=plan.capabilities)
    plan.run([backend], CLOSE, top=2)
    again = [
        request
        for place, request in enumerate(backend.requests)
        if any(request.seen == before.seen for before in backend.requests[:place])
    ]
    assert any(len(request.questions) > 1 for request in again)


def test_a_vote_that_fails_ends_the_asking_and_leaves_the_doubt() -> None:
    times: Counter[tuple[str, str]] = Counter()

    def once(request: JudgeRequest, name: str, question: Question) -> Answer:
        key = request.seen["response"], question.text
        times[key] += 1
        if times[key] == 1:
            return by_letters(request, name, question)
        refused = Failure(FailureKind.JUDGE_REFUSED, "would not")
        return Answer(id=name, failure=refused)

    result = plan_of().run([FakeJudge(once)], CLOSE, top=2)
    assert max(times.values()) == 2
    ranks = [card.standing and card.standing.rank for card in result.scorecards]
    assert ranks[:2] == [1, 2]
    assert sum(doubt_of(card).border for card in result.scorecards[:2]) > 0.05
    assert all(c.verdict.failure is None for k in result.scorecards for c in k.criteria)


def test_the_best_are_found_more_often_than_by_one_vote() -> None:
    """Six responses, three criteria, one answer in seven not that of the heart."""
    found = dict.fromkeys(("one vote", "border"), 0)
    draw = random.Random(5)  # noqa: S311 - no secret
    for seed in range(25):
        texts = ["".join(c for c in "abc" if draw.random() < 0.6) for _ in range(6)]
        jobs = [
            Job(HEAVY, response_of(f"{text}{n}", id=f"r{n}"))
            for n, text in enumerate(texts)
        ]
        worth = [6 * ("a" in t) + 3 * ("b" in t) + ("c" in t) for t in texts]
        best = sum(sorted(worth)[-2:])
        for name, precision in (("one vote", None), ("border", CLOSE)):
            judge = FakeJudge(mistaken_at(1 / 7, seed))
            cards = Plan(jobs).run([judge], precision, top=2).scorecards
            chosen = [
                w
                for w, card in zip(worth, cards, strict=True)
                if card.standing and card.standing.worst <= 2
            ]
            found[name] += sum(chosen) == best
    print(found)  # noqa: T201
    assert found["border"] > found["one vote"]


def mistaken_at(rate: float, seed: int) -> Answering:
    """Say the contrary of what is so at that rate, each time anew."""
    times: Counter[tuple[str, str]] = Counter()

    def answer(request: JudgeRequest, name: str, question: Question) -> Answer:
        key = request.seen["response"], question.text
        times[key] += 1
        draw = random.Random(f"{seed}{key}{times[key]}")  # noqa: S311 - no secret
        said = by_letters(request, name, question)
        if draw.random() > rate:
            return said
        return evolve(said, ruling=Ruling.of_bool(str(said.ruling) == "no"))

    return answer
