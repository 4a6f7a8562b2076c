"""Trees of PaperBench keep their shape, weights and scores as rubrics."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from math import fsum
from operator import mul
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError, Severity
from rubricdsl.formats.paperbench import MAX_DEPTH, read_paperbench, read_tree
from rubricdsl.language.binding import bind
from rubricdsl.language.loading import load_text
from rubricdsl.model.protocols import ImportedRubric
from rubricdsl.model.rubric import (
    BoundRubric,
    Criterion,
    Group,
    Info,
    Mark,
    Rubric,
    Weight,
)
from rubricdsl.model.ruling import NO, YES
from rubricdsl.scoring.meaning import score

TREES = Path(__file__).parents[2] / "../shared/data/paperbench/trees"
FILES: list[Path | None] = [*sorted(TREES.glob("*.json.gz"))] or [None]
Entry = dict[str, Any]


def walk(entry: Entry, depth: int = 0) -> Iterator[tuple[Entry, int]]:
    yield entry, depth
    for child in entry["sub_tasks"]:
        yield from walk(child, depth + 1)


def bound(source: ImportedRubric) -> BoundRubric:
    loaded = load_text(source.text, {}, folder=Path.cwd())
    errors = [d for d in loaded.diagnostics if d.severity is Severity.ERROR]
    assert errors == []
    return bind(loaded.rubrics[0], {})


def weight_of(mark: Mark) -> float:
    return mark.value if isinstance(mark, Weight) else 0


def recursive_mean(entry: Entry, scores: dict[int, float]) -> float:
    children = entry["sub_tasks"]
    if not children:
        return scores[id(entry)]
    weights: list[float] = [child["weight"] for child in children]
    values = [recursive_mean(child, scores) for child in children]
    return fsum(map(mul, weights, values)) / sum(weights)


def assert_same_scores(tree: Entry, rubric: BoundRubric, met: Iterator[bool]) -> None:
    leaves = [entry for entry, _ in walk(tree) if not entry["sub_tasks"]]
    criteria = list(rubric.criteria())
    answers = [next(met) for _ in leaves]
    scores = {id(leaf): float(yes) for leaf, yes in zip(leaves, answers, strict=True)}
    rulings = {
        criterion.path: YES if yes else NO
        for criterion, yes in zip(criteria, answers, strict=True)
    }
    assert score(rubric, rulings) == pytest.approx(
        recursive_mean(tree, scores), abs=1e-9
    )


# ---------------------------------------------------------------- the real trees


@pytest.fixture(params=FILES, ids=lambda file: file.name if file else "none")
def file(request: pytest.FixtureRequest) -> Path:
    if request.param is None:
        pytest.skip("the PaperBench trees are not beside the repository")
    assert isinstance(request.param, Path)
    return request.param


def test_a_real_tree_keeps_shape_weights_and_scores(file: Path) -> None:
    data = file.read_bytes()
    tree = json.loads(gzip.decompress(data))
    (source,) = read_paperbench(data, file.name)
    rubric = bound(source)
    nodes = list(rubric.walk())
    inside = list(walk(tree))[1:]
    assert len(nodes) == len(inside)
    for node, (entry, depth) in zip(nodes, inside, strict=True):
        assert isinstance(node, Group) == bool(entry["sub_tasks"])
        assert node.text == entry["requirements"].strip().replace("  \n", "\n")
        assert weight_of(node.mark) == entry["weight"]
        assert node.path.count(".") == depth - 1
    assert [node_id for node_id, _ in source.paths] == [e["id"] for e, _ in walk(tree)]
    assert [path for _, path in source.paths] == ["", *(node.path for node in nodes)]
    assert_same_scores(tree, rubric, iter([True, False, False, True, True] * 1_000))


def test_categories_become_tags(file: Path) -> None:
    data = file.read_bytes()
    entries = walk(json.loads(gzip.decompress(data)))
    wanted = Counter(entry["task_category"] for entry, _ in entries)
    (source,) = read_paperbench(data, file.name)
    found = Counter(
        tag.value
        for node in bound(source).walk()
        for tag in node.tags
        if tag.name == "category"
    )
    assert found == {
        category.lower().replace(" ", "_"): count
        for category, count in wanted.items()
        if category
    }


@pytest.mark.parametrize(
    ("name", "official"),
    [("all-in-one", 0.7139351852), ("semantic-self-consistency", 0.91)],
)
def test_the_official_scores_come_out(name: str, official: float) -> None:
    file = TREES / f"expected_{name}.json.gz"
    if not file.exists():
        pytest.skip("the PaperBench trees are not beside the repository")
    data = file.read_bytes()
    tree = json.loads(gzip.decompress(data))
    (source,) = read_paperbench(data, file.name)
    leaves = [entry for entry, _ in walk(tree) if not entry["sub_tasks"]]
    grades = [entry["score"] for entry in leaves]
    assert set(grades) == {0.0, 1.0}
    criteria = bound(source).criteria()
    rulings = {
        criterion.path: YES if grade else NO
        for criterion, grade in zip(criteria, grades, strict=True)
    }
    found = score(bound(source), rulings)
    assert found == pytest.approx(official, abs=1e-9)
    assert found == pytest.approx(tree["score"], abs=1e-9)


# ------------------------------------------------------------------ other trees


def node(requirements: str = "Done.", weight: float = 1, *children: Entry) -> Entry:
    return {
        "id": f"id of {requirements}",
        "requirements": requirements,
        "weight": weight,
        "sub_tasks": list(children),
        "task_category": None,
    }


def read(tree: object, name: str = "some-paper.json") -> ImportedRubric:
    (source,) = read_paperbench(json.dumps(tree).encode(), name)
    return source


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40).map(
    lambda text: f"X{text}"
)
ENTRIES = st.recursive(
    st.builds(node, TEXTS, st.integers(1, 20)),
    lambda children: st.lists(children, min_size=1, max_size=4).flatmap(
        lambda below: st.builds(
            lambda text, weight: node(text, weight, *below), TEXTS, st.integers(1, 20)
        )
    ),
    max_leaves=15,
)


@given(ENTRIES, st.lists(st.booleans(), min_size=70, max_size=70))
def test_any_tree_loads_and_scores_the_same(tree: Entry, met: list[bool]) -> None:
    source = read(tree)
    rubric = bound(source)
    assert_same_scores(tree, rubric, iter(met))
    assert len(source.paths) == len(list(walk(tree))) or not tree["sub_tasks"]


@given(ENTRIES)
def test_the_text_is_that_of_the_model(tree: Entry) -> None:
    data = json.dumps(tree).encode()
    loaded = load_text(read(tree).text, {}, folder=Path.cwd())
    assert loaded.rubrics == (read_tree(data, "some-paper.json").rubric,)


def test_a_node_of_weight_zero_is_reported_and_not_scored() -> None:
    tree = node("All.", 1, node("Counts.", 2), node("Idle.", 0))
    rubric = bound(read(tree))
    marks = [criterion.mark for criterion in rubric.criteria()]
    assert marks == [Weight(2.0), Info()]
    assert_same_scores(tree, rubric, iter([True, False]))


def test_a_tree_of_one_leaf_is_one_criterion() -> None:
    (criterion,) = bound(read(node("Runs.", 3))).criteria()
    assert (criterion.name, criterion.text) == ("runs", "Runs.")


def test_names_are_telling_and_depend_on_the_text() -> None:
    texts = [
        "Code has been written to load the data, as described in Section 3",
        "The code is implemented such that seeds are fixed",
        "Order",
        "Uses {{braces}} and {{ x }}",
    ]
    rubric = bound(read(node("All.", 1, *map(node, texts))))
    names = [criterion.name for criterion in rubric.criteria()]
    assert names == ["load_data", "seeds_fixed", "order_2", "uses_braces_x"]
    other = bound(read(node("All.", 1, *map(node, reversed(texts)))))
    assert [criterion.name for criterion in other.criteria()] == names[::-1]
    assert rubric.name == "some_paper"


def test_equal_ids_are_all_kept() -> None:
    tree = node("All.", 1, node("Same."), node("Same."))
    assert read(tree).paths == (
        ("id of All.", ""),
        ("id of Same.", "same"),
        ("id of Same.", "same_2"),
    )


def test_depth_is_that_of_the_language() -> None:
    tree = node("Leaf.")
    for _ in range(MAX_DEPTH - 1):
        tree = node("Inner.", 1, tree)
    tree = node("Root.", 1, tree)
    assert max(depth for _, depth in walk(tree)) == MAX_DEPTH
    assert len(list(bound(read(tree)).criteria())) == 1
    with pytest.raises(RubricError, match="over 32 deep"):
        read(node("Root.", 1, tree))


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "D102", "not valid JSON"),
        (b"[]", "D109", "holds no tree"),
        (b"{", "D102", "not valid JSON"),
        (b'{"a": 1, "a": 2}', "D102", "duplicate key"),
        (b"\xff", "D104", "byte 0"),
        ("{}".encode("utf-16"), "D104", "UTF-16"),
        (gzip.compress(b"{}", mtime=0)[:-5], "D101", "unpacked"),
        (b"{}", "D109", "the root cannot be imported: `requirements` is missing"),
        (b'{"requirements": "x", "sub_tasks": 3}', "D109", "not a list of objects"),
        (b'{"requirements": "x"}', "D109", "`weight` is missing"),
    ],
)
def test_what_is_no_tree_is_refused(data: bytes, code: str, words: str) -> None:
    with pytest.raises(RubricError) as caught:
        list(read_paperbench(data, "t.json"))
    (fault,) = caught.value.diagnostics
    assert fault.code == code
    assert words in fault.message
    assert fault.hint
    assert fault.span.file == "t.json"


def test_every_bad_node_is_told_with_its_place() -> None:
    tree = node(
        "All.",
        1,
        node("Negative.", -1),
        node("Inner.", 1, node(" \u200b"), node("Ok."), node("Weightless.")),
        node("Idle.", 1, node("a", 0), node("b", 0)),
    )
    del tree["sub_tasks"][1]["sub_tasks"][2]["weight"]
    idle = "every node has weight 0, so that nothing counts"
    with pytest.raises(RubricError) as caught:
        read(tree)
    assert [fault.message for fault in caught.value.diagnostics] == [
        "sub_tasks[0] cannot be imported: `weight` is -1",
        "sub_tasks[1].sub_tasks[0] cannot be imported: `requirements` is empty",
        "sub_tasks[1].sub_tasks[2] cannot be imported: `weight` is missing",
        f"sub_tasks[2].sub_tasks cannot be imported: {idle}",
    ]


@given(
    st.binary(max_size=60) | TEXTS.map(lambda text: json.dumps({text: text}).encode())
)
def test_any_bytes_give_rubrics_or_our_error(data: bytes) -> None:
    try:
        sources = list(read_paperbench(data, "t.json"))
    except RubricError as error:
        assert error.diagnostics  # noqa: PT017 - either outcome is right
    else:
        assert sources


def test_the_model_is_made_of_groups_and_criteria() -> None:
    tree = read_tree(json.dumps(node("All\nof it.", 1, node())).encode(), "x/p.json.gz")
    assert isinstance(tree.rubric, Rubric)
    assert tree.rubric.title == "All of it."
    assert all(isinstance(item, Criterion) for item in tree.rubric.items)
