"""Texts from elsewhere, made such as a rubric can hold: what that takes and no more."""

import re

from rubricdsl.language.texts import PARAMETER
from rubricdsl.model.hidden import hidden_in

_JOINERS = re.compile("[\u200c\u200d]+")


def without_hidden(text: str) -> str:
    """Give a text without characters that a reader cannot see."""
    while hidden := {match.start() for match in hidden_in(text)}:
        # Where one joiner hides, those beside it would do so next.
        for run in _JOINERS.finditer(text):
            places = range(*run.span())
            if not hidden.isdisjoint(places):
                hidden.update(places)
        # What stood between two hidden characters may be hidden without them.
        text = "".join(char for at, char in enumerate(text) if at not in hidden)
    return text


def without_parameters(text: str) -> str:
    """Give a text in which braces name no parameter: ``{{x}}`` becomes ``{ {x}}``."""
    return PARAMETER.sub(lambda match: "{ " + match[0][1:], text)


def one_line(text: str) -> str:
    """Give a text as one line, without what cannot be seen."""
    return " ".join(without_hidden(text.replace("\t", " ")).split())
