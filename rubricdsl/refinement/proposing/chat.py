"""The proposer that every chat model is: it proposes, and it attacks."""

from rubricdsl.model.refinement import Attack, AttackRequest, ProposalRequest, Proposed
from rubricdsl.refinement.proposing.answers import read_value
from rubricdsl.refinement.proposing.carrying import Carrier
from rubricdsl.refinement.proposing.conversing import NotReadError, converse, seed_of
from rubricdsl.refinement.proposing.forms import edits_form, record_form
from rubricdsl.refinement.proposing.prompting import ProposalWriter
from rubricdsl.refinement.proposing.replies import read_answer

MOST_ATTACK = 50_000
"""The most characters of an attack."""


class ChatProposer:
    """Asks a chat model what tells two responses apart, and how to fool a rubric."""

    def __init__(self, carrier: Carrier, *, writer: ProposalWriter) -> None:
        self.carrier = carrier
        self.writer = writer

    async def propose(self, request: ProposalRequest) -> Proposed:
        """Ask for edits; what goes wrong is in what is given."""
        asked = self.writer.write(request)
        heard = await converse(
            self.carrier,
            asked.messages,
            schema=edits_form(),
            seed=seed_of(
                request.task,
                request.seed,
                request.round,
                request.rubric.name,
                *request.pair.ids,
            ),
            read=lambda answer: read_answer(answer, request, asked.responses),
        )
        read = heard.value
        return Proposed(
            edits=read.edits if read else (),
            unread=read.unread if read else heard.unread,
            calls=heard.calls,
            usage=heard.usage,
            failure=heard.failure,
            notices=read.notices if read else (),
        )

    async def attack(self, request: AttackRequest) -> Attack:
        """Ask for a response that scores high and is no good."""
        asked = self.writer.write_attack(request)
        heard = await converse(
            self.carrier,
            asked.messages,
            schema=record_form({"response": {"type": "string"}}),
            seed=seed_of(
                "attack",
                request.seed,
                request.round,
                request.bound.name,
                request.response.response_id,
            ),
            read=lambda answer: _attack(answer, request.response.text),
        )
        return Attack(
            text=heard.value,
            calls=heard.calls,
            usage=heard.usage,
            failure=heard.failure,
        )

    async def close(self) -> None:
        """Close the model."""
        await self.carrier.close()


def _attack(answer: str, shown: str) -> str:
    value = read_value(answer, ("response",), shown=(shown,))
    text = value.get("response") if isinstance(value, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise NotReadError("`response` is not a text, or an empty one.")
    if len(text) > MOST_ATTACK:
        raise NotReadError(f"The response has over {MOST_ATTACK:,} characters.")
    return text
