"""Whether a pattern can cost a backtracking engine exponential time.

It can if the pattern may go round a loop and come back to the same place in two
ways that read the same text: then n rounds have 2^n readings, and a text that
fails in the end makes the engine try them all.  The test is that of A. Weber and
H. Seidl, "On the degree of ambiguity of finite automata" (1991), on the automaton
of V. M. Glushkov (1961), whose states are the atoms of the pattern.
"""

from collections import Counter
from collections.abc import Iterable

from attrs import define, field, frozen

from rubricdsl.expressions.pattern_syntax import (
    Alternatives,
    Atom,
    Node,
    Repetition,
    Sequence,
    UnsupportedError,
    read,
)

MANY = 5
"""From this many rounds on, a counted repetition is looked at as an endless one:
its cost is a power of the length that no engine lives to see."""
_MAX_STATES = 600
_MAX_LOOP = 48


def is_exponential(pattern: str) -> bool:
    """Tell whether a pattern that RE2 accepts could hang another engine.

    A loop too large to be decided exactly counts as dangerous if it holds another.

    Raises:
        UnsupportedError: the pattern cannot be read.
    """
    node, _ = read(pattern)
    if not _loops_in_loop(node):
        return False
    automaton = _Automaton()
    try:
        automaton.add(node)
    except _TooLargeError:
        return True
    return any(map(automaton.is_ambiguous, automaton.loops()))


class _TooLargeError(UnsupportedError):
    pass


def _is_loop(node: Node) -> bool:
    return isinstance(node, Repetition) and (node.most is None or node.most > MANY)


def _loops_in_loop(node: Node) -> bool:
    """Tell whether a loop holds a choice: the least that ambiguity needs."""
    match node:
        case Atom():
            return False
        case Repetition(body):
            if _is_loop(node) and _has_choice(body):
                return True
            return _loops_in_loop(body)
        case Sequence(parts) | Alternatives(parts):
            return any(map(_loops_in_loop, parts))


def _has_choice(node: Node) -> bool:
    match node:
        case Atom():
            return False
        case Repetition(body, least, most):
            return least != most or _has_choice(body)
        case Alternatives():
            return True
        case Sequence(parts):
            return any(map(_has_choice, parts))


@frozen
class _Fragment:
    """A part of the automaton: how it begins and ends, and how often it is empty.

    ``first`` and ``last`` count the ways in which a state begins or ends it.
    """

    empty: int
    first: Counter[int]
    last: Counter[int]


_NOTHING = _Fragment(1, Counter(), Counter())


@define
class _Automaton:
    masks: list[int] = field(factory=list)
    follow: list[Counter[int]] = field(factory=list)

    def add(self, node: Node) -> _Fragment:
        match node:
            case Atom(mask):
                if len(self.masks) >= _MAX_STATES:
                    raise _TooLargeError
                self.masks.append(mask)
                self.follow.append(Counter())
                state = len(self.masks) - 1
                return _Fragment(0, Counter([state]), Counter([state]))
            case Sequence(parts):
                whole = _NOTHING
                for part in parts:
                    whole = self.then(whole, self.add(part))
                return whole
            case Alternatives(parts):
                branches = [self.add(part) for part in parts]
                return _Fragment(
                    min(2, sum(branch.empty for branch in branches)),
                    _sum(branch.first for branch in branches),
                    _sum(branch.last for branch in branches),
                )
            case Repetition():
                return self.repeat(node)

    def then(self, left: _Fragment, right: _Fragment) -> _Fragment:
        self.link(left.last, right.first)
        return _Fragment(
            min(2, left.empty * right.empty),
            _sum([left.first, _times(right.first, left.empty)]),
            _sum([right.last, _times(left.last, right.empty)]),
        )

    def link(self, ends: Counter[int], starts: Counter[int], *, ways: int = 1) -> None:
        for end, end_ways in ends.items():
            for start, start_ways in starts.items():
                known = self.follow[end][start]
                self.follow[end][start] = min(2, known + end_ways * start_ways * ways)

    def repeat(self, node: Repetition) -> _Fragment:
        least, most = node.least, node.most
        if most is not None and most <= MANY:
            # a{1,3} is a(a(a)?)?: a later round is open only after the one before.
            whole = _NOTHING
            for round_number in reversed(range(most)):
                whole = self.then(self.add(node.body), whole)
                if round_number >= least:
                    whole = _Fragment(min(2, whole.empty + 1), whole.first, whole.last)
            return whole
        body = self.add(node.body)
        # In a counted loop it matters which of the rounds are the empty ones.
        ways = 2 if most is not None and body.empty else 1
        self.link(body.last, body.first, ways=ways)
        return _Fragment(1 if least == 0 else body.empty, body.first, body.last)

    def loops(self) -> list[list[int]]:
        """Give the strongly connected components that hold an edge."""
        reach = [self.reachable(state) for state in range(len(self.masks))]
        seen = set[int]()
        found: list[list[int]] = []
        for state, beyond in enumerate(reach):
            if state in beyond and state not in seen:
                loop = [other for other in beyond if state in reach[other]]
                seen.update(loop)
                found.append(loop)
        return found

    def reachable(self, state: int) -> set[int]:
        reached = set[int]()
        waiting = [state]
        while waiting:
            for following in self.follow[waiting.pop()]:
                if following not in reached:
                    reached.add(following)
                    waiting.append(following)
        return reached

    def is_ambiguous(self, loop: list[int]) -> bool:
        """Tell whether some text leads round the loop in two ways."""
        inside = set(loop)
        edges = {state: sorted(inside & self.follow[state].keys()) for state in loop}
        for state, following in edges.items():
            if any(
                self.follow[state][after] > 1 and self.masks[after]
                for after in following
            ):
                return True
        if len(loop) > _MAX_LOOP:
            return True
        forward: dict[tuple[int, int], set[tuple[int, int]]] = {}
        backward: dict[tuple[int, int], set[tuple[int, int]]] = {}
        for left in loop:
            for right in loop:
                for pair in (
                    (after_left, after_right)
                    for after_left in edges[left]
                    for after_right in edges[right]
                    if self.masks[after_left] & self.masks[after_right]
                ):
                    forward.setdefault((left, right), set()).add(pair)
                    backward.setdefault(pair, set()).add((left, right))
        same = {(state, state) for state in loop}
        apart = _closure(same, forward) & _closure(same, backward)
        return bool(apart - same)


def _closure(
    start: set[tuple[int, int]],
    edges: dict[tuple[int, int], set[tuple[int, int]]],
) -> set[tuple[int, int]]:
    reached = set(start)
    waiting = list(start)
    while waiting:
        new = edges.get(waiting.pop(), set()) - reached
        reached |= new
        waiting.extend(new)
    return reached


def _sum(counters: Iterable[Counter[int]]) -> Counter[int]:
    total = Counter[int]()
    for counter in counters:
        total.update(counter)
    return Counter({state: min(2, ways) for state, ways in total.items()})


def _times(counter: Counter[int], ways: int) -> Counter[int]:
    return Counter(
        {state: min(2, count * ways) for state, count in counter.items() if ways}
    )
