"""Imported rubrics score as their sources do, on any verdicts, by their own rules."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from math import fsum
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rubricdsl.builtin import rubricdsl_formats
from rubricdsl.model.rubric import BoundRubric
from rubricdsl.model.ruling import NO, YES, Ruling
from rubricdsl.scoring.meaning import score

OFFERS = {offer.name: offer for offer in rubricdsl_formats()}
POINTS = st.integers(-10, 10)
MET = st.booleans()
Bind = Callable[..., BoundRubric]


@pytest.fixture(scope="session")
def read(load, bound):
    """Give a function that imports the one rubric of a file, and binds it."""

    def read_one(name: str, data: Any, file: str = "r.json") -> BoundRubric:
        given = data if isinstance(data, str) else json.dumps(data)
        (imported,) = OFFERS[name].read(given.encode(), file)
        rubric: BoundRubric = bound(load(imported.text))
        return rubric

    return read_one


def rulings(rubric: BoundRubric, answers: Sequence[bool | float]) -> dict[str, Ruling]:
    criteria = list(rubric.criteria())
    return {
        c.path: (YES if a else NO) if isinstance(a, bool) else Ruling.level(a)
        for c, a in zip(criteria, answers, strict=True)
    }


def clip(value: float) -> float:
    return min(1.0, max(0.0, value))


def close(rubric: BoundRubric, answers, wanted: float) -> None:
    assert score(rubric, rulings(rubric, answers)) == pytest.approx(wanted, abs=1e-9)


@given(st.lists(st.tuples(POINTS, MET), min_size=1, max_size=6))
def test_healthbench_after_clipping(read: Bind, items) -> None:
    most = sum(points for points, _ in items if points > 0)
    assume(most)
    rubrics = [
        {"criterion": f"c{n}", "points": p, "tags": []}
        for n, (p, _) in enumerate(items)
    ]
    rubric = read("healthbench", {"prompt_id": "p", "prompt": [], "rubrics": rubrics})
    achieved = sum(points for points, met in items if met)
    close(rubric, [met for _, met in items], clip(achieved / most))


@given(st.lists(st.tuples(st.integers(1, 3), MET), min_size=1, max_size=6))
def test_the_paper_normalised(read: Bind, items) -> None:
    data = [{"criterion": f"c{n}", "weight": w} for n, (w, _) in enumerate(items)]
    wanted = sum(w for w, met in items if met) / sum(w for w, _ in items)
    close(read("paper", data), [met for _, met in items], wanted)


@given(
    st.lists(st.tuples(st.sampled_from([1.0, 0.7, 0.3, 0.9, 5, 3]), MET), min_size=1)
)
def test_rar_without_negative_weights(read: Bind, items) -> None:
    entries = [
        {"title": f"t{n}", "description": f"d{n}", "weight": w}
        for n, (w, _) in enumerate(items)
    ]
    wanted = fsum(w for w, met in items if met) / fsum(w for w, _ in items)
    rubric = read("rar", {"question": "Why?", "rubric": entries})
    close(rubric, [met for _, met in items], wanted)


def signed_score(weights: Sequence[float], values: Sequence[float]) -> float:
    """Score as the libraries rubric and autorubric do."""
    total = fsum(w * v for w, v in zip(weights, values, strict=True))
    positive = fsum(w for w in weights if w > 0)
    negative = fsum(-w for w in weights if w < 0)
    return clip(total / positive if positive else 1 + total / negative)


@given(st.lists(st.tuples(POINTS, MET), min_size=1, max_size=6))
def test_rubric_library(read: Bind, items) -> None:
    assume(any(weight for weight, _ in items))
    weights = [weight for weight, _ in items]
    data = [{"weight": w, "requirement": f"c{n}"} for n, w in enumerate(weights)]
    wanted = signed_score(weights, [float(met) for _, met in items])
    close(
        read("rubric", {"sections": [{"criteria": data}]}),
        [m for _, m in items],
        wanted,
    )


@st.composite
def options(draw: st.DrawFn) -> tuple[float, list[float] | None, float | bool]:
    """A weight, the values of the options (or none), and the one that is chosen."""
    weight = draw(POINTS)
    if draw(st.booleans()):
        return weight, None, draw(MET)
    hundredths = st.integers(0, 100).map(lambda n: n / 100)
    values = draw(st.lists(hundredths, min_size=2, max_size=5, unique=True))
    return weight, values, draw(st.sampled_from(values))


@given(st.lists(options(), min_size=1, max_size=5))
def test_autorubric(read: Bind, items) -> None:
    assume(any(weight for weight, _, _ in items))
    criteria: list[dict[str, Any]] = []
    for n, (weight, values, _) in enumerate(items):
        entry: dict[str, Any] = {"name": f"c{n}", "weight": weight, "requirement": "x"}
        if values is not None:
            entry["options"] = [{"label": f"o{v}", "value": v} for v in values]
        criteria.append(entry)
    wanted = signed_score([w for w, _, _ in items], [float(v) for _, _, v in items])
    close(read("autorubric", {"criteria": criteria}), [v for _, _, v in items], wanted)


def test_autorubric_weighs_ten_by_default(read: Bind) -> None:
    data = [{"requirement": "a"}, {"requirement": "b", "weight": 30}]
    close(read("autorubric", data), [True, False], 0.25)


@given(
    st.lists(
        st.lists(st.integers(0, 20), min_size=2, max_size=4, unique=True),
        min_size=1,
        max_size=4,
    ),
    st.data(),
)
def test_canvas_adds_the_points_of_ratings(read: Bind, rows, data) -> None:
    assume(any(max(points) for points in rows))
    out = io.StringIO()
    writer = csv.writer(out)
    head = ["Rubric Name", "Criteria Name", "Criteria Description"]
    rating = ["Rating Name", "Rating Description", "Rating Points"]
    writer.writerow([*head, "Criteria Enable Range", *rating * 4])
    for n, points in enumerate(rows):
        cells = [cell for p in points for cell in (f"r{p}", "said", p)]
        writer.writerow(["Essay", f"c{n}", "", "false", *cells])
    rubric = read("canvas", out.getvalue(), "r.csv")
    chosen = [float(data.draw(st.sampled_from(points))) for points in rows]
    wanted = sum(chosen) / sum(max(points) for points in rows)
    close(rubric, chosen, wanted)


@given(st.lists(st.tuples(st.integers(0, 5), MET), min_size=1, max_size=5))
def test_promptfoo_takes_the_weighted_mean(read: Bind, items) -> None:
    assume(any(weight for weight, _ in items))
    asserts = [
        {"type": "llm-rubric", "value": f"c{n}", "weight": w}
        for n, (w, _) in enumerate(items)
    ]
    wanted = sum(w for w, met in items if met) / sum(w for w, _ in items)
    rubric = read("promptfoo", {"tests": [{"assert": asserts}]})
    close(rubric, [met for _, met in items], wanted)


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("(3 * a + 1 * b) / 4", lambda a, b: (3 * a + b) / 4),
        ("0.25 * a + 0.75 * b", lambda a, b: 0.25 * a + 0.75 * b),
        ("a * (0.5 + 0.5 * b)", lambda a, b: a * (0.5 + 0.5 * b)),
        ("min(a, b)", min),
        ("max(a, b) - 0.5 * b", lambda a, b: clip(max(a, b) - 0.5 * b)),
        ("a + b", lambda a, b: clip(a + b)),
    ],
)
@pytest.mark.parametrize("answers", [[True, True], [True, False], [False, True]])
def test_openai_formulas(read: Bind, formula, wanted, answers) -> None:
    asked = [{"role": "user", "content": "Is it kind?"}]
    labels = {"labels": ["yes", "no"], "passing_labels": ["yes"]}
    graders = {
        key: {
            "type": "label_model",
            "name": key,
            "model": "m",
            "input": asked,
            **labels,
        }
        for key in ("a", "b")
    }
    document = {
        "type": "multi",
        "name": "m",
        "graders": graders,
        "calculate_output": formula,
    }
    close(read("openai-graders", document), answers, wanted(*map(float, answers)))


@given(st.lists(MET, min_size=1, max_size=6), st.integers(0, 6))
def test_outcomes_count_each_item_the_same(read: Bind, met, inside) -> None:
    lines = [f"- item {n}" for n in range(len(met))]
    cut = len(met) - min(inside, len(met))
    text = "\n".join([*lines[:cut], "## Section", *lines[cut:]])
    close(read("outcomes", text, "r.md"), met, sum(met) / len(met))


@given(st.integers(1, 5))
def test_prometheus_scores(read: Bind, given_score) -> None:
    scores = {f"score{n}_description": f"Worth {n}." for n in range(1, 6)}
    rubric = read("levels", {"criteria": "Is it good?", **scores})
    close(rubric, [float(given_score)], (given_score - 1) / 4)
