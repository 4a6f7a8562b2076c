"""Refinement as data: pools, pairs, proposals, decisions and what came of a round.

A pool holds the responses by which a rubric is refined.  In each round it is scored,
a pair of responses that are both great is chosen, a proposer says by which edits the
rubric would tell them apart, and the acceptance gate decides which of these enter.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

from attrs import field, frozen

from rubricdsl.model.digest import Plain
from rubricdsl.model.edit import Edit
from rubricdsl.model.judgement import Usage
from rubricdsl.model.protocols import FunctionTable, JudgeSettings
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Rubric
from rubricdsl.model.ruling import Failure
from rubricdsl.model.scorecard import Scorecard

# -------------------------------------------------------------------- pools


@frozen(kw_only=True)
class Candidate:
    """A response of the pool, and what the rubric of this round says of it.

    ``scorecard`` is None where it was not asked for.  ``gold`` is how good it is as
    people said, in units of their own; None where nobody did.
    """

    response: Response
    scorecard: Scorecard | None = None
    gold: float | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The ids of its prompt and of itself."""
        return self.response.prompt_id, self.response.response_id

    @property
    def score(self) -> float | None:
        """The score; None where there is none."""
        return None if self.scorecard is None else self.scorecard.score


@frozen(kw_only=True)
class Preference:
    """Somebody found one response to a prompt better than another, by their ids."""

    prompt_id: str
    better: str
    worse: str
    annotator: str | None = None


@frozen(kw_only=True)
class Pair:
    """Two responses to one prompt to be told apart; ``why`` they were chosen."""

    first: Candidate
    second: Candidate
    why: str

    @property
    def ids(self) -> tuple[str, str]:
        """The ids of the two responses."""
        return self.first.response.response_id, self.second.response.response_id


@frozen(kw_only=True)
class SelectionRequest:
    """Responses to one prompt to choose a pair from.

    ``candidates`` are in the order of the input, each with a score, none twice and
    none that was used before.  ``scored`` are all responses to the prompt that have a
    score, used ones and copies too: to look at, not to choose.  ``seed`` and ``round``
    are all that a draw, or a tie, may depend on besides.
    """

    candidates: tuple[Candidate, ...]
    scored: tuple[Candidate, ...] = ()
    round: int
    seed: int


class PairSelector(Protocol):
    """Chooses the pair that a proposer shall tell apart."""

    def select(self, request: SelectionRequest) -> Pair | None:
        """Give a pair; None where there is none that is worth it."""
        ...


@frozen(kw_only=True)
class PairSelectorOffer:
    """A pair selector that a plugin offers.

    ``create`` gets the options of ``--select NAME?key=value`` and raises
    `rubricdsl.diagnostics.RubricError` for those that make no sense.
    """

    name: str
    description: str
    create: Callable[[Mapping[str, str]], PairSelector]
    options: tuple[str, ...] = ()


# ---------------------------------------------------------------- proposals


class Task(StrEnum):
    """What a proposer is asked to do.

    ``differentiate``: say what tells the two responses apart.  ``decompose``: split
    the criteria in focus, which nearly all responses meet.  ``patch``: close the hole
    by which the second response, an attack, scores too high beside the first.
    """

    DIFFERENTIATE = "differentiate"
    DECOMPOSE = "decompose"
    PATCH = "patch"


@frozen(kw_only=True)
class ProposalRequest:
    """A rubric and two responses to one prompt, put to a proposer.

    ``focus`` are paths of the criteria that matter to the task; empty for all.
    ``shows_weights`` and ``shows_verdicts`` say whether the proposer may see these.
    """

    rubric: Rubric
    bound: BoundRubric
    pair: Pair
    round: int
    seed: int
    task: Task = Task.DIFFERENTIATE
    focus: tuple[str, ...] = ()
    shows_weights: bool = True
    shows_verdicts: bool = True


@frozen
class Unread:
    """A piece of a proposer's answer that is no edit, and why it is none."""

    text: str
    reason: str


@frozen(kw_only=True)
class Proposed:
    """What a proposer came to.

    ``calls`` counts requests sent to models, failed ones too.  ``failure`` is why
    there is nothing, where that is not the proposer's opinion.
    """

    edits: tuple[Edit, ...] = ()
    unread: tuple[Unread, ...] = ()
    calls: int = 0
    usage: Usage = Usage()
    failure: Failure | None = None
    notices: tuple[str, ...] = ()


class Proposer(Protocol):
    """Says by which edits a rubric would tell two responses apart."""

    async def propose(self, request: ProposalRequest) -> Proposed:
        """Give edits; what goes wrong is in what is given, and raises nothing."""
        ...

    async def close(self) -> None:
        """Give back connections and the like; called once, after the last call."""
        ...


@frozen(kw_only=True)
class ProposerOffer:
    """A proposer that a plugin offers; the fields are those of `JudgeBackendOffer`.

    Any chat model is a proposer besides, by its own name.
    """

    name: str
    description: str
    create: Callable[[JudgeSettings, Mapping[str, str]], Proposer]
    options: tuple[str, ...] = ()


@frozen(kw_only=True)
class DraftRequest:
    """A prompt to write a rubric for; ``number`` counts drafts of it, from 0."""

    prompt: str
    prompt_id: str
    seed: int = 0
    number: int = 0


@frozen(kw_only=True)
class Draft:
    """A first rubric; None where there is none.

    ``rubric`` is source text, or an object with ``criteria``, each with ``name``,
    ``text``, and ``weight`` from 1 to 3.
    """

    rubric: Plain
    calls: int = 0
    usage: Usage = Usage()
    failure: Failure | None = None


@runtime_checkable
class DraftingProposer(Protocol):
    """Writes first rubrics; a proposer may do that, too."""

    async def draft(self, request: DraftRequest) -> Draft:
        """Write one; what goes wrong is in what is given, and raises nothing."""
        ...


@frozen(kw_only=True)
class AttackRequest:
    """A rubric to be fooled: what would score high and be no good?"""

    bound: BoundRubric
    response: Response
    round: int
    seed: int


@frozen(kw_only=True)
class Attack:
    """A response that shall score high and be no good; None where there is none."""

    text: str | None
    calls: int = 0
    usage: Usage = Usage()
    failure: Failure | None = None


@runtime_checkable
class Attacker(Protocol):
    """Writes responses that fool a rubric; a proposer may be one, too."""

    async def attack(self, request: AttackRequest) -> Attack:
        """Write one; what goes wrong is in what is given, and raises nothing."""
        ...


# --------------------------------------------------------------- strategies


class Bench(Protocol):
    """Where responses are judged and scored, by whatever rubric."""

    async def score(
        self, rubric: Rubric, responses: Sequence[Response]
    ) -> Sequence[Scorecard]:
        """Give the scorecards, in the order of the responses.

        What was judged before, under whatever rubric, is not judged again.
        """
        ...


@frozen(kw_only=True)
class Occasion:
    """One rubric in one round of its refinement: all that a strategy may look at.

    ``candidates`` is the pool of this round, scored if the strategy needs that;
    ``pair`` the one chosen, None for strategies that choose none.  ``preferences``
    are those among the pool.  ``shows_weights`` and ``shows_verdicts`` as in
    `ProposalRequest`; ``functions`` are what a changed rubric is bound with.
    """

    rubric: Rubric
    bound: BoundRubric
    round: int
    seed: int
    candidates: tuple[Candidate, ...]
    pair: Pair | None = None
    preferences: tuple[Preference, ...] = ()
    proposer: Proposer | None = None
    attacker: Attacker | None = None
    shows_weights: bool = True
    shows_verdicts: bool = True
    functions: FunctionTable = field(factory=dict, hash=False)
    bench: Bench


@frozen(kw_only=True)
class Needs:
    """What a strategy cannot do without."""

    scores: bool = True
    pair: bool = False
    proposer: bool = False
    attacker: bool = False
    gold: bool = False


class RefinementStrategy(Protocol):
    """Says which edits would make a rubric better; it applies none."""

    @property
    def needs(self) -> Needs:
        """What it cannot do without."""
        ...

    async def propose(self, occasion: Occasion) -> Proposed:
        """Give edits, the most important first."""
        ...


@frozen(kw_only=True)
class RefinementStrategyOffer:
    """A refinement strategy that a plugin offers; ``create`` as for selectors.

    ``rounds`` is how many rounds it takes where nobody says.
    """

    name: str
    description: str
    create: Callable[[Mapping[str, str]], RefinementStrategy]
    options: tuple[str, ...] = ()
    rounds: int = 1


# ------------------------------------------------------------ what came of it


@frozen(kw_only=True)
class TailMeasure:
    """How well a rubric ranks held-out responses where they are good.

    ``accuracy`` is the share of pairs that it orders as people did, a tie counting
    one half; None where nobody did.  ``ties`` is the share of pairs that it ties, and
    ``leak`` the share of junk that scores as the best responses do; None where there
    are none.
    """

    pairs: int
    accuracy: float | None
    ties: float | None
    leak: float | None


@frozen(kw_only=True)
class Decision:
    """An edit and whether it entered the rubric; ``why`` is a sentence for people.

    ``before`` and ``after`` are what the gate measured; None where it did not.
    """

    edit: Edit
    accepted: bool
    why: str
    before: TailMeasure | None = None
    after: TailMeasure | None = None


@frozen(kw_only=True)
class RoundRecord:
    """What happened to one rubric in one round.

    ``pair`` are the ids of the two responses compared, ``prompt_id`` that of their
    prompt.  ``verdicts`` are those that judges were asked for in this round,
    ``judge_calls`` the requests that this took.  ``proposer_calls`` and ``usage`` are
    what proposers and attackers took, when they were asked: a round that was gone on
    with tells it again, though it is paid for once.
    """

    number: int
    strategy: str
    prompt_id: str | None = None
    pair: tuple[str, str] | None = None
    decisions: tuple[Decision, ...] = ()
    unread: tuple[Unread, ...] = ()
    verdicts: int = 0
    judge_calls: int = 0
    proposer_calls: int = 0
    usage: Usage = Usage()
    failure: Failure | None = None
    notices: tuple[str, ...] = ()

    @property
    def accepted(self) -> tuple[Edit, ...]:
        """The edits that entered."""
        return tuple(one.edit for one in self.decisions if one.accepted)


class StopKind(StrEnum):
    """Why the refinement of a rubric ended."""

    ROUNDS_DONE = "rounds_done"
    POOL_EXHAUSTED = "pool_exhausted"
    NO_GAIN = "no_gain"
    NOTHING_PROPOSED = "nothing_proposed"
    BUDGET_EXHAUSTED = "budget_exhausted"
    CANCELLED = "cancelled"
    FAILED = "failed"


@frozen
class Stop:
    """Why the refinement of a rubric ended; ``reason`` is a sentence for people."""

    kind: StopKind
    reason: str


@frozen(kw_only=True)
class RefinedRubric:
    """A rubric's way through a refinement, and its source at the end of it.

    ``text`` is the source of just this rubric; it is that of the beginning, byte for
    byte, where nothing was accepted.  ``begin`` is what it said then.
    """

    name: str
    text: str
    rubric: Rubric
    begin: Rubric = field(repr=False)
    rounds: tuple[RoundRecord, ...] = field(repr=False)
    stop: Stop

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All edits that entered, in order."""
        return tuple(edit for one in self.rounds for edit in one.accepted)


@frozen(kw_only=True)
class RoundFinished:
    """A round of the refinement of a rubric has ended."""

    rubric: str
    record: RoundRecord
