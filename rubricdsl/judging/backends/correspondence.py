"""Requests to one address of a service: what it refuses, and what it must not tell.

What a server refused once (a schema, log-probabilities, a seed) it is not asked for
again, and its key reaches no message.
"""

from collections.abc import Callable, Collection, Mapping

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.refusals import Complaint, refusal
from rubricdsl.judging.backends.transport import Poster, Reply
from rubricdsl.judging.redaction import Redactor

_OK = 200
_NEGOTIABLE = frozenset({400, 422, 501})

Dispensable = Mapping[str, tuple[str, ...]]
"""Parameters that a server may refuse, with what it calls them when it does."""


class Correspondent:
    """Posts to one address, without what was refused there before.

    ``key`` is kept out of all that the server says, and ``key_variable`` is where
    messages say that it is.
    """

    def __init__(
        self,
        poster: Poster,
        *,
        key: str | None,
        key_variable: str,
        dispensable: Dispensable,
    ) -> None:
        self._poster = poster
        self._key_variable = key_variable
        self.redact = Redactor([key] if key else [])
        self._dispensable = dispensable
        self._refused: frozenset[str] = frozenset()

    @property
    def peer(self) -> str:
        """The server's name and port."""
        return self._poster.peer

    async def post(
        self,
        write: Callable[[frozenset[str]], bytes],
        *,
        without: Collection[str] = (),
    ) -> Reply:
        """Post what ``write`` makes, and give a reply with status 200.

        ``write`` gets the parameters to leave out: those that the request goes
        ``without`` anyway, and those that the server has refused.

        Raises:
            JudgeError: when there is no such reply.
        """
        left_out = self._refused.union(without)
        reply = await self._poster.post(write(left_out))
        # Each turn gives up one more parameter, so this ends.
        while reply.status in _NEGOTIABLE:
            refused = self._refused_parameter(reply, left_out)
            if refused is None:
                break
            self._refused |= {refused}
            left_out |= {refused}
            reply = await self._poster.post(write(left_out))
        if reply.status != _OK:
            raise refusal(
                reply,
                peer=self.peer,
                key_variable=self._key_variable,
                redact=self.redact,
            )
        return reply

    def redacted(self, error: JudgeError) -> JudgeError:
        """Keep the key out of an error about what the server said."""
        failure = error.failure
        return JudgeError(
            failure.kind,
            self.redact(failure.reason),
            transient=error.transient,
            retry_after=error.retry_after,
            too_long=error.too_long,
            fitting=error.fitting,
        )

    def open(self) -> None:
        """Load the HTTP client, which takes most of a second, and open a session."""
        self._poster.open()

    async def close(self) -> None:
        """Close the connections."""
        await self._poster.close()

    def _refused_parameter(self, reply: Reply, without: frozenset[str]) -> str | None:
        complaint = Complaint.of(reply)
        if complaint.is_about_context:
            return None
        said = f"{complaint.code} {complaint.message}".casefold()
        for parameter, names in self._dispensable.items():
            if parameter not in without and any(name in said for name in names):
                return parameter
        return None
