"""How well a rubric ranks held-out responses where they are good.

Only responses near the top count: a policy that is trained on the rubric is driven
there, and only there (Chasing the Tail, arXiv 2509.21500).  All is worked out prompt
by prompt, and then averaged over prompts.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from math import ceil, copysign, fsum, sqrt

from attrs import frozen

from rubricdsl.model.refinement import Preference, TailMeasure
from rubricdsl.refinement.pools import Key
from rubricdsl.scoring.leaves import TOLERANCE

# The best so many responses to a prompt are its tail; few make the tail wider.
TAIL = 0.5
_LEAST_TAIL = 3
# Junk leaks where it scores as well as the best so many of the responses.
_TOP = 0.25
# So many standard errors below nothing, a change is a loss: if there were none, one
# change in twenty would look like it.
_LOSS = 1.645
# From so many prompts on, they tell how well a figure is known.
_ENOUGH_PROMPTS = 5


@frozen
class TailPair:
    """Two responses to a prompt; ``better`` is the first if ``known``."""

    prompt_id: str
    first: Key
    second: Key
    known: bool

    @property
    def keys(self) -> tuple[Key, Key]:
        """Both responses."""
        return self.first, self.second


@frozen(kw_only=True)
class Change:
    """By how much the accuracy changes, and the standard error of that.

    ``is_any`` says that some pair is further apart, or less far, than before, and
    ``by_prompts`` that the error is one between prompts, which tells more than one
    between the responses to a few.
    """

    by: float
    error: float
    is_any: bool
    by_prompts: bool

    @property
    def is_loss(self) -> bool:
        """Tell whether it falls by more than noise explains."""
        return self.by < -max(_LOSS * self.error, TOLERANCE)

    @property
    def is_gain(self) -> bool:
        """Tell whether it rises by more than noise explains."""
        return self.by > max(self.error, TOLERANCE)


def tail_pairs(
    keys: Sequence[Key],
    gold: Mapping[Key, float],
    preferences: Sequence[Preference],
    scores: Mapping[Key, float],
) -> tuple[TailPair, ...]:
    """Give the pairs to rank: both good, and one better as far as anybody knows.

    By gold, or else by preferences, of which all count; or else the best by the
    scores of the rubric to be refined, of which nobody knows the order.
    """
    found: list[TailPair] = []
    for prompt, group in _by_prompt(keys).items():
        known = [key for key in group if key in gold]
        preferred = [
            ((prompt, one.better), (prompt, one.worse))
            for one in preferences
            if one.prompt_id == prompt
        ]
        if known:
            tail = _best(known, gold)
            for a, b in combinations(tail, 2):
                if gold[a] != gold[b]:
                    high, low = (a, b) if gold[a] > gold[b] else (b, a)
                    found.append(TailPair(prompt, high, low, known=True))
        elif preferred:
            inside = set(group)
            found += [
                TailPair(prompt, high, low, known=True)
                for high, low in preferred
                if {high, low} <= inside
            ]
        else:
            tail = _best([key for key in group if key in scores], scores)
            found += [
                TailPair(prompt, a, b, known=False) for a, b in combinations(tail, 2)
            ]
    return tuple(found)


def measure(
    pairs: Sequence[TailPair],
    scores: Mapping[Key, float],
    junk: Mapping[Key, float],
) -> TailMeasure:
    """Measure a rubric by the scores that it gives.

    A pair of which one has no score is left out.
    """
    scored = [pair for pair in pairs if scores.keys() >= set(pair.keys)]
    groups: dict[str, list[tuple[float, TailPair]]] = {}
    for pair in scored:
        groups.setdefault(pair.prompt_id, []).append((_margin(pair, scores), pair))
    ties = _mean(_mean(_is_tie(d) for d, _ in group) for group in groups.values())
    right = [
        _mean(_credit(d) for d, pair in group if pair.known)
        for group in groups.values()
        if any(pair.known for _, pair in group)
    ]
    return TailMeasure(
        pairs=len(scored), accuracy=_mean(right), ties=ties, leak=_leak(scores, junk)
    )


def change_of_accuracy(
    pairs: Sequence[TailPair],
    before: Mapping[Key, float],
    after: Mapping[Key, float],
) -> Change | None:
    """Give by how much the accuracy changes, and how well that is known.

    The error is that of a jackknife: each prompt is left out in turn, or each response
    where there are too few prompts to tell.  A pair of which one has no score is left
    out; None where nobody said which response is better.
    """
    scored = before.keys() & after.keys()
    known = [pair for pair in pairs if pair.known and scored.issuperset(pair.keys)]
    if not known:
        return None
    by_prompt = len({pair.prompt_id for pair in known}) >= _ENOUGH_PROMPTS
    gains: dict[str, list[tuple[frozenset[Hashable], float]]] = {}
    for pair in known:
        touched = frozenset[Hashable]({pair.prompt_id} if by_prompt else pair.keys)
        gain = _credit(_margin(pair, after)) - _credit(_margin(pair, before))
        gains.setdefault(pair.prompt_id, []).append((touched, gain))
    units = {unit for group in gains.values() for some, _ in group for unit in some}
    return Change(
        by=_mean_gain(gains, None) or 0.0,
        error=_jackknife([_mean_gain(gains, unit) for unit in units]),
        is_any=any(
            abs(_margin(pair, after) - _margin(pair, before)) > TOLERANCE
            for pair in known
        ),
        by_prompts=by_prompt,
    )


def _mean_gain(
    gains: Mapping[str, Sequence[tuple[frozenset[Hashable], float]]],
    left_out: Hashable,
) -> float | None:
    """Give the mean over prompts of the mean over pairs, less those of one unit."""
    return _mean(
        _mean(gain for touched, gain in group if left_out not in touched)
        for group in gains.values()
    )


def _jackknife(values: Iterable[float | None]) -> float:
    """Give the standard error by estimates of which each leaves out one unit."""
    known = list(_known(values))
    if len(known) < 2:  # noqa: PLR2004 - one estimate tells of no error
        return 0.0
    mean = fsum(known) / len(known)
    squares = fsum((value - mean) ** 2 for value in known)
    return sqrt((len(known) - 1) / len(known) * squares)


def _margin(pair: TailPair, scores: Mapping[Key, float]) -> float:
    return scores[pair.first] - scores[pair.second]


def _leak(scores: Mapping[Key, float], junk: Mapping[Key, float]) -> float | None:
    """Give the share of junk that scores as the best responses to its prompt do."""
    groups = _by_prompt(scores)
    bars = {
        prompt: sorted((scores[key] for key in group), reverse=True)[
            ceil(_TOP * len(group)) - 1
        ]
        for prompt, group in groups.items()
    }
    measured = [
        float(score >= bars[key[0]] - TOLERANCE)
        for key, score in junk.items()
        if key[0] in bars
    ]
    return _mean(measured)


def _best(keys: Sequence[Key], values: Mapping[Key, float]) -> list[Key]:
    """Give the top of a prompt's responses, and all that equal its last."""
    if not keys:
        return []
    ordered = sorted((values[key] for key in keys), reverse=True)
    count = min(len(ordered), max(_LEAST_TAIL, ceil(TAIL * len(ordered))))
    bar = ordered[count - 1] - TOLERANCE
    return [key for key in keys if values[key] >= bar]


def _by_prompt(keys: Iterable[Key]) -> dict[str, list[Key]]:
    groups: dict[str, list[Key]] = {}
    for key in keys:
        groups.setdefault(key[0], []).append(key)
    return groups


def order(apart: float) -> int:
    """Give the order of two scores by how far they are apart: 1, 0 or -1."""
    return 0 if abs(apart) <= TOLERANCE else int(copysign(1, apart))


def _is_tie(apart: float) -> float:
    return float(abs(apart) <= TOLERANCE)


def _credit(apart: float) -> float:
    if abs(apart) <= TOLERANCE:
        return 0.5
    return float(apart > 0)


def _mean(numbers: Iterable[float | None]) -> float | None:
    known = list(_known(numbers))
    return fsum(known) / len(known) if known else None


def _known(numbers: Iterable[float | None]) -> Iterator[float]:
    return (number for number in numbers if number is not None)
