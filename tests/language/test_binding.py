"""What is in force once a rubric is bound."""

from collections.abc import Callable, Mapping

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.binding import bind
from rubricdsl.language.loading import Loaded
from rubricdsl.model.expression import Call, Compare, Constant, Name
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import BoundRubric, Criterion, NaPolicy

Bind = Callable[..., BoundRubric]


@pytest.fixture
def bound(load: Callable[[str], Loaded], functions: FunctionTable) -> Bind:
    """Give a function that binds source text."""

    def bind_text(
        text: str, arguments: Mapping[str, float | str] | None = None
    ) -> BoundRubric:
        (rubric,) = load(text).checked()
        return bind(rubric, functions, arguments)

    return bind_text


def _criteria(rubric: BoundRubric) -> dict[str, Criterion]:
    return {criterion.path: criterion for criterion in rubric.criteria()}


def test_settings_come_down_until_something_else_is_said(bound: Bind) -> None:
    criteria = _criteria(
        bound(
            "rubric r\njudge: x\nn/a: skip\nsees: response\n[1] a: A.\n"
            "[1] mean of g\n    judge: y\n    n/a: fail\n    [1] b: B.\n"
            "    [1] mean of h\n        sees: prompt, draft\n        [1] c: C.\n"
            "            n/a: 0.5\n            judge: x\n"
            'judge x\n    model: "m"\njudge y\n    model: "n"\n'
        )
    )
    in_force = {p: (c.judge, c.na, c.sees) for p, c in criteria.items()}
    assert in_force == {
        "a": ("x", NaPolicy.SKIP, ("response",)),
        "g.b": ("y", NaPolicy.FAIL, ("response",)),
        "g.h.c": ("x", 0.5, ("prompt", "draft")),
    }


def test_parameters_are_filled_in_everywhere(bound: Bind) -> None:
    text = (
        'rubric r\nparam n: number = 2.50\nparam who: text = "us"\n'
        "prompt: Hi {{who}}.\n"
        "[1] a: Has {{n}} words, {{ who }}.\n    note: {{n}}\n"
        "    check: words(response) >= n\n[1] b: B.\n    level 0: No {{who}}.\n"
        "    level 1: Yes.\n    example level 1: {{who}} {x}\n"
    )
    rubric = bound(text, {"who": "{{n}}"})
    a, b = _criteria(rubric).values()
    assert rubric.prompt == "Hi {{n}}."
    assert (a.text, a.note) == ("Has 2.5 words, {{n}}.", "2.5")
    words = Call("words", (Name("response"),))
    assert a.check == Compare(">=", words, Constant(2.5))
    assert b.examples[0].text == "{{n}} {x}"
    assert bound(text).digest != rubric.digest


def test_a_parameter_without_a_value_is_an_error(bound: Bind) -> None:
    text = "rubric r\nparam n: number\n[1] a: At least {{n}}.\n"
    with pytest.raises(RubricError, match="E303"):
        bound(text)
    assert _criteria(bound(text, {"n": 0.0}))["a"].text == "At least 0."


def test_needs_become_paths(bound: Bind) -> None:
    rubric = bound(
        "rubric r\n[1] mean of g\n    [1] a: A.\n[1] b: B.\n    needs: a, g\n"
        "[1] c: C.\n    needs: g.a\n"
    )
    criteria = _criteria(rubric)
    assert criteria["b"].needs == ("g.a", "g")
    assert criteria["c"].needs == ("g.a",)


def test_keywords_may_be_names_where_they_mean_nothing(bound: Bind) -> None:
    names = ("title", "level", "test", "to", "by", "about", "check", "rubric")
    text = "rubric r\n" + "".join(f"[1] {name}: X.\n" for name in names)
    text += 'test "t"\n' + "".join(f"    given {name}: yes\n" for name in names)
    text += "    expect title: yes\n    expect score: 1\n"
    assert tuple(_criteria(bound(text))) == names
