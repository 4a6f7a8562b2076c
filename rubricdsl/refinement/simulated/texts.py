"""The simulated world in words: rubrics as source, responses as text, and back.

Nothing but the text tells a judge or a proposer what a response shows.
"""

import re
from collections.abc import Iterable, Sequence

from attrs import frozen

from rubricdsl.analysis.simulation.world import World
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Criterion, Weight

_SKILL = re.compile(r"Covers skill (\d+)\.")
_VAGUE = re.compile(r"Makes a good impression in respect (\d+)\.")
_SHOWN = re.compile(r"^- (Covers skill|Dazzles by trick) (\d+)\.$", re.MULTILINE)


@frozen
class Wording:
    """How a world is put into words.

    Features and criteria are known by their numbers (`rubricdsl.analysis.simulation`):
    those of skills come first, then those of hacks, and of vague criteria.
    """

    skills: int
    hacks: int

    @classmethod
    def of(cls, world: World) -> "Wording":
        """Give the words for a world."""
        return cls(world.parameters.skills, world.parameters.hacks)

    # ---------------------------------------------------------------- rubrics

    def name(self, criterion: int) -> str:
        """Give the name of a criterion."""
        if criterion < self.skills:
            return f"skill_{criterion:02}"
        return f"impression_{criterion - self.skills + 1}"

    def text(self, criterion: int) -> str:
        """Give the text of a criterion."""
        if criterion < self.skills:
            return f"Covers skill {criterion:02}."
        return f"Makes a good impression in respect {criterion - self.skills + 1}."

    def number(self, text: str) -> int:
        """Give the number of a criterion by its text.

        Raises ValueError for a text that means nothing in the world.
        """
        if found := _SKILL.fullmatch(text):
            return int(found[1])
        if found := _VAGUE.fullmatch(text):
            return self.skills + int(found[1]) - 1
        raise ValueError(f"no criterion of the simulated world: {text}")

    def source(self, prompt_id: str, weights: Iterable[tuple[int, int]]) -> str:
        """Write the rubric for a prompt: criteria and what they weigh."""
        lines = [f"rubric {prompt_id}", "weights: 1 to 3", ""]
        lines += [
            f"[{weight}] {self.name(criterion)}: {self.text(criterion)}"
            for criterion, weight in weights
        ]
        return "\n".join([*lines, ""])

    def weights(self, rubric: BoundRubric) -> dict[int, float]:
        """Read what the criteria of a rubric weigh, by their numbers.

        Raises ValueError for a rubric with anything but weighted criteria in it.
        """
        found: dict[int, float] = {}
        for item in rubric.walk():
            match item:
                case Criterion(mark=Weight(value), text=text):
                    number = self.number(text)
                    found[number] = found.get(number, 0.0) + value
                case _:
                    raise ValueError(f"`{item.name}` is no weighted criterion")
        return found

    # -------------------------------------------------------------- responses

    def response(
        self, prompt_id: str, source: str, number: int, shown: Sequence[bool]
    ) -> Response:
        """Write a response that shows what it shows, one line for each feature."""
        lines = [f"Response {number} of {source} to {prompt_id}."]
        lines += [
            f"- {self.feature(place)}"
            for place, is_there in enumerate(shown)
            if is_there
        ]
        return Response(
            text="\n".join(lines),
            prompt_id=prompt_id,
            response_id=f"{source}_{number}",
            source=source,
        )

    def feature(self, place: int) -> str:
        """Give the words by which a response shows a feature."""
        if place < self.skills:
            return f"Covers skill {place:02}."
        return f"Dazzles by trick {place - self.skills + 1}."

    def shown(self, text: str) -> list[bool]:
        """Read what a response shows."""
        shown = [False] * (self.skills + self.hacks)
        for what, number in _SHOWN.findall(text):
            is_skill = what.startswith("Covers")
            shown[int(number) if is_skill else self.skills + int(number) - 1] = True
        return shown
