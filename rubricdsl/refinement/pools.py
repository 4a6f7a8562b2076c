"""Pools: the responses by which a rubric is refined, and those kept back to prove it.

What a proposer sees cannot also prove that its edits help, so a part of the pool is
held out: whole prompts where a rubric judges several, responses where it judges one.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import pairwise
from math import ceil, inf
from types import MappingProxyType
from typing import TypeAlias

from attrs import field, frozen

from rubricdsl.model.refinement import Preference
from rubricdsl.model.response import Response

Key: TypeAlias = tuple[str, str]

# So few responses, or prompts, are the least that can prove anything.
_LEAST_HELD_OUT = 3
_LEAST_POOL = 2
_NO_GOLD: Mapping[Key, float] = MappingProxyType({})


def key_of(response: Response) -> Key:
    """Give the ids of a response's prompt and of itself."""
    return response.prompt_id, response.response_id


@frozen(kw_only=True)
class Pool:
    """Responses by which one rubric is refined.

    ``responses`` may be shown to a proposer, ``held_out`` never are.  ``junk`` are
    responses that are no good by construction.  ``gold`` says how good responses are,
    by their key, whether held out or not; ``preferences`` which are better than which.
    """

    responses: tuple[Response, ...]
    held_out: tuple[Response, ...] = ()
    junk: tuple[Response, ...] = ()
    gold: Mapping[Key, float] = field(default=_NO_GOLD, hash=False)
    preferences: tuple[Preference, ...] = ()

    @property
    def is_labelled(self) -> bool:
        """Tell whether somebody said which held-out responses are better."""
        keys = {key_of(response) for response in self.held_out}
        return any(key in self.gold for key in keys) or any(
            {(one.prompt_id, one.better), (one.prompt_id, one.worse)} <= keys
            for one in self.preferences
        )


@frozen
class Split:
    """A pool in two: what may be shown, and what is held out."""

    shown: tuple[Response, ...]
    held_out: tuple[Response, ...]


def split(
    responses: Sequence[Response],
    share: float,
    seed: int,
    gold: Mapping[Key, float] = _NO_GOLD,
) -> Split:
    """Hold a share of responses out, by prompt if there are enough of those.

    Which ones depends on their ids and the seed, not on their order.  Of responses to
    one prompt, good and bad ones are held out alike as far as ``gold`` tells.  With
    too few to prove anything by, nothing is held out.
    """
    prompts = _drawn({response.prompt_id for response in responses}, seed)
    if len(prompts) >= _LEAST_HELD_OUT + _LEAST_POOL:
        kept = set(prompts[: _held_out(len(prompts), share)])
        return _parted(responses, [r.prompt_id in kept for r in responses])
    # Every prompt gives its part, so that each has pairs on both sides.
    back: set[Key] = set()
    for prompt in prompts:
        ids = {r.response_id for r in responses if r.prompt_id == prompt}
        if len(ids) >= _LEAST_HELD_OUT + _LEAST_POOL:
            worth = {one: gold[prompt, one] for one in ids if (prompt, one) in gold}
            drawn = _spread(_drawn(ids, seed), worth, _held_out(len(ids), share))
            back |= {(prompt, one) for one in drawn}
    return _parted(responses, [key_of(r) in back for r in responses])


def _spread(drawn: Sequence[str], worth: Mapping[str, float], count: int) -> list[str]:
    """Take so many names, from as many layers of their worth; those without first."""
    ordered = sorted(drawn, key=lambda name: worth.get(name, -inf))
    edges = [len(ordered) * layer // count for layer in range(count + 1)]
    places = {name: place for place, name in enumerate(drawn)}
    return [
        min(ordered[low:high], key=places.__getitem__) for low, high in pairwise(edges)
    ]


def _held_out(count: int, share: float) -> int:
    wanted = max(_LEAST_HELD_OUT, ceil(share * count))
    return min(wanted, count - _LEAST_POOL)


def _parted(responses: Sequence[Response], back: Sequence[bool]) -> Split:
    pairs = list(zip(responses, back, strict=True))
    return Split(
        tuple(response for response, held in pairs if not held),
        tuple(response for response, held in pairs if held),
    )


def _drawn(names: Iterable[str], seed: int) -> list[str]:
    """Put names into an order that only they and the seed decide."""
    return sorted(names, key=lambda name: draw(seed, "held out", name))


def draw(seed: int, *words: object) -> bytes:
    """Give bytes that look drawn, and depend on nothing but what is given."""
    text = "\x1f".join(map(str, (seed, *words)))
    # An id comes from anywhere: a lone surrogate in it must not end a run.
    data = text.encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=16).digest()
