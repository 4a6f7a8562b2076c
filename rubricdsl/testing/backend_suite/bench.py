"""A judge on the bench: set up as the engine does it, asked, and closed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias, TypeVar

from attrs import field, frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.model.judgement import Capabilities, JudgeReply, JudgeRequest
from rubricdsl.model.protocols import (
    JudgeBackend,
    JudgeBackendOffer,
    JudgeSettings,
    PreparedBackend,
)
from rubricdsl.testing.backend_suite.laws import broken, demand
from rubricdsl.testing.backend_suite.samples import (
    PROMPT,
    RESPONSE,
    SURE,
    sample_request,
)

T = TypeVar("T")
Outcome: TypeAlias = JudgeReply | JudgeError
"""What may come of a request: a reply, or the one kind of error."""

_PATIENCE = 60.0


@frozen
class Refused:
    """Settings with which no judge can be made, and the code that says so."""

    settings: JudgeSettings
    code: str
    environ: Mapping[str, str] = field(factory=dict, kw_only=True)


def _nothing(_: JudgeRequest) -> None:
    """Foresee nothing."""


def _the_prompt() -> str:
    return PROMPT


@frozen(kw_only=True)
class Bench:
    """An offer with settings and an environment that make a working judge.

    ``by_name`` says that its judge answers by the names of criteria.  ``prompt`` gives
    that of the next request, and ``foresee`` is told of each request before it is made.
    """

    offer: JudgeBackendOffer
    settings: JudgeSettings
    environ: Mapping[str, str]
    by_name: bool = False
    prompt: Callable[[], str] = _the_prompt
    foresee: Callable[[JudgeRequest], None] = _nothing

    def capabilities(self) -> Capabilities:
        """Give what a judge declares that is made for it."""
        return self._unused(lambda backend: backend.capabilities)

    def template(self) -> str:
        """Give the template of a judge that is made for it."""
        return self._unused(lambda backend: backend.template)

    def _unused(self, read: Callable[[JudgeBackend], T]) -> T:
        backend = self.create()
        try:
            return read(backend)
        finally:
            asyncio.run(backend.close())

    def request(
        self, *names: str, response: str = RESPONSE, first: int = 1
    ) -> JudgeRequest:
        """Make a request of samples, of the sure one if none is named."""
        return sample_request(
            names or (SURE,),
            prompt=self.prompt(),
            response=response,
            by_name=self.by_name,
            first=first,
        )

    def resolved(self) -> JudgeSettings:
        """Give the settings with what the environment decides."""
        resolve = self.offer.resolve
        if resolve is None:
            return self.settings
        return resolve(self.settings, self.environ)

    def create(self) -> JudgeBackend:
        """Make a judge as the engine does."""
        return self.offer.create(self.resolved(), self.environ)

    def converse(self, talk: Callable[[JudgeBackend], Awaitable[T]]) -> T:
        """Make a judge, talk with it and close it, in an event loop of its own.

        What the loop has to complain of breaks a law, too: a task whose error nobody
        has seen, for one.
        """
        complaints: list[str] = []

        async def conversation() -> T:
            asyncio.get_running_loop().set_exception_handler(
                lambda _, context: complaints.append(
                    f"{context.get('message')}: {context.get('exception')!r}"
                )
            )
            backend = self.create()
            try:
                if isinstance(backend, PreparedBackend):
                    backend.prepare()
                async with asyncio.timeout(_PATIENCE):
                    return await talk(backend)
            finally:
                await backend.close()

        result = asyncio.run(conversation())
        demand(
            not complaints,
            f"the event loop complained: {complaints[0] if complaints else ''}",
        )
        return result

    async def outcome(self, backend: JudgeBackend, request: JudgeRequest) -> Outcome:
        """Ask, and give the reply or the error, which must be a JudgeError."""
        self.foresee(request)
        try:
            return await backend.judge(request)
        except JudgeError as error:
            return error
        except Exception as error:
            message = (
                f"`judge` raised {type(error).__name__}: {error}; whatever goes wrong "
                "is a JudgeError with a kind, for the engine can treat nothing else"
            )
            raise AssertionError(message) from error

    def ask(self, request: JudgeRequest) -> Outcome:
        """Ask a judge that is made for it and closed after."""
        return self.converse(lambda backend: self.outcome(backend, request))

    def reply(self, request: JudgeRequest) -> JudgeReply:
        """Ask likewise; that there is no reply breaks a law."""
        outcome = self.ask(request)
        if isinstance(outcome, JudgeError):
            broken(f"a request that works was answered by {outcome}")
        return outcome
