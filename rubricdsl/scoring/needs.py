"""Which criteria can be asked now, and which are decided without asking.

A criterion is asked once all it needs is met.  It is answered *no* as soon as one
need cannot be met any more, and it fails as what it needs has failed.  A need is
decided as early as its bounds allow: a group of kind ``any`` is met with the first
yes.  Later verdicts never change what was decided, so the order in which judges
answer makes no difference.
"""

from collections.abc import Mapping, Sequence

from attrs import frozen

from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.rubric import BoundRubric, Criterion
from rubricdsl.model.ruling import NO, Failure
from rubricdsl.scoring.bounds import (
    NOT_APPLICABLE,
    Prospect,
    Range,
    branch_range,
    leaf_range,
    needs_prospect,
    prospect,
)
from rubricdsl.scoring.meaning import Leaf, Meaning

_PROVENANCE = Provenance(judge="needs")


@frozen(eq=False)
class Readiness:
    """What to do next for one response, given the verdicts so far.

    ``ready`` can be asked now, in the order of the source; ``waiting`` need a
    verdict that is still to come.  ``decided`` are verdicts by path for criteria
    that had none: ``no`` where a need is unmet (provenance: judge ``needs``), or
    the failure of what they need.
    """

    ready: tuple[Criterion, ...]
    waiting: tuple[Criterion, ...]
    decided: Mapping[str, Verdict]


@frozen(eq=False)
class Settlement:
    """The verdicts after all needs have been followed.

    ``verdicts`` are by path; where a need decides, its word replaces what a judge
    said.  ``waiting`` are the paths of those that need a verdict still to come.
    """

    verdicts: Mapping[str, Verdict]
    waiting: frozenset[str]


@frozen(eq=False)
class Prerequisites:
    """The needs of one rubric; made once and used for every response.

    ``bearing`` gives the criteria that can move a needed node, by its number.
    """

    meaning: Meaning
    bearing: Mapping[int, tuple[Leaf, ...]]

    @classmethod
    def of(cls, meaning: Meaning) -> "Prerequisites":
        """Find what bears on each need."""
        leaves = [node for node in meaning.nodes if isinstance(node, Leaf)]
        numbers = {need.number for leaf in leaves for need in leaf.needs}
        return cls(meaning, {number: meaning.bearing(number) for number in numbers})

    def decide(self, verdicts: Mapping[str, Verdict]) -> Readiness:
        """Say what can be asked now.  ``verdicts`` are by path, as many as there are.

        Raises IllegalRulingError for a ruling that its criterion does not allow.
        """
        unasked = [c for _, c in self.meaning.structure.criteria()]
        unasked = [c for c in unasked if c.path not in verdicts]
        if not self.bearing:
            return Readiness(tuple(unasked), (), {})
        settlement = self.settle(verdicts)
        settled, waiting = settlement.verdicts, settlement.waiting
        undecided = [c for c in unasked if c.path not in settled]
        return Readiness(
            tuple(c for c in undecided if c.path not in waiting),
            tuple(c for c in undecided if c.path in waiting),
            {c.path: settled[c.path] for c in unasked if c.path in settled},
        )

    def settle(self, verdicts: Mapping[str, Verdict]) -> Settlement:
        """Follow all needs; raises as `decide`."""
        ranges = [NOT_APPLICABLE] * len(self.meaning.steps)
        settled: dict[str, Verdict] = {}
        waiting: set[str] = set()
        for step in self.meaning.steps:
            if not isinstance(step, Leaf):
                ranges[step.number] = branch_range(step, ranges)
                continue
            verdict = verdicts.get(step.path)
            match needs_prospect(step.needs, ranges):
                case Prospect.UNMET:
                    verdict = self._unmet(step, ranges)
                case Prospect.OPEN:
                    verdict = self._failed(step, ranges, settled) or verdict
                    if verdict is None:
                        waiting.add(step.path)
            if verdict is not None:
                settled[step.path] = verdict
            ruling = None if verdict is None else verdict.ruling
            ranges[step.number] = leaf_range(step, ranges, ruling)
        return Settlement(settled, frozenset(waiting))

    def _unmet(self, leaf: Leaf, ranges: Sequence[Range]) -> Verdict:
        unmet = next(
            need.number
            for need in leaf.needs
            if prospect(ranges[need.number], need.passing) is Prospect.UNMET
        )
        return Verdict(
            ruling=NO,
            reason=f"not asked: it needs {self._path(unmet)}, which is not met",
            provenance=_PROVENANCE,
        )

    def _failed(
        self, leaf: Leaf, ranges: Sequence[Range], settled: Mapping[str, Verdict]
    ) -> Verdict | None:
        """Give the failure of what is needed; None while that may still be decided."""
        failed: tuple[int, Failure] | None = None
        for need in leaf.needs:
            if prospect(ranges[need.number], need.passing) is not Prospect.OPEN:
                continue
            for below in self.bearing[need.number]:
                if below.path not in settled:
                    return None
                failure = settled[below.path].failure
                if failed is None and failure is not None:
                    failed = need.number, failure
        if failed is None:
            return None
        number, failure = failed
        reason = (
            f"it needs {self._path(number)}, which has no verdict: {failure.reason}"
        )
        return Verdict(
            failure=Failure(failure.kind, reason),
            provenance=_PROVENANCE,
        )

    def _path(self, number: int) -> str:
        return self.meaning.structure.places[number].node.path


def decide(rubric: BoundRubric, verdicts: Mapping[str, Verdict]) -> Readiness:
    """Say which criteria can be asked now, and which are decided already.

    For many responses to one rubric, keep a `Prerequisites`.
    """
    return Prerequisites.of(Meaning.of(rubric)).decide(verdicts)
