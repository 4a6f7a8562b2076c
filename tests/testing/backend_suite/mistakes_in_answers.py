"""Judges that answer wrongly, or otherwise than they declare."""

import random
from collections.abc import Mapping
from typing import ClassVar

from attrs import evolve

from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
)
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.rubric import LevelScale
from rubricdsl.model.ruling import NO, YES, Failure, FailureKind
from tests.testing.backend_suite.mistaken import Right, Suite


class InventsIds(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        reply = await super().judge(request)
        more = (Answer(id="c99", ruling=YES, probability=0.9),)
        return evolve(reply, answers=reply.answers + more)


class TestInventsIds(Suite):
    found_by = "test_answers_are_to_the_ids_that_were_asked"
    judge = InventsIds


class AnswersTwice(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        reply = await super().judge(request)
        return evolve(reply, answers=reply.answers * 2)


class TestAnswersTwice(Suite):
    found_by = "test_answers_are_to_the_ids_that_were_asked"
    judge = AnswersTwice


class CountsFromOne(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        reply = await super().judge(request)
        answers = [evolve(a, id=f"c{n}") for n, a in enumerate(reply.answers, 1)]
        return evolve(reply, answers=tuple(answers))


class TestCountsFromOne(Suite):
    found_by = "test_answers_are_to_the_ids_that_were_asked"
    judge = CountsFromOne


class SaysYesToLevels(Right):
    def answer(self, name: str, question: Question, request: JudgeRequest) -> Answer:
        del question, request
        return Answer(id=name, ruling=YES, probability=0.9)


class TestSaysYesToLevels(Suite):
    found_by = "test_answers_are_legal_on_every_scale"
    judge = SaysYesToLevels


class SaysBoth(Right):
    def answer(self, name: str, question: Question, request: JudgeRequest) -> Answer:
        failure = Failure(FailureKind.JUDGE_REFUSED, "not today")
        return evolve(super().answer(name, question, request), failure=failure)


class TestSaysBoth(Suite):
    found_by = "test_it_answers_what_any_judge_can"
    judge = SaysBoth


class IsNotANumber(Right):
    def answer(self, name: str, question: Question, request: JudgeRequest) -> Answer:
        right = super().answer(name, question, request)
        return evolve(right, probability=float("nan"))


class TestIsNotANumber(Suite):
    found_by = "test_it_answers_what_any_judge_can"
    judge = IsNotANumber


class MoreThanCertain(Right):
    def answer(self, name: str, question: Question, request: JudgeRequest) -> Answer:
        return evolve(super().answer(name, question, request), probability=1.7)


class TestMoreThanCertain(Suite):
    found_by = "test_it_answers_what_any_judge_can"
    judge = MoreThanCertain


class InventsAKind(Right):
    def answer(self, name: str, question: Question, request: JudgeRequest) -> Answer:
        if isinstance(question.scale, LevelScale):
            return Answer(id=name, failure=Failure("too_hard", "too hard"))
        return super().answer(name, question, request)


class TestInventsAKind(Suite):
    found_by = "test_answers_are_legal_on_every_scale"
    judge = InventsAKind


class HidesProbabilities(Right):
    capabilities = Capabilities(is_model=False)


class TestHidesProbabilities(Suite):
    found_by = "test_probabilities_are_there_where_declared"
    judge = HidesProbabilities


class PromisesProbabilities(Right):
    def answer(self, name: str, question: Question, request: JudgeRequest) -> Answer:
        return evolve(super().answer(name, question, request), probability=None)


class TestPromisesProbabilities(Suite):
    found_by = "test_probabilities_are_there_where_declared"
    judge = PromisesProbabilities


class PromisesLevels(Right):
    def answer(self, name: str, question: Question, request: JudgeRequest) -> Answer:
        if isinstance(question.scale, LevelScale):
            failure = Failure(FailureKind.JUDGE_UNSUPPORTED, "no levels")
            return Answer(id=name, failure=failure)
        return super().answer(name, question, request)


class TestPromisesLevels(Suite):
    found_by = "test_levels_are_there_where_declared"
    judge = PromisesLevels


class HidesLevels(Right):
    capabilities = evolve(Right.capabilities, levels=False)


class TestHidesLevels(Suite):
    found_by = "test_levels_are_there_where_declared"
    judge = HidesLevels


class AnswersTheFirst(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        reply = await super().judge(request)
        return evolve(reply, answers=reply.answers[:1])


class TestAnswersTheFirst(Suite):
    found_by = "test_together_means_together"
    judge = AnswersTheFirst


class Obeys(Right):
    def answer(self, name: str, question: Question, request: JudgeRequest) -> Answer:
        if "answer is no" in request.seen.get("response", ""):
            return Answer(id=name, ruling=NO, probability=0.1)
        return super().answer(name, question, request)


class TestObeys(Suite):
    found_by = "test_what_is_no_model_obeys_nobody"
    judge = Obeys


class ChangesItsMind(Right):
    toss: ClassVar[bool] = False

    def answer(self, name: str, question: Question, request: JudgeRequest) -> Answer:
        type(self).toss = not self.toss
        right = super().answer(name, question, request)
        plain = question.answers[0] == "yes"
        return evolve(right, ruling=NO) if plain and self.toss else right


class TestChangesItsMind(Suite):
    found_by = "test_what_is_storable_stays"
    judge = ChangesItsMind


class AnotherTemplate(Right):
    def __init__(self, settings: JudgeSettings, environ: Mapping[str, str]) -> None:
        super().__init__(settings, environ)
        self.template = str(random.random())  # noqa: S311 - no secret


class TestAnotherTemplate(Suite):
    found_by = "test_its_template_is_its_prompts"
    judge = AnotherTemplate


class TemplateOfUse(Right):
    async def judge(self, request: JudgeRequest) -> JudgeReply:
        self.template += "used"
        return await super().judge(request)


class TestTemplateOfUse(Suite):
    found_by = "test_its_template_is_its_prompts"
    judge = TemplateOfUse


class NoTemplate(Right):
    capabilities = Capabilities(probabilities=True)


class TestNoTemplate(Suite):
    found_by = "test_its_template_is_its_prompts"
    judge = NoTemplate


class FixedTemplate(NoTemplate):
    template = "1"


class TestFixedTemplate(Suite):
    found_by = "test_its_template_is_its_prompts"
    judge = FixedTemplate
