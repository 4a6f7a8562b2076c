"""Results beside gold: each verdict and score with what people say of it.

Results are read row by row, and only what gold speaks of is kept.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, TypeAlias, TypeVar

from attrs import define, field, frozen

from rubricdsl.diagnostics import Diagnostic, fail
from rubricdsl.formats.gold import Gold
from rubricdsl.formats.results import result_rows, scorecard_row
from rubricdsl.formats.rows import Row, RowProblem, sound
from rubricdsl.model.digest import Plain
from rubricdsl.model.ruling import Ruling
from rubricdsl.model.scorecard import CriterionResult, Scorecard

if TYPE_CHECKING:
    from rubricdsl.analysis.agreement.cells import LabelledCell, RatedResponse

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
Key: TypeAlias = tuple[str, str]
"""The ids of a prompt and of a response to it."""

NAMELESS = "gold"
"""What annotators without a name are called; a second one on a cell is ``gold 2``."""


@frozen(kw_only=True)
class Leftover:
    """What gold says and nothing could be made of.

    ``verdicts`` are labels on what the results lack, ``ambiguous`` those that name a
    criterion as several of its rubric are named; ``scores`` and ``preferences`` are
    those of responses that the results lack.
    """

    verdicts: int
    ambiguous: int
    scores: int
    preferences: int


@frozen(kw_only=True)
class LabelledResults:
    """Results and gold, as far as both speak of the same.

    ``scorecards`` are those with a labelled verdict.
    """

    run: Mapping[str, Plain]
    cells: tuple["LabelledCell", ...] = field(repr=False)
    responses: tuple["RatedResponse", ...] = field(repr=False)
    preferences: tuple[tuple[Key, Key], ...] = field(repr=False)
    scorecards: tuple[Scorecard, ...] = field(repr=False)
    leftover: Leftover


def read_labelled_results(
    path: str, gold: Gold, *, stdin: IO[bytes] | None = None
) -> LabelledResults:
    """Read a results file beside gold; ``-`` is ``stdin``, or standard input.

    It needs numpy.  Raises RubricError as `read_results`; D105 for a response that
    comes twice under one rubric, or under two where gold speaks of scores, and D103
    where one annotator says two things of the same.
    """
    run, rows = result_rows(path, stdin=stdin)
    matching = _Matching.of(gold)
    sound(_problem(row, matching) for row in rows)
    return matching.results(run)


def labelled_results(scorecards: Iterable[Scorecard], gold: Gold) -> LabelledResults:
    """Hold scorecards that are in memory beside gold.

    It needs numpy.  Raises RubricError (D103, D105) as `read_labelled_results`.
    """
    matching = _Matching.of(gold)
    for scorecard in scorecards:
        problem = matching.add(scorecard)
        if problem is not None:
            fail("D105", problem, hint="analyse one run, and one rubric, at a time")
    return matching.results({})


def _problem(row: Row | RowProblem, matching: "_Matching") -> RowProblem | None:
    card = scorecard_row(row)
    if isinstance(row, RowProblem) or isinstance(card, RowProblem):
        return card if isinstance(card, RowProblem) else None
    problem = matching.add(card)
    if problem is None:
        return None
    hint = "analyse one run, and one rubric, at a time"
    return RowProblem(Diagnostic("D105", problem, row.span, hint))


@define(eq=False)
class _Matching:
    """Gold, and what the results have of it so far."""

    _labels: Mapping[Key, Mapping[str, Mapping[str, Ruling]]]
    _ratings: Mapping[Key, Mapping[str, float]]
    _preferences: tuple[tuple[Key, Key], ...]
    _rated: frozenset[Key]
    _seen: set[tuple[str, Key]] = field(factory=set)
    _cells: list["LabelledCell"] = field(factory=list)
    _responses: "dict[Key, RatedResponse]" = field(factory=dict)
    _scorecards: list[Scorecard] = field(factory=list)
    _found: set[tuple[Key, str]] = field(factory=set)
    _ambiguous: set[tuple[Key, str]] = field(factory=set)

    @classmethod
    def of(cls, gold: Gold) -> "_Matching":
        cells = _by_annotator(
            (
                ((row.prompt_id, row.response_id), row.criterion),
                row.annotator,
                row.ruling,
            )
            for row in gold.verdicts
        )
        labels: dict[Key, dict[str, Mapping[str, Ruling]]] = {}
        for (key, criterion), said in cells.items():
            labels.setdefault(key, {})[criterion] = said
        ratings = _by_annotator(
            ((row.prompt_id, row.response_id), row.annotator, row.gold)
            for row in gold.scores
        )
        preferences = tuple(
            ((row.prompt_id, row.better), (row.prompt_id, row.worse))
            for row in gold.preferences
        )
        rated = {key for pair in preferences for key in pair} | ratings.keys()
        return cls(labels, ratings, preferences, frozenset(rated))

    def add(self, card: Scorecard) -> str | None:
        """Take a scorecard; give what is wrong with it, if anything is."""
        key = card.prompt_id, card.response_id
        if (card.rubric, key) in self._seen:
            return f"the response {key[1]!r} to {key[0]!r} comes a second time"
        self._seen.add((card.rubric, key))
        if key in self._rated:
            if key in self._responses:
                return f"the response {key[1]!r} to {key[0]!r} has a second score"
            self._add_response(key, card)
        if key in self._labels:
            self._scorecards.append(card)
            self._add_cells(key, card)
        return None

    def _add_response(self, key: Key, card: Scorecard) -> None:
        from rubricdsl.analysis.agreement.cells import RatedResponse

        self._responses[key] = RatedResponse(
            prompt_id=key[0],
            response_id=key[1],
            score=card.score,
            ratings=self._ratings.get(key, {}),
        )

    def _add_cells(self, key: Key, card: Scorecard) -> None:
        from rubricdsl.analysis.agreement.cells import LabelledCell

        merged: dict[str, dict[str, Ruling]] = {}
        results = {result.path: result for result in card.criteria}
        for criterion, said in self._labels[key].items():
            named = list(_named(criterion, card, results))
            if len(named) == 1:
                self._found.add((key, criterion))
                merged.setdefault(named[0].path, {}).update(said)
            elif named:
                self._ambiguous.add((key, criterion))
        for path, labels in merged.items():
            verdict = results[path].verdict
            self._cells.append(
                LabelledCell(
                    rubric=card.rubric,
                    path=path,
                    prompt_id=key[0],
                    response_id=key[1],
                    ruling=verdict.ruling,
                    probability=verdict.probability,
                    labels=labels,
                )
            )

    def results(self, run: Mapping[str, Plain]) -> LabelledResults:
        """Give all that was found."""
        known = [
            pair
            for pair in self._preferences
            if all(key in self._responses for key in pair)
        ]
        every = {
            (key, name): len(said)
            for key, named in self._labels.items()
            for name, said in named.items()
        }
        ambiguous = self._ambiguous - self._found
        missing = every.keys() - self._found - ambiguous
        return LabelledResults(
            run=run,
            cells=tuple(self._cells),
            responses=tuple(self._responses.values()),
            preferences=tuple(known),
            scorecards=tuple(self._scorecards),
            leftover=Leftover(
                verdicts=sum(every[one] for one in missing),
                ambiguous=sum(every[one] for one in ambiguous),
                scores=sum(
                    len(said)
                    for key, said in self._ratings.items()
                    if key not in self._responses
                ),
                preferences=len(self._preferences) - len(known),
            ),
        )


def _named(
    criterion: str, card: Scorecard, results: Mapping[str, CriterionResult]
) -> Iterator[CriterionResult]:
    """Give the criterion of that path, or else all of that name."""
    if criterion in results:
        yield results[criterion]
        return
    yield from (result for result in card.criteria if result.name == criterion)


def _by_annotator(rows: Iterable[tuple[K, str | None, T]]) -> dict[K, dict[str, T]]:
    """Gather what is said of each thing, by annotator."""
    found: dict[K, dict[str, T]] = {}
    for key, annotator, said in rows:
        known = found.setdefault(key, {})
        if annotator is None:
            nameless = sum(name.startswith(NAMELESS) for name in known)
            known[f"{NAMELESS} {nameless + 1}" if nameless else NAMELESS] = said
            continue
        if known.get(annotator, said) != said:
            fail(
                "D103",
                f"{annotator!r} says both {known[annotator]} and {said} of {key}",
                hint="leave one row for each annotator of one response or criterion",
            )
        known[annotator] = said
    return found
