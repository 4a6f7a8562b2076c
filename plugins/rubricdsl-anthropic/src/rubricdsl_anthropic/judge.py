"""The judge ``anthropic``: Claude, or what else answers Messages.

Answers are bound to a JSON schema where the model can do that, and read strictly
where it cannot.
"""

from collections.abc import Mapping
from functools import partial

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.answering import (
    estimate_prompt,
    estimate_reply,
    other_model,
    read_message,
)
from rubricdsl.judging.backends.documents import encoded
from rubricdsl.judging.backends.transport import Poster
from rubricdsl.judging.prompting import Prompt, PromptWriter, template_digest
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import (
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
    Usage,
)
from rubricdsl.model.protocols import JudgeBackendOffer, JudgeSettings
from rubricdsl_anthropic.endpoint import OPTIONS, SERVICE, MessagesEndpoint, resolve
from rubricdsl_anthropic.messages import MARKS, TEMPERATURE, Message, text_block

# The protocol wants a bound.  A reply of twice the usual length fits, and a model
# that thinks first has some room for it; what is not used costs nothing.
_SPARE_TOKENS = 2_048
_KEPT = 256


class AnthropicJudge:
    """A model behind a server that speaks Messages."""

    capabilities = Capabilities()

    def __init__(
        self,
        settings: JudgeSettings,
        *,
        key: str | None,
        writer: PromptWriter,
        poster: Poster | None = None,
    ) -> None:
        self._writer = writer
        self._endpoint = MessagesEndpoint(
            settings, key=key, speaker="judge", poster=poster
        )
        self._recurrence = Recurrence()

    @property
    def template(self) -> str:
        """Digest of the prompt template."""
        return template_digest()

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Ask the model."""
        prompt = self._writer.write(request)
        recurs = self._recurrence.expects(request)
        body = partial(self._body, request, prompt, recurs)
        message = await self._endpoint.ask(body)
        self._recurrence.answered(request)
        try:
            return self._reply(request.questions, message, removed=prompt.removed)
        except JudgeError as error:
            raise self._endpoint.redacted(error) from None

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give about what a request takes; a model that thinks first takes more."""
        prompt_tokens = estimate_prompt(self._writer.write(request))
        completion_tokens = min(
            estimate_reply(request.questions), self._room(request.questions, 0)
        )
        return self._endpoint.estimated(prompt_tokens, completion_tokens)

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Give the money that so many tokens cost; None where no price is known."""
        return self._endpoint.estimated(prompt_tokens, completion_tokens).cost

    def prepare(self) -> None:
        """Load the HTTP client, which takes most of a second, and open a session."""
        self._endpoint.prepare()

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    def _room(self, questions: Mapping[str, Question], repeats: int) -> int:
        """Give the tokens that an answer may take: double for each cut before."""
        chosen = self._endpoint.manner.max_tokens
        usual = chosen or 2 * estimate_reply(questions) + _SPARE_TOKENS
        return usual << repeats

    def _body(
        self,
        request: JudgeRequest,
        prompt: Prompt,
        recurs: bool,  # noqa: FBT001 - a partial's argument
        without: frozenset[str],
    ) -> bytes:
        manner, questions = self._endpoint.manner, request.questions
        body = manner.parameters(
            room=self._room(questions, request.repeats),
            system=prompt.system,
            schema=self._writer.schema(questions),
            without=without,
        )
        texts: list[Plain] = [
            text_block(prompt.opening, marked=recurs and MARKS not in without),
            text_block(prompt.closing),
        ]
        body["messages"] = [{"role": "user", "content": texts}]
        if TEMPERATURE not in without:
            body["temperature"] = manner.temperature or 0
        return encoded(body)

    def _reply(
        self, questions: Mapping[str, Question], message: Message, *, removed: int
    ) -> JudgeReply:
        read = read_message(message.content, questions, truncated=message.truncated)
        unread = [f"content of type {kind!r} was not read" for kind in message.unread]
        return JudgeReply(
            answers=read.answers,
            usage=self._endpoint.usage(message.tokens),
            model=message.model,
            notices=(
                *read.notices,
                *unread,
                *other_model(message.model, self._endpoint.manner.model),
            ),
            hidden=removed,
        )


class Recurrence:
    """Whether the same texts are asked about more than once.

    To put texts into the cache costs a quarter more than to read them, and what is
    never taken out again has cost it in vain.  So they are put there only when some
    have come up a second time after they were answered.
    """

    def __init__(self) -> None:
        self._recurs = False
        # Held, so that its identity is not given to another.
        self._answered: dict[int, Mapping[str, str]] = {}

    def expects(self, request: JudgeRequest) -> bool:
        """Tell whether the texts of this request are likely to come up again."""
        # What only could not be read the first time is no sign of it.
        if not request.repeats and id(request.seen) in self._answered:
            self._recurs = True
        return self._recurs

    def answered(self, request: JudgeRequest) -> None:
        """Note that a request was answered."""
        while not self._recurs and len(self._answered) >= _KEPT:
            del self._answered[next(iter(self._answered))]
        if self._recurs:
            self._answered.clear()
        else:
            self._answered[id(request.seen)] = request.seen


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> AnthropicJudge:
    """Make the judge; raises RubricError as `Service.key_of` does, or D203."""
    settings = resolve(settings, environ)
    key = SERVICE.key_of(settings, environ, "judge")
    return AnthropicJudge(settings, key=key, writer=PromptWriter())


def create_estimator(
    settings: JudgeSettings, environ: Mapping[str, str]
) -> AnthropicJudge:
    """Make a judge that is asked for estimates only; raises D205 without a model."""
    settings = resolve(settings, environ)
    SERVICE.check_model(settings, "judge")
    return AnthropicJudge(settings, key=None, writer=PromptWriter())


OFFER = JudgeBackendOffer(
    name="anthropic",
    description="Claude, over Anthropic's Messages API",
    create=create,
    options=OPTIONS,
    resolve=resolve,
    estimator=create_estimator,
)
