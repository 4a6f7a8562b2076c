"""What sharpening a rubric costs, by what came of it."""

from collections.abc import Iterable

from attrs import frozen


@frozen(kw_only=True)
class Spent:
    """What a part of the work took: questions asked or remembered, calls and tokens."""

    questions: int = 0
    cached: int = 0
    calls: int = 0
    tokens: int = 0
    accepted: int = 0


@frozen(kw_only=True)
class Cost:
    """What it took in all, and for each criterion that was accepted.

    ``cached_share`` is the part of questions that were not asked again.  None where
    there was no question, or nothing was accepted.
    """

    calls: int
    tokens: int
    accepted: int
    cached_share: float | None
    calls_per_accepted: float | None
    tokens_per_accepted: float | None


def cost_of(parts: Iterable[Spent]) -> Cost:
    """Add up what each part of the work took."""
    spent = list(parts)
    calls, tokens, accepted, cached, questions = (
        sum(getattr(one, name) for one in spent)
        for name in ("calls", "tokens", "accepted", "cached", "questions")
    )
    return Cost(
        calls=calls,
        tokens=tokens,
        accepted=accepted,
        cached_share=cached / questions if questions else None,
        calls_per_accepted=calls / accepted if accepted else None,
        tokens_per_accepted=tokens / accepted if accepted else None,
    )
