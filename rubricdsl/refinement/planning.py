"""From what a user asks for to the course of a refinement."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Protocol, TypeVar

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.model.refinement import (
    PairSelectorOffer,
    RefinementStrategyOffer,
)
from rubricdsl.refinement.courses import PRESETS, Course, Preset, Stage

# Where there is gold and nobody to propose: what is wrong first, then the weights.
_FITTED = ("prune", "reweigh")
_PROPOSED = "rtd_iterative"
_SELECT = "top2"


class _Offer(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def options(self) -> tuple[str, ...]: ...


_OfferT = TypeVar("_OfferT", bound=_Offer)


@frozen(kw_only=True)
class Wishes:
    """How a user wants rubrics refined; None, or nothing, is for us to choose.

    ``strategies`` and ``select`` are names, perhaps with options: ``name?key=value``.
    """

    preset: str | None = None
    strategies: tuple[str, ...] = ()
    select: str | None = None
    rounds: int | None = None
    gate: bool = True
    keeps_used: bool = False
    shows_weights: bool = True
    shows_verdicts: bool = True


def course_of(
    wishes: Wishes,
    *,
    strategies: Mapping[str, RefinementStrategyOffer],
    selectors: Mapping[str, PairSelectorOffer],
    proposer: str | None,
    has_gold: bool,
) -> Course:
    """Give the course that a user wants, with what there is to take it by.

    ``proposer`` is the name of the one that there is.  Raises RubricError (D401) for
    wishes that cannot be met.
    """
    preset = None if wishes.preset is None else PRESETS[wishes.preset]
    names = wishes.strategies or _default(preset, proposer, has_gold=has_gold)
    stages = [
        _stage(name, strategies, wishes, preset, alone=len(names) == 1)
        for name in names
    ]
    for stage in stages:
        _check_needs(stage, proposer, has_gold=has_gold)
    select = wishes.select or (preset.select if preset else _SELECT)
    name, options = read_choice(select)
    offer = _offer("pair selector", name, options, selectors)
    return Course(
        stages=tuple(stages),
        selector=offer.create(options),
        selector_name=select,
        gate=wishes.gate,
        scores=preset is None or preset.scores or wishes.select is not None,
        excludes_used=not wishes.keeps_used,
        shows_weights=wishes.shows_weights,
        shows_verdicts=wishes.shows_verdicts,
        author=proposer or "",
    )


def _default(
    preset: Preset | None, proposer: str | None, *, has_gold: bool
) -> Sequence[str]:
    if preset is not None:
        return (preset.strategy,)
    if proposer is not None:
        return (_PROPOSED,)
    if has_gold:
        return _FITTED
    return fail(
        "D401",
        "there is nothing to refine by: neither a proposer nor gold",
        hint="name who proposes, as in --proposer openai:gpt-4.1, or what people said "
        "of the responses, with --gold FILE",
    )


def _stage(
    written: str,
    strategies: Mapping[str, RefinementStrategyOffer],
    wishes: Wishes,
    preset: Preset | None,
    *,
    alone: bool,
) -> Stage:
    name, options = read_choice(written)
    offer = _offer("refinement strategy", name, options, strategies)
    rounds = offer.rounds
    if alone and preset is not None:
        rounds = preset.rounds
    if alone and wishes.rounds is not None:
        rounds = wishes.rounds
    return Stage(name=name, strategy=offer.create(options), rounds=rounds)


def _check_needs(stage: Stage, proposer: str | None, *, has_gold: bool) -> None:
    needs = stage.strategy.needs
    if (needs.proposer or needs.attacker) and proposer is None:
        fail(
            "D401",
            f"the strategy `{stage.name}` needs a proposer",
            hint="name one, as in --proposer openai:gpt-4.1",
        )
    if needs.gold and not has_gold:
        fail(
            "D401",
            f"the strategy `{stage.name}` needs gold",
            hint="give what people said of the responses, with --gold FILE",
        )


def read_choice(written: str) -> tuple[str, dict[str, str]]:
    """Read ``name?key=value&…``.

    Raises RubricError (D401) for options that are not of that form.
    """
    name, _, query = written.partition("?")
    options: dict[str, str] = {}
    for option in filter(None, query.split("&")):
        key, equals, value = option.partition("=")
        if not (key and equals and value) or key in options:
            fail(
                "D401",
                f"`{written}`: `{option}` is no option",
                hint="write `NAME?key=value&…`, each key once",
            )
        options[key] = value
    return name, options


def _offer(
    what: str, name: str, options: Mapping[str, str], offers: Mapping[str, _OfferT]
) -> _OfferT:
    if name not in offers:
        close = get_close_matches(name, offers, 1)
        meant = f"did you mean `{close[0]}`? " if close else ""
        hint = f"{meant}there are: {', '.join(sorted(offers))}"
        fail("D401", f"no {what} is called `{name}`", hint=hint)
    offer = offers[name]
    for key in options:
        if key not in offer.options:
            takes = ", ".join(offer.options)
            hint = f"it takes: {takes}" if takes else "it takes none"
            fail("D401", f"the {what} `{name}` has no option `{key}`", hint=hint)
    return offer
