"""What all chat models have in common that answer a prompt with one JSON object."""

from collections.abc import Mapping

from attrs import evolve

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.completions import Completion
from rubricdsl.judging.backends.probabilities import probability_of_yes
from rubricdsl.judging.backends.tokens import (
    TOKENS_OF_CHAT,
    TOKENS_OF_MESSAGE,
    estimate_tokens,
)
from rubricdsl.judging.prompting import Prompt, sample_reply
from rubricdsl.judging.replies import ReadReply, read_reply
from rubricdsl.model.judgement import Answer, Question
from rubricdsl.model.ruling import FailureKind


def read_message(
    content: str, questions: Mapping[str, Question], *, truncated: bool
) -> ReadReply:
    """Read the answers from a message, as `read_reply`, unless it was cut short.

    Raises:
        JudgeError: ``judge_truncated`` where it was cut, ``judge_unparseable``.
    """
    if truncated:
        raise JudgeError(
            FailureKind.JUDGE_TRUNCATED,
            "the judge's reply was cut at its greatest length; raise max_tokens or "
            "use ask=each",
        )
    return read_reply(content, questions)


def read_answers(
    completion: Completion, questions: Mapping[str, Question]
) -> ReadReply:
    """Read the answers from a completion, with probabilities where its tokens tell.

    Raises JudgeError as `read_message` does.
    """
    read = read_message(completion.content, questions, truncated=completion.truncated)
    if not completion.tokens:
        return read
    answers = [
        _with_probability(answer, questions[answer.id], completion)
        for answer in read.answers
    ]
    return ReadReply(tuple(answers), read.notices)


def _with_probability(
    answer: Answer, question: Question, completion: Completion
) -> Answer:
    if answer.ruling is None:
        return answer
    probability = probability_of_yes(
        completion.content, completion.tokens, answer.id, question
    )
    return evolve(answer, probability=probability)


def other_model(said: str | None, named: str) -> tuple[str, ...]:
    """Give a notice where another model answered than the one that was named."""
    if said is None or named.casefold() in said.casefold():
        return ()
    return (f"the server answered as model {said!r}",)


def estimate_prompt(prompt: Prompt) -> int:
    """Estimate the tokens of a prompt that is sent as two messages."""
    parts = (prompt.system, prompt.opening, prompt.closing)
    return sum(map(estimate_tokens, parts)) + 2 * TOKENS_OF_MESSAGE + TOKENS_OF_CHAT


def estimate_reply(questions: Mapping[str, Question]) -> int:
    """Estimate the tokens of a reply; a model that thinks first takes more."""
    return estimate_tokens(sample_reply(questions))
