"""What people said of pairs: which of two responses to a prompt is the better one."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from attrs import field, frozen

from rubricdsl.analysis.evaluation import Evaluation, Key
from rubricdsl.analysis.pairs import PairCounts, compared_counts
from rubricdsl.analysis.prompts import Rows
from rubricdsl.model.refinement import Preference
from rubricdsl.scoring.arrays.columns import Floats, Truths


@frozen(eq=False, kw_only=True)
class Preferences:
    """Preferences between responses of an evaluation, one entry a preference.

    ``better`` and ``worse`` are the numbers of responses, ``annotators`` those of
    ``names``, of which None is nobody known.  ``strangers`` counts preferences of which
    a response was not judged, or not by the rubric of the other.
    """

    names: tuple[str | None, ...]
    better: Rows = field(repr=False)
    worse: Rows = field(repr=False)
    annotators: Rows = field(repr=False)
    strangers: int

    @classmethod
    def of(
        cls,
        evaluation: Evaluation,
        groups: Sequence[str],
        preferences: Iterable[Preference],
    ) -> "Preferences":
        """Find the responses that preferences are between; both are of one group."""
        places: dict[Key, list[int]] = {}
        for row, key in enumerate(evaluation.keys()):
            places.setdefault(key, []).append(row)
        names: dict[str | None, int] = {}
        entries: list[tuple[int, int, int]] = []
        strangers = 0
        for one in preferences:
            found = [
                (better, worse)
                for better in places.get((one.prompt_id, one.better), ())
                for worse in places.get((one.prompt_id, one.worse), ())
                if groups[better] == groups[worse]
            ]
            strangers += not found
            for better, worse in found:
                number = names.setdefault(one.annotator, len(names))
                entries.append((better, worse, number))
        table = np.array(entries, np.intp).reshape(-1, 3)
        return cls(
            names=tuple(names),
            better=table[:, 0],
            worse=table[:, 1],
            annotators=table[:, 2],
            strangers=strangers,
        )

    def __len__(self) -> int:
        return len(self.better)

    @property
    def compared(self) -> int:
        """How many responses were compared with another."""
        return len(np.union1d(self.better, self.worse))

    def counts(self, groups: Sequence[str], scores: Floats) -> PairCounts:
        """Count how scores order the pairs that people compared.

        The better one is that which more preferences name; where there are as many for
        either, the two are *equal*.
        """
        pairs, ahead = _columns(self._votes())
        return compared_counts(groups, pairs, ahead, _apart(scores, pairs))

    def against_others(
        self, groups: Sequence[str], scores: Floats
    ) -> tuple[PairCounts, PairCounts] | None:
        """Count how each annotator orders pairs as the others do, and how scores do.

        On the same pairs: of responses with a score that the annotator compared and
        somebody else as well; gold is what most of the others say.  Pairs are counted
        for each annotator, and added up by prompt.  None where no two compared one
        pair.
        """
        added: tuple[PairCounts, PairCounts] | None = None
        scored = ~np.isnan(_apart(scores, np.stack([self.better, self.worse], axis=1)))
        for number, name in enumerate(self.names):
            mine = self.annotators == number
            own, others = self._votes(mine & scored), self._votes(~mine & scored)
            shared = {pair: votes for pair, votes in others.items() if pair in own}
            if name is None or not shared:
                continue
            pairs, ahead = _columns(shared)
            opinions = np.array([own[pair] for pair in shared], np.float64)
            both = (
                compared_counts(groups, pairs, ahead, opinions),
                compared_counts(groups, pairs, ahead, _apart(scores, pairs)),
            )
            if added is not None:
                both = (added[0].plus(both[0]), added[1].plus(both[1]))
            added = both
        return added

    def _votes(self, among: Truths | None = None) -> Mapping[tuple[int, int], int]:
        """Give by how many votes the first of two responses is ahead, by pair."""
        votes: dict[tuple[int, int], int] = {}
        chosen = slice(None) if among is None else among
        for better, worse in zip(
            self.better[chosen].tolist(), self.worse[chosen].tolist(), strict=True
        ):
            pair = (min(better, worse), max(better, worse))
            votes[pair] = votes.get(pair, 0) + (1 if better == pair[0] else -1)
        return votes


def _columns(votes: Mapping[tuple[int, int], int]) -> tuple[Rows, Floats]:
    pairs = np.array(list(votes), np.intp).reshape(-1, 2)
    return pairs, np.array(list(votes.values()), np.float64)


def _apart(scores: Floats, pairs: Rows) -> Floats:
    apart: Floats = scores[pairs[:, 0]] - scores[pairs[:, 1]]
    return apart
