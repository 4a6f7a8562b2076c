"""Asking judges the same again, and noting in which order they were asked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from attrs import evolve, field, frozen

from rubricdsl.judging.panels import Judge, Panel
from rubricdsl.judging.planning import Judges
from rubricdsl.judging.reliability.positions import Listing
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
)
from rubricdsl.model.protocols import JudgeBackend
from rubricdsl.model.rubric import BoundRubric, LevelScale, VoteRule
from rubricdsl.model.ruling import NO, PARTLY, YES

_TRUTHS = {YES: 1.0, PARTLY: 0.5, NO: 0.0}


@frozen(eq=False)
class NotingBackend:
    """A backend that notes each reply with the order of its questions."""

    backend: JudgeBackend
    listings: list[Listing] = field(factory=list)

    @property
    def capabilities(self) -> Capabilities:
        """What the judge can do."""
        return self.backend.capabilities

    @property
    def template(self) -> str:
        """Digest of the judge's prompt template."""
        return self.backend.template

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Let the judge answer, and note what it said to which question."""
        reply = await self.backend.judge(request)
        answers = {answer.id: answer for answer in reply.answers}
        self.listings.append(
            Listing(
                (request.response.prompt_id, request.response.response_id),
                tuple(
                    (_name(question), _truth(question, answers.get(name)))
                    for name, question in request.questions.items()
                ),
            )
        )
        return reply

    async def close(self) -> None:
        """Close the judge."""
        await self.backend.close()


def _name(question: Question) -> str:
    """Give the digest of a question, whoever asks it."""
    return (evolve(question, asker=()) if question.asker else question).digest


def _truth(question: Question, answer: Answer | None) -> float | None:
    """Give how far an answer says yes, in [0, 1]; None if it is no such answer."""
    ruling = None if answer is None else answer.ruling
    if ruling is None or str(ruling) not in question.answers:
        return None
    scale, number = question.scale, ruling.number
    if isinstance(scale, LevelScale):
        return (
            None if number is None else (number - scale.low) / (scale.high - scale.low)
        )
    return _TRUTHS.get(ruling)


class RepeatedJudges:
    """The judges of a book, each asked several times in orders drawn anew.

    A panel keeps its members and its way of asking; votes that fail are left out.
    """

    def __init__(self, judges: Judges, *, repeats: int, seed: int) -> None:
        self._judges = judges
        self._repeats = repeats
        self._seed = seed
        self._noting: dict[int, tuple[Judge, NotingBackend]] = {}

    def panel(self, rubric: BoundRubric, name: str | None) -> Panel:
        """Give the panel for criteria of ``rubric`` whose judge is ``name``."""
        panel = self._judges.panel(rubric, name)
        return evolve(
            panel,
            members=tuple(self._noted(judge) for judge in panel.members),
            votes=self._repeats,
            rule=VoteRule.MAJORITY,
            skip_failed=True,
            shuffled=self._seed,
        )

    def _noted(self, judge: Judge) -> Judge:
        known = self._noting.get(id(judge))
        if known is None:
            noting = NotingBackend(judge.backend)
            known = evolve(judge, backend=noting), noting
            self._noting[id(judge)] = known
        return known[0]

    def listings(self) -> Mapping[str, Sequence[Listing]]:
        """Give what was noted, by the name of the judge, in no particular order."""
        found: dict[str, list[Listing]] = defaultdict(list)
        for judge, noting in self._noting.values():
            found[judge.name] += noting.listings
        return found
