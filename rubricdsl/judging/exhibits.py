"""The texts that a judge sees, each between fence lines, as they stand in a prompt."""

from collections.abc import Mapping

from attrs import frozen

from rubricdsl.judging.fencing import Fencer, Secret, fenced, fresh_secret, visible
from rubricdsl.judging.made_once import MadeOnce

# Requests in flight are about few responses at a time.
_KEPT = 32

_HEADINGS = {
    "prompt": "The prompt that was answered:",
    "response": "The response to be judged:",
    "reference": "A reference answer by an expert, to compare with, not to be judged:",
}


@frozen(eq=False)
class Exhibit:
    """The texts of one response; ``removed`` counts characters not passed on."""

    text: str
    removed: int


class Exhibitor:
    """Fills texts into a template, which has ``{fence}`` and ``{texts}``.

    Texts are fenced by a line that whoever wrote them cannot foresee, the same for
    all questions about one response.
    """

    def __init__(self, template: str, *, secret: Secret = fresh_secret) -> None:
        self._template = template
        self._fencer = Fencer(secret=secret)
        # All requests about one response hold the same mapping.
        self._exhibits = MadeOnce(self._exhibit, _KEPT)

    def exhibit(self, seen: Mapping[str, str]) -> Exhibit:
        """Give the texts in ``seen``, by name, with what stands around them."""
        return self._exhibits.of(seen)

    def _exhibit(self, seen: Mapping[str, str]) -> Exhibit:
        shown = {name: visible(text) for name, text in seen.items()}
        texts = {name: text for name, (text, _) in shown.items()}
        fence = self._fencer.fence(texts)
        sections = "".join(_section(name, texts[name], fence) for name in texts)
        return Exhibit(
            self._template.format(fence=fence, texts=sections),
            sum(count for _, count in shown.values()),
        )


def _section(name: str, text: str, fence: str) -> str:
    heading = _HEADINGS.get(name, f"What the response produced, recorded as “{name}”:")
    return fenced(heading, text, fence)
