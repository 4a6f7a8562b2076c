"""What a foreign format leaves unsaid of a rubric: every field, by what it does.

A writer names the fields that its format can say; the rest becomes losses, so that
a field added to the model is never dropped in silence.
"""

from collections.abc import Iterator

import attrs
from attrs import define, field

from rubricdsl.model.protocols import Loss
from rubricdsl.model.rubric import (
    AnswerScale,
    Criterion,
    Group,
    LevelScale,
    Rubric,
)

_LEFT_OUT = "left out"
_UNTOLD = frozenset({"name", "path", "span", "mark", "items", "text", "imported"})
#: What binding has already worked into the criteria.
_WORKED_IN = frozenset({"params", "na", "judge", "sees", "kind"})

_MEANINGS = {
    "check": ("the check that decides it", "asked of a judge"),
    "needs": ("what it needs (`needs`)", "counted on its own"),
    "na": ("the rule for n/a", "n/a is left to the other side"),
    "passing": ("the pass mark", _LEFT_OUT),
    "evidence": ("that evidence is required", _LEFT_OUT),
    "examples": ("the examples", _LEFT_OUT),
    "note": ("the note to the judge", _LEFT_OUT),
    "why": ("the reason why it is there", _LEFT_OUT),
    "combine": ("the formula", "its parts are weighed instead"),
    "conversation": ("the conversation", _LEFT_OUT),
    "for_prompts": ("the prompts that it is for", _LEFT_OUT),
    "weights": ("the range or classes of weights", "numbers stand for them"),
    "uses": ("the imports", "what they name is written out"),
    "judges": ("the judge blocks", _LEFT_OUT),
    "tests": ("the tests", _LEFT_OUT),
    "history": ("the history", _LEFT_OUT),
}


@define
class Ledger:
    """What one rubric loses on its way into another format."""

    rubric: Rubric
    losses: list[Loss] = field(factory=list)

    def lose(self, path: str, what: str, instead: str = _LEFT_OUT) -> None:
        """Report a loss at a path of the rubric."""
        where = f"{self.rubric.name}.{path}" if path else self.rubric.name
        self.losses.append(Loss(where=where, what=what, instead=instead))

    def lose_names(self) -> None:
        """Report that names are made anew by whoever reads the file."""
        self.lose("", "the names of its criteria", "their texts stand alone")

    def rubric_but(self, told: frozenset[str]) -> None:
        """Report the fields of the rubric that are not ``told``."""
        for what, instead in _unsaid(self.rubric, told | _WORKED_IN):
            self.lose("", what, instead)

    def node_but(self, node: Criterion | Group, told: frozenset[str]) -> None:
        """Report the fields of a bound criterion or group that are not ``told``.

        What a judge sees is told where it is the same all over the rubric.
        """
        plain = told | ({"sees"} if self._sees_all(node) else set())
        plain |= {"scale"}
        for what, instead in _unsaid(node, frozenset(plain)):
            self.lose(node.path, what, instead)
        if isinstance(node, Criterion) and "scale" not in told:
            self._scale(node)

    def _sees_all(self, node: Criterion | Group) -> bool:
        default = self.rubric.sees or ("prompt", "response", "reference")
        return node.sees in (None, default)

    def _scale(self, criterion: Criterion) -> None:
        match criterion.scale:
            case LevelScale():
                self.lose(criterion.path, "its levels", "asked as yes or no")
            case AnswerScale(answers) if answers != ("yes", "no"):
                self.lose(criterion.path, "the answer partly", "asked as yes or no")
            case _:
                pass


def _unsaid(
    value: Rubric | Group | Criterion, told: frozenset[str]
) -> Iterator[tuple[str, str]]:
    for attribute in attrs.fields(type(value)):
        name = attribute.name
        if name in told or name in _UNTOLD:
            continue
        if getattr(value, name) != attribute.default:
            what, instead = _MEANINGS.get(name, (f"its `{name}`", _LEFT_OUT))
            yield what, instead
