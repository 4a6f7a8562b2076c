"""Whether the scorecards of a test are what it expects.

An expectation holds, or fails, or cannot be decided because a verdict is missing.
Which of these a missing verdict means is decided here: in arithmetic it is a fault of
the test (E502), elsewhere it is somebody's who should have given it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import isclose

from attrs import field, frozen

from rubricdsl.cases.explaining import hint_of, origin
from rubricdsl.cases.outcomes import CaseFailure, Comparison
from rubricdsl.cases.trials import Trial
from rubricdsl.diagnostics import Diagnostic
from rubricdsl.model.rubric import About, Bound, Expect, Expectation, ExpectOrder
from rubricdsl.model.ruling import FailureKind, Ruling, RulingWord
from rubricdsl.model.scorecard import CriterionResult, Scorecard
from rubricdsl.model.source import Span

_TOLERANCE = 1e-9
_MOST_NAMED = 3
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<=": lambda a, b: a <= b + _TOLERANCE,
    ">=": lambda a, b: a >= b - _TOLERANCE,
    "<": lambda a, b: a < b - _TOLERANCE,
    ">": lambda a, b: a > b + _TOLERANCE,
    "==": lambda a, b: isclose(a, b, abs_tol=_TOLERANCE),
    "!=": lambda a, b: not isclose(a, b, abs_tol=_TOLERANCE),
}
Cards = Mapping[str | None, Scorecard]


@frozen
class Assessment:
    """What became of a test's expectations.

    ``missing`` are criteria whose verdict somebody owes, each once; where there are
    none, every expectation was decided.
    """

    failures: tuple[CaseFailure, ...]
    missing: tuple[CriterionResult, ...]


def assess(trial: Trial, cards: Cards) -> Assessment:
    """Hold scorecards against what a test expects."""
    assessor = _Assessor(trial, cards)
    failures: list[CaseFailure] = []
    for expect in trial.test.expects:
        failures += assessor.expectation(expect)
    for order in trial.test.orders:
        failures += assessor.order(order)
    return Assessment(tuple(failures), tuple(assessor.missing.values()))


@frozen(eq=False)
class _Assessor:
    trial: Trial
    cards: Cards
    missing: dict[tuple[str, str], CriterionResult] = field(factory=dict, init=False)

    def expectation(self, expect: Expect) -> Iterator[CaseFailure]:
        """Check one expectation on each response that it means."""
        name, target = self.trial.addressed(expect.target)
        for response, card in self.cards.items():
            if name is None or response == name:
                yield from self._compare(expect, target, response, card)

    def _compare(
        self, expect: Expect, target: str, response: str | None, card: Scorecard
    ) -> Iterator[CaseFailure]:
        label = f"`{target}` of `{response}`" if response else f"`{target}`"
        wanted = expect.expectation
        ruling, value = self._found(target, card)
        if isinstance(wanted, Ruling) and wanted.word is not RulingWord.NUMBER:
            if ruling is None:
                yield from self._undecided(target, card, expect.span)
            elif ruling != wanted:
                message = f"{label} is {ruling}, not {wanted}"
                hint = origin(self.trial, target, card)
                yield _failed(message, hint, expect.span)
        elif value is None:
            yield from self._undecided(target, card, expect.span)
        elif not _holds(value, wanted):
            message = f"{label} is {value:.4g}, not {_written(wanted)}"
            if target != "score":
                hint = origin(self.trial, target, card)
                yield _failed(message, hint, expect.span)
                return
            comparison = self._against_extreme(response, card, value, wanted)
            hint = hint_of(comparison)
            yield _failed(message, hint, expect.span, comparison=comparison)

    def _found(
        self, target: str, card: Scorecard
    ) -> tuple[Ruling | None, float | None]:
        """Give the ruling and the value of what a target names."""
        if target == "score":
            return None, card.score
        path = self.trial.path(target)
        for criterion in card.criteria:
            if criterion.path == path:
                return criterion.verdict.ruling, criterion.value
        for group in card.groups:
            if group.path == path:
                return None, group.value
        return None, None

    def _against_extreme(
        self, response: str | None, card: Scorecard, value: float, wanted: Expectation
    ) -> Comparison:
        """Compare with the best that is possible, or the worst if too much came out."""
        too_low = not _is_too_high(value, wanted)
        reference = self.trial.extreme(self.trial.responses[response], best=too_low)
        return Comparison(
            card=card,
            label=f"`{response}`" if response else "this",
            reference=reference,
            reference_label="the best possible" if too_low else "the worst possible",
        )

    # ---------------------------------------------------------------- orders

    def order(self, order: ExpectOrder) -> Iterator[CaseFailure]:
        """Compare the scores of the responses, each with the next."""
        undecided = [n for n in order.responses if self.cards[n].score is None]
        for name in undecided:
            yield from self._undecided("score", self.cards[name], order.span)
        for better, worse in pairwise(order.responses):
            high, low = self.cards[better].score, self.cards[worse].score
            if high is None or low is None:
                continue
            lead = high - low
            if lead > _TOLERANCE and lead >= order.margin - _TOLERANCE:
                continue
            by = f" by {order.margin:g}" if order.margin else ""
            message = f"`{better}` ({high:.4g}) does not beat `{worse}` ({low:.4g}){by}"
            comparison = Comparison(
                card=self.cards[better],
                label=f"`{better}`",
                reference=self.cards[worse],
                reference_label=f"`{worse}`",
            )
            hint = hint_of(comparison)
            yield _failed(message, hint, order.span, comparison=comparison)

    # --------------------------------------------------------------- missing

    def _undecided(
        self, target: str, card: Scorecard, span: Span
    ) -> Iterator[CaseFailure]:
        """Say that a verdict is missing, or keep in mind who owes it."""
        results = {result.path: result for result in card.criteria}
        absent = [
            results[path]
            for path in self.trial.dependencies(target)
            if results[path].verdict.failure is not None
        ]
        if not absent or not self.trial.test.responses:
            yield self._missing(target, absent, span)
            return
        unsound = [result for result in absent if self._is_checked(result)]
        if unsound:
            yield self._missing(target, unsound, span)
            return
        # What lacks a verdict only because something it needs has none follows from it.
        roots = [r for r in absent if r.verdict.provenance.judge != "needs"]
        for result in roots or absent:
            self.missing.setdefault((card.response_id, result.path), result)

    def _is_checked(self, result: CriterionResult) -> bool:
        """Tell whether it is a check that could not be decided: no judge can help."""
        return self.trial.criteria[result.path].check is not None

    def _missing(
        self, target: str, absent: Sequence[CriterionResult], span: Span
    ) -> CaseFailure:
        names = listed([f"`{result.path}`" for result in absent])
        if not names:
            hint = "all that counts is n/a, so there is nothing to expect"
            return CaseFailure(
                diagnostic=Diagnostic("E502", f"`{target}` has no value", span, hint)
            )
        failures = [r.verdict.failure for r in absent if r.verdict.failure]
        reasons = [f.reason for f in failures if f.kind != FailureKind.NOT_RECORDED]
        hint = "; ".join(reasons) or "add `given all: yes`, or a `given` line for each"
        return CaseFailure(
            diagnostic=Diagnostic("E502", f"no verdict on {names}", span, hint)
        )


def listed(names: Sequence[str]) -> str:
    """Give the first few names, and how many more there are."""
    hidden = len(names) - _MOST_NAMED
    more = f" and {hidden} more" if hidden > 0 else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _failed(
    message: str, hint: str, span: Span, *, comparison: Comparison | None = None
) -> CaseFailure:
    diagnostic = Diagnostic("E501", message, span, hint)
    return CaseFailure(diagnostic=diagnostic, comparison=comparison)


def _holds(value: float, wanted: Expectation) -> bool:
    match wanted:
        case Bound(operator, number):
            return _COMPARE[operator](value, number)
        case About(number, tolerance):
            return abs(value - number) <= tolerance + _TOLERANCE
        case Ruling():
            return isclose(value, wanted.number or 0.0, abs_tol=_TOLERANCE)


def _is_too_high(value: float, wanted: Expectation) -> bool:
    match wanted:
        case Bound(operator, number):
            return operator in {"<", "<="} or (operator == "==" and value > number)
        case About(number):
            return value > number
        case Ruling():
            return value > (wanted.number or 0.0)


def _written(wanted: Expectation) -> str:
    match wanted:
        case Bound(operator, number):
            return f"{operator} {number:g}"
        case About(number):
            return f"about {number:g}"
        case Ruling():
            return f"{wanted.number:g}"
