"""Finding what a difference breaks.

A change to what cannot move any score, such as the weight of a child of ``info``, is
no finding of level ``scores``.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from rubricdsl.changes.aspect_rules import RULES, Matters, Rule
from rubricdsl.changes.differences import Aspect, Change, Difference, NodeChange
from rubricdsl.changes.findings import Finding, Impact, Level, make_finding
from rubricdsl.changes.forms import exact, same_scores
from rubricdsl.changes.matching import Matching, Tie
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.language.printing import print_mark
from rubricdsl.model.rubric import (
    AnswerScale,
    Bonus,
    Cap,
    Criterion,
    Group,
    Kind,
    LevelScale,
    Mark,
    Must,
    Never,
    Node,
    Param,
    Weight,
)

_GATES = (Must, Never, Cap)
_COUNTING = (Kind.ALL, Kind.ANY, Kind.AT_LEAST)
_KEEP_NAME = "results, tests and includes refer to it; keep it, or write `was: {}`"


def find(difference: Difference) -> tuple[Finding, ...]:
    """Give all that a difference breaks, but for changes of the order of vectors."""
    finder = _Finder(difference)
    return (*finder.of_rubric(), *finder.of_nodes())


def find_causes(difference: Difference) -> tuple[Finding, ...]:
    """Give what changes scores: all of level ``scores`` but the rubric's pass mark."""
    found = _Finder(difference).of_nodes()
    return tuple(finding for finding in found if finding.level is Level.SCORES)


class _Finder:
    """Finds what one difference breaks."""

    def __init__(self, difference: Difference) -> None:
        self.difference = difference
        self.old, self.new = difference.old, difference.new
        self.matching: Matching = difference.matching.stated()
        self.succeeded = self.matching.succeeded
        self.ratios: dict[tuple[str, str], bool] = {}
        self.scores_differ = not same_scores(self.old, self.new, self.matching)

    def of_rubric(self) -> Iterator[Finding]:
        """Give what the rubric's own fields and parameters break."""
        yield from self._rubric()
        yield from self._params()

    def of_nodes(self) -> Iterator[Finding]:
        """Give what criteria and groups break."""
        for node in self.difference.nodes:
            if node.tie is Tie.TEXT:
                yield from self._renamed(node)
            elif node.old is None or node.new is None:
                yield from self._lone(node)
            else:
                for change in node.changes:
                    yield from self._changed(node.old, node.new, change)
        yield from self._split_and_merged()
        for criterion in self.difference.reordered:
            yield make_finding(
                "B715",
                f"`{criterion.name}` has another place among those asked together",
                "put it back, or write `ask: each` into the judge's block",
                criterion.span,
                Level.VERDICTS,
            )

    # ------------------------------------------------------------------ the rubric

    def _rubric(self) -> Iterator[Finding]:
        for change in self.difference.changes:
            before, after = _shown(change.before), _shown(change.after)
            match change.aspect:
                case Aspect.NAME:
                    yield make_finding(
                        "B701",
                        f"the rubric {before} is called {after} now",
                        "results and imports name the rubric; keep its name",
                        change.span,
                        Level.NAMES,
                    )
                case Aspect.PASSING:
                    yield make_finding(
                        "B708",
                        f"the rubric passes from {after}, before from {before}",
                        "responses that passed may fail now, or the other way round",
                        change.span,
                        Level.SCORES,
                    )
                case Aspect.PROMPT | Aspect.REFERENCE:
                    yield make_finding(
                        "B716",
                        f"the {change.aspect} that a judge sees has changed",
                        "responses have to be judged again",
                        change.span,
                        Level.VERDICTS,
                    )
                case Aspect.JUDGE:
                    yield make_finding(
                        "B714",
                        f"the judge `{change.detail}` has changed: {before} → {after}",
                        "responses have to be judged again",
                        change.span,
                        Level.VERDICTS,
                    )
                case _:
                    pass

    def _params(self) -> Iterator[Finding]:
        now = {param.name: param for param in self.new.params}
        before = {param.name: param for param in self.old.params}
        for param in self.old.params:
            if param.name not in now:
                yield make_finding(
                    "B701",
                    f"the parameter `{param.name}` is gone",
                    "rubrics that include this one give it; keep it",
                    param.span,
                    Level.NAMES,
                )
            elif now[param.name].type != param.type:
                yield make_finding(
                    "B701",
                    f"the parameter `{param.name}` was a {param.type} and is a "
                    f"{now[param.name].type} now",
                    "give the new parameter another name, and keep this one",
                    now[param.name].span,
                    Level.NAMES,
                )
        for param in self.new.params:
            if param.default is None and _had_value(before.get(param.name)):
                yield make_finding(
                    "B709",
                    f"the parameter `{param.name}` has no default, and rubrics that "
                    "include this one do not give it yet",
                    f"give it a default: `param {param.name}: {param.type} = …`",
                    param.span,
                    Level.NAMES,
                )

    # ------------------------------------------------------------- what has no partner

    def _renamed(self, change: NodeChange) -> Iterator[Finding]:
        """Report a name that is gone, though the same text is still there."""
        if change.old is None or change.new is None:
            return
        yield make_finding(
            "B701",
            f"`{change.old.name}` is gone; `{change.new.name}` says the same",
            f"write `was: {change.old.name}` under `{change.new.name}`",
            change.new.span,
            self._level_of(change.old, self.old),
        )

    def _lone(self, change: NodeChange) -> Iterator[Finding]:
        if change.old is not None:
            if change.old.path not in self.succeeded:
                yield self._removed(change.old)
        elif change.new is not None:
            above = self.new.parent(change.new)
            is_part = self._is_part(change.new)
            new_above = above.path and above.path not in self.matching.by_new
            if not new_above and change.new.path in self.new.bearing and not is_part:
                yield self._added(change.new)

    def _is_part(self, node: Node) -> bool:
        """Say whether a split or a merger reports a node."""
        parts = [part for split in self.matching.splits for part in split.parts]
        parts += [merger.new for merger in self.matching.mergers]
        return node in parts and not isinstance(node.mark, _GATES)

    def _removed(self, node: Node) -> Finding:
        what = "group" if isinstance(node, Group) else "criterion"
        return make_finding(
            "B701",
            f"the {what} `{node.path}` [{print_mark(node.mark)}] is gone",
            _KEEP_NAME.format(node.name) + " where it went",
            node.span,
            self._level_of(node, self.old),
        )

    def _added(self, node: Node) -> Finding:
        mark = print_mark(node.mark)
        if isinstance(node.mark, _GATES):
            return make_finding(
                "B702",
                f"the gate `{node.path}` [{mark}] is new",
                "mark it `[info]` first, and see how often it would fire",
                node.span,
                self._level_of(node, self.new),
            )
        return make_finding(
            "B710",
            f"`{node.path}` [{mark}] is new and counts",
            "mark it `[info]` to watch it without a change of scores",
            node.span,
            self._level_of(node, self.new),
        )

    def _level_of(self, node: Node, snapshot: Snapshot) -> Level:
        moves = self.scores_differ and node.path in snapshot.bearing
        return Level.SCORES if moves else Level.NAMES

    def _split_and_merged(self) -> Iterator[Finding]:
        for split in self.matching.splits:
            if self.scores_differ and self._bears((split.old,), split.parts):
                names = ", ".join(f"`{part.name}`" for part in split.parts)
                yield make_finding(
                    "B710",
                    f"`{split.old.name}` was split into {names}",
                    "a group around the parts, with the old mark, keeps its weight",
                    split.parts[-1].span,
                    Level.SCORES,
                )
        for merger in self.matching.mergers:
            if self.scores_differ and self._bears(merger.parts, (merger.new,)):
                names = ", ".join(f"`{part.name}`" for part in merger.parts)
                yield make_finding(
                    "B710",
                    f"{names} were merged into `{merger.new.name}`",
                    "responses have to be judged again",
                    merger.new.span,
                    Level.SCORES,
                )

    def _bears(self, old: tuple[Node, ...], new: tuple[Node, ...]) -> bool:
        """Say whether any of some nodes can move a score."""
        before = any(node.path in self.old.bearing for node in old)
        return before or any(node.path in self.new.bearing for node in new)

    # ------------------------------------------------------------------ what has one

    def _changed(self, old: Node, new: Node, change: Change) -> Iterator[Finding]:
        rule = RULES.get(change.aspect)
        if rule is None:
            return
        level = self._level_of_change(rule, old, new, change)
        if level is None:
            return
        gated = isinstance(old.mark, _GATES) or isinstance(new.mark, _GATES)
        signed = change.aspect is Aspect.WEIGHT and _sign(old.mark) != _sign(new.mark)
        detail = f" {change.detail}" if change.detail else ""
        yield make_finding(
            "B704" if signed else rule.code,
            f"{rule.what}{detail} of `{new.path}`: {_told(change)}",
            rule.hint,
            new.span,
            level,
            impact=Impact.MAJOR if gated and change.aspect is Aspect.MARK else None,
        )

    def _level_of_change(
        self, rule: Rule, old: Node, new: Node, change: Change
    ) -> Level | None:
        """Give the weakest level that reports a change; None where none does."""
        if change.aspect in _JUDGES_READ and not _is_judged(old, new):
            return None
        moves = self.scores_differ and self._bears((old,), (new,))
        if moves and self._matters(rule, old, new):
            return Level.SCORES
        if change.aspect is Aspect.SCALE and _levels_gone(old, new):
            return Level.NAMES
        return rule.level

    def _matters(self, rule: Rule, old: Node, new: Node) -> bool:
        match rule.matters:
            case Matters.NEVER:
                return False
            case Matters.ALWAYS:
                return True
            case Matters.RATIOS:
                return self._ratios_differ(old, new)
            case Matters.PASSING:
                return self._passing_is_read(old, new)

    def _ratios_differ(self, old: Node, new: Node) -> bool:
        """Say whether a weight has another ratio to those beside it."""
        above, now = self.old.parent(old), self.new.parent(new)
        if now.kind in (Kind.MEAN, Kind.GEOMEAN) and above.kind is now.kind:
            paths = (above.path, now.path)
            if paths not in self.ratios:
                before = _ratios(above.nodes, lambda n: self._key(n.path))
                after = _ratios(now.nodes, lambda n: n.path)
                self.ratios[paths] = before != after
            return self.ratios[paths]
        # Under kinds that read no weights, only a weight that is new matters.
        return above.kind in (Kind.MEAN, Kind.GEOMEAN) or now.kind in (
            Kind.MEAN,
            Kind.GEOMEAN,
        )

    def _key(self, old_path: str) -> str:
        pair = self.matching.by_old.get(old_path)
        return f"-{old_path}" if pair is None else pair.new.path

    def _passing_is_read(self, old: Node, new: Node) -> bool:
        """Say whether anything depends on a node being met."""
        return (
            isinstance(old.mark, _GATES)
            or isinstance(new.mark, _GATES)
            or self.old.parent(old).kind in _COUNTING
            or self.new.parent(new).kind in _COUNTING
            or old.path in self.old.needed
            or new.path in self.new.needed
        )


_JUDGES_READ = (Aspect.TEXT, Aspect.NOTE, Aspect.EXAMPLES, Aspect.EVIDENCE)


def _is_judged(*nodes: Node) -> bool:
    """Say whether any of some nodes is a criterion that a judge is asked."""
    return any(isinstance(node, Criterion) and node.check is None for node in nodes)


def _had_value(param: Param | None) -> bool:
    """Say whether includers need not have given a parameter."""
    return param is None or param.default is not None


def _sign(mark: Mark) -> bool:
    return isinstance(mark, Weight) and mark.value < 0


def _ratios(
    nodes: tuple[Node, ...], key: Callable[[Node], str]
) -> Mapping[str, Fraction]:
    """Give the weights among siblings, over their sum without signs."""
    weights = {
        key(node): exact(node.mark.value)
        for node in nodes
        if isinstance(node.mark, Weight | Bonus)
    }
    total = sum((abs(weight) for weight in weights.values()), Fraction(0))
    return {name: weight / total for name, weight in weights.items()}


def _levels_gone(old: Node, new: Node) -> bool:
    """Say whether a level or an answer cannot be given any more."""
    if not isinstance(old, Criterion) or not isinstance(new, Criterion):
        return False
    match old.scale, new.scale:
        case LevelScale(), LevelScale():
            return not {*old.scale.numbers} <= {*new.scale.numbers}
        case AnswerScale(before), AnswerScale(after):
            return not {*before} <= {*after}
        case _:
            return True


def _told(change: Change) -> str:
    """Write what was before and what is now."""
    if change.aspect in (Aspect.MARK, Aspect.WEIGHT):
        return f"[{change.before}] → [{change.after}]"
    if change.aspect is Aspect.PLACE:
        return f"{_where(change.before)} → {_where(change.after)}"
    return f"{_shown(change.before)} → {_shown(change.after)}"


def _where(path: str | None) -> str:
    return f"`{path}`" if path else "the top"


def _shown(text: str | None) -> str:
    """Quote a text that may be long."""
    if text is None:
        return "none"
    line = " ".join(text.split())
    return f"`{line}`" if len(line) <= _MOST_SHOWN else f"`{line[: _MOST_SHOWN - 1]}…`"


_MOST_SHOWN = 60
