"""Asking again about the border of the best, and stopping when it is decided."""

import random
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product

from attrs import evolve, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.judging.border import Border, Prospects
from rubricdsl.judging.ranking import Outlook, Ranker
from rubricdsl.judging.sequential import Prior, Votes
from rubricdsl.model.execution import Precision
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.rubric import BoundRubric, Criterion, Must, Weight
from rubricdsl.model.ruling import NO, YES
from rubricdsl.model.scorecard import Doubt, Standing
from rubricdsl.scoring.scorecards import Scorer
from rubricdsl.testing.strategies import rubric_of

PROVENANCE = Provenance(judge="test")
Thetas = Mapping[str, float]


def weighted(*weights: float, gate: bool = False) -> BoundRubric:
    items = [
        Criterion(name=f"c{n}", mark=Weight(weight), text="Is so.")
        for n, weight in enumerate(weights)
    ]
    if gate:
        items.append(Criterion(name="gate", mark=Must(), text="Is so."))
    return rubric_of(items)


@frozen
class Contest:
    """Responses whose questions are answered yes with given probabilities."""

    ranker: Ranker
    thetas: Sequence[Thetas]
    draw: random.Random
    votes: list[dict[str, Votes]] = field(factory=list)
    known: dict[tuple[int, int], Prospects] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.votes.extend({} for _ in self.thetas)

    @property
    def calls(self) -> int:
        """Count all votes."""
        return sum(said.asked for votes in self.votes for said in votes.values())

    def verdicts(self, place: int) -> dict[str, Verdict]:
        """Give the verdicts of a majority."""
        return {
            path: Verdict(
                ruling=YES if 2 * said.yes > said.asked else NO, provenance=PROVENANCE
            )
            for path, said in self.votes[place].items()
        }

    def ask(self, place: int, path: str) -> None:
        """Put a question once more."""
        said = self.votes[place].get(path, Votes(0.0, 0))
        yes = self.draw.random() < self.thetas[place][path]
        self.votes[place][path] = evolve(said, yes=said.yes + yes, asked=said.asked + 1)

    def prospects(
        self, border: Border, outlooks: Sequence[Outlook], place: int
    ) -> Prospects:
        """Say what is known of a response."""
        votes = self.votes[place]
        key = place, sum(said.asked for said in votes.values())
        if key not in self.known:
            rest = self.thetas[place].keys() - votes.keys()
            self.known[key] = Prospects(
                border=border,
                verdicts=self.verdicts(place),
                votes=dict(votes),
                unasked=dict.fromkeys(rest, Votes(0.0, 0)),
                askable=frozenset(c.path for c in outlooks[place].askable),
            )
        return self.known[key]

    def play(self, border: Border | None, *, times: int = 1) -> Sequence[Standing]:
        """Ask until nothing is left to ask, each question so often at first."""
        places = range(len(self.thetas))
        while True:
            outlooks = [self.ranker.outlook(self.verdicts(p)) for p in places]

            if wanted := self.ranker.ask(outlooks, lambda _: None):
                for place, criteria in wanted.items():
                    for criterion in criteria:
                        for _ in range(times):
                            self.ask(place, criterion.path)
                continue
            standings = self.ranker.standings(outlooks)
            if border is None:
                return standings
            prospects = partial(self.prospects, border, outlooks)
            again = border.again(outlooks, prospects)
            if not again:
                doubts = border.doubts(outlooks, prospects)
                return [
                    evolve(standing, doubt=doubt)
                    for standing, doubt in zip(standings, doubts, strict=True)
                ]
            for place, path in again.items():
                self.ask(place, path)


def contest(
    rubric: BoundRubric, thetas: Sequence[Thetas], top: int, *, seed: int = 0
) -> Contest:
    draw = random.Random(seed)  # noqa: S311 - no secret
    return Contest(Ranker.of(Scorer.of(rubric), top), thetas, draw)


def doubt_of(standing: Standing) -> Doubt:
    assert standing.doubt is not None
    return standing.doubt


@st.composite
def pools(
    draw: st.DrawFn, chances: st.SearchStrategy[float]
) -> tuple[BoundRubric, list[Thetas], int]:
    """A rubric, how likely each answer is a yes, and how many of the best to find."""
    weights = draw(st.lists(st.sampled_from([-2.0, 1.0, 2.0, 5.0]), max_size=4))
    rubric = weighted(3.0, *weights, gate=draw(st.booleans()))
    paths = [criterion.path for criterion in rubric.criteria()]
    thetas: list[Thetas] = draw(
        st.lists(
            st.fixed_dictionaries(dict.fromkeys(paths, chances)),
            min_size=1,
            max_size=5,
        )
    )
    return rubric, thetas, draw(st.integers(1, 3))


# ------------------------------------------------------------------------ laws


@settings(max_examples=50)
@given(pools(st.sampled_from([0.0, 1.0])))
def test_a_judge_that_never_wavers_is_asked_nothing_again(
    pool: tuple[BoundRubric, list[Thetas], int],
) -> None:
    """It is held for such: equal scores are no reason to ask again, either."""
    rubric, thetas, top = pool
    plain, sure = (contest(rubric, thetas, top) for _ in range(2))
    precision = Precision(within=0.05, most=5, flip_rate=1e-6)
    standings = sure.play(Border.of(sure.ranker, precision))
    assert [evolve(s, doubt=None) for s in standings] == list(plain.play(None))
    assert sure.calls == plain.calls
    assert all(doubt_of(s).border <= 0.05 for s in standings)


@settings(max_examples=50)
@given(
    pools(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0])),
    st.sampled_from([0.02, 0.1]),
    st.integers(1, 5),
)
def test_it_ends_with_no_more_votes_than_there_may_be(
    pool: tuple[BoundRubric, list[Thetas], int], within: float, most: int
) -> None:
    rubric, thetas, top = pool
    played = contest(rubric, thetas, top)
    precision = Precision(within=within, most=most, flip_rate=0.2)
    standings = played.play(Border.of(played.ranker, precision))
    assert all(v.asked <= most for votes in played.votes for v in votes.values())
    ranks = {standing.rank for standing in standings}
    assert ranks.issuperset(range(1, min(top, len(thetas)) + 1))
    inside = [s for s in standings if s.worst <= top]
    if sum(doubt_of(s).border for s in inside) > 0.05 + 1e-9:
        # It stopped though it does not know, since it may ask no more.
        assert any(v.asked == most for votes in played.votes for v in votes.values())


@settings(max_examples=50)
@given(pools(st.sampled_from([0.0, 0.3, 0.8, 1.0])))
def test_where_nothing_is_outside_nothing_is_asked_again(
    pool: tuple[BoundRubric, list[Thetas], int],
) -> None:
    rubric, thetas, _ = pool
    plain, sure = (contest(rubric, thetas, len(thetas)) for _ in range(2))
    standings = sure.play(Border.of(sure.ranker, Precision(within=0.02)))
    plain.play(None)
    assert sure.calls == plain.calls
    assert all(doubt_of(s).border == 0 for s in standings)


# -------------------------------------------------------------------- examples


def test_only_who_stands_at_the_border_is_asked_about_again() -> None:
    rubric = weighted(4.0, 1.0, 1.0, 1.0, 1.0)
    paths = [criterion.path for criterion in rubric.criteria()]
    thetas = [
        dict(zip(paths, map(float, map(int, met)), strict=True))
        for met in ("11111", "11100", "11000", "00000", "00000")
    ]
    played = contest(rubric, thetas, 2)
    precision = Precision(within=0.02, most=9, flip_rate=0.05)
    standings = played.play(Border.of(played.ranker, precision))
    again = [max(said.asked for said in votes.values()) for votes in played.votes]
    assert again[1] > 1
    assert again[2] > 1
    assert again[3] == again[4] == 1
    assert [standing.rank for standing in standings[:2]] == [1, 2]


def test_a_border_that_nothing_decides_says_so() -> None:
    """Two that are torn alike: no number of votes tells which is better."""
    rubric = weighted(1.0, 1.0)
    thetas = [dict.fromkeys(("c0", "c1"), 0.5)] * 2
    played = contest(rubric, thetas, 1)
    precision = Precision(within=0.01, most=4, flip_rate=0.25)
    standings = played.play(Border.of(played.ranker, precision))
    assert max(doubt_of(s).border for s in standings) > 0.05
    assert not any(standing.is_decided for standing in standings)


# ------------------------------------------------------------------ simulation


def test_it_finds_the_best_more_often_than_one_vote_with_fewer_calls_than_many() -> (
    None
):
    """Against one vote, and five votes on everything; flips and draws are stated.

    tests/benchmarks/sequential.py --top shows more.
    """
    rubric = weighted(5.0, 3.0, 2.0, 2.0, 1.0, 1.0)
    paths = [criterion.path for criterion in rubric.criteria()]
    prior = Prior.of_flip_rate(0.12)
    precision = Precision(within=0.05, most=5, flip_rate=0.12)
    meaning = Scorer.of(rubric).meaning
    draw = random.Random(3)  # noqa: S311 - no secret
    right = dict.fromkeys(("one vote", "border", "five votes"), 0)
    calls = dict.fromkeys(right, 0)
    for number in range(80):
        thetas = [
            {path: draw.betavariate(prior.yes, prior.no) for path in paths}
            for _ in range(6)
        ]
        truths = [
            meaning.score({p: YES if t > 0.5 else NO for p, t in theta.items()}) or 0.0
            for theta in thetas
        ]
        best = sum(sorted(truths, reverse=True)[:2])
        for name in right:
            played = contest(rubric, thetas, 2, seed=number)
            border = Border.of(played.ranker, precision) if name == "border" else None
            if name == "five votes":
                for place, path in product(range(len(thetas)), paths):
                    for _ in range(5):
                        played.ask(place, path)
            standings = played.play(border)
            found = [truths[p] for p, s in enumerate(standings) if s.worst <= 2]
            right[name] += sum(found) >= best - 1e-9
            calls[name] += played.calls
    print(right, calls)  # noqa: T201
    assert right["one vote"] < right["border"]
    assert calls["border"] < 0.7 * calls["five votes"]
