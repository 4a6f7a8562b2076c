"""What is ordinary in a rubric: criteria that one judge decides, about the same texts.

Most rubrics hold nothing else beside checks.  Their questions are alike for every
response, so what can be known of them beforehand is worked out once, and what comes
of them is dealt with in one go; see `rubricdsl.judging.dockets.Bundle`.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from attrs import frozen

from rubricdsl.judging.panels import Panel, Seat
from rubricdsl.judging.planning import CheckedCriterion, JudgedCriterion, RubricPlan
from rubricdsl.judging.sight import EVERYTHING
from rubricdsl.model.judgement import Question
from rubricdsl.model.rubric import Ask, LevelScale


@frozen(eq=False)
class Block:
    """Criteria with a question each that is put to the same seat, seeing the same.

    ``named`` are the questions under the ids under which they are asked together.
    ``keys`` are those of what is known of a response, by question and seat.  What
    ``goes_together`` is asked in one request.  ``may_be_plain`` says that a response
    which says nothing does not need a judge for all of them.
    """

    panel: Panel
    seat: Seat
    sees: tuple[str, ...]
    criteria: tuple[JudgedCriterion, ...]
    paths: tuple[str, ...]
    questions: tuple[Question, ...]
    named: Mapping[str, Question]
    keys: tuple[tuple[str, str], ...]
    goes_together: bool
    may_be_plain: bool


@frozen(eq=False)
class Layout:
    """All criteria of a rubric: blocks, and what checks decide."""

    blocks: tuple[Block, ...]
    checked: tuple[CheckedCriterion, ...]


def layout_of(plan: RubricPlan) -> Layout | None:
    """Lay out a rubric; None where something in it is not ordinary.

    That is a criterion that needs another, a panel with several seats, a judge that
    answers by name or cannot answer, and a question that is asked twice.
    """
    if plan.scorer.prerequisites.bearing:
        return None
    checked: list[CheckedCriterion] = []
    parts: dict[tuple[str, tuple[str, ...]], list[JudgedCriterion]] = {}
    for planned in plan.criteria.values():
        if isinstance(planned, CheckedCriterion):
            checked.append(planned)
            continue
        if not _is_ordinary(planned):
            return None
        place = (planned.panel.seats[0].manner, planned.criterion.sees or EVERYTHING)
        parts.setdefault(place, []).append(planned)
    blocks = tuple(_block(sees, part) for (_, sees), part in parts.items())
    if any(len(set(block.keys)) < len(block.keys) for block in blocks):
        return None
    return Layout(blocks, tuple(checked))


def are_apart(seats_and_sights: Iterator[tuple[str, str]]) -> bool:
    """Tell whether no two blocks are asked by one seat about what looks the same.

    ``seats_and_sights`` are a seat's manner and the digest of what it sees.
    """
    found = list(seats_and_sights)
    return len(found) == 1 or len(set(found)) == len(found)


def _is_ordinary(judged: JudgedCriterion) -> bool:
    seats = judged.panel.seats
    if len(seats) != 1 or seats[0].order is not None:
        return False
    capabilities = seats[0].judge.backend.capabilities
    answerable = capabilities.levels or not isinstance(
        judged.question.scale, LevelScale
    )
    return answerable and not capabilities.by_name


@lru_cache(maxsize=64)
def question_ids(count: int) -> tuple[str, ...]:
    """Give the ids under which questions are asked together: ``c1``, ``c2``, …."""
    return tuple([f"c{n}" for n in range(1, count + 1)])


def _block(sees: tuple[str, ...], part: list[JudgedCriterion]) -> Block:
    panel = part[0].panel
    (seat,) = panel.seats
    capabilities = seat.judge.backend.capabilities
    most = capabilities.max_questions or len(part)
    questions = tuple([judged.question for judged in part])
    return Block(
        panel=panel,
        seat=seat,
        sees=sees,
        criteria=tuple(part),
        paths=tuple([judged.criterion.path for judged in part]),
        questions=questions,
        named=dict(zip(question_ids(len(part)), questions, strict=True)),
        keys=tuple([(judged.question.digest, seat.identity) for judged in part]),
        goes_together=(
            capabilities.together and panel.ask is not Ask.EACH and len(part) <= most
        ),
        may_be_plain=capabilities.is_model and any(j.plainly_no for j in part),
    )
