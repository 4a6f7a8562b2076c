"""A session of tests: which of them run, in which tier, and what is recorded.

Without a judge nothing is asked.  With one, every test that needs a judge is run
live, but for those whose ``tier:`` is recorded, and those that a choice of tiers
leaves to the recording.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

import attrs
from attrs import frozen

from rubricdsl.cases.expectations import assess
from rubricdsl.cases.live import LiveResult, LiveRun, LiveTrial
from rubricdsl.cases.outcomes import CaseResult, Tier
from rubricdsl.cases.recording import Asked, RecordedVerdict, Recording
from rubricdsl.cases.running import OfflineRun, judged, run_offline, unbound
from rubricdsl.cases.trials import Trial, Trials
from rubricdsl.diagnostics import FactMissingError
from rubricdsl.model.events import Listener
from rubricdsl.model.execution import JudgeOptions
from rubricdsl.model.rubric import Rubric, TestCase
from rubricdsl.project import Project

Selection = Callable[[Rubric, TestCase], bool]
_NO_NOTICES: tuple[str, ...] = ()


@frozen(eq=False, kw_only=True)
class RubricFile:
    """A file whose rubrics are sound; ``name`` picks one of them, if not empty.

    ``path`` is the file as the user gave it; what comes from standard input, ``-``,
    has no recording.
    """

    path: str
    project: Project
    rubrics: tuple[Rubric, ...]
    name: str = ""

    def picks(self, rubric: Rubric) -> bool:
        """Tell whether the tests of a rubric of this file are to be run."""
        return self.name in {"", rubric.name}

    @property
    def recording(self) -> Recording:
        """The verdicts recorded beside the file."""
        if self.path == "-":
            return Recording()
        return Recording.read(Recording.path_of(self.path))


@attrs.define(eq=False)
class _Entry:
    """A test of the session; ``asked`` is its trial if a judge is to decide it."""

    file: RubricFile
    result: CaseResult
    asked: Trial | None = None


class Session:
    """Tests of rubric files, run once.

    ``selected`` says which tests are run and ``tiers`` in which tiers they may; all
    others are counted as ``deselected``.  With ``judge`` None no judge is asked.
    ``renews`` says that the recordings will be renewed, so that tests of the
    recorded tier ask the judge, too.

    What needs no judge has run when the session is made.  Raises RubricError for a
    recording that cannot be read.
    """

    def __init__(
        self,
        files: Iterable[RubricFile],
        *,
        judge: JudgeOptions | None = None,
        tiers: Collection[Tier] = tuple(Tier),
        selected: Selection = lambda _, __: True,
        renews: bool = False,
    ) -> None:
        self._files = tuple(files)
        self._judge = judge
        self._tiers = frozenset(tiers)
        self._renews = renews
        self._entries: list[_Entry] = []
        self._run: LiveRun | None = None
        self._live: LiveResult | None = None
        self._recordings = {id(file): file.recording for file in self._files}
        self._trials: dict[int, list[Trial]] = {}
        self.deselected = 0
        for file in self._files:
            self._prepare(file, selected)

    def _prepare(self, file: RubricFile, selected: Selection) -> None:
        project = file.project
        trials = self._trials[id(file)] = []
        for rubric in file.rubrics:
            maker = Trials(rubric, project.host.check_functions, project.root)
            for test in rubric.tests:
                trial = maker.of(test)
                if isinstance(trial, Trial):
                    trials.append(trial)
                if not file.picks(rubric):
                    continue
                if not selected(rubric, test):
                    self.deselected += 1
                elif isinstance(trial, Trial):
                    self._enter(file, trial)
                else:
                    result = unbound(rubric, test, trial)
                    self._entries.append(_Entry(file, result))

    def _enter(self, file: RubricFile, trial: Trial) -> None:
        """Run a test offline, and put it down for the judge if that must decide."""
        offline = run_offline(trial, self._recordings[id(file)])
        live = self._goes_live(offline)
        tier = Tier.LIVE if live else offline.result.tier
        renewed = live and self._renews and Tier.RECORDED in self._tiers
        if tier in self._tiers or renewed:
            asked = trial if live else None
            self._entries.append(_Entry(file, offline.result, asked))
        else:
            self.deselected += 1

    def _goes_live(self, offline: OfflineRun) -> bool:
        if self._judge is None or not offline.awaits_judge:
            return False
        if self._renews:
            return True
        return Tier.LIVE in self._tiers and offline.trial.test.tier != Tier.RECORDED

    # ------------------------------------------------------------------ running

    @property
    def awaits_judge(self) -> bool:
        """Whether there is anything to ask a judge."""
        return any(entry.asked is not None for entry in self._entries)

    def cancel(self) -> None:
        """Stop asking; called again, drop what is in flight, too."""
        if self._run is not None:
            self._run.cancel()

    async def ask(self, *, listener: Listener | None = None) -> None:
        """Run all tests that a judge must decide, in one run.

        Raises RubricError if a judge cannot be had; nothing was asked then.
        """
        if self._judge is None or not self.awaits_judge:
            return
        entries = [(e, e.asked) for e in self._entries if e.asked is not None]
        trials = [LiveTrial(trial, entry.file.project) for entry, trial in entries]
        self._run = LiveRun(trials, self._judge, listener=listener)
        self._live = await self._run.run()
        for (entry, trial), cards in zip(entries, self._live.cards, strict=True):
            seconds = max(card.seconds for card in cards.values())
            entry.result = judged(
                trial, Tier.LIVE, cards, assess(trial, cards), seconds=seconds
            )

    # ------------------------------------------------------------------ results

    @property
    def rubrics(self) -> tuple[Rubric, ...]:
        """All rubrics of the session, those without tests, too."""
        return tuple(r for file in self._files for r in file.rubrics if file.picks(r))

    @property
    def results(self) -> tuple[CaseResult, ...]:
        """How the tests came out, in the order of the files."""
        return tuple(entry.result for entry in self._entries)

    @property
    def judge_calls(self) -> int:
        """How many requests were sent to judges."""
        return self._live.judge_calls if self._live else 0

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know of the run."""
        return self._live.notices if self._live else _NO_NOTICES

    def record(self) -> tuple[str, ...]:
        """Renew the recordings; give the paths of those written.

        A file about whose tests no judge gave a verdict keeps its recording as it is.
        Raises RubricError (D111) where one cannot be written.
        """
        written: list[str] = []
        for file in self._files:
            fresh = [
                row
                for entry in self._entries
                if entry.file is file and entry.asked is not None
                for row in _fresh(entry.asked, entry.result)
            ]
            if not fresh or file.path == "-":
                continue
            current = [x for trial in self._trials[id(file)] for x in _asked(trial)]
            path = Recording.path_of(file.path)
            self._recordings[id(file)].renewed(fresh, current).write(path)
            written.append(str(path))
        return tuple(written)


def _asked(trial: Trial) -> Iterable[Asked]:
    """Give all that a test leaves to a judge, needed by an expectation or not."""
    if not trial.test.responses:
        return
    for response in trial.responses.values():
        for criterion in trial.judged():
            try:
                yield Asked.of(trial, response, criterion)
            except FactMissingError:
                continue


def _fresh(trial: Trial, result: CaseResult) -> Sequence[RecordedVerdict]:
    """Give the verdicts that judges gave; what needs decided is worked out again."""
    rows: list[RecordedVerdict] = []
    for name, card in result.cards.items():
        verdicts = {item.path: item.verdict for item in card.criteria}
        for criterion in trial.judged():
            verdict = verdicts[criterion.path]
            if verdict.ruling is None or verdict.provenance.judge == "needs":
                continue
            rows.append(
                RecordedVerdict(
                    asked=Asked.of(trial, trial.responses[name], criterion),
                    judge=verdict.provenance.judge,
                    ruling=verdict.ruling,
                    probability=verdict.probability,
                    evidence=verdict.evidence,
                    reason=verdict.reason,
                )
            )
    return rows
