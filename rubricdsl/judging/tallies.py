"""What a run keeps count of, and what it tells a person in the end."""

from collections import Counter
from collections.abc import Sequence

import attrs

from rubricdsl.model.judgement import Verdict


@attrs.define(eq=False)
class Tally:
    """How many verdicts there are, of which cached and of which failed, by kind."""

    verdicts: int = 0
    cached: int = 0
    failures: Counter[str] = attrs.field(factory=Counter)

    def count(self, verdict: Verdict) -> None:
        """Count a verdict."""
        self.count_all((verdict,))

    def count_all(self, verdicts: Sequence[Verdict]) -> None:
        """Count some verdicts."""
        self.verdicts += len(verdicts)
        for verdict in verdicts:
            if verdict.cached:
                self.cached += 1
            if verdict.failure is not None:
                self.failures[verdict.failure.kind] += 1

    def discount(self, verdict: Verdict) -> None:
        """Take a verdict back, for another to come in its place."""
        self.verdicts -= 1
        self.cached -= verdict.cached
        if verdict.failure is not None:
            self.failures -= Counter([verdict.failure.kind])


@attrs.define(eq=False)
class Notices:
    """Sentences for a person to read, each once.

    ``hidden`` counts the characters that a judge was not shown, by its name and by
    what it saw.
    """

    hidden: dict[str, dict[str, int]] = attrs.field(factory=dict)
    _sentences: set[str] = attrs.field(factory=set)

    def add(self, sentence: str) -> None:
        """Keep a sentence."""
        self._sentences.add(sentence)

    @property
    def sentences(self) -> tuple[str, ...]:
        """All sentences, in the order of their words."""
        return tuple(sorted(self._sentences))
