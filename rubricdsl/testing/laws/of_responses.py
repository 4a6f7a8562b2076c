"""Laws about responses: their order, an order that is kept, and their form.

Checks decide what they can, then the verdicts recorded beside the rubric, then the
judge, if one is named.  What nobody decides is no pass: it raises `UndecidedError`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NoReturn

from attrs import evolve

from rubricdsl.cases import CaseResult, Comparison, Outcome, Tier
from rubricdsl.cases.explaining import explanation
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Bound, Expect, Expectation, ExpectOrder
from rubricdsl.model.ruling import RulingWord
from rubricdsl.model.scorecard import CriterionResult, Scorecard, Status
from rubricdsl.scoring.leaves import TOLERANCE
from rubricdsl.testing.judged import ANY_SCORE, ResponseLike, response_of, run_test
from rubricdsl.testing.laws.counterexamples import (
    Broken,
    ceiling,
    refuse,
    response_test,
    threshold,
)
from rubricdsl.testing.laws.reformattings import (
    REFORMATTINGS,
    chosen,
    fewest_changes,
)
from rubricdsl.testing.laws.verdict_space import moving
from rubricdsl.testing.subjects import RubricLike, Subject

_AS_WRITTEN = "as_written"
_MOST_QUOTED = 40


class UndecidedError(RuntimeError):
    """Whether a law holds cannot be said: a verdict, or anything to go by, is missing.

    Neither a pass nor a fail; the text says what is missing and who could give it.
    """


def orders(
    rubric: RubricLike,
    better: ResponseLike,
    worse: ResponseLike,
    *,
    by: float = 0.0,
    judge: str | Sequence[str] = (),
) -> None:
    """Assert that one response scores more than another, by ``by`` at least.

    Raises:
        AssertionError: with what moved the score, and a test that fails.
        UndecidedError: a verdict is missing that only a judge could give.
        RubricError: for a rubric that is not sound or a judge that cannot be had.
    """
    __tracebackhide__ = True
    subject = Subject.of(rubric)
    responses = {"better": response_of(better), "worse": response_of(worse)}
    margin = f" by {by:g}" if by else ""
    test = response_test(
        responses,
        title=f"better beats worse{margin}",
        orders=(ExpectOrder(("better", "worse"), by),),
    )
    result = run_test(subject, test, responses, judge=judge)
    for failure in result.failures:
        if failure.comparison is None:
            raise UndecidedError(
                f"{subject.label}: {failure.diagnostic.message}; "
                f"{failure.diagnostic.hint}"
            )
        details = [*explanation(failure.comparison), *_how_decided(result)]
        message = failure.diagnostic.message
        refuse(subject, Broken(message=message, test=test, details=details))
    _require_verdicts(subject, result)


def keeps_order(
    old: RubricLike,
    new: RubricLike,
    pairs: Iterable[tuple[ResponseLike, ResponseLike]],
    *,
    judge: str | Sequence[str] = (),
) -> None:
    """Assert that whatever pair the old rubric orders, the new one orders alike.

    A pair that is a tie under the old rubric may be decided either way; one that
    becomes a tie is an order lost.

    Raises:
        AssertionError: with every pair whose order is not kept, and for the first
            a test that fails in the new rubric.
        UndecidedError: a verdict is missing, or the old rubric orders no pair.
        RubricError: for a rubric that is not sound or a judge that cannot be had.
    """
    __tracebackhide__ = True
    subject, base = Subject.of(new), Subject.of(old)
    known: list[Response] = []
    places: list[tuple[str, str]] = []
    for pair in pairs:
        one, other = (_name(response_of(given), known) for given in pair)
        places.append((one, other))
    if not places:
        raise ValueError("there are no pairs: give at least one, (better, worse)")
    responses = {f"r{number}": response for number, response in enumerate(known, 1)}
    before, _ = _cards(base, responses, judge)
    ordered = list(_oriented(before, places))
    if not ordered:
        raise UndecidedError(
            f"{base.label} orders none of the pairs, so there is no order to keep"
        )
    after, result = _cards(subject, responses, judge)
    lost = [pair for pair in ordered if not _is_above(after, *pair)]
    if not lost:
        return
    better, worse = lost[0]
    shown = {"better": responses[better], "worse": responses[worse]}
    order = (ExpectOrder(("better", "worse")),)
    details = [
        _pair_line(
            [responses[name] for name in pair],
            [before[name] for name in pair],
            [after[name] for name in pair],
        )
        for pair in lost
    ]
    comparison = Comparison(
        card=after[better],
        label="`better`",
        reference=after[worse],
        reference_label="`worse`",
    )
    broken = Broken(
        message=f"the order of {len(lost)} of {len(ordered)} pairs is not kept",
        test=response_test(shown, title="the order is kept", orders=order),
        details=[*details, *explanation(comparison), *_how_decided(result)],
    )
    refuse(subject, broken)


def invariant_under_reformatting(
    rubric: RubricLike,
    response: ResponseLike,
    *,
    kinds: Sequence[str] = tuple(REFORMATTINGS),
    within: float = 0.0,
    judge: str | Sequence[str] = (),
) -> None:
    """Assert that the form in which a response is written changes nothing.

    ``kinds`` are names of `REFORMATTINGS`: ``trailing_blanks``, ``final_newline``,
    ``crlf``, ``blank_lines``, ``list_markers``, ``bold``, ``no_bold``, ``wrapped``
    and ``curly_quotes``; each is tried by itself.  Without a judge the law is about
    checks: none that can move the score may change its value by more than
    ``within``, whatever judges say of the rest.  With a judge it is about the score.

    Raises:
        AssertionError: with the change that was enough, and a test that fails.
        UndecidedError: a verdict is missing, or without a judge there is no check.
        RubricError: for a rubric that is not sound or a judge that cannot be had.
        ValueError: for kinds that do not exist or leave the response as it is.
    """
    __tracebackhide__ = True
    subject, original = Subject.of(rubric), response_of(response)
    variants = {
        kind.name: evolve(original, text=text)
        for kind in chosen(kinds)
        if (text := kind.apply(original.text)) != original.text
    }
    if not variants:
        raise ValueError(
            "none of these reformattings changes the response: "
            f"{', '.join(kinds) or 'none is named'}"
        )
    responses = {_AS_WRITTEN: original, **variants}
    if judge:
        _score_is_the_same(subject, responses, within, judge)
    else:
        _checks_are_the_same(subject, responses, within)


# ----------------------------------------------------------------- reformatting


def _score_is_the_same(
    subject: Subject,
    responses: Mapping[str, Response],
    within: float,
    judge: str | Sequence[str],
) -> None:
    __tracebackhide__ = True
    cards, result = _cards(subject, responses, judge)
    first = cards[_AS_WRITTEN]
    for name, card in cards.items():
        if _differ(card.score, first.score, within):
            wanted = _bound_on(first.score, card.score)
            comparison = Comparison(
                card=card,
                label=f"`{name}`",
                reference=first,
                reference_label=f"`{_AS_WRITTEN}`",
            )
            broken = Broken(
                message=f"the score changes by the reformatting `{name}` "
                f"({REFORMATTINGS[name].meaning})",
                test=response_test(
                    {"reformatted": responses[name]},
                    title=f"{name} changes nothing",
                    expects=(Expect("score", wanted),),
                ),
                details=[*explanation(comparison), *_how_decided(result)],
            )
            refuse(subject, broken)


def _checks_are_the_same(
    subject: Subject, responses: Mapping[str, Response], within: float
) -> None:
    __tracebackhide__ = True
    first = _checked(subject, responses[_AS_WRITTEN])
    if not first:
        raise UndecidedError(
            f"{subject.label} has no check that counts, so only a judge can tell; "
            'name one, as in judge="presence"'
        )
    for name, response in responses.items():
        changed = _changed(first, _checked(subject, response), within)
        if changed is None:
            continue

        def breaks(text: str, path: str = changed) -> bool:
            shorter = evolve(responses[_AS_WRITTEN], text=text)
            found = _checked(subject, shorter)[path]
            return _differ(first[path].value, found.value, within)

        text = fewest_changes(responses[_AS_WRITTEN].text, response.text, breaks)
        least = evolve(response, text=text)
        was, now = first[changed], _checked(subject, least)[changed]
        test = response_test(
            {"reformatted": least},
            title=f"{name} changes nothing",
            expects=(Expect(changed, _expectation(was, now)),),
        )
        message = (
            f"`{changed}` goes from {was.verdict.ruling} to {now.verdict.ruling} by "
            f"the reformatting `{name}` ({REFORMATTINGS[name].meaning})"
        )
        details = list(_changed_lines(responses[_AS_WRITTEN].text, text))
        refuse(subject, Broken(message=message, test=test, details=details))


def _checked(subject: Subject, response: Response) -> dict[str, CriterionResult]:
    """Give what the checks that can move the score say, by path."""
    counting = moving(subject.scorer.meaning)
    checks = {
        criterion.path
        for criterion in subject.bound.criteria()
        if criterion.check is not None and criterion.path in counting
    }
    test = response_test(
        {"reformatted": response}, title="checks", expects=(ANY_SCORE,)
    )
    result = run_test(subject, test, {"reformatted": response})
    card = result.cards["reformatted"]
    found = {r.path: r for r in card.criteria if r.path in checks}
    for criterion in found.values():
        failure = criterion.verdict.failure
        if failure is not None and criterion.verdict.provenance.judge == "check":
            raise UndecidedError(
                f"{subject.label}: no verdict on `{criterion.path}`: {failure.reason}"
            )
    # What needs a judge's verdict has none, and its own check is not looked at.
    return {p: r for p, r in found.items() if r.verdict.failure is None}


def _changed(
    old: Mapping[str, CriterionResult],
    new: Mapping[str, CriterionResult],
    within: float,
) -> str | None:
    for path, result in old.items():
        if path in new and _differ(result.value, new[path].value, within):
            return path
    return None


def _differ(one: float | None, other: float | None, within: float) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) > within + TOLERANCE


def _expectation(was: CriterionResult, now: CriterionResult) -> Expectation:
    ruling = was.verdict.ruling
    if ruling is not None and ruling.word is not RulingWord.NUMBER:
        return ruling
    return _bound_on(was.value, now.value)


def _bound_on(was: float | None, now: float | None) -> Bound:
    """Give a bound that one value keeps and the other does not."""
    if was is None or now is None:
        return Bound(">=", was or 0.0)
    if now < was:
        return Bound(">=", threshold(now, was))
    return Bound("<=", ceiling(was, now))


def _changed_lines(old: str, new: str) -> Iterator[str]:
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    common = next(
        (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
        min(len(before), len(after)),
    )
    yield f"line {common + 1} was      {''.join(before[common : common + 1])!r}"
    yield f"line {common + 1} becomes  {''.join(after[common : common + 1])!r}"


# ------------------------------------------------------------------------ pairs


def _name(response: Response, known: list[Response]) -> str:
    """Name a response by its place among those known; add it if it is new."""
    if response not in known:
        known.append(response)
    return f"r{known.index(response) + 1}"


def _oriented(
    cards: Mapping[str, Scorecard], pairs: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Give each pair that the scores order, the better one first."""
    for one, other in pairs:
        if _is_above(cards, one, other):
            yield one, other
        elif _is_above(cards, other, one):
            yield other, one


def _is_above(cards: Mapping[str, Scorecard], one: str, other: str) -> bool:
    high, low = cards[one].score, cards[other].score
    return high is not None and low is not None and high > low + TOLERANCE


def _pair_line(
    responses: Sequence[Response], old: Sequence[Scorecard], new: Sequence[Scorecard]
) -> str:
    """Say of a pair, the better one first, what it scored and what it scores."""
    texts = " and ".join(_shortened(response.text) for response in responses)
    was = " > ".join(_score(card) for card in old)
    now = " and ".join(_score(card) for card in new)
    return f"{texts}: {was} before, {now} now"


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return f'"{flat}"' if len(flat) <= _MOST_QUOTED else f'"{flat[:_MOST_QUOTED]}…"'


def _score(card: Scorecard) -> str:
    return "undefined" if card.score is None else f"{card.score:.4g}"


# --------------------------------------------------------------------- verdicts


def _cards(
    subject: Subject, responses: Mapping[str, Response], judge: str | Sequence[str]
) -> tuple[Mapping[str, Scorecard], CaseResult]:
    """Score responses by name; a score is None only where it is undefined."""
    test = response_test(responses, title="scores", expects=(ANY_SCORE,))
    result = run_test(subject, test, responses, judge=judge)
    cards = {name: result.cards[name] for name in responses}
    for card in cards.values():
        if card.status is Status.INCOMPLETE:
            missing = [r for r in card.criteria if r.verdict.failure is not None]
            _refuse_to_decide(subject, result, missing)
    return cards, result


def _require_verdicts(subject: Subject, result: CaseResult) -> None:
    if result.outcome in {Outcome.SKIPPED, Outcome.ERROR}:
        _refuse_to_decide(subject, result, ())


def _refuse_to_decide(
    subject: Subject, result: CaseResult, missing: Sequence[CriterionResult]
) -> NoReturn:
    reasons = dict.fromkeys(
        f"{r.verdict.failure.kind}: {r.verdict.failure.reason}"
        for r in missing
        if r.verdict.failure is not None
    )
    reason = result.reason or "; ".join(reasons)
    raise UndecidedError(
        f'{subject.label}: {reason}; name a judge that can tell, as in judge="presence"'
    )


def _how_decided(result: CaseResult) -> Iterator[str]:
    """Say that checks alone do not decide, if that is so."""
    if result.tier is not Tier.ARITHMETIC:
        source = "recorded verdicts" if result.tier is Tier.RECORDED else "a judge"
        yield f"decided by {source}: rub test skips the test below without one"
