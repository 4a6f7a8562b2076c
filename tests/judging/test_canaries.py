"""Canaries: statements with known answers that nobody who wrote a response can know."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.canaries import Canaries
from rubricdsl.model.judgement import Answer, Question
from rubricdsl.model.ruling import NO, YES, Failure, FailureKind
from tests.judging.fakes import quoted

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
    absent = quoted(canaries.impossible.text)
    assert absent is not None
    assert absent.casefold() not in text.casefold()
    if canaries.trivial is not None:
        word = quoted(canaries.trivial.text)
        assert word is not None
        assert word in text
        # Nothing else of a response gets out of its fence.
        assert len(word) <= 24


def test_no_canary_can_be_known_by_heart() -> None:
    texts = [f"Somebody wrote this, number {n}." for n in range(500)]
    drawn = [Canaries.of(text, seed=0) for text in texts]
    wordings: list[Counter[str]] = []
    for questions in (
        [canaries.impossible for canaries in drawn],
        [canaries.trivial for canaries in drawn if canaries.trivial is not None],
    ):
        assert len(questions) == 500
        shapes = Counter(
            q.text.replace(quoted(q.text) or "", "W").casefold() for q in questions
        )
        assert len(shapes) > 300
        assert shapes.most_common(1)[0][1] < 25
        wordings.append(shapes)
    # What is false is said in the words of what is true.
    one, other = wordings
    assert one.keys() & other.keys()
    parts = [Counter(" ".join(shapes).split()).keys() for shapes in wordings]
    assert parts[0] == parts[1]
    # With another seed, another canary.
    again = [Canaries.of(text, seed=1).impossible for text in texts]
    assert all(a != b.impossible for a, b in zip(again, drawn, strict=True))


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
