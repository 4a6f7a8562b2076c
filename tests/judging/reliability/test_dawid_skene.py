"""Dawid and Skene find the better judge without knowing what is true."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.reliability.dawid_skene import DawidSkene, Votes, dawid_skene

ANSWERS = st.sampled_from(["yes", "no", "partly"])
ITEMS = st.lists(
    st.lists(st.tuples(st.sampled_from("abcd"), ANSWERS), min_size=1, max_size=5),
    min_size=1,
    max_size=12,
)


def panel(
    accuracies: Mapping[str, float],
    *,
    n: int,
    seed: int,
    answers: Sequence[str] = ("no", "yes"),
) -> tuple[list[str], list[Votes]]:
    """Judges that are right as often as they are said to be, and what is true."""
    random = Random(seed)  # noqa: S311 - no secret
    truths = [random.choice(answers) for _ in range(n)]
    items: list[Votes] = []
    for truth in truths:
        votes = []
        for judge, accuracy in accuracies.items():
            wrong = [answer for answer in answers if answer != truth]
            right = random.random() < accuracy
            votes.append((judge, truth if right else random.choice(wrong)))
        items.append(votes)
    return truths, items


def accuracy_of(found: DawidSkene) -> dict[str, float]:
    return {table.judge: table.accuracy for table in found.judges}


@given(st.integers(0, 50))
def test_it_finds_how_often_each_judge_is_right(seed: int) -> None:
    real = {"good": 0.95, "fair": 0.8, "poor": 0.6, "so": 0.75}
    _, items = panel(real, n=600, seed=seed)
    found = dawid_skene(items)
    assert found.converged
    for judge, accuracy in accuracy_of(found).items():
        assert accuracy == pytest.approx(real[judge], abs=0.1)
    assert max(accuracy_of(found), key=accuracy_of(found).__getitem__) == "good"


def test_it_does_better_than_the_majority() -> None:
    real = {"good": 0.95, "poor": 0.55, "poorer": 0.55, "poorest": 0.55, "last": 0.55}
    truths, items = panel(real, n=1_000, seed=1)
    majority = [max("no", "yes", key=[s for _, s in votes].count) for votes in items]
    guessed = dawid_skene(items).truths()

    def right(answers: Sequence[str]) -> int:
        return sum(a == truth for a, truth in zip(answers, truths, strict=True))

    assert right(guessed) > right(majority) + 100


def test_it_sees_which_way_a_judge_errs() -> None:
    """One that says yes to all is right about yes only."""
    random = Random(2)  # noqa: S311 - no secret
    items = []
    for _ in range(400):
        truth = random.choice(["yes", "no"])
        items.append([("a", truth), ("b", truth), ("kind", "yes")])
    found = dawid_skene(items)
    kind = next(table for table in found.judges if table.judge == "kind")
    assert kind.confusion["yes"]["yes"] > 0.98
    assert kind.confusion["no"]["no"] < 0.02
    assert kind.votes == 400


def test_more_than_two_answers() -> None:
    real = {"a": 0.9, "b": 0.7, "c": 0.7, "d": 0.5}
    answers = ("level 1", "level 2", "level 3", "level 4")
    truths, items = panel(real, n=800, seed=3, answers=answers)
    found = dawid_skene(items)
    assert sum(map(str.__eq__, found.truths(), truths)) / len(truths) > 0.9
    for judge, accuracy in accuracy_of(found).items():
        assert accuracy == pytest.approx(real[judge], abs=0.08)


@given(st.integers(0, 30), st.integers(3, 5))
def test_equal_and_good_judges_decide_by_majority(seed: int, size: int) -> None:
    odd = size if size % 2 else size + 1
    _, items = panel({f"j{n}": 0.85 for n in range(odd)}, n=400, seed=seed)
    majority = tuple(
        max(("no", "yes"), key=[s for _, s in votes].count) for votes in items
    )
    same = sum(map(str.__eq__, dawid_skene(items).truths(), majority))
    assert same / len(items) > 0.97


def test_judges_that_are_all_alike_decide_by_majority_exactly() -> None:
    """Every pattern of votes equally often, so that no judge stands out."""
    patterns = [(x, y, z) for x in "ny" for y in "ny" for z in "ny"]
    items = [list(zip("abc", pattern, strict=True)) for pattern in patterns]
    # As judges that are right more often than not have it.
    weights = [9 if len(set(pattern)) == 1 else 1 for pattern in patterns]
    repeated = [
        votes for votes, k in zip(items, weights, strict=True) for _ in range(k)
    ]
    found = dawid_skene(repeated)
    majority = tuple(max("ny", key=[s for _, s in v].count) for v in repeated)
    assert found.truths() == majority
    accuracies = list(accuracy_of(found).values())
    assert accuracies == pytest.approx([accuracies[0]] * 3)


@given(ITEMS, st.randoms(use_true_random=False))
def test_no_order_makes_a_difference(items: list[Votes], random: Random) -> None:
    places = list(range(len(items)))
    random.shuffle(places)
    shuffled = [random.sample(items[p], k=len(items[p])) for p in places]
    one, other = dawid_skene(items), dawid_skene(shuffled)
    assert one.prior == other.prior
    assert one.objective == other.objective
    assert [one.posteriors[place] for place in places] == list(other.posteriors)
    assert accuracy_of(one) == accuracy_of(other)


@given(ITEMS)
def test_names_of_judges_make_no_difference(items: list[Votes]) -> None:
    renamed = [[(f"z{'dcba'.index(j)}", said) for j, said in votes] for votes in items]
    one, other = dawid_skene(items), dawid_skene(renamed)
    assert one.posteriors == other.posteriors
    assert sorted(accuracy_of(one).values()) == sorted(accuracy_of(other).values())


@given(ITEMS)
def test_all_are_probabilities_and_every_step_gains(items: list[Votes]) -> None:
    objectives = [
        dawid_skene(items, most_steps=steps).objective for steps in range(1, 12)
    ]
    for before, after in pairwise(objectives):
        assert after >= before - 1e-9
    found = dawid_skene(items)
    for distribution in (found.prior, *found.posteriors):
        assert sum(distribution.values()) == pytest.approx(1)
    for table in found.judges:
        assert 0 < table.accuracy <= 1
        for row in table.confusion.values():
            assert sum(row.values()) == pytest.approx(1)


@pytest.mark.parametrize("items", [[], [[("a", "yes")], []]])
def test_nothing_said_is_refused(items: list[Votes]) -> None:
    with pytest.raises(ValueError, match="needs a vote"):
        dawid_skene(items)
