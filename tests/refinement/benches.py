"""A bench that needs no judge: a criterion holds where the response has its keyword.

A criterion's keyword is the last word of its text: `Mentions alpha.`
"""

import re
from collections.abc import Sequence
from pathlib import Path

from attrs import define, field

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.language.binding import bind
from rubricdsl.language.loading import load_text
from rubricdsl.model.judgement import Provenance, Question, Verdict
from rubricdsl.model.refinement import ProposalRequest, Proposed
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Rubric
from rubricdsl.model.ruling import Failure, Ruling
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.refinement.manuscripts import Manuscript
from rubricdsl.scoring.scorecards import Scorer

FUNCTIONS = {f.signature.name: f.signature for f in builtin_functions()}


def manuscript(text: str) -> Manuscript:
    (rubric,) = load_text(text, FUNCTIONS, folder=Path()).checked()
    return Manuscript.of(text, rubric, functions=FUNCTIONS, folder=Path())


def response(name: str, text: str, *, prompt: str = "p", source: str | None = None):
    return Response(text=text, prompt_id=prompt, response_id=name, source=source)


@define(eq=False)
class KeywordBench:
    """Scores by keywords, and keeps what was asked, each question once."""

    fails: frozenset[str] = frozenset()
    asked: list[tuple[str, str]] = field(factory=list)
    _known: set[tuple[str, str]] = field(factory=set)

    async def score(
        self, rubric: Rubric, responses: Sequence[Response]
    ) -> Sequence[Scorecard]:
        """Score, and ask only what is not known."""
        bound = bind(rubric, FUNCTIONS)
        questions = {one.path: Question.of(one) for one in bound.criteria()}
        digests = {path: question.digest for path, question in questions.items()}
        scorer = Scorer.of(bound, digests)
        cards = []
        for one in responses:
            verdicts = {
                path: self._verdict(question, one)
                for path, question in questions.items()
            }
            cards.append(scorer.scorecard(one, verdicts))
        return cards

    def _verdict(self, question: Question, one: Response) -> Verdict:
        key = (question.text, one.text)
        cached = key in self._known
        if not cached:
            self._known.add(key)
            self.asked.append(key)
        origin = Provenance(judge="keywords", response=one.text)
        if one.response_id in self.fails:
            failure = Failure("judge_unparseable", "it said nothing of use")
            return Verdict(failure=failure, cached=cached, provenance=origin)
        keyword = re.findall(r"\w+", question.text)[-1]
        ruling = Ruling.of_bool(keyword in one.text.split())
        return Verdict(ruling=ruling, cached=cached, provenance=origin)


@define(eq=False)
class ListedProposer:
    """Proposes what stands in a list for each round."""

    rounds: Sequence[Proposed]
    requests: list[ProposalRequest] = field(factory=list)

    async def propose(self, request: ProposalRequest) -> Proposed:
        """Give what the list has for the round; nothing after its end."""
        self.requests.append(request)
        if request.round <= len(self.rounds):
            return self.rounds[request.round - 1]
        return Proposed()

    async def close(self) -> None:
        """Nothing to give back."""
