"""Responses that say nothing are answered without a judge.

Language models can be talked into a yes by a lone colon, so they are not asked
about such responses where the answer is plain: a statement that something is said
is not true of an empty text.  Whether a statement is of that kind is decided by its
first word, from a closed list, and by the absence of anything that denies or
limits; whatever else is said of an empty text, the judge is asked.
"""

import re
import unicodedata

from rubricdsl.model.judgement import Question
from rubricdsl.model.rubric import AnswerScale

JUDGE_NAME = "engine:degenerate"
REASON = "the response is empty or only punctuation, and so states nothing"

_STATES = re.compile(
    r"""\s*(?:the\s+(?:response|answer|text|reply|report)\s+)?(?:clearly\s+)?
    (?:states?|says?|mentions?|explains?|names?|lists?|gives?|tells?|notes?
      |recommends?|suggests?|advises?|warns?|includes?|describes?|points?\s+out
      |defines?|cites?|identifies|identify|provides?|quotes?|summari[sz]es?
      |introduces?|asks?|offers?|shows?|contains?|discusses|discuss|compares?)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_DENIES_OR_LIMITS = re.compile(
    r"""\b(?:not|no|none|never|nothing|nobody|neither|nor|without|cannot|avoids?
      |avoiding|omits?|omitting|lacks?|lacking|free|absent|absence|only|just|solely
      |any|empty|nowhere|refuses?|refrains?|fails?|unless|instead|rather|fewer|less
      |most|at\s+most|up\s+to|under|within|below|exactly|zero|0)\b
      |n['’]t\b""",  # noqa: RUF001 - both apostrophes
    re.IGNORECASE | re.VERBOSE,
)


def says_nothing(text: str) -> bool:
    """Tell whether a text has neither letters nor digits nor other symbols to read.

    Punctuation, white space and characters that cannot be seen say nothing; a
    one-word answer or an emoji can be right.
    """
    return not any(map(_is_readable, text))


def _is_readable(character: str) -> bool:
    if character.isalnum():
        return True
    return character.isprintable() and not _is_punctuation(character)


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PZCM" or character in "`~^|<>=+$"


def is_plainly_no(question: Question) -> bool:
    """Tell whether a text that says nothing must be answered no."""
    return (
        isinstance(question.scale, AnswerScale)
        and "no" in question.scale.answers
        and not question.may_abstain
        and _STATES.match(question.text) is not None
        and _DENIES_OR_LIMITS.search(question.text) is None
    )
