"""One model behind LiteLLM, asked for one completion at a time."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, cast

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.completions import (
    DISPENSABLE,
    Completion,
    Manner,
    completion_of,
)
from rubricdsl.judging.backends.services import (
    Tariff,
    connections_of,
    number_option,
    whole_option,
)
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Usage
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.ruling import FailureKind
from rubricdsl_litellm.library import library, price
from rubricdsl_litellm.route import Route

if TYPE_CHECKING:
    from rubricdsl_litellm.guard import GuardedClient

# Deadlines are the engine's, which ends a request by leaving it.
_NO_DEADLINE = 86_400.0
_GOES_WITH = {"logprobs": ("logprobs", "top_logprobs")}


class LiteLLMEndpoint:
    """A model that LiteLLM reaches; ``speaker`` is what messages call it."""

    def __init__(self, settings: JudgeSettings, route: Route, speaker: str) -> None:
        self.route = route
        self.manner = Manner(
            model=route.model,
            temperature=number_option(settings, "temperature"),
            max_tokens=whole_option(settings, "max_tokens"),
        )
        self._speaker = speaker
        self._tariff = Tariff.of(settings)
        self._connections = connections_of(settings)
        self._client: GuardedClient | None = None
        self._is_ready = False
        self._refused: frozenset[str] = frozenset()
        self._dispensable = dict(DISPENSABLE)
        if self.manner.temperature is not None:
            # What somebody chose is not dropped behind their back.
            del self._dispensable["temperature"]

    async def complete(
        self, parameters: Mapping[str, Plain], *, without: Collection[str] = ()
    ) -> tuple[Completion, Usage]:
        """Ask for a completion; give it, and what it cost.

        Parameters that the provider has refused are left out, and so are those that
        the request goes ``without``.

        Raises:
            JudgeError: when there is none.
        """
        self.prepare()
        left_out = self._refused.union(without)
        while True:
            try:
                return await self._complete(parameters, left_out)
            except JudgeError as error:
                # Each turn gives up one more parameter, so this ends.
                refused = self._refused_parameter(error, parameters, left_out)
                if refused is None:
                    raise
                self._refused |= {refused}
                left_out |= {refused}

    def prepare(self) -> None:
        """Load LiteLLM, which takes seconds, and make a client."""
        if self._is_ready:
            return
        known = library().get_supported_openai_params(
            self.route.model.partition("/")[2], self.route.provider
        )
        if known is not None:
            self._refused = frozenset(self._dispensable.keys() - set(known))
        from rubricdsl_litellm.guard import GuardedClient

        self._client = GuardedClient.of(self.route, self._connections)
        self._is_ready = True

    def usage(self, prompt_tokens: int, completion_tokens: int) -> Usage:
        """Give what tokens cost, by the options or by LiteLLM's table."""
        usage = self._tariff.usage(prompt_tokens, completion_tokens)
        if usage.cost is not None:
            return usage
        return Usage(
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            cost=price(self.route.model, prompt_tokens, completion_tokens),
        )

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        self._is_ready = False
        if client is not None:
            await client.close()

    async def _complete(
        self, parameters: Mapping[str, Plain], left_out: frozenset[str]
    ) -> tuple[Completion, Usage]:
        dropped = {n for name in left_out for n in _GOES_WITH.get(name, (name,))}
        sent = {n: value for n, value in parameters.items() if n not in dropped}
        if "max_tokens" in left_out and "max_tokens" in parameters:
            sent["max_completion_tokens"] = parameters["max_tokens"]
        client = self._client.client if self._client else None
        try:
            reply = await library().acompletion(
                **{**sent, "model": self.route.model},
                api_base=self.route.address,
                api_key=self.route.effective_key,
                client=client,
                timeout=_NO_DEADLINE,
                num_retries=0,
                max_retries=0,
            )
            document = reply.model_dump()
        except Exception as error:  # noqa: BLE001 - it raises whatever it meets
            from rubricdsl_litellm.failures import failure_of

            raise failure_of(error, self.route) from None
        try:
            completion = completion_of(
                _with_refusals(document),
                peer=self.route.provider,
                speaker=self._speaker,
            )
        except JudgeError as error:
            raise self.redacted(error) from None
        return completion, self._paid(completion, reply._hidden_params)  # noqa: SLF001

    def redacted(self, error: JudgeError) -> JudgeError:
        """Keep keys out of an error about what the model said."""
        return JudgeError(error.failure.kind, self.route.redact(error.failure.reason))

    def _paid(self, completion: Completion, hidden: Mapping[str, object]) -> Usage:
        """Give what a reply cost; LiteLLM knows what was read from a cache."""
        tokens = (completion.prompt_tokens, completion.completion_tokens)
        own, found = self._tariff.usage(*tokens), hidden.get("response_cost")
        if own.cost is not None or not isinstance(found, float) or not found > 0:
            return own
        return Usage(prompt_tokens=tokens[0], completion_tokens=tokens[1], cost=found)

    def _refused_parameter(
        self,
        error: JudgeError,
        parameters: Mapping[str, Plain],
        without: frozenset[str],
    ) -> str | None:
        if error.failure.kind != FailureKind.REQUEST_REJECTED or error.too_long:
            return None
        said = error.failure.reason.casefold()
        for parameter, names in self._dispensable.items():
            is_sent = parameter in parameters and parameter not in without
            if is_sent and any(name in said for name in names):
                return parameter
        return None


def _with_refusals(document: dict[str, object]) -> dict[str, object]:
    """Put a refusal where OpenAI has it; LiteLLM keeps it among the rest."""
    choices = document.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        message = choice.get("message") if isinstance(choice, dict) else None
        if isinstance(message, dict):
            rest = message.get("provider_specific_fields") or {}
            message.setdefault(
                "refusal", cast("Mapping[str, object]", rest).get("refusal")
            )
    return document
