"""Options of selectors and strategies: words, read as what each of them is.

No message repeats a value, which may have been put there by mistake.
"""

import math
from collections.abc import Mapping
from typing import NoReturn

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.diagnostics.secrets import looks_secret
from rubricdsl.judging.options import did_you_mean


@frozen
class Options:
    """The options that somebody gave; ``owner`` is what they are for, in words."""

    owner: str
    given: Mapping[str, str]

    @classmethod
    def of(
        cls, owner: str, given: Mapping[str, str], known: tuple[str, ...]
    ) -> "Options":
        """Take options; raises RubricError (D401) if one is not known."""
        for name in given:
            if name not in known:
                shown = "such option" if looks_secret(name) else f"option `{name}`"
                fail("D401", f"{owner} has no {shown}", hint=did_you_mean(name, known))
        return cls(owner, given)

    def whole(self, name: str, default: int, *, least: int, most: int) -> int:
        """Read a whole number; raises RubricError (D401) if it is none in range."""
        text = self.given.get(name, str(default)).strip()
        is_whole = text.isascii() and text.isdigit() and len(text) <= len(str(most))
        if not is_whole or not least <= int(text) <= most:
            self._refuse(name, f"a whole number from {least} to {most}")
        return int(text)

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        """Read a number; raises RubricError (D401) if it is none in range."""
        try:
            number = float(self.given.get(name, default))
        except ValueError:
            number = math.nan
        if not least <= number <= most:
            self._refuse(name, f"a number from {least:g} to {most:g}")
        return number

    def word(self, name: str) -> str:
        """Read a word that has to be given; raises RubricError (D401) if it is not."""
        word = self.given.get(name, "").strip()
        if not word:
            self._refuse(name, "given")
        return word

    def _refuse(self, name: str, wanted: str) -> NoReturn:
        message = f"the option `{name}` of {self.owner} must be {wanted}"
        fail("D401", message, hint=f"write `?{name}=…` behind the name")
