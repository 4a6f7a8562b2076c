"""What mistaken judges are made of: ones that make no mistake, and a list of them.

Each suite of a mistaken judge says which of its tests is to find the mistake.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from attrs import evolve

from rubricdsl.diagnostics import fail
from rubricdsl.judging.backends.endpoint import SERVICE
from rubricdsl.judging.backends.openai import OFFER as OPENAI
from rubricdsl.judging.backends.openai import OpenAIJudge
from rubricdsl.judging.prompting import PromptWriter
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
    Usage,
)
from rubricdsl.model.protocols import JudgeBackendOffer, JudgeSettings
from rubricdsl.model.ruling import Ruling
from rubricdsl.testing.backend_suite import BackendSuite, Refused
from tests.testing.backend_suite.test_core_judges import TestOpenAI

OFFERS: list[JudgeBackendOffer] = []
SUITES: list["type[Suite | OverHttp]"] = []


class Right:
    """Keeps every law: it says yes, or the lowest level."""

    capabilities = Capabilities(probabilities=True, is_model=False)
    template = ""

    def __init__(self, settings: JudgeSettings, environ: Mapping[str, str]) -> None:
        if not settings.model:
            fail("D205", "no model", hint="name one")
        self.key = environ.get("MISTAKE_API_KEY", "")

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Answer each question."""
        await asyncio.sleep(0)
        answers = [self.answer(n, q, request) for n, q in request.questions.items()]
        return JudgeReply(answers=tuple(answers))

    def answer(self, name: str, question: Question, _: JudgeRequest) -> Answer:
        """Give the first legal answer."""
        ruling = Ruling.from_record(question.answers[0])
        return Answer(id=name, ruling=ruling, probability=0.9)

    def estimate(self, request: JudgeRequest) -> Usage:
        """Count letters."""
        return Usage(prompt_tokens=sum(map(len, request.seen.values())))

    async def close(self) -> None:
        """Nothing to give back."""


class Suite(BackendSuite):
    """The suite of a judge that is `Right`, or not; ``found_by`` is a test."""

    found_by: ClassVar[str] = ""
    judge: ClassVar[type[Right]] = Right
    distribution = "rubricdsl-mistakes"
    settings = JudgeSettings(backend="mistake", model="m")
    environ: ClassVar[Mapping[str, str]] = {"MISTAKE_API_KEY": ""}
    refused: ClassVar[Sequence[Refused]] = (
        Refused(JudgeSettings(backend="mistake"), code="D205"),
    )

    def __init_subclass__(cls) -> None:
        if "offer" not in vars(cls):
            cls.offer = JudgeBackendOffer(
                name=cls.__name__.removeprefix("Test").lower(),
                description="d",
                create=cls.judge,
            )
        OFFERS.append(cls.offer)
        SUITES.append(cls)


class TestRight(Suite):
    """It keeps every law."""


class OverHttp(TestOpenAI):
    """The suite of a judge like `openai`; ``found_by`` is a test."""

    __test__ = False
    found_by: ClassVar[str] = ""
    judge: ClassVar[type[OpenAIJudge]] = OpenAIJudge
    writer: ClassVar[type[PromptWriter]] = PromptWriter
    distribution = "rubricdsl-mistakes"

    def __init_subclass__(cls) -> None:
        cls.__test__ = True

        def create(settings: JudgeSettings, environ: Mapping[str, str]) -> OpenAIJudge:
            settings = SERVICE.resolve(settings, environ)
            key = SERVICE.key_of(settings, environ, "judge")
            return cls.judge(settings, key=key, writer=cls.writer())

        name = cls.__name__.removeprefix("Test").lower()
        cls.offer = evolve(OPENAI, name=name, create=create)
        OFFERS.append(cls.offer)
        SUITES.append(cls)


class TestRightOverHttp(OverHttp):
    """It keeps every law."""


def install(folder: Path) -> None:
    """Install the distributions that the suites name."""
    mine = (
        "from tests.testing.backend_suite import mistakes_in_answers\n"
        "from tests.testing.backend_suite import mistakes_in_conduct\n"
        "from tests.testing.backend_suite import mistakes_over_http\n"
        "from tests.testing.backend_suite.mistaken import OFFERS\n"
    )
    hook = (
        "from rubricdsl.plugins.specs import hookimpl\n\n"
        "@hookimpl\ndef rubricdsl_judge_backends():\n    return {}\n"
    )
    heavy = "import numpy\n" + hook.format("()")
    for name, needs, source in (
        ("rubricdsl-mistakes", "rubricdsl>=0.1,<0.2", mine + hook.format("OFFERS")),
        ("rubricdsl-any-core", "rubricdsl>=0.1", mine + hook.format("OFFERS")),
        ("rubricdsl-heavy", "rubricdsl>=0.1,<0.2", heavy),
        ("rubricdsl-without-entry-point", "rubricdsl>=0.1,<0.2", ""),
    ):
        module = name.replace("-", "_")
        info = folder / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Name: {name}\nVersion: 1.0\nRequires-Dist: {needs}\n"
        )
        if source:
            (folder / f"{module}.py").write_text(source, "utf-8")
            (info / "entry_points.txt").write_text(
                f"[rubricdsl]\n{module} = {module}\n"
            )
