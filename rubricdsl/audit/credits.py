"""Which criteria junk fools: credit that it gets, and penalties that pass it over."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import field, frozen

from rubricdsl.audit.trials import Outcome, ProbeResult, Trial
from rubricdsl.model.audit import Yardstick
from rubricdsl.model.rubric import BoundRubric, Criterion, mark_name
from rubricdsl.model.scorecard import CriterionResult
from rubricdsl.scoring.directions import directions
from rubricdsl.scoring.leaves import met

_FIGURE = re.compile(
    r"[0-9]|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|half|"
    r"hundred|percent)\b",
    re.IGNORECASE,
)


@frozen
class Count:
    """So many of so many."""

    count: int
    total: int


@frozen(kw_only=True)
class Credit:
    """How often a criterion was fooled, by probe.

    A criterion that ``helps`` is fooled by junk that meets it, a penalty by junk that
    it does not fire on.  Only verdicts that were given are counted.
    """

    rubric: str
    criterion: Criterion = field(repr=False)
    helps: bool
    by_probe: Mapping[str, Count] = field(hash=False)

    @property
    def path(self) -> str:
        """The path of the criterion."""
        return self.criterion.path

    @property
    def mark(self) -> str:
        """The name of its mark."""
        return mark_name(self.criterion.mark)

    @property
    def fooled(self) -> Count:
        """How often, over all probes."""
        counts = self.by_probe.values()
        return Count(sum(c.count for c in counts), sum(c.total for c in counts))


def credits_of(
    rubrics: Iterable[BoundRubric], results: Sequence[ProbeResult]
) -> tuple[Credit, ...]:
    """Count for each criterion that counts how often junk fooled it.

    A response with wrong figures is right in all else, so beside it only criteria
    that speak of figures can be fooled.
    """
    return tuple(
        credit for rubric in rubrics for credit in _credits_in(rubric, results)
    )


def _credits_in(
    rubric: BoundRubric, results: Sequence[ProbeResult]
) -> Iterator[Credit]:
    helps = directions(rubric)
    for criterion in rubric.criteria():
        if criterion.path not in helps:
            continue
        counts: dict[str, Count] = {}
        for result in results:
            own = [t for t in result.trials if t.card.rubric == rubric.name]
            verdicts = [
                fooled(trial, criterion, helps=helps[criterion.path])
                for trial in own
                if bears_on(criterion, result, helps=helps[criterion.path])
            ]
            known = [one for one in verdicts if one is not None]
            if known:
                counts[result.offer.name] = Count(sum(known), len(known))
        yield Credit(
            rubric=rubric.name,
            criterion=criterion,
            helps=helps[criterion.path],
            by_probe=counts,
        )


def bears_on(criterion: Criterion, result: ProbeResult, *, helps: bool) -> bool:
    """Tell whether a criterion should notice the junk of a probe."""
    if result.offer.yardstick is Yardstick.TOP:
        return True
    return helps and criterion.check is None and speaks_of_figures(criterion)


def speaks_of_figures(criterion: Criterion) -> bool:
    """Tell whether a statement asks for a figure, as far as its words tell."""
    return _FIGURE.search(criterion.text) is not None


def fooled(trial: Trial, criterion: Criterion, *, helps: bool) -> bool | None:
    """Tell whether junk fooled a criterion; None where there is no verdict."""
    result = result_on(trial, criterion)
    if trial.outcome is Outcome.CAUGHT or result is None or result.value is None:
        return None
    return met(result.value, criterion.passing) is helps


def result_on(trial: Trial, criterion: Criterion) -> CriterionResult | None:
    """Give what a criterion came to for junk."""
    found = (r for r in trial.card.criteria if r.path == criterion.path)
    return next(found, None)
