"""How each service takes a file of requests, and how it gives results back."""

import json
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import NoReturn, Protocol
from urllib.parse import quote

import aiohttp
from attrs import frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.transport import clean
from rubricdsl.model.ruling import FailureKind
from rubricdsl_batch.channel import Channel
from rubricdsl_batch.jobs import Job

MARK = "rubricdsl_requests"
"""What the name of the request file is called in a batch's metadata."""

_PAGE = 100


@frozen
class Standing:
    """How a batch is: it ``ended`` or not, why it ended, and where results are."""

    ended: bool
    reason: str = ""
    results: tuple[tuple[str, str], ...] = ()


class Delivery(Protocol):
    """One service's way."""

    def headers(self, key: str) -> Mapping[str, str]:
        """Give the headers that go with every request."""
        ...

    async def send(self, channel: Channel, job: Job, path: Path) -> str:
        """Make a batch of a file of requests, and give its id."""
        ...

    async def find(
        self, channel: Channel, job: Job, others: Collection[str]
    ) -> str | None:
        """Look for the batch of a job of which it is not known whether it was sent.

        ``others`` are batches of other jobs.  Raises JudgeError where that cannot be
        told.
        """
        ...

    async def standing(self, channel: Channel, id_: str) -> Standing:
        """Tell how a batch is; its results are by the ending of their file's name."""
        ...


class OpenAIDelivery:
    """Files are uploaded, and a batch is made of one; it carries a mark."""

    _ENDED = frozenset({"failed", "completed", "expired", "cancelled"})

    def headers(self, key: str) -> Mapping[str, str]:
        """Give the key."""
        return {"Authorization": f"Bearer {key}"}

    async def send(self, channel: Channel, job: Job, path: Path) -> str:
        """Upload the file, and make a batch of it."""
        form = aiohttp.FormData()
        form.add_field("purpose", "batch")
        with path.open("rb") as file:
            form.add_field(
                "file", file, filename=path.name, content_type="application/jsonl"
            )
            upload = await channel.post("/files", form)
        body = {
            "input_file_id": _id(upload),
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "metadata": {MARK: job.stem},
        }
        made = await channel.post("/batches", json.dumps(body).encode(), is_json=True)
        return _id(made)

    async def find(
        self, channel: Channel, job: Job, others: Collection[str]
    ) -> str | None:
        """Look for the batch with the mark."""
        del others
        after = ""
        while True:
            page = await channel.get(f"/batches?limit={_PAGE}{after}")
            batches = _listed(page)
            for batch in batches:
                marks = batch.get("metadata")
                if isinstance(marks, dict) and marks.get(MARK) == job.stem:
                    return _id(batch)
            if not (page.get("has_more") and batches):
                return None
            after = f"&after={quote(_id(batches[-1]), safe='')}"

    async def standing(self, channel: Channel, id_: str) -> Standing:
        """Tell how a batch is."""
        batch = await channel.get(f"/batches/{quote(id_, safe='')}")
        status = batch.get("status")
        if status not in self._ENDED:
            return Standing(ended=False)
        files = (
            (ending, batch.get(name))
            for ending, name in (("", "output_file_id"), (".errors", "error_file_id"))
        )
        return Standing(
            ended=True,
            reason=f"the batch is {status}{_first_fault(batch)}",
            results=tuple(
                (ending, f"/files/{quote(file, safe='')}/content")
                for ending, file in files
                if isinstance(file, str)
            ),
        )


class AnthropicDelivery:
    """A batch is made of the requests themselves, and carries no mark."""

    _VERSION = "2023-06-01"

    def headers(self, key: str) -> Mapping[str, str]:
        """Give the key, and the version of the protocol."""
        return {"x-api-key": key, "anthropic-version": self._VERSION}

    async def send(self, channel: Channel, job: Job, path: Path) -> str:
        """Post the requests."""
        del job
        made = await channel.post("/v1/messages/batches", _requests(path), is_json=True)
        return _id(made)

    async def find(
        self, channel: Channel, job: Job, others: Collection[str]
    ) -> str | None:
        """Look whether there is any batch that it could be.

        None is told from another by more than its time, so where there is one, a
        person must say.
        """
        page = await channel.get(f"/v1/messages/batches?limit={_PAGE}")
        for batch in _listed(page):
            if _id(batch) in others:
                continue
            if _since(batch) >= job.since - _CLOCKS_APART:
                raise JudgeError(
                    FailureKind.PROVIDER_UNAVAILABLE,
                    f"whether {job.stem} was sent is not known, for the run was cut "
                    f"off: if the batch {clean(_id(batch))} is it, write that as `id` "
                    f"and `sent` as `state` into jobs/{job.stem}.json; else write "
                    "`ready`",
                )
        return None

    async def standing(self, channel: Channel, id_: str) -> Standing:
        """Tell how a batch is."""
        path = f"/v1/messages/batches/{quote(id_, safe='')}"
        batch = await channel.get(path)
        if batch.get("processing_status") != "ended":
            return Standing(ended=False)
        return Standing(
            ended=True,
            reason="the batch has ended",
            results=(("", f"{path}/results"),),
        )


DELIVERIES: Mapping[str, Delivery] = {
    "openai": OpenAIDelivery(),
    "anthropic": AnthropicDelivery(),
}

# The service's clock and ours, in seconds.
_CLOCKS_APART = 600.0


async def _requests(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        before = b'{"requests":['
        for line in file:
            yield before + line.rstrip(b"\n")
            before = b","
    yield b"]}"


def _since(batch: Mapping[str, object]) -> float:
    created = batch.get("created_at")
    try:
        return datetime.fromisoformat(str(created)).timestamp()
    except ValueError:
        # Of a time that is not told it may be.
        return float("inf")


def _id(document: Mapping[str, object]) -> str:
    found = document.get("id")
    return found if isinstance(found, str) and found else _no_answer()


def _listed(page: Mapping[str, object]) -> list[dict[str, object]]:
    data = page.get("data")
    if not isinstance(data, list):
        _no_answer()
    return [one for one in data if isinstance(one, dict)]


def _first_fault(batch: Mapping[str, object]) -> str:
    match batch.get("errors"):
        case {"data": [{"message": str(message)}, *_]}:
            return f": {clean(message)}"
    return ""


def _no_answer() -> NoReturn:
    raise JudgeError(
        FailureKind.PROVIDER_UNAVAILABLE,
        "the batch service answered without an id or a list",
        transient=True,
    )
