"""What is made of the same object again and again: made once, while it is in use."""

from collections.abc import Callable
from typing import Generic, TypeVar

from attrs import define, field

Of = TypeVar("Of")
Made = TypeVar("Made")


@define(eq=False)
class MadeOnce(Generic[Of, Made]):
    """What ``make`` gives for an object, by the object's identity.

    For large objects that are not changed, of which many requests hold the same: to
    compare what is in them would take as long as to make it anew.  The last ``most``
    are held.
    """

    make: Callable[[Of], Made]
    most: int
    _held: dict[int, tuple[Of, Made]] = field(factory=dict, init=False)

    def of(self, what: Of) -> Made:
        """Give what is made of an object."""
        # Held together: so the identity of one cannot become that of another.
        held = self._held.get(id(what))
        if held is not None:
            return held[1]
        made = self.make(what)
        while len(self._held) >= self.most:
            del self._held[next(iter(self._held))]
        self._held[id(what)] = what, made
        return made
