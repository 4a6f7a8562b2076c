"""What attacks a rubric: probes, and mutations of good responses, as plugins offer.

A probe makes junk: responses that are no good by construction and look, in some way,
as if they were.  A mutation makes a good response worse.  Both are pure: the same
request gives the same texts.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum

from attrs import frozen

from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric


class Yardstick(StrEnum):
    """Beside what a junk response is measured.

    ``top``: it gets through if it scores as the best responses to its prompt do.
    ``original``: it is a response with something in it made wrong, and gets through
    if it scores no less than that does.
    """

    TOP = "top"
    ORIGINAL = "original"


class Weakness(StrEnum):
    """What a probe lives on, which says what would close the hole."""

    LENGTH = "length"
    PRAISE = "praise"
    ECHO = "echo"
    HEDGES = "hedges"
    FIGURES = "figures"
    SILENCE = "silence"
    COPY = "copy"
    INSTRUCTIONS = "instructions"
    KEYWORDS = "keywords"
    FORM = "form"
    TONE = "tone"
    LANGUAGE = "language"


@frozen(kw_only=True)
class ProbeRequest:
    """A rubric to be fooled, and a good response to the prompt in question."""

    rubric: BoundRubric
    response: Response
    seed: int


@frozen(kw_only=True)
class ProbeOffer:
    """A probe that a plugin offers.

    ``description`` says what it makes and ``attacks`` on what mistake it counts, each
    in a few words.  ``make`` gives the texts of junk responses, the simplest first;
    none where nothing can be made of the request.
    """

    name: str
    description: str
    attacks: str
    weakness: Weakness
    make: Callable[[ProbeRequest], Sequence[str]]
    yardstick: Yardstick = Yardstick.TOP


@frozen(kw_only=True)
class MutationRequest:
    """A good response to be made worse, in at most ``most`` ways.

    ``quotes`` are the pieces of it that judges gave as evidence, if they gave any: what
    it got its credit for, and so what to damage first.
    """

    rubric: BoundRubric
    response: Response
    seed: int
    most: int
    quotes: tuple[str, ...] = ()


@frozen(kw_only=True)
class MutationOffer:
    """A way to make a good response worse that a plugin offers.

    ``make`` gives the texts of mutants, none of which is that of the response; none
    where no mutant is possible.
    """

    name: str
    description: str
    make: Callable[[MutationRequest], Sequence[str]]
