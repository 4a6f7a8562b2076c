"""What a decision model decided: a probability for each option, or none at all.

Nothing is supposed: a decision whose probabilities are none, do not sum to one, or
contradict what it says of itself is not read.  What a model calls its confidence is
another thing with each model, and is not looked at.
"""

import math
from collections.abc import Iterable, Mapping

from attrs import frozen

from rubricdsl.model.judgement import Answer, Question
from rubricdsl.model.rubric import LevelScale
from rubricdsl.model.ruling import Failure, FailureKind, Ruling
from rubricdsl_decisions.questions import Asked, Form

# Servers round, and some to two digits.
_SUM_TOLERANCE = 0.05
_TIE = 1e-6
_SHOWN = 3


class DecisionError(ValueError):
    """A decision that cannot be read; the text says why."""


class RefusalError(Exception):
    """The model declined to decide."""


@frozen
class Decision:
    """A probability for each option, and the one that was decided on."""

    probabilities: Mapping[str, float]
    option: str


def probability(value: object) -> float:
    """Read a probability; raises DecisionError for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DecisionError(f"gave {_shown(value)} as a probability")
    if not 0 <= value <= 1:
        raise DecisionError(f"gave {value:g} as a probability")
    return float(value)


def predicate(value: object, *, threshold: float) -> Decision:
    """Decide by the probability of yes."""
    yes = probability(value)
    option = "yes" if yes >= threshold else "no"
    return Decision({"yes": yes, "no": 1 - yes}, option)


def choice(said: object, pairs: Iterable[tuple[object, object]], on: Asked) -> Decision:
    """Read which option was chosen, and how likely each is."""
    found = _distribution(pairs, on)
    if not isinstance(said, str) or said not in found:
        raise DecisionError(f"chose {_shown(said)}; legal are {', '.join(on.options)}")
    likeliest = max(found, key=lambda option: found[option])
    if found[said] < found[likeliest] - _TIE:
        raise DecisionError(f"chose {said}, and gave {likeliest} as likelier")
    return Decision(found, said)


def score(said: object, pairs: Iterable[tuple[object, object]], on: Asked) -> Decision:
    """Read how likely each level is; decided is the likeliest, of equals the lowest.

    ``said`` is the expected place among the levels, from 0.
    """
    found = _distribution(pairs, on)
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    if not is_number or not 0 <= said <= len(on.options) - 1:  # type: ignore[operator]
        raise DecisionError(f"gave {_shown(said)} as a score")
    return Decision(found, max(found, key=lambda option: found[option]))


def _distribution(
    pairs: Iterable[tuple[object, object]], on: Asked
) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for option, value in pairs:
        if not isinstance(option, str) or option not in on.options:
            raise DecisionError(f"gave a probability of {_shown(option)}, not asked")
        if option in found:
            raise DecisionError(f"gave two probabilities of {option}")
        found[option] = probability(value)
    missing = [option for option in on.options if option not in found]
    if missing:
        raise DecisionError(f"gave no probability of {missing[0]}")
    total = math.fsum(found.values())
    if abs(total - 1) > _SUM_TOLERANCE:
        raise DecisionError(f"gave probabilities that sum to {total:g}")
    return {option: found[option] for option in on.options}


def answer_of(name: str, question: Question, on: Asked, decision: Decision) -> Answer:
    """Make an answer of a decision; what is more than yes or no tells all of it."""
    is_level = isinstance(question.scale, LevelScale)
    reason = None
    if on.form is not Form.PREDICATE:
        ranked = sorted(decision.probabilities.items(), key=lambda pair: -pair[1])
        said = ", ".join(f"{option} {p:.2f}" for option, p in ranked[:_SHOWN])
        more = len(ranked) - _SHOWN
        reason = f"probabilities: {said}" + (f", {more} more" if more > 0 else "")
    return Answer(
        id=name,
        ruling=Ruling.from_record(decision.option),
        probability=None if is_level else decision.probabilities["yes"],
        reason=reason,
    )


def failed(name: str, kind: FailureKind, reason: str) -> Answer:
    """Make an answer that could not be had."""
    return Answer(id=name, failure=Failure(kind.value, reason))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"  # noqa: PLR2004
