"""What an IFEval row may give as arguments of an instruction, and in what form."""

from collections.abc import Mapping

from attrs import frozen

from rubricdsl.model.digest import Plain
from rubricdsl.model.expression import CompareOperator

_RELATIONS: Mapping[str, tuple[CompareOperator, str]] = {
    "at least": (">=", "at least"),
    "less than": ("<", "fewer than"),
    "al menos": (">=", "at least"),
    "como máximo": ("<=", "at most"),
}


class InstructionError(ValueError):
    """An instruction that has no meaning here; the text says why."""


@frozen
class Arguments:
    """The arguments of an instruction, and the language that its kind names."""

    values: Mapping[str, Plain]
    language: str

    def text(self, name: str) -> str:
        """Give a text that is not blank, without blanks around it."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value.strip():
            raise InstructionError(f"its argument `{name}` must be a text")
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """Give one or more texts, sorted, each once."""
        value = self.values.get(name)
        texts = value if isinstance(value, list) else [value]
        found = {text for text in texts if isinstance(text, str) and text}
        if not found or len(found) < len({str(text) for text in texts}):
            raise InstructionError(f"its argument `{name}` must be a list of texts")
        return tuple(sorted(found))

    def number(self, name: str) -> int:
        """Give a whole number that is not negative."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InstructionError(f"its argument `{name}` must be a number")
        if value < 0 or value != int(value):
            raise InstructionError(f"its argument `{name}` must be 0, 1, 2, …")
        return int(value)

    def relation(self, name: str) -> tuple[CompareOperator, str]:
        """Give a comparison and how it is said."""
        value = self.values.get(name)
        relation = _RELATIONS.get(value) if isinstance(value, str) else None
        if relation is None:
            known = ", ".join(_RELATIONS)
            raise InstructionError(f"its argument `{name}` must be one of {known}")
        return relation
