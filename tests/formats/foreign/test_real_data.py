"""Third-party rubrics import whole, or with losses that are named."""

import gzip
import json
import unicodedata
from collections.abc import Iterator
from math import fsum
from pathlib import Path
from random import Random
from typing import Any

import pytest

from rubricdsl.builtin import rubricdsl_formats
from rubricdsl.language.identity import plain
from rubricdsl.model.rubric import Criterion, Group, LevelScale, Weight
from rubricdsl.model.ruling import Ruling
from rubricdsl.scoring.meaning import score

OFFERS = {offer.name: offer for offer in rubricdsl_formats()}

CASES = {
    "deep_research_bench": ("paper", 26, 759, set()),
    "biggen_rubrics": (
        "levels",
        765,
        765,
        {"`capability`", "`task`", "characters that cannot be seen"},
    ),
    "mrbench_v2": (
        "levels",
        200,
        1600,
        {
            "`data`",
            "`ground_truth_solution`",
            "no weight is given",
            "a choice whose answers have no order",
        },
    ),
    "ifeval_en": ("ifeval", 250, 384, set()),
}


@pytest.mark.parametrize("name", CASES)
def test_a_corpus_imports(name, data, load) -> None:
    file = data / name / "rubrics.jsonl.gz"
    if not file.is_file():
        pytest.skip(f"{name} is not here")
    source, rubrics, criteria, losses = CASES[name]
    imported = list(OFFERS[source].read(file.read_bytes(), str(file)))

    assert len(imported) == rubrics
    assert sum(len(rubric.paths) for rubric in imported) == criteria
    assert {loss.what for rubric in imported for loss in rubric.losses} == losses
    assert len({rubric.file_stem for rubric in imported}) == rubrics
    for rubric in imported[:: max(1, rubrics // 25)]:
        load(rubric.text)


def test_two_levels_of_weights_stay(data, load) -> None:
    file = data / "deep_research_bench/rubrics.jsonl.gz"
    for imported in OFFERS["paper"].read(file.read_bytes(), str(file)):
        rubric = load(imported.text)
        groups = [item for item in rubric.items if isinstance(item, Group)]
        assert groups
        weights = [g.mark.value for g in groups if isinstance(g.mark, Weight)]
        assert sum(weights) == pytest.approx(1.0)
        assert any(
            isinstance(item, Criterion) and item.note
            for group in groups
            for item in group.items
        )


def test_five_levels_stay(data, load, bound) -> None:
    file = data / "biggen_rubrics/rubrics.jsonl.gz"
    imported = list(OFFERS["levels"].read(file.read_bytes(), str(file)))
    for one in imported[::30]:
        rubric = load(one.text)
        (criterion,) = rubric.items
        assert isinstance(criterion, Criterion)
        assert isinstance(criterion.scale, LevelScale)
        assert criterion.scale.numbers == (1, 2, 3, 4, 5)
        assert len(criterion.scale.levels) == 5
        assert rubric.reference
        write = OFFERS["levels"].write
        assert write is not None
        exported = write([rubric], bound)
        (again,) = OFFERS["levels"].read(exported.data, "again.jsonl")
        assert load(again.text) == rubric


def source_rows(file: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()
    ]


def in_order(value: object) -> object:
    """Sort words, whose order means nothing: the reference checker does, too."""
    return sorted(value) if isinstance(value, list) else value


def test_ifeval_goes_out_as_it_came(data, load, bound) -> None:
    file = data / "ifeval_en/rubrics.jsonl.gz"
    offer = OFFERS["ifeval"]
    rubrics = [load(i.text) for i in offer.read(file.read_bytes(), str(file))]
    assert offer.write is not None
    exported = offer.write(rubrics, bound)
    assert exported.losses == ()
    again = [load(i.text) for i in offer.read(exported.data, "again.jsonl")]
    assert again == rubrics
    wanted = [
        {
            "key": row["prompt_id"],
            "prompt": row["prompt"],
            "instruction_id_list": [c["text"] for c in row["criteria"]],
            "kwargs": [
                # The order of the words means nothing; the checker sorts them, too.
                {
                    k: sorted(v) if isinstance(v, list) else v
                    for k, v in c["args"].items()
                }
                for c in row["criteria"]
            ],
        }
        for row in source_rows(file)
    ]
    assert [json.loads(line) for line in exported.data.splitlines()] == wanted


# Shapes, which the models have as such: groups, scales, what is scored.
SHAPE = {"kind", "parent"}


def leaves(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Give what stands in a document, each with the nearest key."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, key)
    else:
        yield key, value


def squeezed(text: str) -> str:
    """A text without what does not show: blanks, and characters that are hidden."""
    shown = (c for c in text if unicodedata.category(c)[0] not in "CZ")
    return "".join(shown)


@pytest.mark.parametrize(
    "name", ["deep_research_bench", "biggen_rubrics", "mrbench_v2"]
)
def test_nothing_is_lost_that_the_report_does_not_name(name, data, load) -> None:
    file = data / name / "rubrics.jsonl.gz"
    imported = list(OFFERS[CASES[name][0]].read(file.read_bytes(), str(file)))
    for row, one in zip(source_rows(file), imported, strict=True):
        model = [value for _, value in leaves(plain(load(one.text)))]
        texts = {squeezed(value) for value in model if isinstance(value, str)}
        numbers = {float(v) for v in model if isinstance(v, int | float)}
        ids = {source_id for source_id, _ in one.paths}
        named = {loss.what.strip("`") for loss in one.losses}
        for key, value in leaves(row):
            if key in SHAPE | named or value is None or value == "":
                continue
            if isinstance(value, str):
                known = squeezed(value) in texts or any(value in i for i in ids)
            else:
                known = float(value) in numbers  # type: ignore[arg-type]
            assert known, f"{row['prompt_id']}: {key} = {value!r}"


def test_two_levels_of_weights_score_as_their_source_says(data, load, bound) -> None:
    """The weighted mean of the dimensions, each the weighted mean of its criteria."""
    file = data / "deep_research_bench/rubrics.jsonl.gz"
    imported = OFFERS["paper"].read(file.read_bytes(), str(file))
    for seed, (row, one) in enumerate(zip(source_rows(file), imported, strict=True)):
        random = Random(seed)  # noqa: S311 - no secret
        paths = dict(one.paths)
        answers = {
            c["id"]: random.random() < 0.6
            for c in row["criteria"]
            if c["kind"] == "leaf"
        }
        parts: dict[str, list[tuple[float, bool]]] = {}
        for c in row["criteria"]:
            if c["kind"] == "leaf":
                parts.setdefault(c["parent"], []).append(
                    (c["weight"], answers[c["id"]])
                )
        dimensions = {c["id"]: c["weight"] for c in row["criteria"] if c["id"] in parts}
        wanted = fsum(
            weight
            * fsum(w for w, met in parts[d] if met)
            / fsum(w for w, _ in parts[d])
            for d, weight in dimensions.items()
        ) / fsum(dimensions.values())
        said = {
            path: Ruling.of_bool(answers[source_id.rpartition("/")[2]])
            for source_id, path in paths.items()
            if source_id.rpartition("/")[2] in answers
        }
        assert len(said) == len(answers)
        assert score(bound(load(one.text)), said) == pytest.approx(wanted, abs=1e-9)


def test_a_level_scores_its_place_on_the_scale(data, load, bound) -> None:
    file = data / "biggen_rubrics/rubrics.jsonl.gz"
    for one in list(OFFERS["levels"].read(file.read_bytes(), str(file)))[::15]:
        rubric = bound(load(one.text))
        (criterion,) = rubric.criteria()
        for level in range(1, 6):
            said = {criterion.path: Ruling.level(level)}
            assert score(rubric, said) == pytest.approx((level - 1) / 4)


def test_the_labels_of_experts_score_as_their_places_on_the_scales(
    data, load, bound
) -> None:
    """Real labels: the mean of the places; what has no order is not scored."""
    file = data / "mrbench_v2/rubrics.jsonl.gz"
    places = {"No": 0, "To some extent": 1, "Yes": 2}
    labels: dict[str, dict[str, dict[str, str]]] = {}
    for label in source_rows(data / "mrbench_v2/labels.jsonl.gz"):
        if label["criterion_id"]:
            responses = labels.setdefault(label["prompt_id"], {})
            values = responses.setdefault(label["response_id"], {})
            values[label["criterion_id"]] = label["value"]
    rows = source_rows(file)
    imported = OFFERS["levels"].read(file.read_bytes(), str(file))
    scored = 0
    for row, one in list(zip(rows, imported, strict=True))[::8]:
        rubric = bound(load(one.text))
        paths = {i.rpartition("/")[2]: path for i, path in one.paths}
        ordered = [c["id"] for c in row["criteria"] if c["kind"].startswith("ordinal")]
        for values in labels[row["prompt_id"]].values():
            if any(values.get(c) not in places for c in ordered):
                continue
            rulings = {node.path: Ruling.level(0) for node in rubric.criteria()} | {
                paths[c]: Ruling.level(places[values[c]]) for c in ordered
            }
            wanted = sum(places[values[c]] / 2 for c in ordered) / len(ordered)
            assert score(rubric, rulings) == pytest.approx(wanted, abs=1e-9)
            scored += 1
    assert scored > 100
