"""Where dockets come from: jobs that are all there, or that come one after another.

Of jobs that come one after another, so many as make a block are held at a time, and
jobs on one response text go in step where they are in one block.  Where a block ends
depends on the jobs alone and never on who is faster, so results do not, either.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import attrs

from rubricdsl.judging.agendas import Agenda
from rubricdsl.model.execution import Job
from rubricdsl.model.rubric import BoundRubric

BLOCK_JOBS = 1024
"""So many jobs make a block."""

_BLOCK_CHARACTERS = 16_000_000

PlacedJobs = Sequence[tuple[int, Job]]
"""The jobs of a docket, each with its place among all."""


@attrs.frozen(kw_only=True)
class JobStream:
    """Jobs that come one after another, and what must be known of them before.

    ``rubrics`` are all that they may be of, the very objects.  ``count`` and
    ``digest`` are of the jobs, as `rubricdsl.judging.identity.JobsDigest` gives them,
    where somebody has been through them before; otherwise 0 and empty.
    """

    jobs: Iterator[Job]
    rubrics: Sequence[BoundRubric]
    count: int = 0
    digest: str = ""


class Intake(Protocol):
    """Gives dockets, the one with the first job that is left first."""

    @property
    def count(self) -> int:
        """How many jobs there are, as far as is known."""
        ...

    @property
    def is_exhausted(self) -> bool:
        """Whether there are no more dockets."""
        ...

    def take(self) -> PlacedJobs | None:
        """Give the next docket; None if there is no more."""
        ...

    def rest(self) -> Iterator[PlacedJobs]:
        """Give all dockets that are left; a stream is used up by it."""
        ...


class WholeIntake:
    """Jobs that are all there."""

    def __init__(self, jobs: Sequence[Job], agenda: Agenda) -> None:
        self._jobs = jobs
        self._left = list(reversed(agenda.dockets(jobs)))

    @property
    def count(self) -> int:
        """How many jobs there are."""
        return len(self._jobs)

    @property
    def is_exhausted(self) -> bool:
        """Whether there are no more dockets."""
        return not self._left

    def take(self) -> PlacedJobs | None:
        """Give the next docket; None if there is no more."""
        return self._placed(self._left.pop()) if self._left else None

    def rest(self) -> Iterator[PlacedJobs]:
        """Give all dockets that are left, and leave them there."""
        return map(self._placed, self._left)

    def _placed(self, places: Sequence[int]) -> PlacedJobs:
        return [(place, self._jobs[place]) for place in places]


class BlockRule:
    """Says of jobs, one after another, in which block each is, from 0."""

    def __init__(self) -> None:
        self.block = 0
        self._jobs = 0
        self._characters = 0

    def place(self, job: Job) -> int:
        """Give the block of the next job."""
        length = len(job.response.text)
        self._jobs += 1
        self._characters += length
        if self._jobs > BLOCK_JOBS or self._characters > _BLOCK_CHARACTERS:
            if self._jobs > 1:
                self.block += 1
            self._jobs, self._characters = 1, length
        return self.block


class BlockIntake:
    """Jobs that come one after another, block by block.

    It is exhausted when the iterator has said so.  What that raises goes through.
    """

    def __init__(self, stream: JobStream, agenda: Agenda) -> None:
        self._jobs = stream.jobs
        self._agenda = agenda
        self._announced = stream.count
        self._read = 0
        self._block: list[PlacedJobs] = []
        self._ahead: Job | None = None
        self._rule = BlockRule()
        self._has_ended = False

    @property
    def count(self) -> int:
        """How many jobs there are, as far as is known."""
        return max(self._announced, self._read)

    @property
    def is_exhausted(self) -> bool:
        """Whether there are no more dockets."""
        return self._has_ended and not self._block

    def take(self) -> PlacedJobs | None:
        """Give the next docket; None if there is no more."""
        if not self._block and not self._has_ended:
            self._read_block()
        return self._block.pop() if self._block else None

    def rest(self) -> Iterator[PlacedJobs]:
        """Give all dockets that are left."""
        while (docket := self.take()) is not None:
            yield docket

    def _read_block(self) -> None:
        first = self._read
        # The job that was read last is the first of its block.
        jobs = [] if self._ahead is None else [self._ahead]
        block = self._rule.block
        for job in self._jobs:
            if self._rule.place(job) != block:
                self._ahead = job
                break
            jobs.append(job)
        else:
            self._has_ended = True
        self._read += len(jobs)
        for places in reversed(self._agenda.dockets(jobs)):
            self._block.append([(first + place, jobs[place]) for place in places])
