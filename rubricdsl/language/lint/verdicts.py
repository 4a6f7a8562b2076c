"""Which verdicts the tests of a rubric fix or expect, read from their text alone."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from rubricdsl.language.lint.subjects import Subject
from rubricdsl.language.scopes import Named
from rubricdsl.model.rubric import AnswerScale, Criterion, LevelScale, TestCase
from rubricdsl.model.ruling import Ruling, RulingWord

_WORTH = {RulingWord.YES: 1.0, RulingWord.NO: 0.0, RulingWord.PARTLY: 0.5}


def shown(subject: Subject) -> Mapping[str, set[bool]]:
    """Give for each path whether it is met, unmet or both in some test."""
    found: defaultdict[str, set[bool]] = defaultdict(set)
    for test in subject.rubric.tests:
        for path, ruling in _rulings(subject, test):
            criterion = subject.scope.by_path[path].node
            if isinstance(criterion, Criterion):
                value = _value(ruling, criterion)
                if value is not None:
                    found[path].add(value >= criterion.passing - 1e-9)
    return found


def _rulings(subject: Subject, test: TestCase) -> Iterator[tuple[str, Ruling]]:
    """Give the verdicts that a test fixes, then those that it expects."""
    fixed: dict[str, Ruling] = {}
    for given in test.given:
        if given.target == "all":
            for path, named in subject.scope.by_path.items():
                if _can_be(given.ruling, named):
                    fixed.setdefault(path, given.ruling)
        elif (one := subject.scope.find(given.target)) is not None:
            fixed[one.path] = given.ruling
    yield from fixed.items()
    names = {response.name for response in test.responses}
    for expect in test.expects:
        first, _, rest = expect.target.partition(".")
        target = rest if rest and first in names else expect.target
        wanted = subject.scope.find(target)
        if wanted is not None and isinstance(expect.expectation, Ruling):
            yield wanted.path, expect.expectation


def _can_be(ruling: Ruling, named: Named) -> bool:
    """Say whether ``given all`` reaches a criterion: its scale has such a verdict."""
    criterion = named.node
    if not isinstance(criterion, Criterion):
        return False
    if ruling.word is RulingWord.LEVEL:
        return isinstance(criterion.scale, LevelScale)
    return isinstance(criterion.scale, AnswerScale)


def _value(ruling: Ruling, criterion: Criterion) -> float | None:
    """Give the value of a verdict; None for n/a."""
    if ruling.word in _WORTH:
        return _WORTH[ruling.word]
    if ruling.number is None:
        return None
    if ruling.word is RulingWord.LEVEL and isinstance(criterion.scale, LevelScale):
        low, high = criterion.scale.low, criterion.scale.high
        return (ruling.number - low) / (high - low)
    return ruling.number
