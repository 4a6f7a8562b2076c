"""A test made ready: its rubric bound, its responses laid out, its verdicts fixed.

A trial knows which criteria each of its expectations depends on, so that a judge is
asked for nothing else, and scores responses with the verdicts that it is handed.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import attrs
from attrs import frozen

from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.checks.running import run_check
from rubricdsl.diagnostics import CheckError, Diagnostic, RubricError
from rubricdsl.judging.sight import check_names
from rubricdsl.language.binding import bind
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.protocols import CheckFunction
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import (
    AnswerScale,
    BoundRubric,
    Criterion,
    Rubric,
    TestCase,
)
from rubricdsl.model.ruling import Failure, FailureKind, Ruling, RulingWord
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.scoring.meaning import Leaf
from rubricdsl.scoring.scorecards import Scorer

GIVEN = Provenance(judge="given")
CHECKED = Provenance(judge="check")
UNKNOWN = Verdict(
    failure=Failure(FailureKind.NOT_RECORDED.value, "no verdict is given"),
    provenance=GIVEN,
)

Answers = Callable[[Response, Criterion], Verdict]
"""Gives the verdict on a criterion that only a judge could decide."""


def nobody(_: Response, __: Criterion) -> Verdict:
    """Give no verdict: there is no judge."""
    return UNKNOWN


@attrs.frozen(eq=False, kw_only=True, slots=False)
class Trial:
    """One test of a rubric.

    ``responses`` are by name; a test without any has one that is never looked at,
    under the name None.  ``fixed`` are the rulings that ``given`` lines state, by
    path.
    """

    test: TestCase
    rubric: BoundRubric
    scorer: Scorer
    responses: Mapping[str | None, Response]
    fixed: Mapping[str, Ruling]
    functions: Mapping[str, CheckFunction]
    root: Path | None

    @cached_property
    def paths(self) -> Mapping[str, str]:
        """Paths by name; where a name comes up twice, the first in the source."""
        return {node.name: node.path for node in reversed(list(self.rubric.walk()))}

    @cached_property
    def criteria(self) -> Mapping[str, Criterion]:
        """Criteria by path."""
        return {criterion.path: criterion for criterion in self.rubric.criteria()}

    def addressed(self, target: str) -> tuple[str | None, str]:
        """Split ``response.criterion`` into its two; most name no response."""
        first, dot, rest = target.partition(".")
        if dot and first in self.responses and first not in self.paths:
            return first, rest
        return None, target

    def path(self, target: str) -> str:
        """Give the path that a target names; that of ``score`` is the root's."""
        return "" if target == "score" else self.paths.get(target, target)

    # ----------------------------------------------------------- dependencies

    def dependencies(self, target: str) -> tuple[str, ...]:
        """Give the paths of all criteria that bear on a target or are needed there."""
        meaning = self.scorer.meaning
        found: dict[int, str] = {}
        stack = [meaning.structure.numbers[self.path(target)]]
        while stack:
            for leaf in meaning.bearing(stack.pop()):
                if leaf.number not in found:
                    found[leaf.number] = leaf.path
                    stack.extend(need.number for need in leaf.needs)
        return tuple(found[number] for number in sorted(found))

    def wanted(self, name: str | None) -> frozenset[str]:
        """Give the paths of the criteria that decide the expectations on a response."""
        targets = [
            target
            for response, target in (
                self.addressed(expect.target) for expect in self.test.expects
            )
            if response is None or response == name
        ]
        if any(name in order.responses for order in self.test.orders):
            targets.append("score")
        return frozenset(path for t in targets for path in self.dependencies(t))

    def judged(self) -> Iterator[Criterion]:
        """Give the criteria that the test leaves to a judge."""
        for criterion in self.rubric.criteria():
            if criterion.check is None and criterion.path not in self.fixed:
                yield criterion

    # ---------------------------------------------------------------- verdicts

    def cards(self, answers: Answers) -> dict[str | None, Scorecard]:
        """Score all responses, with ``answers`` for what only a judge can decide."""
        return {
            name: self.scorer.scorecard(
                response,
                {
                    criterion.path: self._verdict(criterion, response, answers)
                    for criterion in self.rubric.criteria()
                },
            )
            for name, response in self.responses.items()
        }

    def _verdict(
        self, criterion: Criterion, response: Response, answers: Answers
    ) -> Verdict:
        ruling = self.fixed.get(criterion.path)
        if ruling is not None:
            return Verdict(ruling=ruling, provenance=GIVEN)
        if not self.test.responses:
            return UNKNOWN
        if criterion.check is None:
            return answers(response, criterion)
        try:
            ruling = run_check(
                criterion,
                check_names(self.rubric, response),
                ResponseFacts(response, self.root),
                self.functions,
            )
        except CheckError as error:
            failure = Failure(str(error.kind), str(error))
            return Verdict(failure=failure, provenance=CHECKED)
        return Verdict(ruling=ruling, provenance=CHECKED)

    # ---------------------------------------------------------------- extremes

    def extreme(self, response: Response, *, best: bool) -> Scorecard:
        """Give the scorecard of the best, or the worst, that could be said.

        That is what each criterion by itself can do to the score; needs are followed.
        """
        orientation = _orientation(self.scorer)
        verdicts = {}
        for criterion in self.rubric.criteria():
            low, high = _ends(criterion)
            ruling = high if orientation[criterion.path] is best else low
            verdicts[criterion.path] = Verdict(ruling=ruling, provenance=GIVEN)
        return self.scorer.scorecard(response, verdicts)


@frozen(eq=False)
class Trials:
    """Makes the trials of one rubric; what tests have in common is made once."""

    rubric: Rubric
    functions: Mapping[str, CheckFunction]
    root: Path | None = None
    _scorers: dict[tuple[tuple[str, float | str], ...], Scorer] = attrs.field(
        factory=dict, init=False
    )

    def of(self, test: TestCase) -> Trial | Diagnostic:
        """Make a test ready; the rubric must be loaded and sound.

        Gives the diagnostic (E303) for a parameter that has no value in the test.
        """
        arguments = tuple(sorted((b.name, b.value) for b in test.bindings))
        if arguments not in self._scorers:
            table = {name: f.signature for name, f in self.functions.items()}
            try:
                bound = bind(self.rubric, table, dict(arguments))
            except RubricError as error:
                hint = "give it one in the test, as in `with: name = 3`"
                first = error.diagnostics[0]
                return attrs.evolve(first, span=test.span, hint=hint)
            self._scorers[arguments] = Scorer.of(bound)
        scorer = self._scorers[arguments]
        names: list[str | None] = [response.name for response in test.responses]
        texts = [response.text for response in test.responses]
        return Trial(
            test=test,
            rubric=scorer.rubric,
            scorer=scorer,
            responses={
                name: _response(test, name, text)
                for name, text in zip(names or [None], texts or [""], strict=True)
            },
            fixed=_fixed(scorer.rubric, test),
            functions=self.functions,
            root=self.root,
        )


def _response(test: TestCase, name: str | None, text: str) -> Response:
    return Response(
        text=text,
        prompt_id=test.title,
        response_id=name or "response",
        prompt=test.prompt,
        conversation=test.conversation,
        reference=test.reference,
    )


def _fixed(rubric: BoundRubric, test: TestCase) -> dict[str, Ruling]:
    """Give the rulings that a test fixes: ``all`` first, then exceptions."""
    rulings: dict[str, Ruling] = {}
    for given in test.given:
        if given.target == "all":
            for criterion in rubric.criteria():
                ruling = _for_all(criterion, given.ruling)
                if ruling is not None:
                    rulings[criterion.path] = ruling
    paths = {node.name: node.path for node in reversed(list(rubric.walk()))}
    for given in test.given:
        if given.target != "all":
            rulings[paths.get(given.target, given.target)] = given.ruling
    return rulings


def _for_all(criterion: Criterion, ruling: Ruling) -> Ruling | None:
    """Give what ``given all`` means for a criterion, if anything.

    On a scale of levels, yes is its highest level and no its lowest.
    """
    scale = criterion.scale
    if ruling.word is RulingWord.NA:
        return ruling if criterion.na is not None else None
    if criterion.check is not None or isinstance(scale, AnswerScale):
        answers = scale.answers if isinstance(scale, AnswerScale) else ("yes", "no")
        return ruling if str(ruling.word) in answers else None
    if ruling.word is RulingWord.LEVEL:
        return ruling if ruling.number in scale.numbers else None
    if ruling.word in {RulingWord.YES, RulingWord.NO}:
        low, high = _ends(criterion)
        return high if ruling.word is RulingWord.YES else low
    return None


def _ends(criterion: Criterion) -> tuple[Ruling, Ruling]:
    """Give the rulings that say least and most."""
    scale = criterion.scale
    if isinstance(scale, AnswerScale):
        order = [word for word in ("no", "partly", "yes") if word in scale.answers]
        return Ruling(RulingWord(order[0])), Ruling(RulingWord(order[-1]))
    return Ruling.level(scale.numbers[0]), Ruling.level(scale.numbers[-1])


def _orientation(scorer: Scorer) -> dict[str, bool]:
    """Tell of each criterion whether more of it can raise the score.

    It lowers the score where an odd number of marks on its way to the root turn it
    around: ``never``, and negative weights.
    """
    places = scorer.meaning.structure.places
    raises = {0: True}
    for node in scorer.meaning.nodes:
        if isinstance(node, Leaf):
            continue
        for gate in node.gates:
            raises[gate.number] = raises[node.number] is not gate.fires_when_met
        for part in (*node.weighted, *node.bonuses):
            raises[part.number] = raises[node.number] is (part.weight > 0)
        for number in places[node.number].children:
            raises.setdefault(number, raises[node.number])
    return {place.node.path: raises[place.number] for place in places}
