"""A batch as the request that goes to its judge."""

from rubricdsl.judging.batches import Batch
from rubricdsl.judging.canaries import Asked, Canaries
from rubricdsl.model.judgement import JudgeRequest


def asked_of(batch: Batch, *, seed: int) -> Asked:
    """Give the questions of a batch under their ids, with canaries where wanted."""
    questions = batch.named_questions
    seen = batch.seen.sight.texts
    if not batch.judge.canaries or "response" not in seen:
        return Asked(questions)
    return Canaries.of(seen["response"], seed=seed).among(questions)


def request_of(batch: Batch, asked: Asked) -> JudgeRequest:
    """Give the request that puts the questions to the judge."""
    return JudgeRequest(
        questions=asked.questions,
        seen=batch.seen.sight.texts,
        response=batch.response,
        instructions=batch.panel.instructions,
        repeats=batch.repeats,
    )
