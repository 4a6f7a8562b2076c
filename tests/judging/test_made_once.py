"""What is made once is the same for the same object, and for no other."""

from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.made_once import MadeOnce


@given(st.lists(st.integers(0, 4), max_size=40), st.integers(1, 6))
def test_each_object_gets_what_is_made_of_it(places: list[int], most: int) -> None:
    # Equal, so that only their identity tells them apart.
    objects: list[list[int]] = [[] for _ in range(5)]
    made: list[int] = []

    def make(one: list[int]) -> int:
        made.append(next(n for n, other in enumerate(objects) if other is one))
        return made[-1]

    once = MadeOnce(make, most)
    assert [once.of(objects[place]) for place in places] == places
    if most >= len(objects):
        assert sorted(made) == sorted(set(places))


def test_the_identity_of_one_that_is_gone_is_not_that_of_another() -> None:
    once: MadeOnce[list[int], list[int]] = MadeOnce(list, 3)
    for number in range(100):
        assert once.of([number]) == [number]


def test_no_more_are_held_than_wanted() -> None:
    made: list[object] = []
    once: MadeOnce[object, None] = MadeOnce(made.append, 2)
    first, second, third = object(), object(), object()
    for one in (first, second, first, third, second, first):
        once.of(one)
    assert made == [first, second, third, first]
