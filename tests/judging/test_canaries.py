"""Canaries: statements with known answers that nobody who wrote a response can know."""

from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.canaries import Canaries
from rubricdsl.model.judgement import Answer, Question
from rubricdsl.model.ruling import NO, YES, Failure, FailureKind

questions = st.integers(1, 6).map(
    lambda count: {f"c{n}": Question(text=f"Says {n}.") for n in range(1, count + 1)}
)


@given(st.text(max_size=300), st.integers(0, 5), questions)
def test_canaries_are_among_the_questions_and_tell_nothing_by_their_ids(
    text: str, seed: int, asked: dict[str, Question]
) -> None:
    canaries = Canaries.of(text, seed=seed)
    among = canaries.among(asked)
    own = {old: among.questions[new] for new, old in among.names.items()}
    assert own == asked
    # The order of what was asked stays, and ids are those of places.
    assert list(own) == list(asked)
    assert list(among.questions) == [
        f"c{n}" for n in range(1, len(among.questions) + 1)
    ]
    assert len(among.canaries) == 1 + (canaries.trivial is not None)


@given(st.text(max_size=300), st.integers(0, 5))
def test_one_statement_is_false_of_the_response_and_the_other_true(
    text: str, seed: int
) -> None:
    canaries = Canaries.of(text, seed=seed)
    absent = canaries.impossible.text.split("“")[1].split("”")[0]
    assert absent not in text.casefold()
    if canaries.trivial is not None:
        assert canaries.trivial.text.split("“")[1].split("”")[0] in text


@given(st.text(min_size=20, max_size=300), questions)
def test_yes_to_everything_trips_and_so_does_no(
    text: str, asked: dict[str, Question]
) -> None:
    canaries = Canaries.of(text + " somebody wrote this", seed=0)
    among = canaries.among(asked)
    for ruling in (YES, NO):
        answers = {name: Answer(id=name, ruling=ruling) for name in among.questions}
        assert among.are_tripped(answers)
        assert not among.are_unanswered(answers)


@given(questions)
def test_right_answers_do_not_trip(asked: dict[str, Question]) -> None:
    among = Canaries.of("Drink a little water often.", seed=3).among(asked)
    assert among.impossible is not None
    assert among.trivial is not None
    right = {among.impossible: NO, among.trivial: YES}
    answers: dict[str, Answer | None] = {
        name: Answer(id=name, ruling=right.get(name, YES)) for name in among.questions
    }
    assert not among.are_tripped(answers)
    failed = Answer(
        id=among.trivial, failure=Failure(FailureKind.JUDGE_UNPARSEABLE.value, "?")
    )
    for gap in (None, failed):
        assert among.are_unanswered({**answers, among.trivial: gap})


def test_they_differ_by_response_and_by_seed() -> None:
    drawn = {
        Canaries.of(text, seed=seed).impossible.text
        for text in ("One text.", "Another text.")
        for seed in (0, 1)
    }
    assert len(drawn) == 4
    again = Canaries.of("One text.", seed=0)
    assert again == Canaries.of("One text.", seed=0)
