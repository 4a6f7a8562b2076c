"""Refinements of many rubrics, each for itself, with the means that they share."""

import asyncio
from collections.abc import Sequence
from functools import partial

from attrs import evolve

from rubricdsl.cases.outcomes import Outcome
from rubricdsl.cases.recording import Recording
from rubricdsl.cases.running import run_cases
from rubricdsl.model.refinement import RefinedRubric, Stop, StopKind
from rubricdsl.model.rubric import Rubric
from rubricdsl.project import Project
from rubricdsl.refinement.courses import Course
from rubricdsl.refinement.loop import Means, Refinement
from rubricdsl.refinement.manuscripts import Manuscript
from rubricdsl.refining.subjects import Subject

# So many refinements are under way at once; their pools are in memory.
_AT_ONCE = 256


def failed_tests(
    project: Project, recording: Recording, rubric: Rubric
) -> frozenset[str]:
    """Give the titles of the tests in a rubric that fail; no judge is asked."""
    if not rubric.tests:
        return frozenset()
    functions = project.host.check_functions
    results = run_cases(rubric, functions, recording=recording, root=project.root)
    return frozenset(one.title for one in results if one.outcome is Outcome.FAILED)


async def refine_all(
    subjects: Sequence[Subject], course: Course, means: Means
) -> tuple[RefinedRubric, ...]:
    """Refine rubrics, each for itself, in their order.

    An exception of a plugin ends just the refinement that it occurs in.
    """
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def one(subject: Subject) -> RefinedRubric:
        async with at_once:
            return await _refined(subject, course, means)

    return tuple(await asyncio.gather(*map(one, subjects)))


async def _refined(subject: Subject, course: Course, means: Means) -> RefinedRubric:
    manuscript = Manuscript.of(
        subject.text,
        subject.rubric,
        functions=subject.project.functions,
        folder=subject.project.folder,
    )
    tests = partial(failed_tests, subject.project, subject.recording)
    refinement = Refinement(
        manuscript, subject.pool, course, evolve(means, failed_tests=tests)
    )
    if course.gate and not subject.pool.held_out:
        reason = "too few responses to hold some out for the gate"
        return refinement.ended(Stop(StopKind.FAILED, reason))
    try:
        return await refinement.run()
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything
        reason = f"{type(error).__name__}: {error}"
        return refinement.ended(Stop(StopKind.FAILED, reason))
