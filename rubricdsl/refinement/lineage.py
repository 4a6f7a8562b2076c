"""Lineage: where each criterion of a refined rubric comes from, edit by edit.

The accepted edits are gone through again, from the rubric as it was at the beginning,
so that criteria are known by whatever name and path they had at the time.
"""

from collections.abc import Iterable, Iterator, Sequence

import attrs
from attrs import define, field, frozen

from rubricdsl.language.edit import edited
from rubricdsl.language.scopes import Scope
from rubricdsl.model.digest import Plain
from rubricdsl.model.edit import (
    Add,
    Edit,
    Merge,
    Remove,
    Rename,
    Split,
)
from rubricdsl.model.refinement import RoundRecord
from rubricdsl.model.rubric import Criterion, Rubric


@frozen(kw_only=True)
class Step:
    """An accepted edit that a criterion was made, changed or ended by.

    ``op`` is the kind of edit, ``type`` the refinement type that its proposer gave.
    ``parents`` are the criteria that it was made of, by the names that they had; of
    one that was changed, itself.  ``pair`` are the ids of the responses compared.
    """

    round: int
    op: str
    parents: tuple[str, ...] = ()
    type: str | None = None
    reason: str | None = None
    prompt_id: str | None = None
    pair: tuple[str, str] | None = None


@frozen(kw_only=True)
class Lineage:
    """What became of one criterion.

    ``name`` and ``path`` are its last.  ``steps`` made and changed it; the first made
    it unless it was there at the beginning.  ``end`` took it out, and ``heirs`` took
    its place, by the names that they were given.
    """

    name: str
    path: str
    steps: tuple[Step, ...] = ()
    end: Step | None = None
    heirs: tuple[str, ...] = ()


def lineages(begin: Rubric, rounds: Iterable[RoundRecord]) -> tuple[Lineage, ...]:
    """Give the lineage of each criterion that the rubric has, or had on the way.

    ``begin`` is the rubric before the first of the rounds.  Those that it has in the
    end come first, in its order; then those that it lost, in the order in which it
    did.  Criteria of imported rubrics have none, for no edit is about them.

    Raises RubricError if the accepted edits are none of this rubric.
    """
    register = _Register.of(begin)
    for record in rounds:
        for edit in record.accepted:
            register.follow(edit, record)
    return tuple(register.lineages())


def lineage_record(lineage: Lineage) -> dict[str, Plain]:
    """Give a lineage as plain data; what is empty is left out."""
    record: dict[str, Plain] = {
        "name": lineage.name,
        "path": lineage.path,
        "present": lineage.end is None,
        "steps": [_step_record(step) for step in lineage.steps],
    }
    if lineage.end is not None:
        record["end"] = _step_record(lineage.end)
        record["heirs"] = lineage.heirs
    return record


def _step_record(step: Step) -> dict[str, Plain]:
    values: dict[str, Plain] = attrs.asdict(step, recurse=False)
    return {key: value for key, value in values.items() if value not in {None, ()}}


@define
class _Register:
    """The criteria of a rubric on its way, by their names, which are unique."""

    rubric: Rubric
    present: dict[str, Lineage]
    gone: list[Lineage] = field(factory=list)

    @classmethod
    def of(cls, rubric: Rubric) -> "_Register":
        paths = _paths(rubric)
        present = {name: Lineage(name=name, path=paths[name]) for name in paths}
        return cls(rubric, present)

    def lineages(self) -> Iterator[Lineage]:
        yield from (self.present[name] for name in _paths(self.rubric))
        yield from self.gone

    def follow(self, edit: Edit, record: RoundRecord) -> None:
        """Take note of what an edit does."""
        before, scope = self.rubric, Scope.of(self.rubric)
        self.rubric = edited(before, edit)
        step = Step(
            round=record.number,
            op=edit.op,
            type=edit.type,
            reason=edit.reason,
            prompt_id=record.prompt_id,
            pair=record.pair,
        )
        match edit:
            case Add():
                self.make(edit.name, step)
            case Remove():
                left = _paths(self.rubric)
                for name in [name for name in self.present if name not in left]:
                    self.end(name, step)
            case Split():
                (old,) = _names(scope, [edit.criterion])
                self.end(old, step, *(part.name for part in edit.into))
                for part in edit.into:
                    reason = part.why or edit.reason
                    made = attrs.evolve(step, parents=(old,), reason=reason)
                    self.make(part.name, made)
            case Merge():
                merged = _names(scope, [edit.criterion, *edit.others])
                for name in merged:
                    self.end(name, step, edit.name)
                self.make(edit.name, attrs.evolve(step, parents=merged))
            case Rename():
                self.change(scope, edit.criterion, step, edit.to)
            case _:
                self.change(scope, edit.criterion, step)
        self.locate()

    def make(self, name: str, step: Step) -> None:
        self.present[name] = Lineage(name=name, path=name, steps=(step,))

    def end(self, name: str, step: Step, *heirs: str) -> None:
        ended = attrs.evolve(step, parents=(name,))
        one = self.present.pop(name)
        self.gone.append(attrs.evolve(one, end=ended, heirs=heirs))

    def change(
        self, scope: Scope, reference: str, step: Step, to: str | None = None
    ) -> None:
        """Change a criterion; groups and includes have no lineage."""
        (name,) = _names(scope, [reference])
        one = self.present.pop(name, None)
        if one is not None:
            steps = (*one.steps, attrs.evolve(step, parents=(name,)))
            changed = attrs.evolve(one, name=to or name, steps=steps)
            self.present[changed.name] = changed

    def locate(self) -> None:
        """Follow criteria to where they stand: a group takes them along."""
        for name, path in _paths(self.rubric).items():
            self.present[name] = attrs.evolve(self.present[name], path=path)


def _paths(rubric: Rubric) -> dict[str, str]:
    """Give the path of each criterion of a rubric itself, by name, in its order."""
    return {
        named.item.name: named.path
        for named in Scope.of(rubric).own
        if isinstance(named.item, Criterion)
    }


def _names(scope: Scope, references: Sequence[str]) -> tuple[str, ...]:
    """Give the names of what is meant, by name or path."""
    paths = (scope.by_name.get(reference, reference) for reference in references)
    return tuple(path.rpartition(".")[2] for path in paths)
