"""Who hears of the rounds of a refinement."""

from typing import Protocol

from rubricdsl.model.refinement import RoundRecord


class RoundListener(Protocol):
    """Hears of every round as it ends."""

    def round_finished(self, rubric: str, record: RoundRecord) -> None:
        """Hear that a round of the refinement of a rubric has ended."""
        ...
