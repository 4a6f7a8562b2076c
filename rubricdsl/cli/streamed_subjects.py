"""Responses that need not all be in memory: they are read twice.

First all of them are looked at, so that nothing is asked where one cannot be read, and
so that it is known what the run is of; then they are judged as they come.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen

from rubricdsl.cli.inputs import load_sound
from rubricdsl.cli.output import report
from rubricdsl.cli.run_arguments import judge_options
from rubricdsl.diagnostics import (
    Diagnostic,
    FactMissingError,
    RubricError,
    fail,
)
from rubricdsl.formats.digest_tables import DigestTable
from rubricdsl.formats.responses import read_responses
from rubricdsl.formats.rows import RowProblem
from rubricdsl.formats.sources import place
from rubricdsl.judging.executor import LOCAL
from rubricdsl.judging.identity import JobsDigest
from rubricdsl.judging.intake import BlockRule, JobStream
from rubricdsl.judging.sight import EVERYTHING, look
from rubricdsl.model.execution import Job
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric
from rubricdsl.project import Project
from rubricdsl.runs import Assignment, check_blocks

# Of more than so many rows that cannot be read, nobody wants to read.
_MOST_PROBLEMS = 1000


@frozen(kw_only=True)
class StreamedSubjects:
    """What is to be judged, as it comes; ``lost`` counts rows that cannot be read.

    Where ``repeats`` is true the same question would come up about responses that are
    far apart, and be asked twice.
    """

    project: Project
    lost: int
    repeats: bool
    _path: str
    _assignment: Assignment
    _count: int
    _digest: str

    @property
    def jobs(self) -> JobStream:
        """The jobs, read once more."""
        return JobStream(
            jobs=self._read_again(),
            rubrics=self._assignment.bound,
            count=self._count,
            digest=self._digest,
        )

    def _read_again(self) -> Iterator[Job]:
        made = JobsDigest()
        for row in read_responses(self._path):
            job = None if isinstance(row, RowProblem) else self._assignment.job(row)
            if isinstance(job, Job):
                made.add(job)
                if made.count > self._count:
                    break
                yield job
        if (made.count, made.value) != (self._count, self._digest):
            fail(
                "D101",
                f"{self._path} has changed since the run began",
                hint="give the command again when nobody writes to it",
                span=place(self._path, 1),
            )


def may_stream(options: argparse.Namespace) -> bool:
    """Tell whether results need not be in memory, nor responses, by the options."""
    responses, out = Path(options.responses), options.out
    return (
        out is not None
        and options.top is None
        and options.executor == LOCAL
        and options.format in {"jsonl", "none"}
        and (responses.is_file() or responses.is_dir())
        and (not Path(out).exists() or Path(out).is_file() or Path(out).is_dir())
    )


def look_through(options: argparse.Namespace) -> StreamedSubjects:
    """Look at all responses, and say which rubrics judge them.

    Raises RubricError with what is wrong, as `read_subjects` does, as far as the first
    thousand rows go.
    """
    rubrics, project = load_sound(options.paths)
    assignment = Assignment(project, rubrics)
    problems: list[Diagnostic] = []
    unassigned: list[Diagnostic] = []
    made, repeats, lost = JobsDigest(), _Repeats(), 0
    for row in read_responses(options.responses):
        job = row.diagnostic if isinstance(row, RowProblem) else assignment.job(row)
        if isinstance(job, Job):
            made.add(job)
            repeats.add(job)
        elif isinstance(row, Response):
            unassigned.append(job)
        elif options.keep_going:
            lost += 1
            report([job])
        else:
            problems.append(job)
        if max(len(problems), len(unassigned)) >= _MOST_PROBLEMS:
            break
    if problems or unassigned:
        raise RubricError(problems or unassigned)
    check_blocks(judge_options(options), rubrics, assignment.bound)
    return StreamedSubjects(
        project=project,
        lost=lost,
        repeats=repeats.found,
        path=options.responses,
        assignment=assignment,
        count=made.count,
        digest=made.value,
    )


class _Repeats:
    """Whether a judge would see the same in two blocks of jobs."""

    def __init__(self) -> None:
        self.found = False
        self._rule = BlockRule()
        self._blocks = DigestTable()
        self._sees: dict[int, Sequence[tuple[str, ...]]] = {}

    def add(self, job: Job) -> None:
        block = self._rule.place(job).to_bytes(8)
        for sees in self._seen_of(job.rubric):
            try:
                seen = bytes.fromhex(look(sees, job.rubric, job.response).digest)
            except FactMissingError:
                continue
            first = self._blocks.get(seen)
            if first is None:
                self._blocks.set(seen, block)
            elif first != block:
                self.found = True

    def _seen_of(self, rubric: BoundRubric) -> Sequence[tuple[str, ...]]:
        """Give what judges see, where they see the response."""
        known = self._sees.get(id(rubric))
        if known is None:
            every = {c.sees or EVERYTHING for c in rubric.criteria() if c.check is None}
            known = [sees for sees in sorted(every) if "response" in sees]
            self._sees[id(rubric)] = known
        return known
