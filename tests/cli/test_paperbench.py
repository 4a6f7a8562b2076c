"""Human-graded PaperBench trees: imported, fed their verdicts, scored as published."""

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

OFFICIAL = {"all-in-one": 0.7139351852, "semantic-self-consistency": 0.91}


def leaves(node: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    children = node["sub_tasks"]
    assert isinstance(children, list)
    if not children:
        yield node
    for child in children:
        yield from leaves(child)


def root_score(tree: Mapping[str, object]) -> float:
    score = tree["score"]
    assert isinstance(score, float)
    return score


@pytest.mark.parametrize("name", OFFICIAL)
def test_official_score_from_recorded_leaf_verdicts(rub, shared, tmp_path, name):
    source = shared / "data/paperbench/trees" / f"expected_{name}.json.gz"
    tree = json.loads(gzip.decompress(source.read_bytes()))
    rubric, paths = tmp_path / "tree.rub", tmp_path / "paths.jsonl"
    done = rub(
        "import", source, "--from", "paperbench", "--out", rubric, "--map", paths
    )
    assert done.returncode == 0, done.stderr

    rows = [json.loads(line) for line in paths.read_text("utf-8").splitlines()]
    path_of = {row["id"]: row["path"] for row in rows}
    write_rows(
        tmp_path / "verdicts.jsonl",
        (
            {
                "prompt_id": "paper",
                "response_id": "submission",
                "criterion": path_of[leaf["id"]],
                "verdict": "yes" if leaf["score"] else "no",
            }
            for leaf in leaves(tree)
        ),
    )
    responses = [{"prompt_id": "paper", "response_id": "submission", "response": "…"}]
    write_rows(tmp_path / "responses.jsonl", responses)

    done = rub(
        "eval", rubric, "--responses", "responses.jsonl", "--out", "results.jsonl",
        "--judge", "scripted:verdicts.jsonl", "--format", "json",
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert result["status"] == "complete"
    assert result["score"] == pytest.approx(OFFICIAL[name], abs=1e-9)
    assert result["score"] == pytest.approx(root_score(tree), abs=1e-9)


def write_rows(path: Path, rows) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, "utf-8")
