"""A bench for the simulated world: its verifier judges, and scoring is the real one."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import attrs
from attrs import define, field, frozen

from rubricdsl.analysis.simulation.verifier import Verifier
from rubricdsl.language.binding import bind
from rubricdsl.model.judgement import Provenance, Question, Verdict
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Rubric
from rubricdsl.model.ruling import NO, YES
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.refinement.pools import Key, key_of
from rubricdsl.refinement.simulated.texts import Wording
from rubricdsl.scoring.scorecards import Scorer

JUDGE = "simulated"


@frozen(eq=False)
class _Known:
    """A rubric ready for scoring: its scorer, and its criteria by path."""

    scorer: Scorer
    numbers: Mapping[str, int]


@define(eq=False)
class SimulatedBench:
    """Scores responses of the world by any rubric of it; judges nothing twice.

    A verdict belongs to a text: the same text is judged in the same way.
    """

    verifier: Verifier
    _wording: Wording = field(init=False)
    _rubrics: dict[Rubric, _Known] = field(factory=dict, init=False)
    _verdicts: dict[Key, dict[int, Verdict]] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Learn the words of the world."""
        self._wording = Wording.of(self.verifier.world)

    async def score(
        self, rubric: Rubric, responses: Sequence[Response]
    ) -> Sequence[Scorecard]:
        """Give the scorecards, in the order of the responses."""
        known = self._known(rubric)
        fresh = self._judge(responses, frozenset(known.numbers.values()))
        cards: list[Scorecard] = []
        for response in responses:
            mine = self._verdicts[key_of(response)]
            verdicts = {path: mine[number] for path, number in known.numbers.items()}
            cards.append(known.scorer.scorecard(response, verdicts))
        for key, number in fresh:
            self._verdicts[key][number] = attrs.evolve(
                self._verdicts[key][number], cached=True
            )
        return cards

    def _known(self, rubric: Rubric) -> _Known:
        found = self._rubrics.get(rubric)
        if found is None:
            bound = bind(rubric, {})
            numbers = {
                one.path: self._wording.number(one.text) for one in bound.criteria()
            }
            asked = {one.path: Question.of(one).digest for one in bound.criteria()}
            scorer = Scorer.of(bound, asked)
            found = self._rubrics[rubric] = _Known(scorer, numbers)
        return found

    def _judge(
        self, responses: Sequence[Response], criteria: frozenset[int]
    ) -> list[tuple[Key, int]]:
        """See that all is judged; give what was not before."""
        wanting = [
            one
            for one in {key_of(response): response for response in responses}.values()
            if not criteria <= self._verdicts.setdefault(key_of(one), {}).keys()
        ]
        missing = sorted(
            {
                number
                for one in wanting
                for number in criteria - self._verdicts[key_of(one)].keys()
            }
        )
        keys = [_key(response) for response in wanting]
        rows = self.verifier.judge(
            [self._wording.shown(one.text) for one in wanting], keys, missing
        )
        fresh: list[tuple[Key, int]] = []
        for response, key, row in zip(wanting, keys, rows, strict=True):
            mine = self._verdicts[key_of(response)]
            origin = Provenance(judge=JUDGE, response=f"{key:016x}")
            for number, is_met in zip(missing, row, strict=True):
                if number in mine:
                    continue
                ruling = YES if is_met else NO
                mine[number] = Verdict(ruling=ruling, provenance=origin)
                fresh.append((key_of(response), number))
        return fresh


def _key(response: Response) -> int:
    """Give a number that the prompt and the text of a response decide."""
    text = f"{response.prompt_id}\x1f{response.text}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
