"""Junk and mutants for the prompts of a pool, each made of a good response."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from attrs import evolve, field, frozen

from rubricdsl.audit.tops import Key, key_of
from rubricdsl.model.audit import (
    MutationOffer,
    MutationRequest,
    ProbeOffer,
    ProbeRequest,
)
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric
from rubricdsl.model.scorecard import Scorecard

SOURCE = "audit"
_T = TypeVar("_T")


@frozen(kw_only=True)
class Base:
    """A good response to a prompt, of which junk and mutants are made."""

    rubric: BoundRubric = field(repr=False)
    response: Response
    card: Scorecard = field(repr=False)

    @property
    def key(self) -> Key:
        """The rubric and the prompt."""
        return key_of(self.card)


@frozen(kw_only=True)
class Attempt:
    """A text that was made, and by what, to be judged as a response."""

    maker: str
    base: Base
    response: Response


@frozen(kw_only=True)
class NotMade:
    """What nothing was made of, and why."""

    maker: str
    key: Key
    reason: str


@frozen(kw_only=True)
class Made:
    """What was made, in the order of makers and prompts, and what was not."""

    attempts: tuple[Attempt, ...] = ()
    not_made: tuple[NotMade, ...] = ()


def bases(
    rubrics: Sequence[BoundRubric],
    responses: Sequence[Response],
    cards: Sequence[Scorecard],
    gold: Mapping[tuple[str, str], float],
) -> tuple[Base, ...]:
    """Give the best response to each prompt: by gold where there is any, else by score.

    The three sequences belong together.  Of equals, the first is taken; without a
    score it is none.
    """
    best: dict[Key, tuple[float, float, Base]] = {}
    for rubric, response, card in zip(rubrics, responses, cards, strict=True):
        if card.score is None:
            continue
        worth = gold.get((card.prompt_id, card.response_id), float("-inf"))
        base = Base(rubric=rubric, response=response, card=card)
        known = best.get(base.key)
        if known is None or (worth, card.score) > known[:2]:
            best[base.key] = (worth, card.score, base)
    return tuple(base for _, _, base in best.values())


def junk(offers: Sequence[ProbeOffer], found: Sequence[Base], seed: int) -> Made:
    """Have probes make junk for each prompt."""

    def texts(offer: ProbeOffer, base: Base) -> Sequence[str]:
        request = ProbeRequest(rubric=base.rubric, response=base.response, seed=seed)
        return offer.make(request)

    return _made([(offer.name, _of(offer, texts)) for offer in offers], found)


def mutants(
    offers: Sequence[MutationOffer], found: Sequence[Base], seed: int, most: int
) -> Made:
    """Have mutations make at most ``most`` mutants each for each prompt."""

    def texts(offer: MutationOffer, base: Base) -> Sequence[str]:
        quotes = [result.verdict.evidence for result in base.card.criteria]
        request = MutationRequest(
            rubric=base.rubric,
            response=base.response,
            seed=seed,
            most=most,
            quotes=tuple(quote for quote in quotes if quote),
        )
        others = [text for text in offer.make(request) if text != base.response.text]
        return others[:most]

    return _made([(offer.name, _of(offer, texts)) for offer in offers], found)


_Maker = Callable[[Base], Sequence[str]]


def _of(offer: _T, texts: Callable[[_T, Base], Sequence[str]]) -> _Maker:
    return lambda base: texts(offer, base)


def _made(makers: Sequence[tuple[str, _Maker]], found: Sequence[Base]) -> Made:
    """Call all makers; what one of them does wrong is no reason to stop the rest."""
    attempts: list[Attempt] = []
    not_made: list[NotMade] = []
    for name, maker in makers:
        for base in found:
            try:
                texts = [_checked(text) for text in maker(base)]
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything
                reason = f"it raised {type(error).__name__}: {error}"
                not_made.append(NotMade(maker=name, key=base.key, reason=reason))
                continue
            if not texts:
                reason = "nothing can be made of this prompt and response"
                not_made.append(NotMade(maker=name, key=base.key, reason=reason))
            attempts += [
                Attempt(
                    maker=name,
                    base=base,
                    response=evolve(
                        base.response,
                        text=text,
                        response_id=f"{SOURCE}_{name}_{number}",
                        source=SOURCE,
                    ),
                )
                for number, text in enumerate(dict.fromkeys(texts), 1)
            ]
    return Made(attempts=tuple(attempts), not_made=tuple(not_made))


def _checked(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"gave {type(text).__name__} and no text")
    return text
