"""Comparing two versions of a rubric, aspect by aspect."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from rubricdsl.changes.differences import Aspect, Change, Difference, NodeChange
from rubricdsl.changes.forms import renamed
from rubricdsl.changes.matching import Matching, Pair, match
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.expressions.printing import (
    print_expression,
    print_number,
    print_text,
)
from rubricdsl.language.printing import print_mark
from rubricdsl.model.expression import Expression
from rubricdsl.model.rubric import (
    AnswerScale,
    Ask,
    BoundRubric,
    Criterion,
    Group,
    JudgeSpec,
    Level,
    LevelScale,
    Mark,
    Node,
    Param,
    Scale,
    Tag,
    Weight,
)

Described = Iterator[tuple[Aspect, str | None, str | None]]


def difference(old: Snapshot, new: Snapshot) -> Difference:
    """Compare two versions of a rubric."""
    matching = match(old, new)
    comparison = _Comparison(old, new, matching)
    nodes = [
        _node_change(matching.by_new[path], old, new, comparison)
        if path in matching.by_new
        else NodeChange(None, node, None, None, new.shares[path])
        for path, node in new.nodes.items()
    ]
    gone = (
        NodeChange(node, None, None, old.shares[node.path], None)
        for node in matching.removed
    )
    return Difference(
        old,
        new,
        matching,
        tuple(_rubric_changes(old, new)),
        (*nodes, *gone),
        tuple(comparison.reordered()),
    )


def _node_change(
    pair: Pair, old: Snapshot, new: Snapshot, comparison: "_Comparison"
) -> NodeChange:
    return NodeChange(
        pair.old,
        pair.new,
        pair.tie,
        old.shares[pair.old.path],
        new.shares[pair.new.path],
        tuple(comparison.changes(pair)),
    )


class _Comparison:
    """Compares the pairs of one matching."""

    def __init__(self, old: Snapshot, new: Snapshot, matching: Matching) -> None:
        self.old, self.new, self.matching = old, new, matching
        self.paths = {pair.old.path: pair.new.path for pair in matching.pairs}
        self.names = {pair.old.name: pair.new.name for pair in matching.pairs}

    def changes(self, pair: Pair) -> Iterator[Change]:
        """Give the changes of a pair."""
        if pair.old.name != pair.new.name:
            yield Change(Aspect.NAME, pair.old.name, pair.new.name)
        above, now = self.old.parent(pair.old), self.new.parent(pair.new)
        if self.paths.get(above.path, "") != now.path:
            yield Change(Aspect.PLACE, above.path, now.path)
        yield from _mark_changes(pair.old.mark, pair.new.mark)
        for aspect, before, after in self._described(pair.old, pair.new):
            if before != after:
                yield Change(aspect, before, after)
        if isinstance(pair.old, Criterion) and isinstance(pair.new, Criterion):
            yield from _level_changes(pair.old.scale, pair.new.scale)

    def _described(self, old: Node, new: Node) -> Described:
        """Give what both nodes say, in words that are equal where the meaning is."""
        yield Aspect.TEXT, old.text, new.text
        yield Aspect.KIND, kind_of(old), kind_of(new)
        match old, new:
            case Criterion(), Criterion():
                yield from self._criteria(old, new)
            case Group(), Group():
                before = old.combine and renamed(old.combine, self.names)
                yield (
                    Aspect.COMBINE,
                    _expression(before),
                    _expression(new.combine),
                )
        yield Aspect.PASSING, print_number(old.passing), print_number(new.passing)
        yield Aspect.TITLE, old.title, new.title
        yield Aspect.NOTE, old.note, new.note
        yield Aspect.TAGS, _tags(old.tags), _tags(new.tags)
        yield Aspect.WHY, old.why, new.why

    def _criteria(self, old: Criterion, new: Criterion) -> Described:
        yield Aspect.SCALE, print_scale(old.scale), print_scale(new.scale)
        yield Aspect.NA, _na(old), _na(new)
        needs = (self.paths.get(path, path) for path in old.needs)
        yield Aspect.NEEDS, _sorted(needs), _sorted(new.needs)
        yield (
            Aspect.CHECK,
            _expression(old.check),
            _expression(new.check),
        )
        if old.check is None and new.check is None:
            yield Aspect.JUDGE, old.judge, new.judge
            yield Aspect.SEES, _list(old.sees or ()), _list(new.sees or ())
        evidence = {True: "required", False: "optional"}
        yield Aspect.EVIDENCE, evidence[old.evidence], evidence[new.evidence]
        yield Aspect.EXAMPLES, _examples(old), _examples(new)
        yield Aspect.SOURCE, old.source, new.source

    def reordered(self) -> Iterator[Criterion]:
        """Give criteria moved among those that are asked together, the fewest."""
        before = {
            path: (key, place)
            for key, batch in _batches(self.old.rubric).items()
            for place, path in enumerate(batch)
        }
        for batch in _batches(self.new.rubric).values():
            rows: dict[object, list[tuple[int, str]]] = {}
            for path in batch:
                pair = self.matching.by_new.get(path)
                if pair is not None and pair.old.path in before:
                    key, place = before[pair.old.path]
                    rows.setdefault(key, []).append((place, path))
            for row in rows.values():
                still = _longest_rise([place for place, _ in row])
                for place, path in row:
                    node = self.new.nodes[path]
                    if place not in still and isinstance(node, Criterion):
                        yield node


def _batches(rubric: BoundRubric) -> Mapping[object, Sequence[str]]:
    """Give the criteria that are asked together, by judge and what it sees."""
    asks = {judge.name: judge.ask for judge in rubric.judges}
    batches: dict[object, list[str]] = {}
    for criterion in rubric.criteria():
        together = asks.get(criterion.judge or "", Ask.TOGETHER) is Ask.TOGETHER
        if criterion.check is None and together:
            key = (criterion.judge, criterion.sees)
            batches.setdefault(key, []).append(criterion.path)
    return batches


def _longest_rise(places: Sequence[int]) -> frozenset[int]:
    """Give a longest rising subsequence of distinct numbers (patience sorting)."""
    tails: list[int] = []
    before: dict[int, int | None] = {}
    for place in places:
        position = bisect_left(tails, place)
        before[place] = tails[position - 1] if position else None
        tails[position : position + 1] = [place]
    found: list[int] = []
    last = tails[-1] if tails else None
    while last is not None:
        found.append(last)
        last = before[last]
    return frozenset(found)


# ----------------------------------------------------------------- parts of nodes


def _mark_changes(old: Mark, new: Mark) -> Iterator[Change]:
    if isinstance(old, Weight) and isinstance(new, Weight):
        if old.value != new.value:
            yield Change(Aspect.WEIGHT, _weight(old), _weight(new))
    elif old != new:
        yield Change(Aspect.MARK, print_mark(old), print_mark(new))


def _weight(weight: Weight) -> str:
    number = print_number(weight.value)
    return number if weight.name is None else f"{weight.name} = {number}"


def _level_changes(old: Scale, new: Scale) -> Iterator[Change]:
    """Give the levels that both scales have, and describe differently."""
    if not isinstance(old, LevelScale) or not isinstance(new, LevelScale):
        return
    before = {level.number: _level(level) for level in old.levels}
    after = {level.number: level for level in new.levels}
    numbers = {*old.numbers} & {*new.numbers}
    for number in sorted(numbers & (before.keys() | after.keys())):
        level = after.get(number)
        told = None if level is None else _level(level)
        if before.get(number) != told:
            detail = print_number(number)
            yield Change(Aspect.LEVEL, before.get(number), told, detail)


def _level(level: Level) -> str:
    label = "" if level.label is None else f"{print_text(level.label)}: "
    return f"{label}{level.text}"


def kind_of(node: Node) -> str:
    """Name what a node is: a criterion, or a group of a kind."""
    if isinstance(node, Criterion):
        return "criterion"
    return f"at least {node.count} of" if node.count else f"{node.kind} of"


def print_scale(scale: Scale) -> str:
    """Write the answers or levels that can be given."""
    if isinstance(scale, AnswerScale):
        # Their order reaches the judge: it is part of the question.
        return _list(scale.answers)
    steps = _list(print_number(number) for number in scale.numbers)
    ends = f"{print_number(scale.low)} to {print_number(scale.high)}"
    return f"levels {steps} from {ends}"


def _expression(expression: Expression | None) -> str | None:
    return None if expression is None else print_expression(expression)


def _na(criterion: Criterion) -> str | None:
    rule = criterion.na
    return print_number(rule) if isinstance(rule, float) else rule and str(rule)


def _examples(criterion: Criterion) -> str | None:
    examples = (f"{e.ruling}: {e.text}" for e in criterion.examples)
    return "\n".join(examples) or None


def _tags(tags: Iterable[Tag]) -> str | None:
    words = (t.name if t.value is None else f"{t.name} = {t.value}" for t in tags)
    return _list(words) or None


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)


def _sorted(words: Iterable[str]) -> str | None:
    return _list(sorted(set(words))) or None


# ----------------------------------------------------------------------- rubrics


def _rubric_changes(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    span = new.rubric.span
    for aspect, read in _RUBRIC_ASPECTS:
        before, after = read(old.rubric), read(new.rubric)
        if before != after:
            yield Change(aspect, before, after, span=span)
    yield from _param_changes(old.params, new)
    after_judges = {judge.name: judge for judge in new.rubric.judges}
    for judge in old.rubric.judges:
        now = after_judges.get(judge.name)
        if now is not None and now != judge:
            yield Change(
                Aspect.JUDGE,
                describe_judge(judge),
                describe_judge(now),
                judge.name,
                span=now.span,
            )


def _param_changes(old: Iterable[Param], new: Snapshot) -> Iterator[Change]:
    before = {param.name: param for param in old}
    after = {param.name: param for param in new.params}
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        if was != now:
            yield Change(
                Aspect.PARAM,
                None if was is None else _param(was),
                None if now is None else _param(now),
                name,
                span=new.rubric.span if now is None else now.span,
            )


def _param(param: Param) -> str:
    match param.default:
        case None:
            return param.type
        case str(text):
            return f"{param.type} = {print_text(text)}"
        case number:
            return f"{param.type} = {print_number(number)}"


def describe_judge(judge: JudgeSpec) -> str:
    """Write what a judge block says, in one line."""
    said = [_list(judge.models) or "as rub.toml says", f"asked {judge.ask}"]
    if judge.votes > 1 or len(judge.models) > 1:
        said.append(f"{judge.votes} votes each, {judge.rule}")
    if judge.temperature is not None:
        said.append(f"temperature {print_number(judge.temperature)}")
    if judge.max_tokens is not None:
        said.append(f"max_tokens {judge.max_tokens}")
    if judge.skip_failed:
        said.append("on_error skip")
    if judge.instructions is not None:
        said.append(f"instructions: {judge.instructions}")
    return "; ".join(said)


def _prompt(rubric: BoundRubric) -> str | None:
    turns = "\n".join(f"{turn.speaker}: {turn.text}" for turn in rubric.conversation)
    return turns or rubric.prompt


_RUBRIC_ASPECTS: tuple[tuple[Aspect, Callable[[BoundRubric], str | None]], ...] = (
    (Aspect.NAME, lambda rubric: rubric.name),
    (Aspect.VERSION, lambda rubric: rubric.version),
    (Aspect.TITLE, lambda rubric: rubric.title),
    (
        Aspect.PASSING,
        lambda rubric: None if rubric.passing is None else print_number(rubric.passing),
    ),
    (Aspect.FOR, lambda rubric: _list(rubric.for_prompts) or None),
    (Aspect.LANGUAGE, lambda rubric: rubric.language),
    (Aspect.PROMPT, _prompt),
    (Aspect.REFERENCE, lambda rubric: rubric.reference),
)
