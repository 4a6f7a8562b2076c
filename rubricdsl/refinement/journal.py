"""The journal of a refinement: what proposers answered, so that none is asked twice.

Everything else follows from the inputs, the seed and the verdicts, which are in their
store.  So a refinement that was stopped goes on when it is run again with its journal.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TypeVar

from attrs import define, field

from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.diagnostics.strict_json import loads_strict
from rubricdsl.judging.loops import is_being_cancelled
from rubricdsl.language.edit import edit_record, read_edits
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.judgement import Usage
from rubricdsl.model.refinement import (
    Attack,
    Attacker,
    AttackRequest,
    ProposalRequest,
    Proposed,
    Proposer,
    Unread,
)
from rubricdsl.model.ruling import Failure, FailureKind
from rubricdsl.refinement.ledger import Ledger

_AnswerT = TypeVar("_AnswerT")

_NOT_ASKED = Failure(FailureKind.CANCELLED.value, "not asked: it was interrupted")
_DROPPED = Failure(FailureKind.CANCELLED.value, "dropped: it was interrupted")


@define(eq=False)
class Journal:
    """Answers by the digest of what was asked, kept in a file of JSON Lines.

    Every line is written before what it says is used.  A last line that was cut short
    is as if it had never been written.
    """

    path: Path | None
    _answers: dict[str, Plain] = field(factory=dict, init=False)

    @classmethod
    def open(cls, path: Path, *, resume: bool) -> "Journal":
        """Begin a journal, or go on with one.

        Raises RubricError (D4xx) for a file that cannot be read or written.
        """
        journal = cls(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if resume:
                journal._read()
            else:
                path.write_bytes(b"")
        except OSError as error:
            fail(
                "D111",
                f"the journal {path} cannot be used: {error.strerror}",
                hint="see to the folder's permissions, or to the room on the disk",
            )
        return journal

    def _read(self) -> None:
        path = self.path
        if path is None or not path.exists():
            return
        data = path.read_bytes()
        whole, newline, cut = data.rpartition(b"\n")
        for number, line in enumerate(whole.splitlines(), 1):
            record = _record(line)
            if record is None or not {"asked", "answer"} <= record.keys():
                fail(
                    "D102",
                    f"{path}:{number} is no line of a journal",
                    hint="leave out --resume to begin anew",
                )
            self._answers[str(record["asked"])] = record["answer"]
        if cut:
            path.write_bytes(whole + newline)

    def answer(self, asked: str) -> Plain:
        """Give what was answered; None if nothing was."""
        return self._answers.get(asked)

    def write(self, asked: str, answer: Plain) -> None:
        """Keep an answer.

        Raises RubricError (D111) where it cannot be kept: it would have to be paid
        for again.
        """
        self._answers[asked] = answer
        if self.path is None:
            return
        line = json.dumps({"asked": asked, "answer": answer})
        try:
            with self.path.open("ab") as file:
                file.write(line.encode() + b"\n")
        except OSError as error:
            fail(
                "D111",
                f"the journal {self.path} cannot be written: {error.strerror}",
                hint="make room on the disk, and go on with --resume",
            )


@define(eq=False)
class JournalledProposer:
    """A proposer, or attacker, of which every answer is kept, and paid for once.

    ``identity`` names it with all that decides what it answers.  What failed is not
    kept, but asked again.  When the ``ledger`` says that the budget is spent, nothing
    new is asked.
    """

    proposer: Proposer
    attacker: Attacker | None
    journal: Journal
    ledger: Ledger
    identity: str
    _stopped: bool = field(default=False, init=False)
    # How to drop each request that is in flight.
    _in_flight: set[Callable[[], bool]] = field(factory=set, init=False)

    def cancel(self) -> None:
        """Ask nobody any more; called again, drop what is in flight."""
        if self._stopped:
            for drop in self._in_flight:
                drop()
        self._stopped = True

    async def propose(self, request: ProposalRequest) -> Proposed:
        """Give the edits that were proposed, or ask for them."""
        asked = digest(
            self.identity,
            print_rubric(request.rubric),
            [one.response.text for one in (request.pair.first, request.pair.second)],
            list(request.pair.ids),
            request.pair.first.response.prompt_id,
            str(request.task),
            list(request.focus),
            [request.round, request.seed],
            [request.shows_weights, request.shows_verdicts],
        )
        known = self._known(asked, _read_proposed)
        if known is not None:
            return known
        refusal = self._refusal
        if refusal is not None:
            return Proposed(failure=refusal)
        proposed = await self._unless_dropped(self.proposer.propose(request))
        if proposed is None:
            return Proposed(calls=1, failure=_DROPPED)
        self.ledger.add_proposal(proposed.calls, proposed.usage)
        if proposed.failure is None:
            self.journal.write(asked, _proposed_record(proposed))
        return proposed

    async def attack(self, request: AttackRequest) -> Attack:
        """Give the attack that was written, or ask for one."""
        if self.attacker is None:
            return Attack(text=None)
        asked = digest(
            self.identity,
            "attack",
            request.bound.digest,
            request.response.text,
            [request.round, request.seed],
        )
        known = self._known(asked, _read_attack)
        if known is not None:
            return known
        refusal = self._refusal
        if refusal is not None:
            return Attack(text=None, failure=refusal)
        attack = await self._unless_dropped(self.attacker.attack(request))
        if attack is None:
            return Attack(text=None, calls=1, failure=_DROPPED)
        self.ledger.add_proposal(attack.calls, attack.usage)
        if attack.failure is None:
            self.journal.write(asked, _attack_record(attack))
        return attack

    async def close(self) -> None:
        """Close the proposer."""
        await self.proposer.close()

    @property
    def _refusal(self) -> Failure | None:
        """Why nobody is asked any more; None while somebody may be."""
        return _NOT_ASKED if self._stopped else self.ledger.refusal

    async def _unless_dropped(
        self, answer: Coroutine[object, object, _AnswerT]
    ) -> _AnswerT | None:
        """Wait for an answer; None if it is dropped, and paid for all the same."""
        asking = asyncio.ensure_future(answer)
        self._in_flight.add(asking.cancel)
        try:
            return await asking
        except asyncio.CancelledError:
            if is_being_cancelled():
                raise
            self.ledger.add_proposal(1, Usage())
            return None
        finally:
            self._in_flight.discard(asking.cancel)

    def _known(
        self, asked: str, read: Callable[[Mapping[str, Plain]], _AnswerT]
    ) -> _AnswerT | None:
        record = self.journal.answer(asked)
        if not isinstance(record, Mapping):
            return None
        try:
            return read(record)
        except (RubricError, KeyError, TypeError, ValueError):
            # Written by another version: ask again.
            return None


def _record(line: bytes) -> Mapping[str, Plain] | None:
    try:
        record = loads_strict(line.decode())
    except ValueError:
        return None
    return record if isinstance(record, Mapping) else None


def _proposed_record(proposed: Proposed) -> Plain:
    return {
        "edits": [edit_record(edit) for edit in proposed.edits],
        "unread": [[one.text, one.reason] for one in proposed.unread],
        **_spent(proposed.calls, proposed.usage),
        "notices": list(proposed.notices),
    }


def _read_proposed(record: Mapping[str, Plain]) -> Proposed:
    return Proposed(
        edits=read_edits({"edits": record["edits"]}),
        unread=tuple(Unread(*map(str, one)) for one in _rows(record["unread"])),
        calls=_whole(record["calls"]),
        usage=_usage(record),
        notices=tuple(str(one) for one in _row(record["notices"])),
    )


def _attack_record(attack: Attack) -> Plain:
    return {"text": attack.text, **_spent(attack.calls, attack.usage)}


def _read_attack(record: Mapping[str, Plain]) -> Attack:
    text = record["text"]
    return Attack(
        text=None if text is None else str(text),
        calls=_whole(record["calls"]),
        usage=_usage(record),
    )


def _spent(calls: int, usage: Usage) -> dict[str, Plain]:
    return {
        "calls": calls,
        "tokens": [usage.prompt_tokens, usage.completion_tokens],
        "cost": usage.cost,
    }


def _usage(record: Mapping[str, Plain]) -> Usage:
    prompt, completion = map(_whole, _row(record["tokens"]))
    cost = record["cost"]
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost=float(cost) if isinstance(cost, int | float) else None,
    )


def _whole(value: Plain) -> int:
    if isinstance(value, int):
        return value
    raise TypeError


def _row(value: Plain) -> list[Plain]:
    if isinstance(value, list):
        return list(value)
    raise TypeError


def _rows(value: Plain) -> list[list[Plain]]:
    return [_row(one) for one in _row(value)]
