"""Whether a quote is evidence: found in the response, and of the response's own."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cached_property

import attrs

# Shorter quotes, such as "the", are found anywhere.
_FEWEST_CHARACTERS = 6

_LIKE = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "ʼ": "'", "′": "'",  # noqa: RUF001
        "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "″": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-",  # noqa: RUF001
        "\u00ad": None, "\u200b": None, "\u2060": None, "\ufeff": None,
    }
)  # fmt: skip
_BLANK = re.compile(r"\s+")
_QUOTED = " \"'`"


def normalized(text: str) -> str:
    """Give the form in which quotes are compared.

    Compatibility forms (NFKC), kinds of quotation marks, dashes and white space are
    made one; case and wording are kept.
    """
    folded = unicodedata.normalize("NFKC", text).translate(_LIKE)
    return _BLANK.sub(" ", folded).strip()


@attrs.frozen(eq=False, slots=False)
class QuoteSource:
    """The texts that a judge saw, to look quotes up in."""

    texts: Mapping[str, str]

    @cached_property
    def _judged(self) -> tuple[str, ...]:
        return tuple(
            normalized(text)
            for name, text in self.texts.items()
            if name not in {"prompt", "reference"}
        )

    @cached_property
    def _prompt(self) -> str:
        return normalized(self.texts.get("prompt", ""))

    def fault(self, quote: str | None, criterion: str) -> str | None:
        """Say why ``quote`` is no evidence for a criterion's text; None if it is.

        A quote must stand word for word in what is judged, must be long enough to
        say something (unless it is all there is), and must not stand in the prompt
        or in the criterion, from where it may just have been copied.
        """
        wanted = normalized(quote or "").strip(_QUOTED)
        if not wanted:
            return "the judge gave no quote"
        if not any(wanted in text for text in self._judged):
            return f"the quote {_shown(wanted)} is not in the response"
        whole = any(wanted == text.strip(_QUOTED) for text in self._judged)
        if sum(map(str.isalnum, wanted)) < _FEWEST_CHARACTERS and not whole:
            return f"the quote {_shown(wanted)} is too short to prove anything"
        if wanted in self._prompt:
            return f"the quote {_shown(wanted)} stands in the prompt, too"
        if wanted in normalized(criterion):
            return f"the quote {_shown(wanted)} stands in the criterion itself"
        return None


def _shown(quote: str) -> str:
    return f"“{quote[:79]}…”" if len(quote) > 80 else f"“{quote}”"  # noqa: PLR2004
