"""The opposite of an English sentence, by its smallest change.

Negating twice gives the sentence back, letter for letter, or else it is not negated
at all: what is only half understood is left alone.
"""

import re

# What takes a `not` behind it.  `can't` and the like are other words.
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|can|could|should|must|will|would|does|do|did|may|might|shall"
    r"|has|have|had)\b(?!['’])",  # noqa: RUF001 - both apostrophes
    re.IGNORECASE,
)
_NOT = " not"
_IS_NOT = re.compile(r" not\b")
# Sentences that begin with one of these tell somebody to do something.
_ORDERS = frozenset(
    """
    add ask avoid bring buy call carry check choose clean compare contact continue
    cover cut describe discuss drink eat encourage explain feed fill find follow get
    give go heat help hold include keep leave let listen look make measure mix move
    offer open plan press protect put read remember remove rest return run save say
    see seek send set show speak start stay stop store switch take talk tell test try
    turn use visit wait wash watch wear write
    """.split()  # noqa: SIM905 - words to be read
)
_DO_NOT = re.compile(r"^(\W*)Do not ([a-z]+)\b")
_ORDER = re.compile(r"^(\W*)([A-Z][a-z]+)\b")


def negated(sentence: str) -> str | None:
    """Give the opposite; None where none is found that would lead back."""
    for attempt in (_order, _auxiliary):
        opposite = attempt(sentence)
        if opposite is not None:
            back = _order(opposite) or _auxiliary(opposite)
            return opposite if back == sentence else None
    return None


def _order(sentence: str) -> str | None:
    """Turn `Give …` into `Do not give …`, and back."""
    forbidden = _DO_NOT.match(sentence)
    if forbidden is not None:
        lead, verb = forbidden.groups()
        rest = sentence[forbidden.end() :]
        return f"{lead}{verb.capitalize()}{rest}" if verb in _ORDERS else None
    order = _ORDER.match(sentence)
    if order is None or order[2].lower() not in _ORDERS:
        return None
    return f"{order[1]}Do not {order[2].lower()}{sentence[order.end() :]}"


def _auxiliary(sentence: str) -> str | None:
    """Put a `not` behind the first auxiliary verb, or take it away."""
    found = _AUXILIARY.search(sentence)
    if found is None:
        return None
    head, rest = sentence[: found.end()], sentence[found.end() :]
    denied = _IS_NOT.match(rest)
    return head + (_NOT + rest if denied is None else rest[denied.end() :])
