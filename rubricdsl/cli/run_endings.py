"""What is said at the end of a run: what failed, what it took, how to go on."""

import shlex
import sys
from collections.abc import Sequence
from math import fsum

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.output import plural, say
from rubricdsl.cli.run_findings import MOST_NAMES, Causes, Named, RunFindings
from rubricdsl.model.execution import EvaluationResult, Precision
from rubricdsl.model.ruling import FailureKind
from rubricdsl.model.scorecard import CONFIDENCE, Scorecard

_MOST_REASONS = 10
# What the next attempt may give.
_MAY_PASS = frozenset(
    {
        FailureKind.TRANSPORT_UNREACHABLE,
        FailureKind.TRANSPORT_PEER_DROP,
        FailureKind.TRANSPORT_TIMEOUT,
        FailureKind.TRANSPORT_LOCAL_RESOURCE,
        FailureKind.RATE_LIMITED,
        FailureKind.JUDGE_UNPARSEABLE,
        FailureKind.EVIDENCE_NOT_FOUND,
        FailureKind.CANCELLED,
        FailureKind.PROVIDER_UNAVAILABLE,
    }
)
# What must be seen to before there is any use in another attempt.
_MENDS = {
    FailureKind.AUTH_FAILED: "the judge takes the key",
    FailureKind.QUOTA_EXHAUSTED: "the judge's account has something left",
    FailureKind.JUDGE_PENDING: "the answers that it waits for are there",
}


def tell_ending(result: EvaluationResult, findings: RunFindings) -> None:
    """Say what a person should know of a run beside its results."""
    for notice in result.notices:
        say(f"note: {notice}")
    _tell_causes(findings.verdicts, "verdict", "could not be had:")
    _tell_causes(findings.votes, "vote", "could not be had, and counted for nothing:")
    _tell_suspects(findings.suspects)
    parts = [
        plural(findings.responses, "response"),
        plural(result.judge_calls, "judge call"),
    ]
    if result.cached:
        parts.append(f"{plural(result.cached, 'verdict')} known before")
    if result.retries:
        parts.append(plural(result.retries, "retry", "retries"))
    if result.usage.cost is not None:
        parts.append(f"cost {result.usage.cost:.4g}")
    say(f"{', '.join(parts)}, {result.seconds:.1f} s")


def tell_way_on(findings: RunFindings, *, stored: bool, out: str | None) -> None:
    """Say how a run that is not complete goes on, if the same command can help.

    What a judge has not said may come with the next attempt, and each run has its
    budgets anew.  A key that was refused must be mended first; and what no attempt
    can give, such as a fact that was not recorded, is not promised.
    """
    kinds, is_judged = findings.kinds, findings.is_judged
    if not stored:
        if is_judged:
            say("nothing was kept for a later run, since --no-cache was given")
        return
    mends = [mend for kind, mend in _MENDS.items() if kind in kinds]
    spent_up = FailureKind.BUDGET_EXHAUSTED in kinds
    if spent_up and not is_judged:
        mends.append("the budget is larger")
    if not (kinds & _MAY_PASS or mends or spent_up):
        return
    arguments = [argument for argument in sys.argv[1:] if argument != "--resume"]
    if out is not None:
        arguments.append("--resume")
    when = f", once {' and '.join(mends)}" if mends else ""
    kept = "what was judged is kept; " if is_judged else ""
    say(f"{kept}to go on{when}: rub {shlex.join(arguments)}")


def tell_noise(findings: RunFindings, precision: Precision) -> None:
    """Say how many scores are known as well as was wanted."""
    votes = findings.votes_asked
    if not votes:
        say("nothing was asked again: no model has said yes or no to anything")
        return
    say(
        f"{findings.known_enough:,} of {plural(findings.noisy, 'score')} known within "
        f"{precision.within:g}, on {plural(votes, 'vote')}"
    )


def tell_border(
    scorecards: Sequence[Scorecard], top: int, precision: Precision
) -> None:
    """Say for which prompts the best are known as well as was wanted, and why not."""
    prompts: dict[tuple[str, str], list[Scorecard]] = {}
    for card in scorecards:
        if card.standing is not None and card.standing.doubt is not None:
            prompts.setdefault((card.rubric, card.prompt_id), []).append(card)
    votes = sum(card.noise.votes for card in scorecards if card.noise is not None)
    undecided = {
        key: risk
        for key, cards in prompts.items()
        if (risk := _border_risk(cards, top)) > 1 - CONFIDENCE
    }
    say(
        f"the best {top} decided within {precision.within:g} for "
        f"{len(prompts) - len(undecided):,} of {plural(len(prompts), 'prompt')}, on "
        f"{plural(votes, 'vote')}"
    )
    for key, risk in list(undecided.items())[:_MOST_REASONS]:
        failed = any(_has_failure(card) for card in prompts[key])
        why = "what failed" if failed else "what may not be asked any more"
        say(f"  not for {key[1]}: {why} leaves a risk of {risk:.0%}")
    if len(undecided) > _MOST_REASONS:
        say(f"  nor for {plural(len(undecided) - _MOST_REASONS, 'other prompt')}")
    for key, cards in list(prompts.items()) if len(prompts) <= MOST_NAMES else []:
        _tell_places(key[1], cards, top)


def _border_risk(cards: Sequence[Scorecard], top: int) -> float:
    """Give the risk that one of the best should not be."""
    standings = [card.standing for card in cards if card.standing is not None]
    best = [s for s in standings if s.best <= top]
    return min(1.0, fsum(s.doubt.border for s in best if s.doubt is not None))


def _tell_places(prompt: str, cards: Sequence[Scorecard], top: int) -> None:
    """Say which of the best places are decided, one by one."""
    ranks = {
        card.standing.rank: card.standing.is_decided
        for card in cards
        if card.standing is not None and card.standing.rank is not None
    }
    places = range(1, min(top, len(cards)) + 1)
    decided = [str(place) for place in places if ranks.get(place)]
    others = [str(place) for place in places if not ranks.get(place)]
    parts = []
    if decided:
        parts.append(f"decided: {', '.join(decided)}")
    if others:
        parts.append(f"not decided: {', '.join(others)}")
    say(f"  places of {prompt}: {'; '.join(parts)}")


def _has_failure(card: Scorecard) -> bool:
    verdicts = [result.verdict for result in card.criteria]
    failures = [verdict.failure for verdict in verdicts]
    failures += [ballot.failure for verdict in verdicts for ballot in verdict.ballots]
    return any(failure is not None for failure in failures)


def exit_of(findings: RunFindings, *, lost: int) -> Exit:
    """Give the exit code for results."""
    if lost or findings.is_incomplete:
        return Exit.INCOMPLETE
    return Exit.NO if findings.under.count else Exit.FINE


def tell_under(findings: RunFindings) -> None:
    """Say which scores are too low; a row without a score counts as one."""
    under = findings.under
    if under.count:
        say(
            f"{under.count} of {plural(findings.responses, 'score')} under "
            f"{findings.fail_under:g} (--fail-under): {under.shown}"
        )


def _tell_causes(causes: Causes, what: str, fate: str) -> None:
    """Write the table of failures, the most frequent reason first."""
    if not causes:
        return
    say(f"{plural(sum(one.count for one in causes.values()), what)} {fate}")
    ordered = sorted(causes.items(), key=lambda entry: -entry[1].count)
    for (kind, reason), failed in ordered[:_MOST_REASONS]:
        say(f"  {failed.count:>5} {kind} ({failed.shown}): {reason}")
    if len(ordered) > _MOST_REASONS:
        say(f"  and {plural(len(ordered) - _MOST_REASONS, 'more reason')}")


def _tell_suspects(suspects: Named) -> None:
    if suspects.count:
        say(
            f"{plural(suspects.count, 'response')} suspect, without a score: a canary "
            f"was answered wrongly ({suspects.shown})"
        )
