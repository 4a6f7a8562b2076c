"""Jobs: what became of each request file that is sent, as records on disk.

A record says what is about to happen before it happens, so that a run that is killed
between two steps leaves enough to find out how far it came.
"""

import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import attrs
from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.diagnostics.strict_json import StrictJsonError, loads_strict
from rubricdsl.formats.sources import place
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.model.digest import Plain
from rubricdsl_batch.outbox import FOLDER as REQUESTS

FOLDER = "jobs"
"""The folder of a batch's folder that holds the records."""


class JobState(StrEnum):
    """How far a job is.

    One that is being sent may have reached the service, or not.
    """

    READY = "ready"
    SENDING = "sending"
    SENT = "sent"
    ENDED = "ended"


@frozen(kw_only=True)
class Job:
    """A request file on its way.

    ``stem`` is the name of the file without its ending, ``id`` what the service calls
    the batch.  ``since`` is when it was begun to be sent, in seconds since the epoch;
    ``reason`` says how it ended.
    """

    stem: str
    state: JobState = JobState.READY
    id: str | None = None
    since: float = 0.0
    reason: str = ""


def write_job(folder: Path, job: Job) -> None:
    """Write a record; raises RubricError (D111) where it cannot be."""
    path = folder / FOLDER / f"{job.stem}.json"
    path.parent.mkdir(exist_ok=True)
    record = attrs.asdict(job)
    with whole_file(str(path)) as file:
        file.write(json.dumps(record, indent=1).encode() + b"\n")


def read_jobs(folder: Path, slug: str = "*") -> Iterator[Job]:
    """Read the records of a judge, or all, whose request files are still there.

    Raises RubricError (D206) for one that cannot be read.
    """
    for path in _records(folder, slug):
        if _requests_of(folder, path).exists():
            yield _read(path)


def forget_unwritten(folder: Path, slug: str) -> None:
    """Remove the records of files that a run announced and was killed before writing.

    Raises RubricError (D206) for one that cannot be read.
    """
    for path in _records(folder, slug):
        unwritten = not _requests_of(folder, path).exists()
        if unwritten and _read(path).state is JobState.READY:
            path.unlink()


def _records(folder: Path, slug: str) -> Sequence[Path]:
    return sorted((folder / FOLDER).glob(f"{slug}-*.json"))


def _requests_of(folder: Path, record: Path) -> Path:
    return folder / REQUESTS / f"{record.stem}.jsonl"


def _read(path: Path) -> Job:
    try:
        job = _job(loads_strict(path.read_text("utf-8")))
    except (OSError, StrictJsonError, ValueError):
        job = None
    if job is None or job.stem != path.stem:
        fail(
            "D206",
            f"the record of a batch cannot be read: {path}",
            hint="restore it, or write the batch's id into it as the service shows it",
            span=place(str(path), 1),
        )
    return job


def _job(record: Plain) -> Job | None:
    match record:
        case {
            "stem": str(stem),
            "state": str(state),
            "id": str() | None as id_,
            "since": float() | int() as since,
            "reason": str(reason),
        }:
            return Job(
                stem=stem, state=JobState(state), id=id_, since=since, reason=reason
            )
    return None
