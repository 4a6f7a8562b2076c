"""The language of a text, by py3langid (the extra ``rubricdsl[language]``).

It is deterministic, which langdetect is only after seeding a generator that the
whole process shares.  A text all in capitals is judged by its small letters, as
models of n-grams have seen few capitals.
"""

from functools import cache
from typing import Protocol

from rubricdsl.checks.signatures import TEXT, function, text
from rubricdsl.diagnostics import CheckError
from rubricdsl.model.protocols import CheckFunction

UNDETERMINED = "und"
_SAMPLE = 200_000  # characters that are more than enough to tell a language


class _Identifier(Protocol):
    def classify(self, text: str) -> tuple[str, float]: ...


def language(t: str) -> str:
    """Give the ISO 639-1 code of the language, `UNDETERMINED` without letters.

    Raises:
        CheckError: the extra ``language`` is not installed.
    """
    identifier = _identifier()
    sample = t[:_SAMPLE]
    if not any(char.isalpha() for char in sample):
        return UNDETERMINED
    capitals = sum(char.isupper() for char in sample)
    small = sum(char.islower() for char in sample)
    code, _ = identifier.classify(sample.lower() if capitals > small else sample)
    return code


@cache
def _identifier() -> _Identifier:
    try:
        from py3langid.langid import (  # type: ignore[import-untyped]
            MODEL_FILE,
            LanguageIdentifier,
        )
    except ImportError:
        raise CheckError(
            "language needs an extra: pip install 'rubricdsl[language]'"
        ) from None
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    # The model knows others too, which ISO 639-1 has no code for.
    two_letters = [code for code in identifier.labels if len(code) == len("en")]
    identifier.set_languages(two_letters)
    found: _Identifier = identifier
    return found


FUNCTIONS: tuple[CheckFunction, ...] = (
    function(
        "language",
        (text("t"),),
        TEXT,
        language,
        "ISO 639-1 code of the language of t, such as en; und if it has no letters.",
    ),
)
