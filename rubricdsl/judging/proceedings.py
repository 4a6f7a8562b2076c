"""How jobs go from opened to scored; nothing here waits, sends or receives.

A sheet is opened, its criteria are asked as soon as what they need is met, and when
nothing is left to be had it becomes a scorecard.  What needs no judge, the clerk
answers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

import attrs

from rubricdsl.diagnostics import FactMissingError
from rubricdsl.judging.agendas import Agenda
from rubricdsl.judging.batches import Batch, BatchGroups
from rubricdsl.judging.blocks import Block, are_apart, layout_of
from rubricdsl.judging.clerk import Clerk, Surroundings
from rubricdsl.judging.dockets import (
    Account,
    Bundle,
    Docket,
    Inquiry,
    InquiryKey,
    Poll,
    Seen,
    Sheet,
    Waiter,
    inquiry_key,
)
from rubricdsl.judging.intake import Intake, PlacedJobs
from rubricdsl.judging.listening import problem_of
from rubricdsl.judging.outlets import MOST_AHEAD, Tray
from rubricdsl.judging.panels import Seat
from rubricdsl.judging.planning import (
    CheckedCriterion,
    JudgedCriterion,
    PlannedCriterion,
    RubricPlan,
)
from rubricdsl.judging.sheet_scoring import SheetScorer
from rubricdsl.judging.sight import EVERYTHING
from rubricdsl.judging.tallies import Notices, Tally
from rubricdsl.model.events import Listener, VerdictReached
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.ruling import FailureKind
from rubricdsl.model.scorecard import Scorecard, Standing, Status


class Proceedings:
    """The jobs of a run, from the first opened to the last scored."""

    def __init__(
        self,
        intake: Intake,
        tray: Tray,
        plans: Mapping[int, RubricPlan],
        surroundings: Surroundings,
        agenda: Agenda,
    ) -> None:
        self._intake = intake
        self._tray = tray
        self._plans = plans
        self._layouts = {id(plan): layout_of(plan) for plan in plans.values()}
        self._around = surroundings
        self._is_heard = surroundings.listener is not None
        self.clerk = Clerk(surroundings)
        self._agenda = agenda
        self._open: set[Docket] = set()
        # Only questions that do not show the response can come up in two dockets.
        self._shared: dict[InquiryKey, Inquiry] = {}
        # Asked by another process just now; with the one who asked first here.
        self._elsewhere: list[tuple[Inquiry, Waiter]] = []
        self._scoring = SheetScorer(self.clerk, agenda, surroundings.stopwatch)
        # Jobs of open dockets, which may be many more than dockets.
        self._open_jobs = 0
        self.scored = 0
        self.incomplete = 0
        self.tally = Tally()
        self._notices = Notices()

    # --------------------------------------------------------------- the way

    def open_next(self) -> Sequence[Batch] | None:
        """Open the next docket and give what to ask; None if there is no more."""
        jobs = self._intake.take()
        if jobs is None:
            return None
        docket = Docket(self._sheets(jobs))
        self._open.add(docket)
        self._open_jobs += len(jobs)
        return self._advance(docket)

    def settle(self, inquiry: Inquiry, verdict: Verdict) -> Sequence[Batch]:
        """Hand a verdict to all who wait for it, and give what to ask next."""
        inquiry.verdict = verdict
        self._around.memory.keep(inquiry, verdict)
        waiters, inquiry.waiters = inquiry.waiters, []
        batches: list[Batch] = []
        for waiter in waiters:
            waiter.docket.outstanding -= 1
            waiter.sheet.suspect |= inquiry.suspect
            self._deliver(waiter, verdict)
            if waiter.docket.is_answered:
                batches.extend(self._advance(waiter.docket))
        return batches

    def settle_bundle(
        self, bundle: Bundle, verdicts: Sequence[Verdict]
    ) -> Sequence[Batch]:
        """Put down the verdicts on a bundle that is whole, and give what to ask next.

        What `settle` does with each of them, in one go.
        """
        bundle.verdicts = verdicts
        self._around.memory.keep_bundle(bundle, verdicts)
        docket = bundle.docket
        docket.outstanding -= len(verdicts)
        self._fill(bundle.sheet, bundle.block, verdicts)
        return self._advance(docket) if docket.is_answered else ()

    def scorecards(self) -> tuple[Scorecard, ...]:
        """Give all scorecards that were kept, in the order of the jobs.

        Those still under way show what is known; the rest of their verdicts has
        failed with kind ``cancelled``.
        """
        return self._tray.all_with(self._cancelled())

    def hand_on_the_rest(self) -> None:
        """Hand on what was not finished, as `scorecards` would give it.

        Raises RubricError where jobs cannot be read, or scorecards not be taken.
        """
        for place, scorecard in self._cancelled():
            self._tray.put(place, scorecard)

    def _cancelled(self) -> Iterator[tuple[int, Scorecard]]:
        unopened = map(self._sheets, self._intake.rest())
        for sheets in chain((docket.sheets for docket in self._open), unopened):
            standings = self._agenda.standings(sheets)
            for sheet in sheets:
                standing = standings.get(sheet.index)
                yield sheet.index, self._scoring.cancelled(sheet, standing)

    def note(self, notice: str) -> None:
        """Keep a sentence that a person should read, once."""
        self._notices.add(self.clerk.plain(notice))

    @property
    def hidden(self) -> dict[str, dict[str, int]]:
        """Characters that a judge was not shown, by its name and by what it saw."""
        return self._notices.hidden

    @property
    def remarks(self) -> tuple[str, ...]:
        """All sentences that a person should read, in the order of the words."""
        return self._notices.sentences

    # ---------------------------------------------------------------- sheets

    def _sheets(self, jobs: PlacedJobs) -> list[Sheet]:
        started, accounts = self._around.stopwatch(), self._around.accounts
        return [
            Sheet(
                place,
                self._plans[id(job.rubric)],
                job.response,
                started,
                account=accounts.get(place) or Account(),
            )
            for place, job in jobs
        ]

    def _advance(self, docket: Docket) -> list[Batch]:
        groups = BatchGroups()
        bundles: list[Bundle] = []
        if self._agenda.asks_all:
            for sheet in docket.sheets:
                bundles += self._put_whole(docket, sheet)
        while True:
            self._ask_next(docket, groups)
            for sheet, planned in self._agenda.wanted(docket, self):
                self._put(docket, sheet, planned, groups)
            if not docket.undecided:
                break
        if not docket.outstanding:
            self._open.discard(docket)
            self._open_jobs -= len(docket.sheets)
            standings = self._agenda.standings(docket.sheets)
            for sheet in docket.sheets:
                self.close(sheet, standings.get(sheet.index))
        return self._unclaimed(groups, bundles)

    def _ask_next(self, docket: Docket, groups: BatchGroups) -> None:
        """Ask the next judges of cascades in which the one before did not decide."""
        while undecided := docket.take_undecided():
            for waiter in undecided:
                seat = waiter.judged.panel.seats[waiter.place]
                sees = waiter.judged.criterion.sees or EVERYTHING
                seen = self.clerk.seen(waiter.sheet, sees)
                self._inquire(waiter, seat, seen, groups)

    def _unclaimed(
        self, groups: BatchGroups, bundles: Sequence[Bundle] = ()
    ) -> list[Batch]:
        """Give requests for all but what another process is asking just now."""
        if not self._around.memory.is_kept:
            return [*map(Batch.of, bundles), *groups.batches()]
        asked = (inquiry for inquiry, _ in groups.inquiries)
        taken = self._around.memory.claim(asked, bundles)
        if not taken:
            return [*map(Batch.of, bundles), *groups.batches()]
        whole = [bundle for bundle in bundles if taken.isdisjoint(bundle.keys)]
        batches = [Batch.of(bundle) for bundle in whole]
        for bundle in bundles:
            if bundle not in whole:
                for inquiry in bundle:
                    groups.add(inquiry, inquiry.waiters[0])
        elsewhere = [pair for pair in groups.inquiries if pair[0].key in taken]
        self._elsewhere += elsewhere
        without = {inquiry for inquiry, _ in elsewhere}
        return [*batches, *groups.batches(without=without)]

    def look_elsewhere(self) -> Sequence[Batch]:
        """See what other processes have found out, and give what to ask next.

        What they have given up is asked here.
        """
        pending, self._elsewhere = self._elsewhere, []
        known: dict[str, Mapping[tuple[str, str], Verdict]] = {}
        batches: list[Batch] = []
        groups = BatchGroups()
        for inquiry, waiter in pending:
            seen = inquiry.seen.sight.digest
            if seen not in known:
                known[seen] = self._around.memory.known(seen)
            verdict = known[seen].get((inquiry.question.digest, inquiry.seat.identity))
            if verdict is None:
                groups.add(inquiry, waiter)
            else:
                batches.extend(self.settle(inquiry, verdict))
        return [*batches, *self._unclaimed(groups)]

    @property
    def waits_elsewhere(self) -> bool:
        """Whether another process is asking what is wanted here."""
        return bool(self._elsewhere)

    def ready(self, sheet: Sheet) -> Sequence[PlannedCriterion]:
        """Give the criteria that can be asked now and were not asked before."""
        plan = sheet.plan
        if len(sheet.asked) == len(plan.criteria):
            return ()
        if not plan.scorer.prerequisites.bearing:
            paths: Iterable[str] = plan.criteria
        else:
            readiness = plan.scorer.prerequisites.decide(sheet.verdicts)
            for path, verdict in readiness.decided.items():
                self._record(sheet, plan.criteria[path], verdict)
            paths = (criterion.path for criterion in readiness.ready)
        return [plan.criteria[path] for path in paths if path not in sheet.asked]

    def is_free(self, docket: Docket, sheet: Sheet, planned: PlannedCriterion) -> bool:
        """Say whether the verdict can be had without asking a judge.

        Of what was asked, whether another vote of each judge can.
        """
        if isinstance(planned, CheckedCriterion):
            return True
        try:
            seen = self.clerk.seen(sheet, planned.criterion.sees or EVERYTHING)
        except FactMissingError:
            return True
        path = planned.criterion.path
        poll = sheet.polls.get(path)
        panel = planned.panel if poll is None else poll.panel
        for seat in (panel.larger if path in sheet.asked else panel).seats:
            question = self.clerk.question(sheet, planned, seat)
            verdict = self.clerk.unasked(planned, seat, seen, question)
            if verdict is None:
                key = inquiry_key(seat, seen, question)
                inquiry = self._inquiries(docket, seen).get(key)
                verdict = None if inquiry is None else inquiry.verdict
            if verdict is None:
                return False
            if panel.ends_with(verdict):
                return True
        return True

    def _put_whole(self, docket: Docket, sheet: Sheet) -> Sequence[Bundle]:
        """Put all criteria of a sheet at once, where that is as good as one by one.

        So it is where the rubric is laid out in blocks and, of each, either everything
        is known or everything is to be asked in one request that is the sheet's own.
        Nothing is put, and nothing given, where it is not so.
        """
        layout = self._layouts[id(sheet.plan)]
        if layout is None or sheet.asked:
            return ()
        blocks: list[tuple[Block, Seen, Sequence[Verdict] | None]] = []
        for block in layout.blocks:
            try:
                seen = self.clerk.seen(sheet, block.sees)
            except FactMissingError:
                return ()
            verdicts = self.clerk.known(block, seen)
            if verdicts is None and (
                len(docket.sheets) > 1 or not self.clerk.may_be_asked(block, seen)
            ):
                return ()
            blocks.append((block, seen, verdicts))
        if not are_apart((b.seat.manner, seen.sight.digest) for b, seen, _ in blocks):
            return ()
        bundles: list[Bundle] = []
        for block, seen, verdicts in blocks:
            sheet.asked.update(block.paths)
            if verdicts is not None:
                self._fill(sheet, block, verdicts)
            else:
                bundles.append(Bundle(docket, sheet, block, seen))
                docket.outstanding += len(block.criteria)
        docket.bundles += bundles
        for checked in layout.checked:
            sheet.asked.add(checked.criterion.path)
            self._record(sheet, checked, self.clerk.check(sheet, checked))
        return bundles

    def _fill(self, sheet: Sheet, block: Block, verdicts: Sequence[Verdict]) -> None:
        """Put down the first verdicts on all criteria of a block."""
        if self._is_heard:
            for judged, verdict in zip(block.criteria, verdicts, strict=True):
                self._record(sheet, judged, verdict)
            return
        sheet.verdicts.update(zip(block.paths, verdicts, strict=True))
        sheet.revision += len(verdicts)
        self.tally.count_all(verdicts)

    def _put(
        self,
        docket: Docket,
        sheet: Sheet,
        planned: PlannedCriterion,
        groups: BatchGroups,
    ) -> None:
        path = planned.criterion.path
        is_further = path in sheet.asked
        sheet.asked.add(path)
        if isinstance(planned, CheckedCriterion):
            self._record(sheet, planned, self.clerk.check(sheet, planned))
            return
        sees = planned.criterion.sees or EVERYTHING
        try:
            seen = sheet.sights.get(sees) or self.clerk.seen(sheet, sees)
        except FactMissingError as error:
            verdict = self.clerk.failed(
                FailureKind.FACT_MISSING,
                str(error),
                provenance=Provenance(judge=planned.panel.name),
            )
            self._record(sheet, planned, verdict)
            return
        seats = planned.panel.seats
        if len(seats) == 1 and not is_further:
            waiter = Waiter(docket, sheet, planned, None, 0)
            self._inquire(waiter, seats[0], seen, groups)
            return
        poll, places = self._polled(sheet, planned, is_further=is_further)
        for place, seat in places:
            waiter = Waiter(docket, sheet, planned, poll, place)
            self._inquire(waiter, seat, seen, groups)

    @staticmethod
    def _polled(
        sheet: Sheet, planned: JudgedCriterion, *, is_further: bool
    ) -> tuple[Poll, Sequence[tuple[int, Seat]]]:
        """Open a poll, or enlarge it; gives the seats to ask, with their places."""
        path = planned.criterion.path
        poll = sheet.polls.get(path)
        if is_further:
            if poll is None:
                poll = sheet.polls[path] = Poll(planned.panel, [sheet.verdicts[path]])
            return poll, list(poll.enlarge())
        poll = sheet.polls[path] = Poll.of(planned.panel)
        seats = planned.panel.seats[: planned.panel.at_once]
        return poll, list(enumerate(seats))

    def _inquire(
        self, waiter: Waiter, seat: Seat, seen: Seen, groups: BatchGroups
    ) -> None:
        question = self.clerk.question(waiter.sheet, waiter.judged, seat)
        verdict = self.clerk.unasked(waiter.judged, seat, seen, question)
        if verdict is None:
            known = self._inquiries(waiter.docket, seen)
            key = inquiry_key(seat, seen, question)
            inquiry = known.get(key)
            if inquiry is None:
                inquiry = known[key] = Inquiry(question, seat, seen)
                groups.add(inquiry, waiter)
            verdict = inquiry.verdict
            if verdict is None:
                inquiry.waiters.append(waiter)
                waiter.docket.outstanding += 1
                return
            waiter.sheet.suspect |= inquiry.suspect
        self._deliver(waiter, verdict)

    def _inquiries(self, docket: Docket, seen: Seen) -> dict[InquiryKey, Inquiry]:
        return docket.inquiries if "response" in seen.sight.texts else self._shared

    def _deliver(self, waiter: Waiter, verdict: Verdict) -> None:
        poll = waiter.poll
        if poll is not None:
            if not poll.cast(waiter.place, verdict):
                return
            if poll.go_on():
                place = len(poll.ballots) - 1
                docket = waiter.docket
                docket.undecided.append(attrs.evolve(waiter, place=place))
                docket.outstanding += 1
                return
            verdict = poll.decide(waiter.judged)
        self._record(waiter.sheet, waiter.judged, verdict)

    def _record(
        self, sheet: Sheet, planned: PlannedCriterion, verdict: Verdict
    ) -> None:
        path = planned.criterion.path
        earlier = sheet.verdicts.get(path)
        sheet.verdicts[path] = verdict
        sheet.revision += 1
        if earlier is not None:
            self.tally.discount(earlier)
            self._reconsider(sheet)
        self.tally.count(verdict)
        if not self._is_heard:
            return
        event = VerdictReached(
            rubric=sheet.plan.rubric,
            response=sheet.response,
            criterion=planned.criterion,
            verdict=verdict,
        )
        self.tell(lambda listener: listener.verdict_reached(event))

    def _reconsider(self, sheet: Sheet) -> None:
        """Take back what needs decided: a verdict on which it rests has changed."""
        decided = sheet.verdicts.keys() - sheet.asked
        for path in decided:
            self.tally.discount(sheet.verdicts.pop(path))

    # ---------------------------------------------------------------- ending

    def close(self, sheet: Sheet, standing: Standing | None) -> None:
        """Make a scorecard of a sheet of which nothing more will be asked."""
        scorecard = self._scoring.finished(sheet, standing)
        self.scored += 1
        self.incomplete += scorecard.status is Status.INCOMPLETE and any(
            result.verdict.failure is not None for result in scorecard.criteria
        )
        self.tell(lambda listener: listener.scored(scorecard))
        self._tray.put(sheet.index, scorecard)

    # --------------------------------------------------------------- records

    @property
    def opened(self) -> int:
        """How many dockets are under way."""
        return len(self._open)

    @property
    def jobs(self) -> int:
        """How many jobs there are, as far as is known."""
        return self._intake.count

    @property
    def has_room(self) -> bool:
        """Whether what is open, or waits to be handed on, is within bounds."""
        return not self._tray.held or self._open_jobs + self._tray.held < MOST_AHEAD

    @property
    def is_finished(self) -> bool:
        """Whether every job has been opened and scored."""
        return self._intake.is_exhausted and not self._open

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens."""
        return self._is_heard

    def tell(self, say: Callable[[Listener], None]) -> None:
        """Tell the listener something; what it raises becomes a notice."""
        listener = self._around.listener
        if listener is None:
            return
        try:
            say(listener)
        except Exception as error:  # noqa: BLE001 - a listener never ends a run
            self.note(problem_of(listener, error))
