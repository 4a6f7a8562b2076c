"""A server at which one model judges and proposes, and keeps what it was asked."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from attrs import define, field

from tests.cli.chat_server import said

Verdicts = Callable[[str, Mapping[str, str]], str | int]
Proposals = Callable[[str], str | int]

NO_EDITS = '{"edits": []}'
_FENCE = re.compile(r"message read\n(.+)\nand no text")
_STATEMENT = re.compile(r"^(\w+): (.+)$", re.MULTILINE)


def keywords(response: str, statements: Mapping[str, str]) -> str:
    """Say yes where the last word of a statement is a word of the response."""
    words = re.findall(r"\w+", response)
    answers = {
        name: "yes" if re.findall(r"\w+", text)[-1] in words else "no"
        for name, text in statements.items()
    }
    return json.dumps(answers)


def adding(*names: str) -> str:
    """Give the answer of a proposer that adds a criterion for each keyword."""
    return json.dumps(
        {
            "edits": [
                {"op": "add", "name": n, "text": f"Mentions {n}.", "mark": "1"}
                for n in names
            ]
        }
    )


@define(eq=False)
class Desk:
    """Answers both kinds of requests; a number is an HTTP status to refuse with.

    ``judge`` gets the response and the statements by name, ``propose`` the message.
    ``judged`` and ``proposed`` are the bodies of requests, ``headers`` those of all.
    """

    judge: Verdicts = keywords
    propose: Proposals = field(default=lambda _: NO_EDITS)
    judged: list[dict[str, Any]] = field(factory=list)
    proposed: list[dict[str, Any]] = field(factory=list)
    headers: list[Mapping[str, str]] = field(factory=list)
    base: str = ""

    @property
    def spec(self) -> str:
        """The SPEC by which the model is named."""
        return f"openai:desk?base_url={self.base}"

    @property
    def calls(self) -> int:
        """All that was asked."""
        return len(self.headers)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer."""
        self.headers.append(dict(request.headers))
        body = await request.json()
        text = body["messages"][-1]["content"]
        schema = body["response_format"]["json_schema"]["schema"]
        if "edits" in schema["properties"]:
            self.proposed.append(body)
            answer = self.propose(text)
        else:
            self.judged.append(body)
            answer = self.judge(*_read(text))
        if isinstance(answer, int):
            problem = {"error": {"message": "it cannot be done"}}
            return web.json_response(problem, status=answer)
        return said(answer)


def _read(text: str) -> tuple[str, Mapping[str, str]]:
    """Give the response that is judged, and the statements about it."""
    (fence,) = _FENCE.findall(text)
    after = text.split(f"The response to be judged:\n{fence}\n")[1]
    statements = text.split("Statements:\n")[1].split("\nReply with", maxsplit=1)[0]
    return after.split(f"\n{fence}\n")[0], dict(_STATEMENT.findall(statements))
