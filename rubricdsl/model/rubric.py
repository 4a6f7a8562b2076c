"""A rubric as it is written, and as it is bound for use.

`Rubric` mirrors a ``rubric`` block of a ``.rub`` file, item for item.  Binding
it (`rubricdsl.language.bind`) replaces includes by what they name, parameters
by their values and inherited settings by what is in force, and gives a
`BoundRubric`, the only form that scoring and judging know.
"""

from collections.abc import Iterator
from enum import StrEnum
from math import ceil, floor
from typing import TypeAlias

from attrs import field, frozen

from rubricdsl.model.expression import Expression
from rubricdsl.model.ruling import Ruling
from rubricdsl.model.source import NOWHERE, Span

# --------------------------------------------------------------------- marks


@frozen
class Weight:
    """The share of a criterion in a sum; ``name`` is its class, if it has one."""

    value: float
    name: str | None = None


@frozen
class Bonus:
    """Extra credit: adds to the sum but not to what it is divided by."""

    value: float


@frozen
class Must:
    """A gate: unmet, the group is worth 0."""


@frozen
class Never:
    """A gate: met, the group is worth 0."""


@frozen
class Cap:
    """A gate: unmet, the group is worth at most ``ceiling``."""

    ceiling: float


@frozen
class Info:
    """Judged and reported, never scored."""


Mark: TypeAlias = Weight | Bonus | Must | Never | Cap | Info


def mark_name(mark: Mark) -> str:
    """Name a mark as results do: weight, bonus, must, never, cap or info."""
    return type(mark).__name__.lower()


# -------------------------------------------------------------------- scales


@frozen
class AnswerScale:
    """Yes and no, and perhaps partly (worth one half)."""

    answers: tuple[str, ...] = ("yes", "no")


@frozen
class Level:
    """One step of a scale, with the text that describes it."""

    number: float
    label: str | None
    text: str
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class LevelScale:
    """Steps from ``low`` to ``high``; not every step needs a description.

    ``stated`` is False where the ends are just those of the levels listed.
    """

    low: float
    high: float
    levels: tuple[Level, ...]
    stated: bool = False

    @property
    def numbers(self) -> tuple[float, ...]:
        """The levels that can be given: whole steps, and those described."""
        described = {level.number for level in self.levels}
        if self.stated:
            steps = range(ceil(self.low), floor(self.high) + 1)
            described.update(float(step) for step in steps)
        return tuple(sorted(described))


Scale: TypeAlias = AnswerScale | LevelScale


class NaPolicy(StrEnum):
    """What ``n/a`` is worth: nothing at all, what hurts, or what helps."""

    SKIP = "skip"
    FAIL = "fail"
    PASS = "pass"  # noqa: S105 - no password


NaRule: TypeAlias = NaPolicy | float


# --------------------------------------------------------------- small parts


@frozen
class Tag:
    """``expert``, or ``axis = accuracy``."""

    name: str
    value: str | None = None


@frozen
class Turn:
    """One turn of the conversation that the response answers."""

    speaker: str
    text: str


@frozen
class Example:
    """A response, or a piece of one, with the ruling that it deserves."""

    ruling: Ruling
    text: str
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class Param:
    """A parameter; without a default, whoever includes the rubric gives it."""

    name: str
    type: str
    default: float | str | None = None
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class Binding:
    """``name = value`` for a parameter."""

    name: str
    value: float | str
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class Use:
    """An imported file and the name it goes by here."""

    path: str
    alias: str
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class WeightScheme:
    """What weights are allowed: a range, or named classes, or anything."""

    low: float | None = None
    high: float | None = None
    classes: tuple[tuple[str, float], ...] = ()


class Ask(StrEnum):
    """One call for all criteria of a response, or one for each."""

    TOGETHER = "together"
    EACH = "each"


class VoteRule(StrEnum):
    """How several answers to one question become one.

    A ``cascade`` asks one judge after the other, until an answer is certain enough.
    """

    MAJORITY = "majority"
    UNANIMOUS = "unanimous"
    ANY = "any"
    MEAN = "mean"
    CASCADE = "cascade"


@frozen
class JudgeSpec:
    """A ``judge`` block: what kind of judgement the author wants.

    ``models`` are ``BACKEND/MODEL``; several make a panel.  Each is asked
    ``votes`` times.  Addresses, keys and prices are not here (see ``rub.toml``).
    """

    name: str
    models: tuple[str, ...] = ()
    ask: Ask = Ask.TOGETHER
    votes: int = 1
    rule: VoteRule = VoteRule.MAJORITY
    temperature: float | None = None
    max_tokens: int | None = None
    skip_failed: bool = False
    instructions: str | None = None
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class Round:
    """One round of refinement in ``history``: free facts, no effect on scores."""

    number: int
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


# --------------------------------------------------------------------- items


@frozen(kw_only=True)
class Criterion:
    """One statement about a response, judged or checked.

    ``path`` is the dotted way from the root; it is empty until the rubric is
    bound.  ``na``, ``judge`` and ``sees`` are what the criterion itself says,
    and after binding what is in force.
    """

    name: str
    mark: Mark
    text: str
    scale: Scale = AnswerScale()
    check: Expression | None = None
    needs: tuple[str, ...] = ()
    na: NaRule | None = None
    passing: float = 1.0
    judge: str | None = None
    sees: tuple[str, ...] | None = None
    evidence: bool = False
    examples: tuple[Example, ...] = ()
    tags: tuple[Tag, ...] = ()
    title: str | None = None
    note: str | None = None
    why: str | None = None
    source: str | None = None
    since: int | None = None
    was: tuple[str, ...] = ()
    path: str = field(default="", eq=False)
    span: Span = field(default=NOWHERE, eq=False, repr=False)


class Kind(StrEnum):
    """How a group makes one value of its children's."""

    MEAN = "mean"
    ALL = "all"
    ANY = "any"
    AT_LEAST = "at least"
    WORST = "worst"
    BEST = "best"
    GEOMEAN = "geomean"
    FORMULA = "formula"


@frozen(kw_only=True)
class Group:
    """Criteria and groups that count together.

    ``count`` is the n of ``at least n``; ``combine`` the expression of a
    formula, over the names of the children.
    """

    name: str
    mark: Mark
    kind: Kind = Kind.MEAN
    items: tuple["Item", ...] = ()
    text: str | None = None
    count: int | None = None
    combine: Expression | None = None
    monotone: bool = True
    na: NaRule | None = None
    passing: float = 1.0
    judge: str | None = None
    sees: tuple[str, ...] | None = None
    tags: tuple[Tag, ...] = ()
    title: str | None = None
    note: str | None = None
    why: str | None = None
    since: int | None = None
    was: tuple[str, ...] = ()
    path: str = field(default="", eq=False)
    span: Span = field(default=NOWHERE, eq=False, repr=False)

    @property
    def nodes(self) -> tuple["Criterion | Group", ...]:
        """The children of a bound group, in which no include is left."""
        return tuple(item for item in self.items if not isinstance(item, Include))


@frozen(kw_only=True)
class Include:
    """A criterion, or a whole rubric as a mean group, from an imported file."""

    mark: Mark
    target: str
    name: str | None = None
    arguments: tuple[Binding, ...] = ()
    span: Span = field(default=NOWHERE, eq=False, repr=False)

    @property
    def alias(self) -> str:
        """The ``use`` that the target belongs to."""
        return self.target.partition(".")[0]


Node: TypeAlias = Criterion | Group
Item: TypeAlias = Criterion | Group | Include


# --------------------------------------------------------------------- tests


@frozen
class Given:
    """A verdict fixed by a test; ``target`` is a name, a path or ``all``."""

    target: str
    ruling: Ruling
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class TestResponse:
    """A response written into a test; one per test may go without a name."""

    __test__ = False

    name: str | None
    text: str
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class Bound:
    """``>= 0.8``: a comparison that a value must satisfy."""

    operator: str
    number: float


@frozen
class About:
    """``about 0.538``: equal when rounded to the digits written."""

    number: float
    tolerance: float


Expectation: TypeAlias = Ruling | Bound | About


@frozen
class Expect:
    """What a criterion, group, response's score (``score``) must come to."""

    target: str
    expectation: Expectation
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class ExpectOrder:
    """Responses from best to worst, each better than the next by ``margin``."""

    responses: tuple[str, ...]
    margin: float = 0.0
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen(kw_only=True)
class TestCase:
    """A ``test`` block."""

    __test__ = False

    title: str
    bindings: tuple[Binding, ...] = ()
    tags: tuple[Tag, ...] = ()
    tier: str | None = None
    prompt: str | None = None
    conversation: tuple[Turn, ...] = ()
    reference: str | None = None
    responses: tuple[TestResponse, ...] = ()
    given: tuple[Given, ...] = ()
    expects: tuple[Expect, ...] = ()
    orders: tuple[ExpectOrder, ...] = ()
    span: Span = field(default=NOWHERE, eq=False, repr=False)


# ------------------------------------------------------------------- rubrics


@frozen(kw_only=True)
class Rubric:
    """A ``rubric`` block as it is written."""

    name: str
    items: tuple[Item, ...]
    version: str | None = None
    title: str | None = None
    prompt: str | None = None
    conversation: tuple[Turn, ...] = ()
    reference: str | None = None
    note: str | None = None
    why: str | None = None
    for_prompts: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()
    weights: WeightScheme = WeightScheme()
    judge: str | None = None
    passing: float | None = None
    sees: tuple[str, ...] | None = None
    language: str | None = None
    na: NaRule | None = None
    params: tuple[Param, ...] = ()
    uses: tuple[Use, ...] = ()
    judges: tuple[JudgeSpec, ...] = ()
    history: tuple[Round, ...] = ()
    tests: tuple[TestCase, ...] = ()
    imported: tuple[tuple[str, "Rubric"], ...] = field(default=(), eq=False, repr=False)
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen(kw_only=True)
class BoundRubric:
    """A rubric ready for judging and scoring.

    ``root`` is a mean group named after the rubric, with path ``""``; below it
    there are no includes, every node has its ``path``, texts have their
    parameters filled in, and ``na``, ``judge``, ``sees`` are what is in force
    (``sees`` is never None).  ``passing`` is the rubric's pass mark, if any.
    ``digest`` is the content hash: everything but comments, ``why``, tests and
    history.
    """

    name: str
    root: Group
    digest: str
    version: str | None = None
    title: str | None = None
    prompt: str | None = None
    conversation: tuple[Turn, ...] = ()
    reference: str | None = None
    for_prompts: tuple[str, ...] = ()
    passing: float | None = None
    language: str | None = None
    judges: tuple[JudgeSpec, ...] = ()
    span: Span = field(default=NOWHERE, eq=False, repr=False)

    def walk(self) -> Iterator[Node]:
        """Give every node below the root, parents before children."""
        stack: list[Node] = list(reversed(self.root.nodes))
        while stack:
            node = stack.pop()
            yield node
            if isinstance(node, Group):
                stack.extend(reversed(node.nodes))

    def criteria(self) -> Iterator[Criterion]:
        """Give every criterion, in the order of the source."""
        for node in self.walk():
            if isinstance(node, Criterion):
                yield node

    def judge_spec(self, name: str) -> JudgeSpec:
        """Give the ``judge`` block of that name; KeyError if there is none."""
        for spec in self.judges:
            if spec.name == name:
                return spec
        raise KeyError(name)
