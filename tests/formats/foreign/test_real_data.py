"""Third-party rubrics import whole, or with losses that are named."""

import pytest

from rubricdsl.builtin import rubricdsl_formats
from rubricdsl.model.rubric import Criterion, Group, LevelScale, Weight

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


def test_ifeval_goes_out_and_comes_back(data, load, bound) -> None:
    file = data / "ifeval_en/rubrics.jsonl.gz"
    offer = OFFERS["ifeval"]
    rubrics = [load(i.text) for i in offer.read(file.read_bytes(), str(file))]
    assert offer.write is not None
    exported = offer.write(rubrics, bound)
    assert exported.losses == ()
    again = [load(i.text) for i in offer.read(exported.data, "again.jsonl")]
    assert again == rubrics
