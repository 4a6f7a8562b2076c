"""What a format can say comes back from it: import undoes export, without losses."""

import json
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.builtin import rubricdsl_formats
from rubricdsl.expressions.printing import print_expression
from rubricdsl.formats.foreign.deterministic import (
    Assertion,
    assertion_of,
    check_of,
    said,
)
from rubricdsl.language.naming import unique_name
from rubricdsl.language.texts import PARAMETER
from rubricdsl.model.protocols import ExportedFile, ImportedRubric, Loss
from rubricdsl.model.rubric import (
    AnswerScale,
    BoundRubric,
    Criterion,
    Group,
    Info,
    Level,
    LevelScale,
    NaPolicy,
    Rubric,
    Tag,
    Turn,
    Weight,
)
from rubricdsl.testing.strategies.texts import texts

OFFERS = {offer.name: offer for offer in rubricdsl_formats()}
NAMES = "the names of its criteria"
NO_MODEL = "that no model of OpenAI is named"

Load = Callable[[str], Rubric]
Bound = Callable[[Rubric], BoundRubric]


def there_and_back(
    name: str, rubrics: list[Rubric], bound: Bound, file: str = "r.json"
) -> tuple[ExportedFile, list[ImportedRubric]]:
    offer = OFFERS[name]
    assert offer.write is not None
    exported = offer.write(rubrics, bound)
    return exported, list(offer.read(exported.data, file))


def lost(losses: Iterable[Loss]) -> set[str]:
    return {loss.what for loss in losses}


# ------------------------------------------------------------------ strategies

SAYABLE = texts().filter(lambda text: text.strip() and not PARAMETER.search(text))
ONE_LINE = st.one_of(
    st.sampled_from(["Names Ottawa.", "Is short.", "- x", "# x", "[x] y", 'a "b", c']),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=30),
).map(lambda text: " ".join(text.split()))
PLAIN = ONE_LINE.filter(lambda text: text and not PARAMETER.search(text))
POSITIVE = st.one_of(st.integers(1, 9), st.sampled_from([0.5, 2.25])).map(float)
SIGNED = st.one_of(POSITIVE, POSITIVE.map(lambda weight: -weight))
SCALES: st.SearchStrategy[Any] = st.just(AnswerScale())


@st.composite
def criteria(
    draw: st.DrawFn,
    content: st.SearchStrategy[str] = SAYABLE,
    weights: st.SearchStrategy[float] = POSITIVE,
    scales: st.SearchStrategy[Any] = SCALES,
) -> tuple[Criterion, ...]:
    """Criteria that are named after their texts, as an importer names them."""
    taken = set[str]()
    return tuple(
        Criterion(
            name=unique_name(text, taken),
            mark=Weight(draw(weights)),
            text=text,
            scale=draw(scales),
        )
        for text in draw(st.lists(content, min_size=1, max_size=4))
    )


def levels(content: st.SearchStrategy[str]) -> st.SearchStrategy[LevelScale]:
    return st.lists(content, min_size=2, max_size=5).map(
        lambda said: LevelScale(
            1.0,
            float(len(said)),
            tuple(Level(float(n), None, text) for n, text in enumerate(said, 1)),
        )
    )


# ------------------------------------------------------------------ the formats


@given(criteria(weights=SIGNED), st.sampled_from(["", "v:x", "one"]))
def test_healthbench(bound: Bound, load: Load, items, tag) -> None:
    turns = (Turn("system", "Be brief."), Turn("user", "Hi"))
    tags = (Tag("v", "x"),) if tag == "v:x" else (Tag("one"),) if tag else ()
    rubric = Rubric(
        name="healthbench_p1",
        items=tuple(evolve(item, tags=tags) for item in items),
        conversation=turns,
        for_prompts=("p1",),
        tags=tags,
    )
    exported, (imported,) = there_and_back("healthbench", [rubric], bound)
    assert load(imported.text) == rubric
    assert lost(exported.losses) == {NAMES}
    assert imported.losses == ()
    assert [path for _, path in exported.paths] == [path for _, path in imported.paths]


@given(criteria(), SAYABLE)
def test_paper(bound: Bound, load: Load, items, prompt) -> None:
    rubric = Rubric(name="p1", items=items, prompt=prompt, for_prompts=("p1",))
    exported, (imported,) = there_and_back("paper", [rubric], bound)
    assert load(imported.text) == rubric
    assert lost(exported.losses) == {NAMES}
    assert imported.losses == ()
    assert exported.paths == imported.paths


@given(criteria(), SAYABLE)
def test_rar(bound: Bound, load: Load, items, prompt) -> None:
    rubric = Rubric(name="r_row_1", items=items, prompt=prompt, reference="An answer.")
    exported, (imported,) = there_and_back("rar", [rubric], bound, "r.jsonl")
    assert load(imported.text) == rubric
    assert exported.losses == imported.losses == ()


@given(criteria(weights=SIGNED))
def test_rubric_library(bound: Bound, load: Load, items) -> None:
    rubric = Rubric(name="r", items=items)
    exported, (imported,) = there_and_back("rubric", [rubric], bound)
    assert load(imported.text) == rubric
    assert lost(exported.losses) == {NAMES}
    assert imported.losses == ()


SHARES = st.lists(SAYABLE, min_size=2, max_size=4, unique=True).map(
    lambda said: LevelScale(
        0.0,
        1.0,
        tuple(Level(n / (len(said) - 1), None, t) for n, t in enumerate(said)),
    )
)
CHOICES = st.one_of(SCALES, SHARES, st.just(AnswerScale(("yes", "partly", "no"))))


@given(criteria(weights=SIGNED, scales=CHOICES), st.booleans())
def test_autorubric(bound: Bound, load: Load, items, may_abstain) -> None:
    items = tuple(
        evolve(item, na=NaPolicy.SKIP)
        if may_abstain and item.scale != AnswerScale()
        else item
        for item in items
    )
    rubric = Rubric(name="r", items=items)
    exported, (imported,) = there_and_back("autorubric", [rubric], bound)
    assert load(imported.text) == rubric
    assert exported.losses == imported.losses == ()


@given(criteria(scales=levels(SAYABLE)).map(lambda items: items[:1]))
def test_levels(bound: Bound, load: Load, items) -> None:
    items = (evolve(items[0], mark=Weight(1.0)),)
    rubric = Rubric(
        name="p1",
        items=items,
        conversation=(Turn("system", "Plan."), Turn("user", "Paris?")),
        reference="Day 1 …",
        for_prompts=("p1",),
    )
    exported, (imported,) = there_and_back("levels", [rubric], bound)
    assert load(imported.text) == rubric
    assert lost(exported.losses) == {NAMES}
    assert imported.losses == ()


@given(criteria(scales=st.one_of(SCALES, levels(SAYABLE))))
def test_rubric_spec(bound: Bound, load: Load, items) -> None:
    rubric = Rubric(name="r", items=items, title="A title")
    exported, (imported,) = there_and_back("rubric-spec", [rubric], bound)
    assert load(imported.text) == rubric
    assert exported.losses == ()
    assert lost(imported.losses) == {"`judge_prompt_contract`", "`provenance`"}


@given(criteria(PLAIN, st.just(1.0)), st.integers(0, 3))
def test_outcomes(bound: Bound, load: Load, items, inside) -> None:
    loose, sectioned = items[inside:], items[:inside]
    # An importer names a section before its criteria, and after those above it.
    taken = set[str]()
    loose = tuple(evolve(c, name=unique_name(c.text, taken)) for c in loose)
    group_name = unique_name("the_report", taken)
    sectioned = tuple(evolve(c, name=unique_name(c.text, taken)) for c in sectioned)
    group = Group(
        name=group_name,
        mark=Weight(float(len(sectioned))),
        title="The Report",
        items=sectioned,
    )
    rubric = Rubric(
        name="a_title",
        title="A title",
        note="Some prose.",
        passing=1.0,
        items=(*loose, group) if sectioned else loose,
    )
    if group_name != "the_report":
        return
    exported, (imported,) = there_and_back("outcomes", [rubric], bound, "r.md")
    got = load(imported.text)
    assert evolve(got, name="a_title", items=()) == evolve(rubric, items=())
    assert _texts(got) == _texts(rubric)
    assert lost(exported.losses) == {NAMES}
    assert imported.losses == ()


def _texts(rubric: Rubric) -> list[tuple[str | None, ...]]:
    found: list[tuple[str | None, ...]] = []
    for item in rubric.items:
        if isinstance(item, Group):
            found.append((item.title, *(c.text for c in item.items)))  # type: ignore[union-attr]
        else:
            found.append((item.text,))  # type: ignore[union-attr]
    return found


POINTS = st.lists(
    PLAIN.filter(lambda text: text[0].isalnum()), min_size=3, max_size=5
).map(
    lambda said: LevelScale(
        0.0,
        float(len(said) - 1),
        tuple(Level(float(n), None, text) for n, text in enumerate(said)),
    )
)
WORDS = PLAIN.filter(lambda text: text[0].isalnum())


@given(criteria(WORDS, scales=st.one_of(SCALES, POINTS)))
def test_canvas(bound: Bound, load: Load, items) -> None:
    items = tuple(
        evolve(item, mark=Weight(item.scale.high))
        if isinstance(item.scale, LevelScale)
        else item
        for item in items
    )
    rubric = Rubric(name="essay", title="The essay", items=items)
    exported, (imported,) = there_and_back("canvas", [rubric], bound, "r.csv")
    assert evolve(load(imported.text), name="essay") == rubric
    assert lost(exported.losses) == {NAMES}
    assert imported.losses == ()


ASSERTIONS = st.one_of(
    st.builds(
        Assertion,
        st.sampled_from(
            ["equals", "contains", "icontains", "starts-with", "not-contains"]
        ),
        st.text(min_size=1, max_size=10),
    ),
    st.builds(Assertion, st.just("regex"), st.sampled_from([r"\d{4}", "(?i)a|b"])),
    st.builds(
        Assertion,
        st.sampled_from(["contains-all", "icontains-any", "not-contains-any"]),
        st.lists(st.text(min_size=1, max_size=5), min_size=2, max_size=3),
    ),
    st.just(Assertion("is-json")),
    st.builds(
        Assertion,
        st.sampled_from(["word-count", "not-word-count"]),
        st.sampled_from([7, {"min": 3}, {"max": 9}, {"min": 3, "max": 9.5}]),
    ),
)


@given(ASSERTIONS)
def test_an_assertion_is_a_check_and_back(load: Load, assertion) -> None:
    check = check_of(assertion)
    assert check is not None
    assert assertion_of(check) == assertion
    assert said(assertion).strip()
    text = f"rubric r\n[1] a: x\n    check: {print_expression(check)}\n"
    assert load(text).items[0].check == check  # type: ignore[union-attr]


@given(criteria(), st.sampled_from([1.0, 0.0, 0.25]), SAYABLE)
def test_promptfoo(bound: Bound, load: Load, items, passing, prompt) -> None:
    limit = check_of(Assertion("word-count", {"max": 9}))
    short = Criterion(
        name="short_one", mark=Info(), text="Has at most 9 words.", check=limit
    )
    names = {item.name for item in items} | {"short_one"}
    if len(names) <= len(items):
        return
    group = Group(
        name="group_one", mark=Weight(2.0), passing=0.5, items=(*items, short)
    )
    other = Criterion(name="other_one", mark=Weight(1.0), text="Is kind.")
    rubric = Rubric(name="r", items=(other, group), prompt=prompt, passing=passing)
    exported, (imported,) = there_and_back("promptfoo", [rubric], bound)
    assert load(imported.text) == rubric
    assert exported.losses == ()
    assert lost(imported.losses) <= {
        "scores of a model between 0 and 1",
        "words told apart by blanks",
    }


@given(criteria(weights=POSITIVE))
def test_openai_graders(bound: Bound, load: Load, items) -> None:
    items = tuple(evolve(item, name=f"c{number}") for number, item in enumerate(items))
    # A text that is a template alone hands something over, and asks nothing.
    items = tuple(evolve(item, text=f"{item.text}!") for item in items)
    rubric = Rubric(name="r", items=items)
    exported, (imported,) = there_and_back("openai-graders", [rubric], bound)
    got = load(imported.text)
    assert [evolve(c, mark=Info()) for c in got.items] == [
        evolve(c, mark=Info()) for c in items
    ]
    weights = [c.mark.value for c in got.items]  # type: ignore[union-attr]
    assert weights == pytest.approx([c.mark.value for c in items])
    assert lost(exported.losses) == {NO_MODEL}
    assert lost(imported.losses) == {"`model`"}


@given(criteria(PLAIN, POSITIVE))
def test_paperbench(bound: Bound, load: Load, items) -> None:
    tagged = tuple(
        evolve(item, tags=(Tag("category", "result"), Tag("area", "data")))
        for item in items
    )
    rubric = Rubric(name="r", title="The paper", items=tagged)
    exported, (imported,) = there_and_back("paperbench", [rubric], bound)
    got = load(imported.text)
    assert [c.text for c in got.items] == [c.text for c in items]  # type: ignore[union-attr]
    assert [c.mark for c in got.items] == [c.mark for c in items]
    assert [c.tags for c in got.items] == [c.tags for c in tagged]  # type: ignore[union-attr]
    assert got.title == "The paper"
    assert lost(exported.losses) == {NAMES}


def test_names_that_are_names_already_stay(bound: Bound, load: Load) -> None:
    items = (
        Criterion(name="is_polite", mark=Weight(1.0), text="Says please."),
        Criterion(name="Not_Rude", mark=Weight(1.0), text="Insults nobody."),
    )
    rubric = Rubric(name="The_Tone", items=items)
    for name in ("autorubric", "rubric-spec", "openai-graders"):
        _, (imported,) = there_and_back(name, [rubric], bound, "The_Tone.json")
        assert load(imported.text) == rubric, name


def test_hidden_characters_are_reported(load: Load) -> None:
    data = '[{"weight": 1, "requirement": "a\u200bb \u202ec\\u0007 {{x}}"}]'.encode()
    (imported,) = OFFERS["rubric"].read(data, "r.json")
    (criterion,) = load(imported.text).items
    assert isinstance(criterion, Criterion)
    assert criterion.text == "ab c { {x}}"
    assert {loss.what for loss in imported.losses} == {
        "characters that cannot be seen",
        "a placeholder in `{{ }}`",
    }
    assert unicodedata.category("\u200b") == "Cf"


def test_a_byte_order_mark_in_a_text_is_reported(load: Load) -> None:
    rows = [
        {
            "prompt_id": "p",
            "prompt": prompt,
            "criteria": [{"criterion": "\ufeffa", "weight": 1}],
        }
        for prompt in ("\ufeffSay a.", "\ufeff")
    ]
    first, second = OFFERS["paper"].read(json.dumps(rows).encode(), "r.json")
    assert load(first.text).prompt == "Say a."
    assert load(second.text).prompt is None
    for imported in (first, second):
        assert [loss.what for loss in imported.losses] == [
            "characters that cannot be seen"
        ] * 2
