"""What actors, the keeper of verdicts and the driver tell each other."""

from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path

from attrs import field, frozen

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.judging.dockets import Account
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.model.events import Progress
from rubricdsl.model.execution import EvaluationResult, JudgeOptions, Limits, Precision
from rubricdsl.model.judgement import Usage, Verdict
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric

KnownVerdicts = Mapping[str, Mapping[tuple[str, str], Verdict]]
"""Verdicts by what is seen, and then by the digests of question and judge."""


class Halt(IntEnum):
    """Whether a run goes on: it stops asking, and then drops what is in flight."""

    NO = 0
    STOP = 1
    DROP = 2


@frozen(kw_only=True)
class WorkOrder:
    """What an actor must know before it gets its first block.

    Files are named from the ``working_folder``, and ``folder`` is the project's.
    ``environ`` are the variables that judges were made with; no repr shows them.  At
    most ``at_once`` blocks are under way in an actor, of ``slots`` in all, and
    ``per_actor`` is how many requests one has in flight, if that was said.
    """

    folder: Path
    working_folder: Path
    environ: Mapping[str, str] = field(repr=False, hash=False)
    rubrics: tuple[BoundRubric, ...] = field(repr=False)
    judges: JudgeOptions
    seed: int
    top: int | None
    precision: Precision | None
    is_bounded: bool
    at_once: int
    slots: int
    per_actor: int | None


@frozen(kw_only=True)
class BlockOfJobs:
    """Jobs that go to an actor together: their rubrics by number, and responses."""

    number: int
    jobs: tuple[tuple[int, Response], ...] = field(repr=False)


@frozen(kw_only=True)
class Begun:
    """What the keeper knows when a block begins.

    ``known`` are verdicts; those of this run, from an actor that was lost, are not
    ``cached``, and ``accounts`` are what they took, by the place of their job.  The
    ``elsewhere`` keys are asked by another process just now.
    """

    known: KnownVerdicts = field(repr=False)
    accounts: Mapping[int, Account] = field(repr=False, hash=False)
    elsewhere: frozenset[VerdictKey] = field(repr=False)
    halt: Halt


@frozen
class Spent:
    """What a request to a judge, by its digest, took; see `VerdictStore.spend`."""

    judge: str
    usage: Usage
    characters: int
    seconds: float | None


@frozen(kw_only=True)
class News:
    """What an actor has to tell of a block, now and then.

    ``verdicts`` are new ones, and ``released`` claims for which there will be none.
    ``accounts`` are of all answers that jobs of the block have had by now, by place,
    where there are new ones.
    """

    block: int
    verdicts: tuple[tuple[VerdictKey, Verdict], ...] = field(default=(), repr=False)
    released: tuple[VerdictKey, ...] = field(default=(), repr=False)
    spent: tuple[Spent, ...] = field(default=(), repr=False)
    accounts: Mapping[int, Account] = field(factory=dict, repr=False, hash=False)
    progress: Progress | None = None


@frozen(kw_only=True)
class Lease:
    """What a block may spend of the budgets of a run, and whether there is no more."""

    limits: Limits
    is_last: bool


@frozen(kw_only=True)
class Overview:
    """How far all actors are together.

    ``lost_calls`` are those of actors that did not live to report them themselves.
    """

    running: tuple[Progress, ...]
    lost_calls: int


@frozen(kw_only=True)
class BlockOutcome:
    """What came of a block: its result, or why the run cannot go on.

    ``actor`` tells the actors apart.
    """

    number: int
    actor: str
    result: EvaluationResult | None
    diagnostics: tuple[Diagnostic, ...] = ()
