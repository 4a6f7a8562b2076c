"""Which responses go to an actor together.

What shares questions stays together, so that no question belongs to two actors: jobs
on one response text, all responses to a prompt where they are ranked, and whatever
else shows a judge the same texts.  Apart from that the order is kept, so that requests
that begin alike (one prompt, many responses) come one after another from one place.
"""

from collections.abc import Iterable, Sequence

from rubricdsl.diagnostics import FactMissingError
from rubricdsl.judging.dockets import by_prompt, by_response
from rubricdsl.judging.sight import EVERYTHING, look
from rubricdsl.model.execution import Job

_MOST = 512


def units(jobs: Sequence[Job], *, ranked: bool) -> list[list[int]]:
    """Sort jobs, by their places, into what must not be taken apart.

    Each unit is in the order given, and so are the units, by their first jobs.
    """
    dockets = by_prompt(jobs) if ranked else by_response(jobs)
    parents = list(range(len(dockets)))

    def root(docket: int) -> int:
        while parents[docket] != docket:
            parents[docket] = parents[parents[docket]]
            docket = parents[docket]
        return docket

    first: dict[str, int] = {}
    for docket, places in enumerate(dockets):
        for place in places:
            for seen in _shared_sights(jobs[place], ranked=ranked):
                one, other = root(first.setdefault(seen, docket)), root(docket)
                parents[max(one, other)] = min(one, other)
    found: dict[int, list[int]] = {}
    for docket, places in enumerate(dockets):
        found.setdefault(root(docket), []).extend(places)
    return [sorted(places) for places in found.values()]


def blocks(jobs: Sequence[Job], *, ranked: bool, size: int) -> list[tuple[int, ...]]:
    """Put units together until there are ``size`` jobs; a larger one is a block."""
    found: list[tuple[int, ...]] = []
    block: list[int] = []
    for unit in units(jobs, ranked=ranked):
        if block and len(block) + len(unit) > size:
            found.append(tuple(block))
            block = []
        block += unit
    return [*found, tuple(block)] if block else found


def fitting_size(jobs: int, slots: int) -> int:
    """Give a size with which ``slots`` blocks at once are busy to the end.

    With four or more for each slot, the last ones do not keep everybody waiting.
    """
    return max(1, min(_MOST, -(-jobs // (4 * slots))))


def _shared_sights(job: Job, *, ranked: bool) -> Iterable[str]:
    """Give the digests of what may be seen of other dockets' jobs, too.

    What shows the response is seen of no other response; where dockets are of prompts,
    two of them may hold the same response.
    """
    sees = {
        criterion.sees or EVERYTHING
        for criterion in job.rubric.criteria()
        if criterion.check is None
    }
    for names in sees:
        if ranked or "response" not in names:
            try:
                yield look(names, job.rubric, job.response).digest
            except FactMissingError:
                continue
