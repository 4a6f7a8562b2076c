"""Sending request files, and fetching results, so that nothing is paid for twice."""

import time
from pathlib import Path

from attrs import evolve, field, frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.model.protocols import Clock
from rubricdsl_batch import inbox
from rubricdsl_batch.channel import Channel
from rubricdsl_batch.delivery import Delivery
from rubricdsl_batch.jobs import Job, JobState, forget_unwritten, read_jobs, write_job
from rubricdsl_batch.outbox import FOLDER as REQUESTS


@frozen(kw_only=True, eq=False)
class Sender:
    """Sends the request files of one judge, and fetches what comes of them."""

    folder: Path
    slug: str
    delivery: Delivery
    base: str
    key: str = field(repr=False)
    key_variable: str
    clock: Clock = time.time

    def announce(self, stem: str) -> None:
        """Say that a request file is to be sent, before it is there."""
        write_job(self.folder, Job(stem=stem))

    async def collect(self) -> dict[str, str]:
        """Fetch the results of all batches that have ended since.

        Gives the request files of which nothing more will come, with the reasons.

        Raises:
            JudgeError: where the service does not answer.
            RubricError: D111 where results cannot be written, D206.
        """
        forget_unwritten(self.folder, self.slug)
        jobs = list(read_jobs(self.folder, self.slug))
        ended = {job.stem: job.reason for job in jobs if job.state is JobState.ENDED}
        under_way = [job for job in jobs if job.id and job.state is JobState.SENT]
        if under_way:
            async with self._channel() as channel:
                for job in under_way:
                    reason = await self._fetch(channel, job)
                    if reason is not None:
                        ended[job.stem] = reason
        return ended

    async def send(self) -> None:
        """Send what is to be sent.

        What was being sent when an earlier run ended is looked for at the service
        first.  One whose fate is not known stays as it is.

        Raises:
            JudgeError: where the service does not take it.
            RubricError: D111, D206.
        """
        jobs = [
            job
            for job in read_jobs(self.folder, self.slug)
            if job.state in {JobState.READY, JobState.SENDING}
        ]
        if jobs:
            async with self._channel() as channel:
                for job in jobs:
                    await self._send(channel, job)

    async def _send(self, channel: Channel, job: Job) -> None:
        found = None
        if job.state is JobState.SENDING:
            others = {one.id for one in read_jobs(self.folder) if one.id}
            found = await self.delivery.find(channel, job, others)
        if found is None:
            job = evolve(job, state=JobState.SENDING, since=self.clock())
            write_job(self.folder, job)
            path = self.folder / REQUESTS / f"{job.stem}.jsonl"
            try:
                found = await self.delivery.send(channel, job, path)
            except JudgeError as error:
                if not error.transient:
                    # It was refused, so there is no batch.
                    write_job(self.folder, evolve(job, state=JobState.READY))
                raise
        write_job(self.folder, evolve(job, state=JobState.SENT, id=found))

    async def _fetch(self, channel: Channel, job: Job) -> str | None:
        """Fetch the results of a batch; gives why it ended, if it did."""
        standing = await self.delivery.standing(channel, str(job.id))
        if not standing.ended:
            return None
        for ending, address in standing.results:
            name = f"{job.stem}{ending}.jsonl"
            await channel.download(address, self.folder / inbox.FOLDER / name)
        job = evolve(job, state=JobState.ENDED, reason=standing.reason)
        write_job(self.folder, job)
        return job.reason

    def _channel(self) -> Channel:
        return Channel(
            self.base,
            headers=self.delivery.headers(self.key),
            key=self.key,
            key_variable=self.key_variable,
        )
