"""The judge ``llamacpp``: a model in a GGUF file, in this process.

Answers are bound to a JSON schema, and read as strictly as those of any model.
"""

from collections.abc import Mapping

from rubricdsl.judging.backends.answering import (
    estimate_prompt,
    estimate_reply,
    read_answers,
)
from rubricdsl.judging.backends.completions import response_format
from rubricdsl.judging.prompting import Prompt, PromptWriter, template_digest
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import (
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Usage,
)
from rubricdsl.model.protocols import JudgeBackendOffer, JudgeSettings
from rubricdsl_llamacpp.launch import OPTIONS, Launch, Manner, resolve
from rubricdsl_llamacpp.resident import Tenancy

_TOP_LOGPROBS = 20
# A small model may never end a quote by itself.
_SPARE_TOKENS = 128


class LlamaCppJudge:
    """A model in a file, loaded when it is first needed."""

    def __init__(self, launch: Launch, manner: Manner, writer: PromptWriter) -> None:
        self._tenancy = Tenancy(launch)
        self._manner = manner
        self._writer = writer
        self.capabilities = Capabilities(
            probabilities=True,
            context_tokens=launch.context_tokens,
            at_once=launch.parallel,
        )

    @property
    def template(self) -> str:
        """Digest of the prompt template."""
        return template_digest()

    def prepare(self) -> None:
        """Load the model, which may take a minute."""
        self._tenancy.move_in()

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Ask the model."""
        resident = self._tenancy.resident
        prompt = self._writer.write(request)
        body = self._body(prompt, request)
        completion = await resident.complete(body, "judge")
        read = read_answers(completion, request.questions)
        return JudgeReply(
            answers=read.answers,
            usage=Usage(
                prompt_tokens=completion.prompt_tokens,
                completion_tokens=completion.completion_tokens,
                cost=0.0,
            ),
            model=resident.launch.name,
            notices=read.notices,
            hidden=prompt.removed,
        )

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give about how many tokens a request takes; they cost no money."""
        completion_tokens = estimate_reply(request.questions)
        if self._manner.max_tokens is not None:
            completion_tokens = min(completion_tokens, self._manner.max_tokens)
        return Usage(
            prompt_tokens=estimate_prompt(self._writer.write(request)),
            completion_tokens=completion_tokens,
            cost=0.0,
        )

    def price(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Give what so many tokens cost, which is nothing."""
        del prompt_tokens, completion_tokens
        return 0.0

    async def close(self) -> None:
        """Give the memory back, unless somebody else asks the same model."""
        await self._tenancy.move_out()

    def _body(self, prompt: Prompt, request: JudgeRequest) -> dict[str, Plain]:
        questions = request.questions
        usual = 4 * estimate_reply(questions) + _SPARE_TOKENS
        body: dict[str, Plain] = {
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            "temperature": self._manner.temperature or 0,
            "max_tokens": self._manner.room(usual, request.repeats),
            "response_format": response_format(
                self._writer.schema(questions), "answers"
            ),
            "chat_template_kwargs": {"enable_thinking": False},
        }
        # Quotes are long, and twenty choices for each of their tokens much longer.
        if not any(question.evidence for question in questions.values()):
            body |= {"logprobs": True, "top_logprobs": _TOP_LOGPROBS}
        return body


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> LlamaCppJudge:
    """Make the judge; raises RubricError as `Launch.of` does."""
    del environ
    launch = Launch.of(settings, "judge")
    return LlamaCppJudge(launch, Manner.of(settings), PromptWriter())


OFFER = JudgeBackendOffer(
    name="llamacpp",
    description="a model in a GGUF file on this machine, through llama.cpp",
    create=create,
    options=OPTIONS,
    resolve=resolve,
)
