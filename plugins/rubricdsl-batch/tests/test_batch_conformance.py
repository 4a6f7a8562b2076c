"""A batch that was answered, against the suite that all judge backends are held to."""

import asyncio
import json
from pathlib import Path

from rubricdsl.diagnostics import JudgeError
from rubricdsl.model.judgement import JudgeRequest
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.testing.backend_suite import (
    SAMPLES,
    SURE,
    BackendSuite,
    Refused,
    sample_request,
)
from rubricdsl_batch.judge import OFFER

MODEL = "openai/gpt-4.1-mini"
_CHOICES = [{"token": "yes", "logprob": -0.1}, {"token": "no", "logprob": -2.4}]


def refused(code: str, model: str = MODEL, **options: str | float) -> Refused:
    return Refused(
        JudgeSettings(backend="batch", model=model, options=options), code=code
    )


class TestBatch(BackendSuite):
    """All that the suite asks about its own response is answered already."""

    distribution = "rubricdsl-batch"
    offer = OFFER
    settings = JudgeSettings(backend="batch", model=MODEL)
    refused = (
        refused("D205", model=""),
        refused("D205", model="gpt-4.1-mini"),
        refused("D205", model="openai/"),
        refused("D205", model="nobody/gpt-4.1-mini"),
        refused("D203", folder=7.0),
        refused("D203", effort="low"),
    )

    def settings_in(self, folder: Path) -> JudgeSettings:
        """Write the requests, and the results to them."""
        settings = JudgeSettings(
            backend="batch", model=MODEL, options={"folder": str(folder)}
        )
        asyncio.run(_written(settings))
        (folder / "results").mkdir()
        for path in (folder / "requests").glob("*.jsonl"):
            rows = [_result(line) for line in path.read_text("utf-8").splitlines()]
            (folder / "results" / path.name).write_text("\n".join(rows), "utf-8")
        return settings


def _requests() -> list[JudgeRequest]:
    return [
        *(sample_request([name], first=first) for name in SAMPLES for first in (1, 7)),
        *(sample_request(first=first) for first in range(2, 25)),
        sample_request([SURE] * 5),
        sample_request(list(SAMPLES), first=7),
    ]


async def _written(settings: JudgeSettings) -> None:
    judge = OFFER.create(settings, {})
    for request in _requests():
        try:
            await judge.judge(request)
        except JudgeError as error:
            assert error.failure.kind == "judge_pending"  # noqa: PT017
    await judge.close()


def _result(line: str) -> str:
    """Answer a request with the first answer that its schema allows to each id."""
    request = json.loads(line)
    body = request["body"]
    asked = body["response_format"]["json_schema"]["schema"]["properties"]
    answers = {
        name: schema["enum"][0]
        if "enum" in schema
        else {"quote": "the river Seine", "answer": "yes"}
        for name, schema in asked.items()
    }
    pieces = json.dumps(answers).split('"')
    tokens = [t for n, p in enumerate(pieces) for t in (('"', p) if n else (p,))]
    logprobs = [
        {"token": token, "logprob": -0.1, "top_logprobs": _CHOICES}
        for token in tokens
        if token
    ]
    choice = {
        "message": {"role": "assistant", "content": "".join(tokens)},
        "finish_reason": "stop",
        "logprobs": {"content": logprobs},
    }
    completion = {"model": "gpt-4.1-mini", "choices": [choice]}
    return json.dumps(
        {
            "custom_id": request["custom_id"],
            "response": {"status_code": 200, "body": completion},
        }
    )
