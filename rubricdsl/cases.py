"""Running the ``test`` blocks of a rubric, without a judge.

A test fixes verdicts (``given``), or has responses whose checks are run.  What only
a judge could decide is unknown here: a test that expects something of it is skipped
and says so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from math import isclose

from attrs import frozen

from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.checks.running import run_check
from rubricdsl.diagnostics import CheckError, Diagnostic
from rubricdsl.language.binding import bind
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.protocols import CheckFunction
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import (
    About,
    AnswerScale,
    Bound,
    BoundRubric,
    Criterion,
    Expect,
    Expectation,
    ExpectOrder,
    Rubric,
    TestCase,
    TestResponse,
)
from rubricdsl.model.ruling import Failure, FailureKind, Ruling, RulingWord
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.model.source import Span
from rubricdsl.scoring.scorecards import make_scorecard

_TOLERANCE = 1e-9
_GIVEN = Provenance(judge="given", question="", response="")
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<=": lambda a, b: a <= b + _TOLERANCE,
    ">=": lambda a, b: a >= b - _TOLERANCE,
    "<": lambda a, b: a < b - _TOLERANCE,
    ">": lambda a, b: a > b + _TOLERANCE,
    "==": lambda a, b: isclose(a, b, abs_tol=_TOLERANCE),
    "!=": lambda a, b: not isclose(a, b, abs_tol=_TOLERANCE),
}


class Outcome(StrEnum):
    """How a test came out."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@frozen(kw_only=True)
class CaseResult:
    """The outcome of one test; ``reason`` says why it was skipped."""

    rubric: str
    title: str
    span: Span
    outcome: Outcome
    diagnostics: tuple[Diagnostic, ...] = ()
    reason: str = ""


def run_cases(
    rubric: Rubric, functions: Mapping[str, CheckFunction]
) -> Iterator[CaseResult]:
    """Run the tests of a rubric that is loaded and sound, in their order."""
    table = {name: function.signature for name, function in functions.items()}
    for test in rubric.tests:
        arguments = {binding.name: binding.value for binding in test.bindings}
        bound = bind(rubric, table, arguments)
        yield _Case(bound, test, functions).run()


class _NeedsJudgeError(Exception):
    """Only a judge could say; the text names what."""


class _Case:
    """One test, bound to its rubric."""

    def __init__(
        self,
        rubric: BoundRubric,
        test: TestCase,
        functions: Mapping[str, CheckFunction],
    ) -> None:
        self.rubric = rubric
        self.test = test
        self.functions = functions
        self.paths = {node.name: node.path for node in reversed(list(rubric.walk()))}
        self.cards = {
            response.name: self.scorecard(response)
            for response in test.responses or (TestResponse(None, ""),)
        }

    def run(self) -> CaseResult:
        found: list[Diagnostic] = []
        reason = ""
        checks = [self.check(expect) for expect in self.test.expects]
        checks += [self.check_order(order) for order in self.test.orders]
        for check in checks:
            try:
                found += check
            except _NeedsJudgeError as error:
                reason = reason or str(error)
        outcome = Outcome.FAILED if found else Outcome.PASSED
        if reason and not found:
            outcome = Outcome.SKIPPED
        return CaseResult(
            rubric=self.rubric.name,
            title=self.test.title,
            span=self.test.span,
            outcome=outcome,
            diagnostics=tuple(found),
            reason=reason,
        )

    # --------------------------------------------------------------- verdicts

    def scorecard(self, written: TestResponse) -> Scorecard:
        """Score one response of the test, or the verdicts that it fixes."""
        response = Response(
            text=written.text,
            prompt_id="test",
            response_id=written.name or "response",
            prompt=self.test.prompt or self.rubric.prompt,
            conversation=self.test.conversation or self.rubric.conversation,
            reference=self.test.reference or self.rubric.reference,
        )
        verdicts: dict[str, Verdict] = {}
        fixed = self.fixed_rulings()
        for criterion in self.rubric.criteria():
            ruling = fixed.get(criterion.path)
            if ruling is not None:
                verdicts[criterion.path] = Verdict(ruling=ruling, provenance=_GIVEN)
            elif criterion.check is not None and self.test.responses:
                verdicts[criterion.path] = self.checked(criterion, response)
            else:
                failure = Failure(FailureKind.NOT_RECORDED, "no verdict is given")
                verdicts[criterion.path] = Verdict(failure=failure, provenance=_GIVEN)
        return make_scorecard(self.rubric, response, verdicts)

    def fixed_rulings(self) -> Mapping[str, Ruling]:
        """Give the rulings that the test fixes: ``all`` first, then exceptions."""
        rulings: dict[str, Ruling] = {}
        for given in self.test.given:
            if given.target == "all":
                for criterion in self.rubric.criteria():
                    ruling = _for_all(criterion, given.ruling)
                    if ruling is not None:
                        rulings[criterion.path] = ruling
        for given in self.test.given:
            if given.target != "all":
                rulings[self.paths.get(given.target, given.target)] = given.ruling
        return rulings

    def checked(self, criterion: Criterion, response: Response) -> Verdict:
        names = {"response": response.text}
        if response.prompt is not None:
            names["prompt"] = response.prompt
        if response.reference is not None:
            names["reference"] = response.reference
        try:
            facts = ResponseFacts(response)
            ruling = run_check(criterion, names, facts, self.functions)
        except CheckError as error:
            failure = Failure(error.kind, str(error))
            return Verdict(failure=failure, provenance=_GIVEN)
        return Verdict(ruling=ruling, provenance=_GIVEN)

    # ----------------------------------------------------------- expectations

    def check(self, expect: Expect) -> Iterator[Diagnostic]:
        """Compare one expectation with what came out, for each response it means."""
        name, target = self.addressed(expect.target)
        for response, card in self.cards.items():
            if name is None or response == name:
                yield from self.compare(expect, target, response, card)

    def addressed(self, target: str) -> tuple[str | None, str]:
        """Split ``response.criterion`` into its two; most name no response."""
        first, dot, rest = target.partition(".")
        if dot and first in self.cards and first not in self.paths:
            return first, rest
        return None, target

    def compare(
        self, expect: Expect, target: str, response: str | None, card: Scorecard
    ) -> Iterator[Diagnostic]:
        where = f" of `{response}`" if response else ""
        label = f"`{target}`{where}"
        wanted = expect.expectation
        ruling, value = self.found(target, card)
        if isinstance(wanted, Ruling) and wanted.word is not RulingWord.NUMBER:
            if ruling is None:
                yield from self.missing(target, card, expect.span)
            elif ruling != wanted:
                message = f"{label} is {ruling}, not {wanted}"
                yield self.failed(message, self.why(target, card), expect.span)
            return
        if value is None:
            yield from self.missing(target, card, expect.span)
        elif not _holds(value, wanted):
            message = f"{label} is {value:.4g}, not {_written(wanted)}"
            yield self.failed(message, self.why(target, card), expect.span)

    def found(self, target: str, card: Scorecard) -> tuple[Ruling | None, float | None]:
        """Give the ruling and the value of what a target names."""
        if target == "score":
            return None, card.score
        path = self.paths.get(target, target)
        for criterion in card.criteria:
            if criterion.path == path:
                return criterion.verdict.ruling, criterion.value
        for group in card.groups:
            if group.path == path:
                return None, group.value
        return None, None

    def missing(self, target: str, card: Scorecard, span: Span) -> list[Diagnostic]:
        """Say which verdicts are missing; only a judge could say, or nobody has."""
        path = "" if target == "score" else self.paths.get(target, target)
        absent = [
            result
            for result in card.criteria
            if result.verdict.failure is not None
            and (not path or result.path == path or result.path.startswith(f"{path}."))
        ]
        names = _listed([f"`{result.path}`" for result in absent])
        reasons = [
            r.verdict.failure.reason
            for r in absent
            if r.verdict.failure and r.verdict.failure.kind != FailureKind.NOT_RECORDED
        ]
        if self.test.responses and absent and not reasons:
            message = f"a judge must decide {names}"
            raise _NeedsJudgeError(message)
        if reasons:
            return [
                Diagnostic("E502", f"no verdict on {names}", span, "; ".join(reasons))
            ]
        message = f"no verdict on {names}" if names else f"`{target}` has no value"
        hint = "add `given all: yes`, or a `given` line for each"
        if not names:
            hint = "all that counts is n/a, so there is no score to expect"
        return [Diagnostic("E502", message, span, hint)]

    def why(self, target: str, card: Scorecard) -> str:
        """Say which criteria took most from the score."""
        if target != "score":
            return "see the verdicts that the test fixes, or the check"
        if card.gates:
            names = ", ".join(f"`{gate.path}` ({gate.mark})" for gate in card.gates)
            return f"gates that fired: {names}"
        losses = sorted(
            (
                (r.share * (1 - r.value) if r.share > 0 else -r.share * r.value, r.path)
                for r in card.criteria
                if r.share is not None and r.value is not None
            ),
            reverse=True,
        )
        named = [f"`{path}` costs {loss:.3g}" for loss, path in losses if loss > 0]
        return "; ".join(named[:3]) or "nothing is lost: every criterion is met"

    def failed(self, message: str, hint: str, span: Span) -> Diagnostic:
        return Diagnostic("E501", message, span, hint)

    def check_order(self, order: ExpectOrder) -> Iterator[Diagnostic]:
        """Compare the scores of the responses, each with the next."""
        scores = [self.cards[name].score for name in order.responses]
        for name in order.responses:
            if self.cards[name].score is None:
                yield from self.missing("score", self.cards[name], order.span)
                return
        pairs = zip(order.responses, scores, strict=True)
        known = [(name, score) for name, score in pairs if score is not None]
        for (better, high), (worse, low) in _pairs(known):
            lead = high - low
            enough = lead > _TOLERANCE and lead >= order.margin - _TOLERANCE
            if not enough:
                by = f" by {order.margin:g}" if order.margin else ""
                message = (
                    f"`{better}` ({high:.4g}) does not beat `{worse}` ({low:.4g}){by}"
                )
                hint = self.why("score", self.cards[better])
                yield self.failed(message, f"for `{better}`: {hint}", order.span)


def _listed(names: Sequence[str], most: int = 3) -> str:
    """Give the first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _pairs(
    known: Sequence[tuple[str, float]],
) -> Iterator[tuple[tuple[str, float], tuple[str, float]]]:
    return pairwise(known)


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
        yes = ruling.word is RulingWord.YES
        return Ruling.level(scale.numbers[-1] if yes else scale.numbers[0])
    return None


def _holds(value: float, wanted: Expectation) -> bool:
    match wanted:
        case Bound(operator, number):
            return _COMPARE[operator](value, number)
        case About(number, tolerance):
            return abs(value - number) <= tolerance + _TOLERANCE
        case Ruling():
            return isclose(value, wanted.number or 0.0, abs_tol=_TOLERANCE)


def _written(wanted: Expectation) -> str:
    match wanted:
        case Bound(operator, number):
            return f"{operator} {number:g}"
        case About(number):
            return f"about {number:g}"
        case Ruling():
            return f"{wanted.number:g}"
