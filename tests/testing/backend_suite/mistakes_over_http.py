"""Judges that send too much or too often, or misread what comes back."""

import asyncio
from typing import ClassVar

from attrs import evolve

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.openai import OpenAIJudge
from rubricdsl.judging.prompting import Prompt, PromptWriter
from rubricdsl.model.judgement import (
    Answer,
    JudgeReply,
    JudgeRequest,
)
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.ruling import NO, FailureKind, Ruling
from tests.testing.backend_suite.mistaken import OverHttp


class Retries(OpenAIJudge):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        try:
            return await super().judge(request)
        except JudgeError as error:
            if not error.transient:
                raise
            return await super().judge(request)


class TestRetries(OverHttp):
    found_by = "test_faults_are_told_by_kind_and_never_retried"
    judge = Retries


class CallsItRejected(OpenAIJudge):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        try:
            return await super().judge(request)
        except JudgeError as error:
            raise JudgeError(
                FailureKind.REQUEST_REJECTED, error.failure.reason
            ) from None


class TestCallsItRejected(OverHttp):
    found_by = "test_faults_are_told_by_kind_and_never_retried"
    judge = CallsItRejected


class ForgetsTheWait(OpenAIJudge):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        try:
            return await super().judge(request)
        except JudgeError as error:
            error.retry_after = None
            raise


class TestForgetsTheWait(OverHttp):
    found_by = "test_faults_are_told_by_kind_and_never_retried"
    judge = ForgetsTheWait


class AsksTwice(OpenAIJudge):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        await super().judge(request)
        return await super().judge(request)


class TestAsksTwice(OverHttp):
    found_by = "test_one_request_for_one_question"
    judge = AsksTwice


class Remembers(OpenAIJudge):
    last: JudgeReply | None = None

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        if self.last is None:
            self.last = await super().judge(request)
        return self.last


class TestRemembers(OverHttp):
    found_by = "test_it_keeps_no_answers"
    judge = Remembers


class MixesReplies(OpenAIJudge):
    request: JudgeRequest | None = None

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        self.request = request
        await asyncio.sleep(0.01)
        return await super().judge(self.request)


class TestMixesReplies(OverHttp):
    found_by = "test_each_reply_is_to_its_request"
    judge = MixesReplies


class OneByOne(OpenAIJudge):
    lock: asyncio.Lock | None = None

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        self.lock = self.lock or asyncio.Lock()
        async with self.lock:
            return await super().judge(request)


class TestOneByOne(OverHttp):
    found_by = "test_it_holds_nothing_back"
    judge = OneByOne


class HoldsOn(OpenAIJudge):
    tasks: ClassVar[set[asyncio.Future[JudgeReply]]] = set()

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        task = asyncio.ensure_future(super().judge(request))
        self.tasks.add(task)
        return await asyncio.shield(task)


class TestHoldsOn(OverHttp):
    found_by = "test_a_deadline_ends_a_request"
    judge = HoldsOn


class GuessesTheRest(OpenAIJudge):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        reply = await super().judge(request)
        given = {answer.id: answer for answer in reply.answers}
        answers = [
            given.get(n, Answer(id=n, ruling=Ruling.from_record(q.answers[0])))
            for n, q in request.questions.items()
        ]
        return evolve(reply, answers=tuple(answers))


class TestGuessesTheRest(OverHttp):
    found_by = "test_what_is_not_answered_has_no_answer"
    judge = GuessesTheRest


class TestTakesWhatWasNotAsked(OverHttp):
    found_by = "test_answers_to_what_was_not_asked_are_none"
    judge = GuessesTheRest


class SupposesNo(OpenAIJudge):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        try:
            return await super().judge(request)
        except JudgeError as error:
            if error.failure.kind != FailureKind.JUDGE_UNPARSEABLE:
                raise
            answers = [Answer(id=n, ruling=NO) for n in request.questions]
            return JudgeReply(answers=tuple(answers))


class TestSupposesNo(OverHttp):
    found_by = "test_what_is_no_answer_is_none"
    judge = SupposesNo


class TestSupposesNoOfReplies(OverHttp):
    found_by = "test_wrong_replies_give_no_ruling"
    judge = SupposesNo


class SaysUnparseable(OpenAIJudge):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        try:
            return await super().judge(request)
        except JudgeError as error:
            kind = FailureKind.JUDGE_UNPARSEABLE
            raise JudgeError(kind, error.failure.reason) from None


class TestSaysUnparseable(OverHttp):
    found_by = "test_nobody_there_is_told_by_kind"
    judge = SaysUnparseable


class Tags(PromptWriter):
    """Fences texts by tags that anybody can write."""

    def write(self, request: JudgeRequest) -> Prompt:
        prompt = super().write(request)
        texts = [f"<{n}>\n{text}\n</{n}>\n" for n, text in request.seen.items()]
        return evolve(prompt, opening="\n".join(texts), removed=0)


class TestTags(OverHttp):
    found_by = "test_no_response_can_end_its_fence"
    writer = Tags


class TestShowsTheInvisible(OverHttp):
    found_by = "test_characters_that_cannot_be_seen_are_not_sent"
    writer = Tags


class TellsAll(PromptWriter):
    def write(self, request: JudgeRequest) -> Prompt:
        prompt = super().write(request)
        return evolve(prompt, system=f"{prompt.system}\n{request.response.reference}")


class TestTellsAll(OverHttp):
    found_by = "test_all_that_may_be_seen_is_sent_and_nothing_else"
    writer = TellsAll


class OwnWords(PromptWriter):
    def write(self, request: JudgeRequest) -> Prompt:
        return evolve(super().write(request), system="Judge what follows.")


class TestOwnWords(OverHttp):
    found_by = "test_the_prompt_that_is_sent_is_the_one_of_the_template"
    writer = OwnWords


class Repeats(OpenAIJudge):
    def __init__(
        self, settings: JudgeSettings, *, key: str | None, writer: PromptWriter
    ) -> None:
        super().__init__(settings, key=key, writer=writer)
        self.key = key

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        try:
            return await super().judge(request)
        except JudgeError as error:
            reason = f"{error.failure.reason} (with {self.key})"
            raise JudgeError(
                error.failure.kind, reason, transient=error.transient
            ) from None


class TestRepeatsItsKey(OverHttp):
    found_by = "test_a_key_that_comes_back_is_cut_out"
    judge = Repeats


class KeyInTheAddress(OpenAIJudge):
    def __init__(
        self, settings: JudgeSettings, *, key: str | None, writer: PromptWriter
    ) -> None:
        address = f"{settings.options['base_url']}/{key}"
        settings = evolve(settings, options={"base_url": address})
        super().__init__(settings, key=key, writer=writer)


class TestKeyInTheAddress(OverHttp):
    found_by = "test_its_key_is_sent_in_a_header_only"
    judge = KeyInTheAddress
