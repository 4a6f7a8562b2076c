"""In which criteria two responses differ, and what each does to their scores.

The part of a criterion is its share of the score times the difference of its values.
In a rubric of means these parts are the whole difference; what gates, clipping, n/a
and other kinds of groups do comes out as a rest.
"""

from attrs import frozen

from rubricdsl.model.scorecard import CriterionResult, Scorecard


@frozen
class Part:
    """A criterion in which two responses differ, and what that does to the score.

    ``points`` is its part of the unclipped sum, for criteria right below the root.
    """

    best: CriterionResult
    other: CriterionResult
    difference: float
    points: float | None


def parts(best: Scorecard, other: Scorecard) -> list[Part]:
    """Give the criteria that make a difference in score, the greatest first."""
    found = {result.path: result for result in other.criteria}
    differing: list[Part] = []
    for result in best.criteria:
        match = found.get(result.path)
        if match is None or result.share is None:
            continue
        # n/a has no value: its part is in the rest.
        if result.value is None or match.value is None or result.value == match.value:
            continue
        change = result.value - match.value
        is_at_root = "." not in result.path and result.weight is not None
        points = change * result.weight if is_at_root and result.weight else None
        differing.append(Part(result, match, result.share * change, points))
    return sorted(differing, key=lambda part: (-abs(part.difference), part.best.path))
