"""Choosing the pair of a round: from which responses, and to which prompt.

A rule of selection is put to one prompt at a time and gets only responses that may be
chosen: with a score, not used before, and of equal texts just one.  A failed verdict
leaves no score, so what could not be judged is never chosen.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.model.refinement import (
    Candidate,
    Pair,
    PairSelector,
    SelectionRequest,
)
from rubricdsl.refinement.pools import Key, draw
from rubricdsl.refinement.selection.ordering import ranked
from rubricdsl.scoring.leaves import TOLERANCE

_PAIR = 2


@frozen(kw_only=True)
class Choice:
    """A pair, or None; ``why`` is a sentence for people either way.

    ``exhausted`` says that there could be none: no prompt has two responses left that
    may be chosen.
    """

    pair: Pair | None = None
    why: str
    exhausted: bool = False


def choose(  # noqa: PLR0913 - a round has its circumstances
    selector: PairSelector,
    candidates: Iterable[Candidate],
    *,
    used: Collection[Key],
    round: int,  # noqa: A002 - as the language calls it
    seed: int,
    prompts_used: Collection[str] = (),
) -> Choice:
    """Choose a pair from candidates of one prompt or several.

    Prompts are tried in turn until the selector finds a pair: those first whose two
    best responses tie, then by how close these are; of those as close, the prompts
    used least, then by lot.  Texts are equal if only blanks at their ends differ; a
    copy of a response that is ``used`` counts as used if that is among the candidates,
    with a score or not.

    Raises RubricError (D302) if the selector chooses what it was not offered.
    """
    by_prompt: dict[str, list[Candidate]] = {}
    for one in candidates:
        by_prompt.setdefault(one.response.prompt_id, []).append(one)
    requests = [
        SelectionRequest(
            candidates=fresh,
            scored=tuple(one for one in group if one.score is not None),
            round=round,
            seed=seed,
        )
        for group in by_prompt.values()
        if len(fresh := _fresh(group, frozenset(used), seed)) >= _PAIR
    ]
    if not requests:
        why = "no prompt has two different responses left that have a score"
        return Choice(why=why, exhausted=True)
    times = Counter(prompts_used)
    for request in sorted(requests, key=lambda one: _urgency(one, times)):
        pair = selector.select(request)
        if pair is not None:
            _check(pair, request)
            return Choice(pair=pair, why=pair.why)
    where = "the prompt" if len(requests) == 1 else f"any of {len(requests)} prompts"
    return Choice(why=f"the selector finds no pair worth telling apart for {where}")


def _fresh(
    group: Sequence[Candidate], used: Collection[Key], seed: int
) -> tuple[Candidate, ...]:
    """Give what may be chosen, in the order of the input."""
    spent = {_content(one) for one in group if one.key in used}
    kept: dict[str, Candidate] = {}
    # Of copies that judges found unequally good, neither the best nor the first is
    # better than the others.
    for one in sorted(group, key=lambda one: draw(seed, "copy", *one.key)):
        if one.score is not None and _content(one) not in spent:
            kept.setdefault(_content(one), one)
    keys = {one.key for one in kept.values()}
    return tuple(one for one in group if one.key in keys)


def _content(one: Candidate) -> str:
    return one.response.text.strip()


def _urgency(
    request: SelectionRequest, times: Counter[str]
) -> tuple[float, int, bytes]:
    """Give what sorts a prompt before others."""
    first, second, *_ = ranked(request)
    margin = first.score - second.score
    prompt = first.candidate.response.prompt_id
    return (
        # Margins that differ by rounding alone are equal, as scores are.
        0.0 if first.level == second.level else round(margin / TOLERANCE),
        times[prompt],
        draw(request.seed, "prompt", request.round, prompt),
    )


def _check(pair: Pair, request: SelectionRequest) -> None:
    offered = {one.key for one in request.candidates}
    chosen = {pair.first.key, pair.second.key}
    if len(chosen) != _PAIR or not chosen <= offered:
        message = "the pair selector chose a response that it was not offered"
        hint = "choose another with --select, or report this to who made it"
        fail("D302", message, hint=hint)
