"""Scorecards: what is known of one response's score, criterion by criterion.

A missing verdict never becomes a number: one that counts makes the row incomplete,
and its bounds and coverage say what is known.  Criteria count unless they, or a
group around them, are marked info.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import overload

from attrs import field, frozen

from rubricdsl.model.judgement import Usage, Verdict
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import (
    Bonus,
    BoundRubric,
    Weight,
    mark_name,
)
from rubricdsl.model.ruling import Ruling
from rubricdsl.model.scorecard import (
    CriterionResult,
    Gate,
    GroupResult,
    Scorecard,
    Status,
)
from rubricdsl.scoring.bounds import Bounds, Prospect, firing
from rubricdsl.scoring.expected import Expectation
from rubricdsl.scoring.leaves import Worth, met
from rubricdsl.scoring.meaning import (
    Branch,
    GatePart,
    Leaf,
    Meaning,
    MissingVerdictError,
)
from rubricdsl.scoring.needs import Prerequisites
from rubricdsl.scoring.shares import Shares

_NO_USAGE = Usage()
_NO_QUESTIONS: Mapping[str, str] = MappingProxyType({})


@frozen(eq=False)
class _Row:
    """What every scorecard of a rubric says of a node."""

    number: int
    name: str
    path: str
    mark: str
    weight: float | None
    share: float | None
    question: str = ""


class _Results(Sequence[CriterionResult]):
    """The results of a response, made when somebody looks at them.

    Of most responses to most rubrics only the score is ever looked at, and to make
    all results takes longer than to work it out.  They equal the tuple of the same
    results, are hashed and sent as it, and hold no fields of their own.
    """

    __slots__ = ("_made", "_rows", "_values", "_verdicts")

    def __init__(
        self,
        rows: tuple[_Row, ...],
        verdicts: tuple[Verdict, ...],
        values: Sequence[Worth],
    ) -> None:
        self._rows = rows
        self._verdicts = verdicts
        self._values = values
        self._made: tuple[CriterionResult, ...] | None = None

    def _tuple(self) -> tuple[CriterionResult, ...]:
        if self._made is None:
            self._made = tuple(
                [
                    CriterionResult(
                        name=row.name,
                        path=row.path,
                        mark=row.mark,
                        verdict=verdict,
                        value=(
                            None if verdict.ruling is None else self._values[row.number]
                        ),
                        weight=row.weight,
                        share=row.share,
                        question=row.question,
                    )
                    for row, verdict in zip(self._rows, self._verdicts, strict=True)
                ]
            )
        return self._made

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> CriterionResult: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[CriterionResult]: ...
    def __getitem__(
        self, place: int | slice
    ) -> CriterionResult | Sequence[CriterionResult]:
        return self._tuple()[place]

    def __iter__(self) -> Iterator[CriterionResult]:
        return iter(self._tuple())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Results | tuple):
            return self._tuple() == tuple(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._tuple())

    def __repr__(self) -> str:
        return repr(self._tuple())

    def __reduce__(self) -> tuple[type[tuple[object, ...]], tuple[object, ...]]:
        # Rows of a rubric are not sent along with each of its scorecards.
        return tuple, (self._tuple(),)


@frozen(eq=False)
class Scorer:
    """Makes the scorecards of one rubric."""

    rubric: BoundRubric
    meaning: Meaning
    bounds: Bounds
    prerequisites: Prerequisites
    shares: Shares
    expectation: Expectation
    _criteria: tuple[_Row, ...]
    _groups: tuple[_Row, ...]
    _gates: tuple[tuple[GatePart, Gate], ...]
    _counting: frozenset[str]
    _paths: tuple[str, ...] = field(init=False)

    @_paths.default
    def _paths_of_criteria(self) -> tuple[str, ...]:
        return tuple(row.path for row in self._criteria)

    @classmethod
    def of(
        cls, rubric: BoundRubric, questions: Mapping[str, str] = _NO_QUESTIONS
    ) -> "Scorer":
        """Work out what does not depend on verdicts; raises as `Meaning.of`.

        ``questions`` are the digests of what is asked, by path.
        """
        meaning = Meaning.of(rubric)
        shares = Shares.of(meaning)
        rows = [
            _row(number, meaning, shares, questions)
            for number in range(1, len(meaning.nodes))
        ]
        nodes = meaning.nodes
        return cls(
            rubric,
            meaning,
            Bounds(meaning),
            Prerequisites.of(meaning),
            shares,
            Expectation(meaning),
            tuple(row for row in rows if isinstance(nodes[row.number], Leaf)),
            tuple(row for row in rows if isinstance(nodes[row.number], Branch)),
            _gates(meaning),
            frozenset(leaf.path for leaf in meaning.bearing()),
        )

    def scorecard(  # noqa: PLR0913 - what a row reports beside its score
        self,
        response: Response,
        verdicts: Mapping[str, Verdict],
        *,
        judge_calls: int = 0,
        usage: Usage = _NO_USAGE,
        seconds: float = 0.0,
        suspect: bool = False,
    ) -> Scorecard:
        """Score a response.

        ``verdicts`` are by path, one for each criterion, rulings and failures
        alike; those that needs decide may be left out.  ``suspect`` says that they
        are not to be believed: then there is no score.  Raises MissingVerdictError,
        and IllegalRulingError for a ruling that its criterion does not allow.
        """
        if self.prerequisites.bearing:
            verdicts = self.prerequisites.settle(verdicts).verdicts
        try:
            given = [verdicts[path] for path in self._paths]
        except KeyError as error:
            raise MissingVerdictError(error.args[0]) from None
        rulings = {
            path: ruling
            for path, verdict in zip(self._paths, given, strict=True)
            if (ruling := verdict.ruling) is not None
        }
        known = self._known(rulings)
        values = known.values
        score = values[0]
        status = Status.SUSPECT if suspect else known.status
        passing = self.rubric.passing
        expected = (
            self.expectation.score(verdicts) if status is Status.COMPLETE else None
        )
        return Scorecard(
            rubric=self.rubric.name,
            rubric_version=self.rubric.version,
            rubric_digest=self.rubric.digest,
            prompt_id=response.prompt_id,
            response_id=response.response_id,
            score=score if status is Status.COMPLETE else None,
            points=known.points if status is Status.COMPLETE else None,
            passed=(
                met(score, passing)
                if status is Status.COMPLETE and passing is not None
                else None
            ),
            status=status,
            coverage=known.coverage,
            interval=known.interval,
            expected=None if expected is None else expected.score,
            gates=known.gates,
            criteria=_Results(self._criteria, tuple(given), values),
            groups=tuple(
                [
                    GroupResult(
                        name=row.name,
                        path=row.path,
                        mark=row.mark,
                        value=values[row.number],
                        weight=row.weight,
                    )
                    for row in self._groups
                ]
            ),
            judge_calls=judge_calls,
            usage=usage,
            seconds=seconds,
        )

    def _known(self, rulings: Mapping[str, Ruling]) -> "_Known":
        if len(rulings) == len(self._criteria):
            values = self.meaning.values(rulings)
            gates = tuple(result for gate, result in self._gates if gate.fires(values))
            return self._complete(values, gates)
        ranges = self.bounds.ranges(rulings)
        values = [reach.value for reach in ranges]
        gates = tuple(
            result
            for gate, result in self._gates
            if firing(gate, ranges[gate.number]) is Prospect.MET
        )
        if self._counting <= rulings.keys():
            return self._complete(values, gates)
        coverage = self.shares.coverage(rulings.keys())
        return _Known(
            values, gates, Status.INCOMPLETE, None, coverage, ranges[0].interval
        )

    def _complete(self, values: Sequence[Worth], gates: tuple[Gate, ...]) -> "_Known":
        score = values[0]
        if score is None:
            return _Known(values, gates, Status.UNDEFINED, None, 1.0, None)
        points = self.meaning.points(values)
        return _Known(values, gates, Status.COMPLETE, points, 1.0, (score, score))


@frozen(eq=False)
class _Known:
    """What the rulings say of one response; ``values`` are by number."""

    values: Sequence[Worth]
    gates: tuple[Gate, ...]
    status: Status
    points: float | None
    coverage: float
    interval: tuple[float, float] | None


def _row(
    number: int, meaning: Meaning, shares: Shares, questions: Mapping[str, str]
) -> _Row:
    node = meaning.structure.places[number].node
    weight = node.mark.value if isinstance(node.mark, Weight | Bonus) else None
    return _Row(
        number,
        node.name,
        node.path,
        mark_name(node.mark),
        weight,
        None if weight is None else shares.shares[number],
        questions.get(node.path, ""),
    )


def _gates(meaning: Meaning) -> tuple[tuple[GatePart, Gate], ...]:
    """Give all gates of a rubric, each as it is reported when it fires."""
    nodes = {place.number: place.node for place in meaning.structure.places}
    parts = [gate for s in meaning.nodes if isinstance(s, Branch) for gate in s.gates]
    return tuple(
        (
            part,
            Gate(
                name=nodes[part.number].name,
                path=nodes[part.number].path,
                mark=mark_name(nodes[part.number].mark),
                cap=part.cap,
            ),
        )
        for part in sorted(parts, key=lambda part: part.number)
    )


def make_scorecard(  # noqa: PLR0913 - what a row reports beside its score
    rubric: BoundRubric,
    response: Response,
    verdicts: Mapping[str, Verdict],
    *,
    questions: Mapping[str, str] = _NO_QUESTIONS,
    judge_calls: int = 0,
    usage: Usage = _NO_USAGE,
    seconds: float = 0.0,
) -> Scorecard:
    """Score one response; see `Scorer.of` and `Scorer.scorecard`.

    For many responses to one rubric, keep a `Scorer`.
    """
    return Scorer.of(rubric, questions).scorecard(
        response, verdicts, judge_calls=judge_calls, usage=usage, seconds=seconds
    )
