"""Our JSON Lines are an exact inverse: same model, same digest."""

import json
from typing import Any

import attrs
import pytest
from hypothesis import given

from rubricdsl.diagnostics import RubricError
from rubricdsl.formats.foreign.json_lines import read_json_lines, write_json_lines
from rubricdsl.formats.foreign.model_records import from_record, to_record
from rubricdsl.language.building import build
from rubricdsl.language.characters import Source
from rubricdsl.language.parsing import parse
from rubricdsl.model.rubric import Rubric, Use
from rubricdsl.testing.strategies.sources import source_rubrics


def source_model(text: str) -> Rubric:
    return build("<text>", parse(Source.of(text)).rubrics[0]).rubric


@given(source_rubrics(uses=("shared",)))
def test_a_record_holds_the_whole_model(rubric: Rubric) -> None:
    record = json.loads(json.dumps(to_record(rubric)))
    assert from_record(Rubric, record) == rubric


@given(source_rubrics())
def test_import_undoes_export(bound, load, rubric: Rubric) -> None:
    exported = write_json_lines([rubric], bound)
    (imported,) = read_json_lines(exported.data, "r.jsonl")

    assert exported.losses == imported.losses == ()
    assert source_model(imported.text) == rubric
    if all(param.default is not None for param in rubric.params):
        assert imported.digest == bound(load(imported.text)).digest
        assert imported.digest == bound(rubric).digest
    else:
        assert imported.digest is None


def test_imported_files_are_named_as_lost(load) -> None:
    text = "rubric r\n\nparam p: number\n\n[1] a: At most {{p}}.\n"
    rubric = attrs.evolve(load(text), uses=(Use("shared.rub", "shared"),))
    # Its parameter is open, so that there is nothing to bind.
    exported = write_json_lines([rubric], lambda _: pytest.fail("bound"))
    (loss,) = exported.losses
    assert "shared.rub" in loss.what


ROW: dict[str, Any] = {
    "rub": 1,
    "rubric": {
        "name": "r",
        "items": [
            {"is": "Criterion", "name": "a", "mark": {"is": "Must"}, "text": "x"},
            {
                "is": "Criterion",
                "name": "b",
                "mark": {"is": "Weight", "value": 1},
                "text": "y",
            },
        ],
    },
}


def with_member(path: list[str | int], value: object) -> bytes:
    row = json.loads(json.dumps(ROW))
    target = row
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return json.dumps(row).encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["rub"], 2),
        (["rubric"], []),
        (["rubric", "name"], 3),
        (["rubric", "name"], "two words"),
        (["rubric", "name"], "r\n[9] free: rides"),
        (["rubric", "unknown"], 1),
        (["rubric", "items"], {}),
        (["rubric", "items", 0, "is"], "Constant"),
        (["rubric", "items", 0, "mark"], {"is": "Weight"}),
        (["rubric", "items", 0, "mark"], {"is": "Weight", "value": True}),
        (["rubric", "items", 0, "mark"], {"is": "Weight", "value": "1"}),
        (["rubric", "items", 0, "na"], "sometimes"),
        (["rubric", "items", 0, "since"], 1.5),
        (["rubric", "items", 0, "check"], {"is": "Compare", "operator": "=~"}),
        (["rubric", "judges"], [{"name": "j", "rule": "coin"}]),
    ],
)
def test_what_is_no_model_is_refused(path, value) -> None:
    with pytest.raises(RubricError) as refused:
        list(read_json_lines(with_member(path, value), "r.jsonl"))
    assert [d.code for d in refused.value.diagnostics] == ["D109"]


def test_every_bad_row_is_reported_with_its_line() -> None:
    good = json.dumps(ROW).encode()
    bad = with_member(["rubric", "name"], 3)
    with pytest.raises(RubricError) as refused:
        list(read_json_lines(b"\n".join([bad, good, bad]), "r.jsonl"))
    assert [d.span.line for d in refused.value.diagnostics] == [1, 3]
