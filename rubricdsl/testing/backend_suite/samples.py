"""What the suite asks: questions on every scale, and requests made of them."""

from collections.abc import Iterable, Mapping

import attrs

from rubricdsl.model.judgement import JudgeRequest, Question
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import AnswerScale, Example, Level, LevelScale
from rubricdsl.model.ruling import YES

SURE = "plain"
"""The name of the sample that any judge must be able to answer."""

PROMPT = "What is the capital of France?"
RESPONSE = "The capital of France is Paris. It lies on the river Seine."

SAMPLES: Mapping[str, Question] = {
    SURE: Question(text="States that the capital of France is Paris."),
    "partly": Question(
        text="Names the river and the year in which the city was founded.",
        scale=AnswerScale(("yes", "partly", "no")),
    ),
    "levels": Question(
        text="How much it says about the city.",
        scale=LevelScale(
            low=1.0,
            high=3.0,
            levels=(
                Level(1.0, "little", "Names the city and nothing else."),
                Level(3.0, "much", "Says where it lies, and how large it is."),
            ),
            stated=True,
        ),
    ),
    "abstaining": Question(text="Gives the city's motto in Latin.", may_abstain=True),
    "quoted": Question(text="Names the river Seine.", evidence=True),
    "noted": Question(
        text="Mentions a river.",
        note="A canal is no river.",
        examples=(Example(YES, "The Seine flows through it."),),
    ),
}
"""The questions of the suite by name, one or more for each scale."""

_RUBRIC, _PROMPT_ID, _RESPONSE_ID = "suite", "question", "answer"


def recorded_as(name: str) -> tuple[str, str, str, str]:
    """Give rubric, criterion, prompt id and response id of a sample.

    They are what judges that answer by name are asked for (`Question.asker`).
    """
    return (_RUBRIC, name, _PROMPT_ID, _RESPONSE_ID)


def sample_request(
    names: Iterable[str] = (SURE,),
    *,
    prompt: str = PROMPT,
    response: str = RESPONSE,
    by_name: bool = False,
    first: int = 1,
) -> JudgeRequest:
    """Make a request of samples, whose ids are counted from ``first``."""
    questions = {}
    for number, name in enumerate(names, first):
        question = SAMPLES[name]
        if by_name:
            question = attrs.evolve(question, asker=recorded_as(name))
        questions[f"c{number}"] = question
    return JudgeRequest(
        questions=questions,
        seen={"prompt": prompt, "response": response},
        response=Response(
            text=response,
            prompt_id=_PROMPT_ID,
            response_id=_RESPONSE_ID,
            prompt=prompt,
        ),
    )
