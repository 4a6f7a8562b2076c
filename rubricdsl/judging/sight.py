"""What a judge sees of a response: the texts that ``sees`` names, and no others."""

from collections.abc import Mapping
from functools import cached_property

import attrs

from rubricdsl.diagnostics import FactMissingError
from rubricdsl.model.digest import digest_of_texts
from rubricdsl.model.expression import Value
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Turn

# What is seen where a rubric does not say.
EVERYTHING = ("prompt", "response", "reference")


@attrs.frozen(eq=False, slots=False)
class Sight:
    """The texts shown to a judge, by name, in the order in which they are shown."""

    texts: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """Identity of what is seen: names, texts and order."""
        return digest_of_texts(self.texts)

    @cached_property
    def length(self) -> int:
        """How many characters the texts have together."""
        return sum(map(len, self.texts.values()))


def look(sees: tuple[str, ...], rubric: BoundRubric, response: Response) -> Sight:
    """Gather what ``sees`` names.

    The prompt and then the response come first, whatever the order written, so
    that requests share their beginning.  A prompt that neither the response nor the
    rubric has is left out, and so is a reference that nobody asked for by name.

    Raises:
        FactMissingError: for an artifact that was not recorded, and for a reference
            that the rubric wants compared and nobody has given.
    """
    texts: dict[str, str] = {}
    for name in sorted(sees, key=_place):
        if name == "response":
            texts[name] = response.text
        elif name == "prompt":
            prompt = prompt_text(rubric, response)
            if prompt is not None:
                texts[name] = prompt
        elif name == "reference":
            reference = reference_text(rubric, response)
            if reference is not None:
                texts[name] = reference
            elif sees != EVERYTHING:
                raise FactMissingError(
                    "the judge is to see the reference, and neither the response nor "
                    "the rubric has one"
                )
        elif name in response.artifacts:
            texts[name] = response.artifacts[name]
        else:
            raise FactMissingError(
                f"the judge is to see `{name}`, and no artifact of that name was "
                "recorded with the response"
            )
    return Sight(texts)


def _place(name: str) -> int:
    return {"prompt": 0, "response": 1}.get(name, 2)


def prompt_text(rubric: BoundRubric, response: Response) -> str | None:
    """Give the prompt as one text: the response's own, else the rubric's."""
    if response.conversation or response.prompt is not None:
        return _spoken(response.conversation, response.prompt)
    if rubric.conversation or rubric.prompt is not None:
        return _spoken(rubric.conversation, rubric.prompt)
    return None


def reference_text(rubric: BoundRubric, response: Response) -> str | None:
    """Give the reference answer: the response's own, else the rubric's."""
    return rubric.reference if response.reference is None else response.reference


def _spoken(conversation: tuple[Turn, ...], prompt: str | None) -> str:
    if not conversation:
        return prompt or ""
    turns = [f"{turn.speaker}: {turn.text}" for turn in conversation]
    if prompt is not None and all(turn.text != prompt for turn in conversation):
        turns.append(f"user: {prompt}")
    return "\n\n".join(turns)


def check_names(rubric: BoundRubric, response: Response) -> dict[str, Value]:
    """Give the names in a check's expression; what was not recorded has no value."""
    known = {
        "response": response.text,
        "prompt": prompt_text(rubric, response),
        "reference": reference_text(rubric, response),
    }
    return {name: text for name, text in known.items() if text is not None}
