"""Judges that mind what they are asked, or where they are; and offers that are none."""

import asyncio
import logging
import socket
from collections.abc import Mapping
from typing import ClassVar

from attrs import evolve

from rubricdsl.diagnostics import Diagnostic, JudgeError, RubricError
from rubricdsl.model.judgement import (
    JudgeReply,
    JudgeRequest,
    Usage,
)
from rubricdsl.model.protocols import JudgeBackendOffer, JudgeSettings
from rubricdsl.model.ruling import FailureKind
from rubricdsl.model.source import ARGUMENTS
from rubricdsl.testing.backend_suite import Refused
from tests.testing.backend_suite.mistaken import OFFERS, Right, Suite


class MindsControls(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        if "\0" in request.seen["response"]:
            raise ValueError("embedded null byte")
        return await super().judge(request)


class TestMindsControls(Suite):
    found_by = "test_a_hostile_response_breaks_nothing"
    judge = MindsControls


class MindsSurrogates(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        request.seen["response"].encode()
        return await super().judge(request)


class TestMindsSurrogates(Suite):
    found_by = "test_a_hostile_response_breaks_nothing"
    judge = MindsSurrogates


class FillsIn(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        request.seen.get("response", "").format(1)
        return await super().judge(request)


class TestFillsIn(Suite):
    found_by = "test_a_hostile_response_breaks_nothing"
    judge = FillsIn


class QuotesTheResponse(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        text = request.seen.get("response", "")
        if "\x1b" in text:
            raise JudgeError(FailureKind.REQUEST_REJECTED, f"odd: {text}")
        return await super().judge(request)


class TestQuotesTheResponse(Suite):
    found_by = "test_a_hostile_response_breaks_nothing"
    judge = QuotesTheResponse


class NeedsAResponse(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        _ = request.seen["response"]
        return await super().judge(request)


class TestNeedsAResponse(Suite):
    found_by = "test_an_absent_response_changes_no_law"
    judge = NeedsAResponse


class NeedsNoInstructions(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        _ = (request.instructions or "") % ()
        return await super().judge(request)


class TestNeedsNoInstructions(Suite):
    found_by = "test_instructions_and_artifacts_change_no_law"
    judge = NeedsNoInstructions


class SwallowsCancelling(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            raise JudgeError(FailureKind.CANCELLED, "cancelled") from None
        return await super().judge(request)


class TestSwallowsCancelling(Suite):
    found_by = "test_it_can_be_cancelled"
    judge = SwallowsCancelling


class LeavesATask(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        self.task = asyncio.ensure_future(asyncio.sleep(30))
        await asyncio.sleep(0.05)
        self.task.cancel()
        return await super().judge(request)


class TestLeavesATask(Suite):
    found_by = "test_it_can_be_cancelled"
    judge = LeavesATask


class ClosesOnce(Right):
    closed = False

    async def close(self) -> None:
        if self.closed:
            raise RuntimeError("closed already")
        self.closed = True


class TestClosesOnce(Suite):
    found_by = "test_it_can_be_closed_twice_and_unused"
    judge = ClosesOnce


class MixesUp(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        self.request = request
        await asyncio.sleep(0.01)
        return await super().judge(self.request)


class TestMixesUp(Suite):
    found_by = "test_many_are_judged_at_once"
    judge = MixesUp


class BoundToALoop(Right):
    loop: ClassVar[asyncio.AbstractEventLoop | None] = None

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        if self.loop is None:
            type(self).loop = asyncio.get_running_loop()
        if self.loop is not asyncio.get_running_loop():
            raise RuntimeError("attached to a different loop")
        return await super().judge(request)


class TestBoundToALoop(Suite):
    found_by = "test_it_works_in_one_loop_after_another"
    judge = BoundToALoop


class Connects(Right):
    def __init__(self, settings: JudgeSettings, environ: Mapping[str, str]) -> None:
        super().__init__(settings, environ)
        socket.getaddrinfo("localhost", 80)


class TestConnects(Suite):
    found_by = "test_it_is_made_without_a_loop_and_without_network"
    judge = Connects


class NeedsALoop(Right):
    def __init__(self, settings: JudgeSettings, environ: Mapping[str, str]) -> None:
        super().__init__(settings, environ)
        asyncio.get_running_loop()


class TestNeedsALoop(Suite):
    found_by = "test_it_is_made_without_a_loop_and_without_network"
    judge = NeedsALoop


class GivesBack(Right):
    def estimate(self, request: JudgeRequest) -> Usage:
        return Usage(prompt_tokens=-len(request.seen["response"]))


class TestGivesBack(Suite):
    found_by = "test_costs_are_told_without_asking"
    judge = GivesBack


class ShowsItsKey(Right):
    def __repr__(self) -> str:
        return f"ShowsItsKey({self.key})"


class TestShowsItsKey(Suite):
    found_by = "test_its_key_is_told_to_nobody"
    judge = ShowsItsKey


class LogsItsKey(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        logging.getLogger(__name__).debug("asking with %s", self.key)
        return await super().judge(request)


class TestLogsItsKey(Suite):
    found_by = "test_its_key_is_told_to_nobody"
    judge = LogsItsKey


class RaisesSomethingElse(Right):
    def __init__(self, settings: JudgeSettings, environ: Mapping[str, str]) -> None:
        if not settings.model:
            raise KeyError("model")
        super().__init__(settings, environ)


class TestRaisesSomethingElse(Suite):
    found_by = "test_bad_settings_are_refused_with_a_way_out"
    judge = RaisesSomethingElse


class GivesNoHint(Right):
    def __init__(self, settings: JudgeSettings, environ: Mapping[str, str]) -> None:
        if not settings.model:
            raise RubricError([Diagnostic("D205", "no model", ARGUMENTS, "")])
        super().__init__(settings, environ)


class TestGivesNoHint(Suite):
    found_by = "test_bad_settings_are_refused_with_a_way_out"
    judge = GivesNoHint


class TestTakesAnything(Suite):
    found_by = "test_bad_settings_are_refused_with_a_way_out"
    refused = (Refused(JudgeSettings(backend="mistake", model="none"), code="D205"),)


class TestTriesNothing(Suite):
    found_by = "test_bad_settings_are_refused_with_a_way_out"
    refused = ()


def grows(settings: JudgeSettings, _: Mapping[str, str]) -> JudgeSettings:
    return evolve(settings, model=settings.model + "+")


class TestGrows(Suite):
    found_by = "test_what_the_environment_decides_is_decided_once"
    offer = JudgeBackendOffer(
        name="grows", description="d", create=Right, resolve=grows
    )


def keeps_the_key(settings: JudgeSettings, environ: Mapping[str, str]) -> JudgeSettings:
    return evolve(settings, options={"note": environ.get("MISTAKE_API_KEY", "")})


class TestKeepsTheKey(Suite):
    found_by = "test_what_the_environment_decides_is_decided_once"
    offer = JudgeBackendOffer(
        name="keeps-the-key", description="d", create=Right, resolve=keeps_the_key
    )


class TestCapitals(Suite):
    found_by = "test_its_name_can_be_typed"
    offer = JudgeBackendOffer(name="Capitals", description="d", create=Right)


class TestSaysNothing(Suite):
    found_by = "test_its_name_can_be_typed"
    offer = JudgeBackendOffer(name="says-nothing", description="", create=Right)


class TestTakesAKey(Suite):
    found_by = "test_its_options_can_be_typed"
    offer = JudgeBackendOffer(
        name="takes-a-key", description="d", create=Right, options=("api_key",)
    )


class TestTakesATimeout(Suite):
    found_by = "test_its_options_can_be_typed"
    offer = JudgeBackendOffer(
        name="takes-a-timeout", description="d", create=Right, options=("timeout",)
    )


class TestNotOffered(Suite):
    found_by = "test_it_is_found_by_its_entry_point"


OFFERS.remove(TestNotOffered.offer)


class TestNotInstalled(Suite):
    found_by = "test_it_is_found_by_its_entry_point"
    distribution = "rubricdsl-without-entry-point"


class TestAnyCore(Suite):
    found_by = "test_its_distribution_says_which_cores_it_works_with"
    distribution = "rubricdsl-any-core"


class TestHeavy(Suite):
    found_by = "test_importing_it_loads_nothing_heavy"
    distribution = "rubricdsl-heavy"
