"""A table for ``str.translate`` that is filled as characters turn up."""

from collections.abc import Callable


class CharacterTable(dict[int, str]):
    """Maps each code point to what ``of`` gives for its character, asked once."""

    def __init__(self, of: Callable[[str], str]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, point: int) -> str:
        self[point] = self._of(chr(point))
        return self[point]
