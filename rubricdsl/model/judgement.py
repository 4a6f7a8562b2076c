"""Questions put to judges, their answers, and verdicts: facts with provenance."""

from collections.abc import Mapping
from functools import cached_property

import attrs
from attrs import field, frozen

from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import (
    AnswerScale,
    Criterion,
    Example,
    LevelScale,
    NaRule,
    Scale,
)
from rubricdsl.model.ruling import Failure, Ruling


@attrs.frozen(slots=False, kw_only=True)
class Question:
    """What a judge is asked of a response: is this statement true of it?

    Weights, marks and the rubric's arithmetic are no part of a question, so a
    reweighed criterion asks nothing new.  ``may_abstain`` says that n/a is a
    legal answer.  ``asker`` is empty except for judges that answer by the name of
    the criterion (`Capabilities.by_name`).
    """

    text: str
    scale: Scale = AnswerScale()
    may_abstain: bool = False
    evidence: bool = False
    note: str | None = None
    examples: tuple[Example, ...] = ()
    asker: tuple[str, ...] = ()

    @classmethod
    def of(cls, criterion: Criterion) -> "Question":
        """Give the question that a bound criterion asks."""
        na: NaRule | None = criterion.na
        return cls(
            text=criterion.text,
            scale=criterion.scale,
            may_abstain=na is not None,
            evidence=criterion.evidence,
            note=criterion.note,
            examples=criterion.examples,
        )

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """The words that are a legal answer, such as ``yes`` or ``level 2``."""
        if isinstance(self.scale, AnswerScale):
            words = self.scale.answers
        else:
            words = tuple(f"level {n:g}" for n in self.scale.numbers)
        return (*words, "n/a") if self.may_abstain else words

    @cached_property
    def digest(self) -> str:
        """Identity of the question, whoever asks it."""
        scale: Plain
        match self.scale:
            case AnswerScale(answers):
                scale = list(answers)
            case LevelScale(low, high, levels):
                scale = [low, high, [[v.number, v.label, v.text] for v in levels]]
        examples: list[Plain] = [[str(e.ruling), e.text] for e in self.examples]
        return digest(
            self.text,
            scale,
            self.may_abstain,
            self.evidence,
            self.note,
            examples,
            list(self.asker),
        )


@frozen(kw_only=True)
class JudgeRequest:
    """Questions about one response, put to a judge in one go.

    ``questions`` are by id (``c1``, ``c2``, … in order); many requests share them.
    ``seen`` is all that may be shown, by name (``prompt``, ``response``,
    ``reference``, artifacts), in order.  ``instructions`` are the judge block's own.
    ``response`` carries ids for judges that answer from records; only ``seen`` may
    reach a model.  ``repeats`` is how often the same was asked before and answered in
    a way that could not be read, or was cut short.
    """

    questions: Mapping[str, Question]
    seen: Mapping[str, str]
    response: Response
    instructions: str | None = None
    repeats: int = 0


@frozen(kw_only=True)
class Answer:
    """What a judge said to one question, or why it could not.

    Just one of ``ruling`` and ``failure`` is set.  ``probability`` is that of
    yes, in [0, 1], where the judge gives one.
    """

    id: str
    ruling: Ruling | None = None
    failure: Failure | None = None
    probability: float | None = None
    evidence: str | None = None
    reason: str | None = None


@frozen(kw_only=True)
class Usage:
    """What a request cost: tokens, and money where the price is known."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None

    def __add__(self, other: "Usage") -> "Usage":
        costs = [c for c in (self.cost, other.cost) if c is not None]
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost=sum(costs) if costs else None,
        )

    def __mul__(self, times: int) -> "Usage":
        """Give what so many such requests cost."""
        return Usage(
            prompt_tokens=self.prompt_tokens * times,
            completion_tokens=self.completion_tokens * times,
            cost=None if self.cost is None else self.cost * times,
        )


@frozen(kw_only=True)
class JudgeReply:
    """The answers to one request; ids not answered were not answered.

    ``model`` is what the judge says it is, ``notices`` what a person should know
    (an answer to a question never asked, another model than the one named).
    ``hidden`` counts the characters of the texts that were kept from the judge, since
    nobody can see them.
    """

    answers: tuple[Answer, ...]
    usage: Usage = Usage()
    model: str | None = None
    notices: tuple[str, ...] = ()
    hidden: int = 0


@frozen(kw_only=True)
class Capabilities:
    """What a judge backend can do, as it declares itself.

    A backend that is ``storable`` answers the same question about the same texts in
    the same way, as far as its settings and template tell, so that its verdicts may
    be kept for later runs.  ``at_once`` is how many requests it works on at the same
    time, where more of them would only wait; it is asked no more at once.
    """

    probabilities: bool = False
    together: bool = True
    levels: bool = True
    max_questions: int | None = None
    context_tokens: int | None = None
    at_once: int | None = None
    is_model: bool = True
    by_name: bool = False
    storable: bool = True


@frozen(kw_only=True)
class Provenance:
    """Where verdicts come from, alike for all that a judge gives on one response.

    ``judge`` is its name as in ``openai:gpt-4.1-mini``, ``check`` for checks and
    ``needs`` where an unmet need decided.  Each digest names an ingredient:
    ``response`` covers all that the judge saw, ``settings`` the judge with its
    resolved parameters and ``template`` its prompt.
    """

    judge: str
    response: str = ""
    settings: str = ""
    template: str = ""
    model: str | None = None


@frozen(kw_only=True)
class Ballot:
    """What one seat of a panel said; just one of ``ruling`` and ``failure`` is set."""

    judge: str
    ruling: Ruling | None = None
    failure: Failure | None = None
    probability: float | None = None


@frozen(kw_only=True)
class Verdict:
    """A ruling on one criterion of one response, or why there is none.

    ``ballots`` are those of a panel, in the order of its seats; empty for one judge.
    ``cached`` says that nobody was asked in this run.  It was not ``asked`` for where
    it could not change what was wanted; then it is neither a ruling nor a failure.
    ``at`` is when it was given, in seconds since the epoch.  Which criterion it is on
    says whatever holds it: one answer to many questions can be one verdict.
    """

    ruling: Ruling | None = None
    failure: Failure | None = None
    probability: float | None = None
    evidence: str | None = None
    reason: str | None = None
    ballots: tuple[Ballot, ...] = ()
    cached: bool = field(default=False, eq=False)
    asked: bool = True
    at: float | None = field(default=None, eq=False)
    provenance: Provenance = field(eq=False)
