"""Answers that become rubrics, and what is said of those that do not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.rubric import Criterion, Rubric, Weight
from rubricdsl.refinement.drafting.reading import DraftReader, weight_of
from rubricdsl.refinement.proposing.conversing import NotReadError

FUNCTIONS = {f.signature.name: f.signature for f in builtin_functions()}
READER = DraftReader(prompt="My child has a fever. What now?", functions=FUNCTIONS)
GOOD = {
    "name": "offers_drinks", "text": "Says to offer drinks often.",
    "frustration": 2, "correctness": 3,
}  # fmt: skip
SOURCE = "rubric fever\n[3] drinks: Says to offer drinks.\n[must] safe: Is safe.\n"


def answer(*criteria: object, **more: object) -> str:
    return json.dumps({"criteria": criteria, **more})


def criteria(rubric: Rubric) -> list[tuple[str, float, str]]:
    return [
        (item.name, item.mark.value, item.text)
        for item in rubric.items
        if isinstance(item, Criterion) and isinstance(item.mark, Weight)
    ]


def problems(text: str) -> str:
    with pytest.raises(NotReadError) as caught:
        READER.read(text)
    return " ".join(caught.value.problems)


def test_two_answers_make_a_weight() -> None:
    pairs = [(f, c) for f in (1, 2, 3) for c in (1, 2, 3)]
    assert [weight_of(*pair) for pair in pairs] == [1, 2, 2, 2, 2, 3, 2, 3, 3]


def test_criteria_with_two_answers() -> None:
    rubric = READER.read(answer(GOOD, name="fever_at_home"))
    assert rubric.name == "fever_at_home"
    assert rubric.prompt == READER.prompt
    assert criteria(rubric) == [("offers_drinks", 3.0, "Says to offer drinks often.")]


PAPER = [{"criterion": "Names rest.", "weight": 2}]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(PAPER),
        f"Here:\n```json\n{json.dumps(PAPER)}\n```",
        json.dumps({"rubric": [{"local_id": "c1", **PAPER[0]}]}),
    ],
)
def test_lists_as_in_the_paper(text: str) -> None:
    assert criteria(READER.read(text)) == [("rest", 2.0, "Names rest.")]


@pytest.mark.parametrize(
    "text",
    [SOURCE, f"# Mine.\n{SOURCE}", f"I suggest:\n```rub\n{SOURCE}```\nIs it ok?"],
)
def test_source_plain_or_in_a_fence(text: str) -> None:
    rubric = READER.read(text)
    assert [item.name for item in rubric.items] == ["drinks", "safe"]
    assert rubric.prompt == READER.prompt


def test_a_name_that_was_chosen_is_the_name() -> None:
    reader = DraftReader(prompt="Hi", functions=FUNCTIONS, name="mine")
    assert reader.read(SOURCE).name == "mine"
    assert reader.read(answer(GOOD, name="other")).name == "mine"


def test_names_that_only_number_are_made_of_the_text() -> None:
    named = [
        {**GOOD, "name": name, "text": f"Says to offer drink number {n}."}
        for n, name in enumerate(["c1", "criterion_2", "must", "", "Offers Drinks!"])
    ]
    names = [name for name, _, _ in criteria(READER.read(answer(*named)))]
    assert names == [
        "offer_drink_number_0", "offer_drink_number_1", "must_2",
        "offer_drink_number_3", "offers_drinks",
    ]  # fmt: skip


def test_a_rubric_without_a_name_is_called_after_the_prompt() -> None:
    assert READER.read(answer(GOOD)).name == "my_child_fever_what"


def test_judges_that_a_draft_names_are_not_taken() -> None:
    source = f'{SOURCE}judge j\n    model: "openai/gpt-9"\n    ask: each\n'
    rubric = READER.read(source)
    assert [judge.models for judge in rubric.judges] == [()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("Drinks are good.", "not JSON"),
        ("{}", "no `criteria`"),
        (answer(), "an empty one"),
        ('{"criteria": "many"}', "no list of criteria"),
        (answer(GOOD, 3), "Criterion 2: it is not an object"),
        (answer({"name": "x"}), "Criterion 1: it has no `text`"),
        (answer({**GOOD, "frustration": 4}), "`frustration` is not 1, 2 or 3"),
        (answer({**GOOD, "correctness": True}), "`correctness` is not 1, 2 or 3"),
        (answer({"text": "Is so.", "weight": 0.5}), "`weight` is not 1, 2 or 3"),
        (answer({**GOOD, "text": "x" * 700}), "over 600 characters"),
        (answer({**GOOD, "text": "\u200b"}), "it has no `text`"),
        (f"{SOURCE}\n[0] none: Is none.\n", "E412"),
        (f"{SOURCE}[1] The dose.\n", "Line 4: E203"),
        (f"{SOURCE}\n{SOURCE}", "2 rubrics"),
        (f"```\n{SOURCE}```\nor\n```\n{SOURCE}```", "2 rubrics"),
        (f'rubric r\nuse "a.rub" as a\n{SOURCE.split(chr(10), 1)[1]}', "imports"),
        ("rubric " * 60_000, "too long"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    assert said in problems(text)


def test_a_prompt_may_hold_anything() -> None:
    prompt = 'Fill in {{name}}:\n\n  """\u202e\n| a\n# b'
    rubric = DraftReader(prompt=prompt, functions=FUNCTIONS).read(answer(GOOD))
    assert rubric.prompt == 'Fill in { {name}}:\n\n  """\n| a\n# b'


TEXTS = st.text() | st.text("rubic \n[]3:#`{}\"'", max_size=60)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXTS,
        "text": TEXTS,
        "criterion": TEXTS,
        "weight": st.integers(0, 4) | st.floats() | TEXTS,
        "frustration": st.integers(0, 4),
        "correctness": st.integers(0, 4),
    },
)
WHOLE = st.builds(lambda t: {**GOOD, "text": t, "name": t[::-1]}, TEXTS)


@given(
    TEXTS
    | st.builds(lambda body: f"rubric r\n{body}", TEXTS)
    | st.lists(RECORDS | WHOLE, max_size=3).map(lambda rs: answer(*rs)),
    TEXTS,
)
def test_every_answer_is_a_sound_rubric_or_a_reason(text: str, prompt: str) -> None:
    reader = DraftReader(prompt=f"?{prompt}", functions=FUNCTIONS)
    try:
        rubric = reader.read(text)
    except NotReadError:
        return
    again = DraftReader(prompt=rubric.prompt or "", functions=FUNCTIONS)
    assert again.read(print_rubric(rubric)) == rubric
