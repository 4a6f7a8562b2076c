"""Strategies for rubrics as they are written: models that read back from their text.

They load without a diagnostic and can be bound, given the functions of the language
reference.  Texts are hostile: quotes, comment and bar characters, blanks at the
edges, empty lines, letters from right to left, joined emoji.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import count

from attrs import evolve, field, frozen
from hypothesis import strategies as st

from rubricdsl.model.rubric import (
    About,
    AnswerScale,
    Ask,
    Binding,
    Bonus,
    Bound,
    Cap,
    Criterion,
    Example,
    Expect,
    ExpectOrder,
    Given,
    Group,
    Include,
    Info,
    Item,
    JudgeSpec,
    Kind,
    LevelScale,
    Mark,
    Must,
    Never,
    Param,
    Round,
    Rubric,
    Scale,
    Tag,
    TestCase,
    TestResponse,
    Turn,
    Use,
    VoteRule,
    Weight,
    WeightScheme,
)
from rubricdsl.model.ruling import NA, Ruling
from rubricdsl.testing.strategies.bound import level_scales, na_rules
from rubricdsl.testing.strategies.expressions import checks, formulas
from rubricdsl.testing.strategies.texts import (
    STEMS,
    hundredths,
    numbers,
    texts,
    words,
)

_SUMS = (Kind.MEAN, Kind.FORMULA)


@cache
def _tags() -> st.SearchStrategy[tuple[Tag, ...]]:
    plain = words().map(Tag)
    valued = st.builds(Tag, st.sampled_from(STEMS), words())
    return st.lists(st.one_of(plain, valued), max_size=2).map(tuple)


@cache
def _some_words() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(words(), min_size=1, max_size=2).map(tuple)


# --------------------------------------------------------------------- items


@frozen
class _Draft:
    """What is known so far of the rubric that is being drawn."""

    params: tuple[Param, ...]
    judges: tuple[JudgeSpec, ...]
    weights: WeightScheme
    uses: Sequence[str]
    criteria: list[Criterion] = field(factory=list)
    numbers: Iterator[int] = field(factory=lambda: count(1))

    def names(self) -> st.SearchStrategy[str]:
        number = next(self.numbers)
        return st.sampled_from(STEMS).map(lambda stem: f"{stem}_{number}")

    def judge_names(self) -> st.SearchStrategy[str | None]:
        return st.sampled_from([None, *(judge.name for judge in self.judges)])


@cache
def _weights(scheme: WeightScheme, kind: Kind) -> st.SearchStrategy[Weight]:
    if scheme.low is not None and scheme.high is not None:
        return st.sampled_from([scheme.low, scheme.high]).map(Weight)
    positive = st.integers(1, 99).map(lambda n: Weight(n / 10))
    choices: list[st.SearchStrategy[Weight]] = [positive]
    if scheme.classes:
        legal = [(n, v) for n, v in scheme.classes if v > 0 or kind in _SUMS]
        choices += [st.sampled_from([Weight(v, n) for n, v in legal])] if legal else []
    elif kind in _SUMS:
        choices.append(positive.map(lambda weight: Weight(-weight.value)))
    return st.one_of(choices)


@cache
def _marks(scheme: WeightScheme, kind: Kind) -> st.SearchStrategy[Mark]:
    marks: list[st.SearchStrategy[Mark]] = [
        _weights(scheme, kind),
        st.sampled_from([Must(), Never(), Info()]),
        st.integers(0, 99).map(lambda n: Cap(n / 100)),
    ]
    if kind in _SUMS:
        marks.append(st.integers(1, 99).map(lambda n: Bonus(n / 10)))
    return st.one_of(marks)


@cache
def _scales() -> st.SearchStrategy[Scale]:
    answers = st.permutations(["yes", "partly", "no"]).flatmap(
        lambda order: st.integers(2, 3).map(lambda n: AnswerScale(tuple(order[:n])))
    )
    return st.one_of(st.just(AnswerScale()), answers, level_scales())


def _legal(criterion: Criterion) -> list[Ruling]:
    """Give rulings that are legal whatever n/a rule is in force."""
    rulings = [] if criterion.na is None else [NA]
    if criterion.check is not None:
        return [*rulings, Ruling.of_bool(truth=True), Ruling.of_number(0.25)]
    if isinstance(criterion.scale, LevelScale):
        return rulings + [Ruling.level(n) for n in criterion.scale.numbers]
    return rulings + [Ruling.from_record(word) for word in criterion.scale.answers]


@st.composite
def _criteria(draw: st.DrawFn, draft: _Draft, mark: Mark) -> Criterion:
    text = texts(draft.params)
    check = draw(st.one_of(st.none(), st.none(), checks(draft.params)))
    names = [criterion.name for criterion in draft.criteria]
    needs = st.lists(st.sampled_from(names), max_size=2) if names else st.just([])
    bare = Criterion(
        name=draw(draft.names()),
        mark=mark,
        text=draw(text),
        scale=AnswerScale() if check else draw(_scales()),
        check=check,
        na=draw(st.one_of(st.none(), na_rules())),
        needs=tuple(draw(needs)),
    )
    if draw(st.booleans()):
        draft.criteria.append(bare)
        return bare
    examples = st.builds(Example, st.sampled_from(_legal(bare)), text)
    optional_text, optional_words = st.one_of(st.none(), text), _some_words()
    full = Criterion(
        name=bare.name,
        mark=bare.mark,
        text=bare.text,
        scale=bare.scale,
        check=bare.check,
        na=bare.na,
        needs=bare.needs,
        passing=draw(hundredths()),
        judge=None if check else draw(draft.judge_names()),
        sees=draw(st.one_of(st.none(), optional_words)),
        evidence=draw(st.booleans()),
        examples=tuple(draw(st.lists(examples, max_size=2))),
        tags=draw(_tags()),
        title=draw(optional_text),
        note=draw(optional_text),
        why=draw(optional_text),
        source=draw(optional_text),
        since=draw(st.one_of(st.none(), st.integers(0, 9))),
        was=draw(st.one_of(st.just(()), optional_words)),
    )
    draft.criteria.append(full)
    return full


@st.composite
def _groups(draw: st.DrawFn, draft: _Draft, mark: Mark, depth: int) -> Group:
    name = draw(draft.names())
    kind = draw(st.sampled_from(Kind))
    items = draw(_items(draft, kind, depth))
    weighted = [item for item in items if isinstance(item.mark, Weight)]
    text = st.one_of(st.none(), texts(draft.params))
    formula = kind is Kind.FORMULA
    return Group(
        name=name,
        mark=mark,
        kind=kind,
        items=items,
        text=draw(text),
        count=draw(st.integers(1, len(weighted))) if kind is Kind.AT_LEAST else None,
        combine=draw(formulas(items)) if formula else None,
        monotone=not formula,
        na=draw(st.one_of(st.none(), na_rules())),
        passing=draw(st.one_of(st.just(1.0), hundredths())),
        judge=draw(draft.judge_names()),
        sees=draw(st.one_of(st.none(), _some_words())),
        tags=draw(_tags()),
        title=draw(text),
        note=draw(text),
        why=draw(text),
        since=draw(st.one_of(st.none(), st.integers(0, 9))),
        was=draw(st.one_of(st.just(()), _some_words())),
    )


@st.composite
def _includes(draw: st.DrawFn, draft: _Draft, mark: Mark) -> Include:
    alias = draw(st.sampled_from(draft.uses))
    target = draw(st.sampled_from([alias, f"{alias}.plain", f"{alias}.group.part"]))
    bindings = st.builds(Binding, st.just("audience"), st.one_of(numbers(), words()))
    return Include(
        mark=mark,
        target=target,
        name=draw(draft.names()),
        arguments=tuple(draw(st.lists(bindings, max_size=1))),
    )


@st.composite
def _items(draw: st.DrawFn, draft: _Draft, kind: Kind, depth: int) -> tuple[Item, ...]:
    """Generate the items of a group; the first has a weight, so that it can count."""
    marks: list[Mark] = [draw(_weights(draft.weights, kind))]
    marks.extend(draw(st.lists(_marks(draft.weights, kind), max_size=3)))
    items: list[Item] = []
    for mark in marks:
        choices: list[st.SearchStrategy[Item]] = [_criteria(draft, mark)]
        if depth > 0:
            choices.append(_groups(draft, mark, depth - 1))
        if draft.uses and kind is not Kind.FORMULA:
            choices.append(_includes(draft, mark))
        items.append(draw(st.one_of(choices)))
    return tuple(items)


# ---------------------------------------------------------------------- tests


@st.composite
def _tests(draw: st.DrawFn, draft: _Draft, title: str) -> TestCase:
    text = texts(draft.params)
    optional_text = st.one_of(st.none(), text)
    names = st.sampled_from([None, "x", "y", "réponse"])
    responses = tuple(
        TestResponse(name, draw(text))
        for name in draw(st.lists(names, max_size=3, unique=True))
    )
    labels = [response.name for response in responses if response.name]
    paths = [(c.name, _legal(c)) for c in draft.criteria]
    expects = [draw(_score_expectations(["score", *(f"{x}.score" for x in labels)]))]
    given = [Given("all", Ruling.of_bool(truth=True))] if draw(st.booleans()) else []
    for name, rulings in draw(st.lists(st.sampled_from(paths), max_size=2)):
        given.append(Given(name, draw(st.sampled_from(rulings))))
        prefix = draw(st.sampled_from(["", *(f"{label}." for label in labels)]))
        expects.append(Expect(f"{prefix}{name}", draw(st.sampled_from(rulings))))
    margins = st.sampled_from([0.0, 0.2])
    conversation = draw(st.one_of(st.just(()), _conversations(draft.params)))
    return TestCase(
        title=title,
        bindings=tuple(
            Binding(p.name, draw(_values(p.type)))
            for p in draft.params
            if draw(st.booleans())
        ),
        tags=draw(_tags()),
        tier=draw(st.sampled_from([None, "arithmetic", "recorded", "live"])),
        prompt=None if conversation else draw(optional_text),
        conversation=conversation,
        reference=draw(optional_text),
        responses=responses,
        given=tuple(given),
        expects=tuple(expects),
        orders=(ExpectOrder(tuple(labels), draw(margins)),) if len(labels) > 1 else (),
    )


def _score_expectations(targets: Sequence[str]) -> st.SearchStrategy[Expect]:
    bounds = st.builds(Bound, st.sampled_from([">=", "<", "=="]), hundredths())
    abouts = st.integers(1, 4).flatmap(
        lambda digits: st.integers(0, 10**digits).map(
            lambda n: About(n / 10**digits, 0.5 * 10.0**-digits)
        )
    )
    exact = hundredths().map(Ruling.of_number)
    wanted = st.one_of(bounds, abouts, exact)
    return st.builds(Expect, st.sampled_from(targets), wanted)


# -------------------------------------------------------------------- rubrics


def _values(kind: str) -> st.SearchStrategy[float | str]:
    return numbers() if kind == "number" else words()


@cache
def _conversations(
    params: tuple[Param, ...],
) -> st.SearchStrategy[tuple[Turn, ...]]:
    speakers = st.sampled_from(["system", "user", "assistant", "tool"])
    turns = st.builds(Turn, speakers, texts(params))
    return st.lists(turns, min_size=1, max_size=3).map(tuple)


@st.composite
def _params(draw: st.DrawFn) -> tuple[Param, ...]:
    kinds = draw(st.lists(st.sampled_from(["number", "text"]), max_size=2))
    return tuple(
        Param(f"p{number}", kind, draw(st.one_of(st.none(), _values(kind))))
        for number, kind in enumerate(kinds, 1)
    )


@cache
def _judges() -> st.SearchStrategy[JudgeSpec]:
    models = st.sampled_from(["openai/gpt-5", "local/a b", 'x/"y"'])
    return st.builds(
        JudgeSpec,
        st.sampled_from(["careful", "ask", "richter_ß"]),
        models=st.lists(models, max_size=2).map(tuple),
        ask=st.sampled_from(Ask),
        votes=st.integers(1, 5),
        rule=st.sampled_from(VoteRule),
        temperature=st.one_of(st.none(), hundredths()),
        max_tokens=st.one_of(st.none(), st.integers(1, 4096)),
        skip_failed=st.booleans(),
        instructions=st.one_of(st.none(), texts()),
    ).map(_with_one_vote_in_cascades)


def _with_one_vote_in_cascades(judge: JudgeSpec) -> JudgeSpec:
    """Have each judge of a cascade vote once: no source says otherwise."""
    return evolve(judge, votes=1) if judge.rule is VoteRule.CASCADE else judge


@cache
def _schemes() -> st.SearchStrategy[WeightScheme]:
    classes = (("high", 5.0), ("low", 0.5), ("pitfall", -2.0))
    return st.sampled_from(
        [WeightScheme(), WeightScheme(1.0, 3.0), WeightScheme(classes=classes)]
    )


@cache
def _rounds() -> st.SearchStrategy[Round]:
    values = st.one_of(words(), st.just("2026-08-30"))
    facts = st.tuples(
        st.sampled_from(["", "by", "compared"]),
        st.lists(values, max_size=3).map(tuple),
    )
    return st.builds(
        Round, st.integers(0, 99), st.lists(facts, min_size=1, max_size=3).map(tuple)
    )


@st.composite
def source_rubrics(draw: st.DrawFn, *, uses: Sequence[str] = ()) -> Rubric:
    """Generate rubrics as they are written.

    ``uses`` are names that imports go by; a file ``NAME.rub`` is imported for each,
    and included.  Shrinks towards one criterion with a weight.
    """
    params = draw(_params())
    judges = tuple(draw(st.lists(_judges(), max_size=2, unique_by=lambda j: j.name)))
    draft = _Draft(params, judges, draw(_schemes()), uses)
    items = draw(_items(draft, Kind.MEAN, 2))
    optional_text = st.one_of(st.none(), texts(params))
    conversation = draw(st.one_of(st.just(()), _conversations(params)))
    titles = draw(st.lists(words(), max_size=2, unique=True)) if draft.criteria else []
    return Rubric(
        name=draw(st.sampled_from(STEMS)),
        items=items,
        version=draw(st.sampled_from([None, "1.0.0", "12.3.40"])),
        title=draw(optional_text),
        prompt=None if conversation else draw(optional_text),
        conversation=conversation,
        reference=draw(optional_text),
        note=draw(optional_text),
        why=draw(optional_text),
        for_prompts=draw(st.one_of(st.just(()), _some_words())),
        tags=draw(_tags()),
        weights=draft.weights,
        judge=draw(draft.judge_names()),
        passing=draw(st.one_of(st.none(), hundredths())),
        sees=draw(st.one_of(st.none(), _some_words())),
        language=draw(st.one_of(st.none(), words())),
        na=draw(st.one_of(st.none(), na_rules())),
        params=params,
        uses=tuple(Use(f"{name}.rub", name) for name in uses),
        judges=judges,
        history=tuple(draw(st.lists(_rounds(), max_size=2))),
        tests=tuple(draw(_tests(draft, title)) for title in titles),
    )


@st.composite
def rubrics(draw: st.DrawFn) -> Rubric:
    """Generate rubrics as a file could hold them, ready to be bound.

    They import nothing, and all their parameters have a default.  Shrinks towards
    one criterion with a weight.
    """
    rubric = draw(source_rubrics())
    params = tuple(
        param
        if param.default is not None
        else evolve(param, default=draw(_values(param.type)))
        for param in rubric.params
    )
    return evolve(rubric, params=params)
