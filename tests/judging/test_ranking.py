"""Ranking by bounds finds what a full evaluation finds, and asks no more than it."""

from collections.abc import Mapping, Sequence

import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.formats.tables import ranked
from rubricdsl.judging.ranking import Outlook, Ranker
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import (
    AnswerScale,
    BoundRubric,
    Criterion,
    Group,
    Kind,
    Must,
    NaPolicy,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, YES, Failure, FailureKind, Ruling
from rubricdsl.model.scorecard import Scorecard, Standing
from rubricdsl.scoring.scorecards import Scorer
from rubricdsl.testing.strategies import bound_rubrics, rubric_of, rulings_for

Table = Mapping[str, Verdict]
_PROVENANCE = Provenance(judge="table")
_FAILED = Verdict(
    failure=Failure(FailureKind.JUDGE_REFUSED, "would not"), provenance=_PROVENANCE
)


def said(ruling: Ruling) -> Verdict:
    return Verdict(ruling=ruling, provenance=_PROVENANCE)


@frozen
class Contest:
    """A ranking that is played out against tables of verdicts."""

    ranker: Ranker
    tables: Sequence[Table]
    asked: list[set[str]] = field(factory=list)
    rounds: list[int] = field(factory=list)

    @property
    def questions(self) -> int:
        """Count all that was asked."""
        return sum(map(len, self.asked))

    def play(self, *, together: bool = False) -> Sequence[Standing]:
        """Ask until nothing is left to ask."""
        known: list[dict[str, Verdict]] = [{} for _ in self.tables]
        self.asked.extend(set() for _ in self.tables)
        outlooks = [self.ranker.outlook(verdicts) for verdicts in known]
        while wanted := self.ranker.ask(outlooks, lambda _: together or None):
            self.rounds.append(len(wanted))
            for place, criteria in wanted.items():
                assert criteria
                for criterion in criteria:
                    assert criterion.path not in self.asked[place]
                    self.asked[place].add(criterion.path)
                    verdict = self.tables[place][criterion.path]
                    known[place][criterion.path] = verdict
                outlooks[place] = self.ranker.outlook(known[place])
        return self.ranker.standings(outlooks)


def contest(rubric: BoundRubric, tables: Sequence[Table], top: int) -> Contest:
    return Contest(Ranker.of(Scorer.of(rubric), top), tables)


def in_full(scorer: Scorer, table: Table) -> tuple[set[str], dict[str, Verdict]]:
    """Give what a full evaluation asks of a response, and all its verdicts."""
    verdicts: dict[str, Verdict] = {}
    asked: set[str] = set()
    while True:
        readiness = scorer.prerequisites.decide(verdicts)
        verdicts.update(readiness.decided)
        if not readiness.ready:
            return asked, verdicts
        for criterion in readiness.ready:
            asked.add(criterion.path)
            verdicts[criterion.path] = table[criterion.path]


def scorecards(scorer: Scorer, tables: Sequence[Table]) -> list[Scorecard]:
    return [
        scorer.scorecard(
            Response(text=str(place), prompt_id="p", response_id=str(place)),
            in_full(scorer, table)[1],
        )
        for place, table in enumerate(tables)
    ]


def full_ranking(scorer: Scorer, tables: Sequence[Table]) -> list[int]:
    return [int(card.response_id) for card in ranked(scorecards(scorer, tables))]


@st.composite
def pools(draw: st.DrawFn) -> tuple[BoundRubric, list[dict[str, Verdict]]]:
    """A rubric, and verdicts on a few responses, some of them alike."""
    rubric = draw(bound_rubrics())
    tables = draw(st.lists(rulings_for(rubric), min_size=1, max_size=5))
    if draw(st.booleans()):
        tables += tables[:2]
    return rubric, [
        {path: said(ruling) for path, ruling in table.items()} for table in tables
    ]


@given(pools(), st.integers(1, 6), st.data())
def test_the_best_are_those_of_the_full_evaluation_in_its_order(
    pool: tuple[BoundRubric, list[dict[str, Verdict]]], top: int, data: st.DataObject
) -> None:
    rubric, tables = pool
    played = contest(rubric, tables, top)
    standings = played.play(together=data.draw(st.booleans()))
    scorer = played.ranker.scorer
    expected = full_ranking(scorer, tables)[:top]
    for place, response in enumerate(expected, 1):
        assert (standings[response].best, standings[response].worst) == (place, place)
    for response in set(range(len(tables))).difference(expected):
        assert standings[response].best > top
    for asked, table in zip(played.asked, tables, strict=True):
        assert asked <= in_full(scorer, table)[0]


@given(pools(), st.integers(1, 3), st.data())
def test_where_judges_fail_only_what_is_certain_is_said(
    pool: tuple[BoundRubric, list[dict[str, Verdict]]], top: int, data: st.DataObject
) -> None:
    rubric, tables = pool
    paths = sorted(tables[0])
    cells = st.tuples(st.integers(0, len(tables) - 1), st.sampled_from(paths))
    failing = data.draw(st.sets(cells, min_size=1, max_size=4))
    failed = [
        {
            path: _FAILED if (place, path) in failing else verdict
            for path, verdict in table.items()
        }
        for place, table in enumerate(tables)
    ]
    standings = contest(rubric, failed, top).play()
    truth = full_ranking(Scorer.of(rubric), tables)
    for response, standing in enumerate(standings):
        assert standing.best <= truth.index(response) + 1 <= standing.worst


def weighted(*weights: float) -> list[Criterion | Group]:
    return [
        Criterion(name=f"c{number}", mark=Weight(weight), text="Is so.")
        for number, weight in enumerate(weights, 1)
    ]


def table(rubric: BoundRubric, met: str) -> dict[str, Verdict]:
    rulings = {"y": YES, "n": NO, "-": NA}
    return {
        criterion.path: said(rulings[letter])
        for criterion, letter in zip(rubric.criteria(), met, strict=True)
    }


def test_equal_scores_keep_the_order_of_the_input() -> None:
    rubric = rubric_of(weighted(1.0, 1.0))
    tables = [table(rubric, met) for met in ("nn", "ny", "yn", "nn")]
    standings = contest(rubric, tables, 2).play()
    assert [(s.best, s.worst) for s in standings[1:3]] == [(1, 1), (2, 2)]


def test_a_response_that_cannot_catch_up_is_asked_nothing_more() -> None:
    rubric = rubric_of(weighted(6.0, 1.0, 1.0))
    tables = [table(rubric, met) for met in ("yyy", "nyy")]
    played = contest(rubric, tables, 1)
    played.play()
    assert played.asked == [{"c1"}, {"c1"}]
    assert played.rounds == [2]


def test_a_gate_is_asked_first_and_ends_the_matter() -> None:
    items = [*weighted(3.0, 2.0), Criterion(name="gate", mark=Must(), text="Is so.")]
    rubric = rubric_of(items)
    tables = [table(rubric, met) for met in ("yyn", "yyn", "yyy")]
    played = contest(rubric, tables, 1)
    played.play()
    assert played.asked[0] == played.asked[1] == {"gate"}


def test_what_has_no_score_comes_last() -> None:
    rubric = rubric_of(
        [Criterion(name="c", mark=Weight(1.0), text="Is so.", na=NaPolicy.SKIP)]
    )
    tables = [table(rubric, met) for met in ("-", "n", "-")]
    standings = contest(rubric, tables, 3).play()
    assert [standing.best for standing in standings] == [2, 1, 3]


def test_a_failure_leaves_open_what_it_could_have_changed_and_no_more() -> None:
    rubric = rubric_of(weighted(2.0, 1.0))
    tables = [table(rubric, met) for met in ("yn", "yy", "nn")]
    tables[0] = {**tables[0], "c2": _FAILED}
    standings = contest(rubric, tables, 2).play()
    assert [(s.best, s.worst) for s in standings] == [(1, 2), (1, 2), (3, 3)]


def test_nothing_is_asked_that_a_failure_keeps_from_helping() -> None:
    rubric = rubric_of(weighted(8.0, 1.0, 1.0))
    tables = [table(rubric, met) for met in ("yyy", "yyn")]
    tables[0] = {**tables[0], "c1": _FAILED}
    played = contest(rubric, tables, 1)
    played.play()
    assert played.asked[0] == {"c1", "c2", "c3"}
    assert "c1" in played.asked[1]


def test_what_one_request_can_hold_is_asked_in_large_steps() -> None:
    rubric = rubric_of(weighted(*[1.0] * 8))
    tables = [table(rubric, "y" * 8), table(rubric, "y" * 7 + "n")]
    alone, together = contest(rubric, tables, 1), contest(rubric, tables, 1)
    alone.play()
    together.play(together=True)
    assert alone.questions <= together.questions <= 16
    assert len(together.rounds) < len(alone.rounds) / 2


def test_an_outlook_names_the_most_influential_first() -> None:
    rubric = rubric_of(weighted(1.0, 3.0, 2.0))
    outlook: Outlook = Ranker.of(Scorer.of(rubric), 1).outlook({})
    assert [criterion.name for criterion in outlook.askable] == ["c2", "c3", "c1"]


@pytest.mark.parametrize("kind", [Kind.GEOMEAN, Kind.MEAN])
def test_near_equals_are_told_apart_as_the_full_evaluation_does(kind: Kind) -> None:
    """Bounds that are off by a rounding error must not decide an order."""
    scale = AnswerScale(("yes", "partly", "no"))
    parts = tuple(
        Criterion(
            name=f"p{n}", mark=Weight(w), text="Is so.", scale=scale, na=NaPolicy.SKIP
        )
        for n, w in enumerate((0.1, 0.2, 0.3, 0.7))
    )
    rubric = rubric_of([Group(name="g", mark=Weight(1.0), kind=kind, items=parts)])
    partly = said(Ruling.from_record("partly"))
    skipped = said(NA)
    tables = [
        {f"g.p{n}": partly if n in kept else skipped for n in range(4)}
        for kept in ((0, 1, 2), (3,), (0, 3), (1, 2), (0, 1, 2, 3), (2, 3))
    ]
    played = contest(rubric, tables, 3)
    standings = played.play()
    expected = full_ranking(played.ranker.scorer, tables)
    assert [standings[response].best for response in expected[:3]] == [1, 2, 3]
