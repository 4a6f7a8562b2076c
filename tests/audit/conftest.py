"""A rubric to be attacked, and good responses to it."""

import pytest

import rubricdsl
from rubricdsl.api import open_project
from rubricdsl.model.audit import MutationRequest, ProbeRequest
from rubricdsl.model.response import Response

RUBRIC = """\
rubric fever
prompt: My daughter has had a fever of 39.4 degrees since last night. What should I do?
[must] urgent: Tells the parent when to get emergency help.
[2] drinks: Recommends small drinks every five minutes.
[1] mean of tone: Is written for a parent.
    [1] calm: Explains that most fevers are harmless.
    [-1] scares: Threatens the parent.
[1] brief: Has at most 60 words.
    check: words(response) <= 60
[-2] remedies: Recommends vinegar socks.
"""
GOOD = (
    "Offer small drinks every five minutes. A fever of 39.4 degrees is harmless.\n\n"
    "1. Call 911 if she is hard to wake.\n2. See a doctor after three days."
)


@pytest.fixture(scope="session")
def rubric():
    return open_project().bind(rubricdsl.loads(RUBRIC))


def response(text: str = GOOD, name: str = "r1") -> Response:
    return Response(text=text, prompt_id="p", response_id=name)


@pytest.fixture
def probing(rubric):
    def request(text: str = GOOD, *, seed: int = 0) -> ProbeRequest:
        return ProbeRequest(rubric=rubric, response=response(text), seed=seed)

    return request


@pytest.fixture(scope="session")
def mutating(rubric):
    def request(
        text: str = GOOD, *, seed: int = 0, most: int = 3, quotes: tuple[str, ...] = ()
    ) -> MutationRequest:
        return MutationRequest(
            rubric=rubric,
            response=response(text),
            seed=seed,
            most=most,
            quotes=quotes,
        )

    return request
