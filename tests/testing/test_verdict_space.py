"""Verdicts are gone through once, simplest first, and the same in every run."""

from itertools import product

import pytest
from hypothesis import given, settings

from rubricdsl.api import loads
from rubricdsl.model.rubric import Rubric
from rubricdsl.model.ruling import NA, NO, YES, Ruling
from rubricdsl.scoring.meaning import score
from rubricdsl.testing import rubrics
from rubricdsl.testing.laws.verdict_space import Point, VerdictSpace
from rubricdsl.testing.subjects import Subject

SMALL = """\
rubric small
[2] depth: Explains why.
    level 1: Badly.
    level 2: Well.
    level 4: Very well.
[-1] wrong: Says something false.
    n/a: skip
    needs: stated
[info] stated: States something.
[info] aside: Says something else.
[never] mean of harm
    [1] rude: Is rude.
    [-1] sorry: Apologises.
[1] long: Is long.
    check: min(1, words(response) / 10)
"""
LARGE = "rubric large\n" + "".join(f"[1] c{n}: States {n}.\n" for n in range(30))


def space_of(source: str) -> VerdictSpace:
    return VerdictSpace.of(Subject.of(loads(source)))


def distance(space: VerdictSpace, point: Point) -> int:
    return min(
        sum(a != b for a, b in zip(corner, point, strict=True))
        for corner in space.corners
    )


def test_axes_are_the_criteria_that_can_move_the_score():
    axes = {axis.path: axis for axis in space_of(SMALL).axes}
    assert list(axes) == [
        *("depth", "wrong", "stated", "harm.rude", "harm.sorry", "long"),
    ]
    assert axes["depth"].rulings == tuple(map(Ruling.level, (1, 2, 4)))
    assert axes["wrong"].rulings == (NO, YES, NA)
    assert axes["long"].rulings == (NO, Ruling.of_number(0.5), YES)
    raised = {path: axis.raises for path, axis in axes.items()}
    assert raised == {
        "depth": True,
        "wrong": False,
        "stated": True,
        "harm.rude": False,
        "harm.sorry": True,
        "long": True,
    }


def test_a_small_space_is_gone_through_once_and_simplest_first():
    space = space_of(SMALL)
    points = list(space.points(neighbours=100))
    assert len(points) == len(set(points)) == space.size == 3 * 3 * 2 * 2 * 2 * 3
    assert set(points) == set(product(*(range(len(a.rulings)) for a in space.axes)))
    distances = [distance(space, point) for point in points]
    assert distances == sorted(distances)


def test_of_a_large_space_come_the_simplest_points_and_some_others():
    space = space_of(LARGE)
    points = list(space.points(neighbours=space.moves))
    assert 200 <= len(points) <= 20_000 / space.moves
    assert points[:2] == list(space.corners)
    assert {distance(space, point) for point in points} >= {0, 1, 2, 12}
    assert points == list(space_of(LARGE).points(neighbours=space.moves))
    assert len(list(space.points())) > 10 * len(points)


def test_a_point_is_shrunk_to_what_it_takes():
    space = space_of(LARGE)

    def breaks(point: Point) -> bool:
        return point[3] == 0 and point[17] == 1

    (found,) = {space.shrunk(p, breaks) for p in space.points() if breaks(p)}
    assert breaks(found)
    assert distance(space, found) == 1


@given(rubrics())
@settings(max_examples=30)
def test_points_are_legal_and_score_as_the_rubric_does(rubric: Rubric) -> None:
    space = VerdictSpace.of(Subject.of(rubric))
    for _, point in zip(range(50), space.points(), strict=False):
        assert space.score(point) == score(space.subject.bound, space.rulings(point))


@pytest.mark.parametrize("best", [0, 1])
def test_corners_are_the_extremes_of_a_rubric_with_signs(best):
    space = space_of("rubric r\n[1] a: Is a.\n[-1] b: Is b.\n[never] c: Is c.\n")
    extreme = (max, min)[best](space.score(point) or 0.0 for point in space.points())
    assert space.score(space.corners[best]) == extreme
