"""When the next response is opened: how far one judge may run ahead of another.

A response (docket) is opened when some judge would soon be idle, and as long as not
too many are open: so a fast judge does not wait for a slow one before the bound is
reached, and memory is bounded by it whatever the judges' speeds.

The obvious rule, to open while every judge has little waiting, stops all judges as
soon as the slowest is full, even where the responses that come next do not need it.
Here it can be in the way only with as many responses as may be open.
"""

from collections.abc import Iterable

from attrs import frozen

# For each request that may be in flight, so many responses may be open.
_OPEN = 4
_LEAST = 64


@frozen
class Load:
    """What waits for a judge, and how many it may have in flight at most."""

    waiting: int
    most: int


def most_open(loads: Iterable[Load]) -> int:
    """Give how many responses may be open at once.

    It does not depend on the present limits, which change as answers come in.
    """
    return max(_LEAST, _OPEN * sum(load.most for load in loads))


def may_open(loads: Iterable[Load], opened: int) -> bool:
    """Tell whether one more response may be opened, ``opened`` being open now.

    ``loads`` are those of all judges that have been asked so far.  A judge that has
    a request waiting for each one in flight is not about to be idle.
    """
    loads = tuple(loads)
    if opened >= most_open(loads):
        return False
    return not loads or any(load.waiting < load.most for load in loads)
