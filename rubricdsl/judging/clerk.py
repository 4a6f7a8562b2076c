"""What needs no judge: checks, verdicts known before, and responses that say nothing.

And the records that go with every verdict, whoever gives it.
"""

from collections.abc import Callable, Mapping, Sequence

from attrs import field, frozen

from rubricdsl.checks.running import run_check
from rubricdsl.diagnostics import CheckError
from rubricdsl.judging import degenerate
from rubricdsl.judging.acceptance import plain_text
from rubricdsl.judging.blocks import Block
from rubricdsl.judging.dockets import Account, Seen, Sheet
from rubricdsl.judging.memory import Memory
from rubricdsl.judging.panels import Seat
from rubricdsl.judging.planning import CheckedCriterion, JudgedCriterion
from rubricdsl.judging.quotes import QuoteSource
from rubricdsl.judging.redaction import Redactor
from rubricdsl.judging.sight import EVERYTHING, check_names, look
from rubricdsl.model.events import Listener
from rubricdsl.model.judgement import Provenance, Question, Verdict
from rubricdsl.model.protocols import CheckFunction, Clock, Facts
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import LevelScale
from rubricdsl.model.ruling import NO, Failure, FailureKind

FactsOf = Callable[[Response], Facts]


@frozen(kw_only=True)
class Surroundings:
    """All that a run gets from outside beside jobs and judges.

    ``clock`` gives seconds since the epoch, for records; ``stopwatch`` seconds
    since whenever, for durations.  ``accounts`` are those of jobs, by place, on which
    something was spent before.
    """

    functions: Mapping[str, CheckFunction]
    facts: FactsOf
    clock: Clock
    stopwatch: Clock
    redactor: Redactor
    listener: Listener | None
    memory: Memory
    accounts: Mapping[int, Account] = field(factory=dict)


class Clerk:
    """Answers what needs no judge, and makes out records."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings

    @staticmethod
    def question(sheet: Sheet, judged: JudgedCriterion, seat: Seat) -> Question:
        """Give what a seat is asked: by name, where it answers by names."""
        question = judged.question
        if not seat.judge.backend.capabilities.by_name:
            return question
        return _asked_by(
            question,
            (
                sheet.plan.rubric.name,
                judged.criterion.path,
                sheet.response.prompt_id,
                sheet.response.response_id,
            ),
        )

    def unasked(
        self, judged: JudgedCriterion, seat: Seat, seen: Seen, question: Question
    ) -> Verdict | None:
        """Give the verdict that needs no asking, if there is one."""
        judge = seat.judge
        capabilities = judge.backend.capabilities
        if isinstance(question.scale, LevelScale) and not capabilities.levels:
            return self.failed(
                FailureKind.JUDGE_UNSUPPORTED,
                f"the judge {judge.name} gives no levels; name another with --judge "
                "or in the criterion's `judge:`",
                provenance=self.provenance(seat, seen),
            )
        if capabilities.storable:
            known = seen.known.get((question.digest, seat.identity))
            if known is not None:
                return known
        if judged.plainly_no and capabilities.is_model and seen.says_nothing:
            return Verdict(
                ruling=NO,
                reason=degenerate.REASON,
                at=self._around.clock(),
                provenance=Provenance(
                    judge=degenerate.JUDGE_NAME, response=seen.sight.digest
                ),
            )
        return None

    @staticmethod
    def known(block: Block, seen: Seen) -> Sequence[Verdict] | None:
        """Give the verdicts on all of a block, if every one is known before."""
        if not block.seat.judge.backend.capabilities.storable:
            return None
        known = seen.known
        try:
            return [known[key] for key in block.keys]
        except KeyError:
            return None

    @staticmethod
    def may_be_asked(block: Block, seen: Seen) -> bool:
        """Tell whether all of a block can go to its judge in one request.

        Not where something of it is known, or plain, so that others are asked alone;
        nor where what is asked may come up about another response.
        """
        return (
            block.goes_together
            and "response" in seen.sight.texts
            and not (block.may_be_plain and seen.says_nothing)
            and not (
                seen.known
                and block.seat.judge.backend.capabilities.storable
                and any(key in seen.known for key in block.keys)
            )
        )

    def seen(self, sheet: Sheet, sees: tuple[str, ...]) -> Seen:
        """Give what criteria of a sheet see, and what is known of it.

        Raises FactMissingError for what was not recorded with the response.
        """
        seen = sheet.sights.get(sees)
        if seen is None:
            sight = look(sees, sheet.plan.rubric, sheet.response)
            known = self._around.memory.known(sight.digest)
            seen = sheet.sights[sees] = Seen(sight, QuoteSource(sight.texts), known)
        return seen

    def check(self, sheet: Sheet, planned: CheckedCriterion) -> Verdict:
        """Decide a check; whatever goes wrong is a failure of just this one."""
        sight = self.seen(sheet, EVERYTHING).sight
        provenance = Provenance(judge="check", response=sight.digest)
        try:
            ruling = run_check(
                planned.criterion,
                check_names(sheet.plan.rubric, sheet.response),
                self._around.facts(sheet.response),
                self._around.functions,
            )
        except CheckError as error:
            return self.failed(error.kind, str(error), provenance=provenance)
        except Exception as error:  # noqa: BLE001 - plugins raise anything
            reason = f"the check raised {type(error).__name__}: {error}"
            return self.failed(FailureKind.CHECK_FAILED, reason, provenance=provenance)
        return Verdict(ruling=ruling, at=self._around.clock(), provenance=provenance)

    # --------------------------------------------------------------- records

    def provenance(
        self, seat: Seat, seen: Seen, *, model: str | None = None
    ) -> Provenance:
        """Say where verdicts of this seat on what is seen come from."""
        return Provenance(
            judge=seat.judge.name,
            response=seen.sight.digest,
            settings=seat.manner,
            template=seat.judge.backend.template,
            model=self._around.redactor.optional(model),
        )

    def now(self) -> float:
        """Give the time for a record, in seconds since the epoch."""
        return self._around.clock()

    def failed(
        self, kind: FailureKind | str, reason: str, *, provenance: Provenance
    ) -> Verdict:
        """Give a verdict that could not be had."""
        return Verdict(
            failure=self.failure(kind, reason),
            at=self._around.clock(),
            provenance=provenance,
        )

    def failure(self, kind: FailureKind | str, reason: str) -> Failure:
        """Make a failure: the one place where reasons are rid of secrets."""
        return Failure(str(kind), self.plain(reason))

    def plain(self, text: str) -> str:
        """Give a text as results may hold it."""
        return plain_text(text, self._around.redactor)

    def redact(self, text: str) -> str:
        """Give a text without secrets."""
        return self._around.redactor(text)


def _asked_by(question: Question, asker: tuple[str, ...]) -> Question:
    return Question(
        text=question.text,
        scale=question.scale,
        may_abstain=question.may_abstain,
        evidence=question.evidence,
        note=question.note,
        examples=question.examples,
        asker=asker,
    )
