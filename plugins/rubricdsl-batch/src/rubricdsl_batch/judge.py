"""The judge ``batch``: a live judge whose requests go by batch.

What a batch has answered is read; what it has not is pending, and is written to the
next request file unless it is on its way already.  The same command again takes what
has come in the meantime.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from rubricdsl.diagnostics import JudgeError, RubricError, fail
from rubricdsl.judging.folders import folder_of
from rubricdsl.judging.spec import keys_hint
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Usage,
)
from rubricdsl.model.protocols import (
    EstimatingBackend,
    JudgeBackend,
    JudgeBackendOffer,
    JudgeSettings,
    PricingBackend,
)
from rubricdsl.model.ruling import FailureKind
from rubricdsl_batch.inbox import Inbox
from rubricdsl_batch.mail import Mailbox
from rubricdsl_batch.outbox import Outbox
from rubricdsl_batch.providers import PROVIDERS, Provider

if TYPE_CHECKING:
    from rubricdsl_batch.sending import Sender

DEFAULT_FOLDER = "batches"

# The engine knows what to do about these: ask again, in another way or not at all.
# What else goes wrong says nothing about the next request of a batch.
_OF_THE_REQUEST = frozenset(
    {
        FailureKind.JUDGE_UNPARSEABLE,
        FailureKind.JUDGE_TRUNCATED,
        FailureKind.JUDGE_REFUSED,
        FailureKind.JUDGE_PENDING,
        FailureKind.REQUEST_REJECTED,
    }
)
_UNUSUAL = re.compile(r"[^A-Za-z0-9.]+")
_SLUG_DIGITS = 6
_LONGEST_MODEL = 60


@frozen(kw_only=True)
class Manner:
    """What a batch judge is made of: service, settings of the live judge, folder.

    Where it ``sends``, request files go to the service and results come from there
    over HTTP.
    """

    provider: Provider
    settings: JudgeSettings
    folder: Path
    sends: bool = False

    @property
    def identity(self) -> Sequence[Plain]:
        """All that an answer can depend on, beside prompt and request."""
        options = self.settings.options
        named: dict[str, Plain] = {n: options.get(n) for n in self.provider.options}
        return [self.provider.name, self.settings.model, named]

    @property
    def slug(self) -> str:
        """What the names of its files begin with."""
        model = _UNUSUAL.sub("-", self.settings.model)[:_LONGEST_MODEL].strip("-.")
        short = digest(*self.identity)[:_SLUG_DIGITS]
        return f"{self.provider.name}-{model}-{short}"


class BatchJudge:
    """A model that is asked by way of files, which a ``sender`` carries.

    Raises RubricError (D206) where what stands in the folder cannot be read.
    """

    def __init__(self, manner: Manner, sender: "Sender | None" = None) -> None:
        self._manner = manner
        self._sender = sender
        self._collecting: asyncio.Future[None] | None = None
        self._outbox = Outbox(manner.folder, manner.provider, manner.slug)
        if sender is not None:
            self._outbox.announce = sender.announce
        self._inbox = Inbox(manner.folder, manner.provider, manner.slug)
        self._mailbox = Mailbox(
            self._outbox,
            self._inbox,
            waiting=f"waits for results in {manner.folder}",
        )
        self._live = manner.provider.judge(manner.settings, self._mailbox)
        self._is_told = False
        self._look()

    @property
    def capabilities(self) -> Capabilities:
        """What the live judge can do."""
        return self._live.capabilities

    @property
    def template(self) -> str:
        """Digest of the live judge's prompt template."""
        return self._live.template

    def prepare(self) -> None:
        """Begin to be the one who writes, if nobody else is, and look what is there.

        What goes wrong is told by the first question.
        """
        with suppress(RubricError):
            if self._outbox.take():
                self._look()

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Give the answers that have come, or see that they will.

        Raises JudgeError as the live judge does for a reply that is no answer, and
        ``transport_local_resource`` where files cannot be read or written.
        """
        try:
            return await self._judged(request)
        except RubricError as error:
            raise JudgeError(
                FailureKind.TRANSPORT_LOCAL_RESOURCE, error.diagnostics[0].message
            ) from None

    async def _judged(self, request: JudgeRequest) -> JudgeReply:
        if not self._outbox.take():
            raise JudgeError(
                FailureKind.TRANSPORT_LOCAL_RESOURCE,
                f"another run writes requests in {self._manner.folder}",
                transient=True,
            )
        await self._collected()
        with self._mailbox.letter(self._name(request)):
            try:
                reply = await self._live.judge(request)
            except JudgeError as error:
                return _failed(error, request)
        return evolve(reply, notices=(*reply.notices, *self._strangers()))

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give what the live judge would take."""
        live = self._live
        return (
            live.estimate(request) if isinstance(live, EstimatingBackend) else Usage()
        )

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Give the money that so many tokens cost; None where no price is known."""
        live = self._live
        if not isinstance(live, PricingBackend):
            return None
        return live.price(prompt_tokens, completion_tokens)

    def readiness(self) -> str:
        """Say how many requests were written, and how many of them are answered."""
        slug = self._manner.slug
        ours = [n for n, stem in self._outbox.written.items() if slug in stem]
        good = sum(map(self._inbox.is_good, ours))
        return f"{good} of {len(ours)} requests answered in {self._manner.folder}"

    async def close(self) -> None:
        """Put the request files in their place, and send them.

        Raises RubricError: D111 where they cannot be written, D205 where the service
        does not take them.
        """
        if self._collecting is not None:
            self._collecting.cancel()
            await asyncio.wait({self._collecting})
            self._collecting = None
        await self._live.close()
        self._inbox.close()
        try:
            self._outbox.finish()
            await self._send()
        finally:
            self._outbox.close()

    async def _send(self) -> None:
        sender, self._sender = self._sender, None
        if sender is None or not self._outbox.is_taken:
            return
        try:
            await sender.send()
        except JudgeError as error:
            fail(
                "D205",
                f"the requests of {self._manner.settings.name} could not be sent: "
                f"{error.failure.reason}",
                hint="they are kept, and the same command sends them",
            )

    async def _collected(self) -> None:
        """See that what has come at the service was fetched, once in a run.

        Raises JudgeError where it cannot be; it is tried again for the next request.
        """
        if self._sender is None:
            return
        if self._collecting is None:
            self._collecting = asyncio.ensure_future(self._collect(self._sender))
        collecting = self._collecting
        try:
            await asyncio.shield(collecting)
        except JudgeError:
            if self._collecting is collecting:
                self._collecting = None
            raise

    async def _collect(self, sender: "Sender") -> None:
        for stem, reason in (await sender.collect()).items():
            self._mailbox.end(stem, reason)
        self._look()

    def _look(self) -> None:
        self._outbox.look()
        self._inbox.look(self._outbox.written)

    def _name(self, request: JudgeRequest) -> str:
        """Give what a request is called: what is asked, of what and how."""
        questions: list[Plain] = [
            [name, question.digest] for name, question in request.questions.items()
        ]
        return digest(
            *self._manner.identity,
            self.template,
            questions,
            [[name, text] for name, text in request.seen.items()],
            request.instructions,
            request.repeats,
        )

    def _strangers(self) -> Sequence[str]:
        """Tell, once, of results that are of no request."""
        told, self._is_told = self._is_told, True
        if told:
            return ()
        return [
            f"{count} results in {name} are of no request in {self._manner.folder}"
            for name, count in self._inbox.strange.items()
        ]


def _failed(error: JudgeError, request: JudgeRequest) -> JudgeReply:
    """Give a failure for each question, or the error where the engine can do more."""
    if error.failure.kind in _OF_THE_REQUEST:
        raise JudgeError(
            error.failure.kind, error.failure.reason, too_long=error.too_long
        ) from None
    return JudgeReply(
        answers=tuple(
            Answer(id=name, failure=error.failure) for name in request.questions
        )
    )


def manner_of(settings: JudgeSettings) -> Manner:
    """Read the settings of a judge.

    Raises:
        RubricError: D205 for a service or model that is not named, D203 for an option
            that is of the wrong type or no option of the service.
    """
    name, _, model = settings.model.partition("/")
    provider = PROVIDERS.get(name)
    known = ", ".join(PROVIDERS)
    if provider is None or not model.strip():
        fail(
            "D205",
            f"the judge {settings.name} names no batch service and model",
            hint=f"write batch:SERVICE/MODEL, with one of {known}, as in "
            "batch:openai/gpt-4.1-mini",
        )
    path = folder_of(settings, DEFAULT_FOLDER)
    options = {n: v for n, v in settings.options.items() if n not in _OWN_OPTIONS}
    if "effort" in options and "effort" not in provider.options:
        fail(
            "D203",
            f"batches of {name} have no option `effort`",
            hint="leave it out",
        )
    sends = settings.options.get("send", False)
    if not isinstance(sends, bool):
        fail(
            "D203",
            "`send` of the judge `batch` must be true or false",
            hint="leave it out, and nothing is sent",
        )
    live = JudgeSettings(backend=name, model=model, options=options)
    return Manner(provider=provider, settings=live, folder=path, sends=sends)


def resolve(settings: JudgeSettings, environ: Mapping[str, str]) -> JudgeSettings:
    """Write the address into the settings, where anything is sent.

    Raises RubricError as `manner_of`, and D205 for an address that is none.
    """
    manner = manner_of(settings)
    if not manner.sends:
        return settings
    found = manner.provider.service().resolve(manner.settings, environ)
    address = found.options["base_url"]
    return evolve(settings, options={**settings.options, "base_url": address})


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> BatchJudge:
    """Make the judge.

    Raises:
        RubricError: as `manner_of`; D205 where there is no key, and something is to
            be sent; D206 for files that cannot be read.
    """
    manner = manner_of(settings)
    if not manner.sends:
        return BatchJudge(manner)
    from rubricdsl_batch.delivery import DELIVERIES
    from rubricdsl_batch.sending import Sender

    service = manner.provider.service()
    live = service.resolve(manner.settings, environ)
    key = service.key_of(live, environ, "judge")
    variable = service.key_variable_of(live)
    if key is None:
        fail(
            "D205",
            f"the judge {settings.name} has no key: {variable} is not set",
            hint=keys_hint(variable),
        )
    base = str(live.options["base_url"])
    sender = Sender(
        folder=manner.folder,
        slug=manner.slug,
        delivery=DELIVERIES[manner.provider.name],
        base=base.removesuffix("/v1") if manner.provider.name == "anthropic" else base,
        key=key,
        key_variable=variable,
    )
    return BatchJudge(manner, sender)


def create_estimator(
    settings: JudgeSettings, environ: Mapping[str, str]
) -> JudgeBackend:
    """Make the live judge, which is asked for estimates only."""
    del environ
    manner = manner_of(settings)
    return manner.provider.judge(manner.settings, None)


_OWN_OPTIONS = ("folder", "send")
OFFER = JudgeBackendOffer(
    name="batch",
    description="a chat model behind a batch service: OpenAI, Anthropic",
    create=create,
    options=(
        *("folder", "send", "temperature", "max_tokens", "effort"),
        *("base_url", "api_key_env", "price_prompt", "price_completion"),
    ),
    resolve=resolve,
    estimator=create_estimator,
)
