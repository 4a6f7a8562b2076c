"""``rub import`` and ``rub export`` from the outside."""

import json
import subprocess
import sys

import pytest

FORMATS = {
    "paperbench", "healthbench", "ifeval", "paper", "rar", "autorubric", "rubric",
    "promptfoo", "openai-graders", "levels", "rubric-spec", "outcomes", "canvas",
    "jsonl",
}  # fmt: skip

RUBRIC = """\
rubric fever

[3] dose: Names the dose.
[1] mean of care
    [1] rest: Advises rest.
    [1] fluids: Advises drinking.
[must] safe: Harms nobody.

rubric other

[1] kind: Is kind.
"""


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.rub"
    path.write_text(RUBRIC, "utf-8")
    return path


@pytest.mark.parametrize("command", ["import", "export"])
def test_all_formats_are_listed(rub, command) -> None:
    done = rub(command, "--list")
    assert done.returncode == 0
    assert {line.split()[0] for line in done.stdout.splitlines()} == FORMATS


def test_jsonl_there_and_back(rub, source, tmp_path) -> None:
    done = rub("export", source, "--to", "jsonl", "--out", "rubrics.jsonl")
    assert (done.returncode, done.stdout) == (0, "")
    assert "2 rubrics written to rubrics.jsonl" in done.stderr
    done = rub("import", "rubrics.jsonl", "--from", "jsonl", "--out", "back.rub")
    assert done.returncode == 0
    assert "lost" not in done.stderr
    assert (tmp_path / "back.rub").read_text("utf-8") == RUBRIC


def test_an_edited_row_is_reported(rub, source, tmp_path) -> None:
    file = tmp_path / "rubrics.jsonl"
    rub("export", source, "--to", "jsonl", "--out", file)
    file.write_text(file.read_text("utf-8").replace("Is kind.", "Is rude."), "utf-8")
    done = rub("import", file, "--from", "jsonl")
    assert done.returncode == 0
    assert "Is rude." in done.stdout
    assert "digest" in done.stderr
    assert "other" in done.stderr


def test_export_maps_ids_and_names_losses(rub, source, tmp_path) -> None:
    done = rub(
        "export", f"{source}#fever", "--to", "rubric", "--out", "r.json",
        "--map", "map.jsonl",
    )  # fmt: skip
    assert done.returncode == 0
    assert "a gate (must)" in done.stderr
    assert "fever.safe" in done.stderr
    listed = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert [entry["weight"] for entry in listed] == [3, 0.5, 0.5]
    rows = (tmp_path / "map.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(row) for row in rows] == [
        {"file": "r.json", "id": str(n), "path": path}
        for n, path in enumerate(["dose", "care.rest", "care.fluids"])
    ]


def test_json_holds_text_paths_and_losses(rub, source) -> None:
    done = rub("export", f"{source}#fever", "--to", "autorubric", "--json")
    document = json.loads(done.stdout)
    assert document["format"] == "autorubric"
    assert json.loads(document["text"])["criteria"][0]["name"] == "dose"
    assert {"id": "rest", "path": "care.rest"} in document["paths"]
    assert {loss["where"] for loss in document["losses"]} == {
        "fever.care",
        "fever.safe",
    }

    done = rub("import", "-", "--from", "autorubric", "--json", stdin=document["text"])
    imported = json.loads(done.stdout)
    (rubric,) = imported["rubrics"]
    assert rubric["file"].endswith(".rub")
    assert "[3] dose: Names the dose." in rubric["text"]
    assert {"id": "rest", "path": "rest"} in rubric["paths"]
    assert imported["losses"] == []


def test_export_writes_to_stdout(rub, source) -> None:
    done = rub("export", f"{source}#other", "--to", "outcomes")
    assert done.stdout == "# other\n\n- Is kind.\n"


def test_import_groups_losses_on_stderr(rub, tmp_path) -> None:
    rows = [
        {"prompt_id": f"p{n}", "rubrics": [{"criterion": "c", "points": 1, "x": 1}]}
        for n in range(6)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "h.jsonl").write_text(text, "utf-8")
    done = rub("import", "h.jsonl", "--from", "healthbench", "--out", "out")
    assert done.returncode == 0
    assert done.stderr.count("lost:") == 1
    assert "and 3 more" in done.stderr
    assert len(list((tmp_path / "out").glob("*.rub"))) == 6
    assert rub("check", "out").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (["export", "source.rub"], "--to are needed"),
        (["export", "source.rub", "--to", "word"], "no format is called `word`"),
        (["export", "source.rub", "--to", "rubric"], "holds one rubric, not 2"),
        (["export", "none.rub", "--to", "jsonl"], "none.rub"),
        (["export", "source.rub", "--to", "jsonl", "--out", "source.rub/x"], "D111"),
        (["import", "none.json", "--from", "jsonl"], "D101"),
        (["import", "source.rub", "--from", "jsonl"], "D102"),
        (["import", "--from", "jsonl"], "FILE and --from are needed"),
    ],
)
def test_mistakes_are_told_with_exit_code_2(rub, source, arguments, phrase) -> None:
    done = rub(*arguments)
    assert done.returncode == 2
    assert phrase in done.stderr
    assert "help:" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("flag", ["--out", "--map"])
def test_what_is_read_is_not_overwritten(rub, source, tmp_path, flag) -> None:
    done = rub("export", source, "--to", "jsonl", flag, f"./{source.name}")
    assert done.returncode == 2
    assert "D111" in done.stderr
    assert source.read_text("utf-8") == RUBRIC
    rows = tmp_path / "rows.rub"
    rub("export", source, "--to", "jsonl", "--out", rows)
    before = rows.read_bytes()
    done = rub("import", rows, "--from", "jsonl", flag, rows)
    assert done.returncode == 2
    assert "D111" in done.stderr
    assert rows.read_bytes() == before


@pytest.mark.parametrize("command", ["import", "export"])
def test_an_old_file_stays_whole_where_there_is_no_room(rub, source, tmp_path, command):
    """The shell lets no file get larger than one block of 512 bytes."""
    long = "".join(f"[1] c{n}: Says {n} in so many words.\n" for n in range(60))
    source.write_text(f"rubric long\n{long}", "utf-8")
    (tmp_path / "rows.jsonl").write_text(
        rub("export", source, "--to", "jsonl").stdout, "utf-8"
    )
    target = tmp_path / "target.rub"
    target.write_text("old", "utf-8")
    arguments = {
        "import": ["import", "rows.jsonl", "--from", "jsonl"],
        "export": ["export", "source.rub", "--to", "jsonl"],
    }[command]
    script = 'ulimit -f 1; trap "" XFSZ; exec "$@"'
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", sys.executable, "-B", "-m", "rubricdsl",
         *arguments, "--out", "target.rub"],
        capture_output=True, text=True, cwd=tmp_path, env={"PATH": ""},
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "D111" in done.stderr
    assert target.read_text("utf-8") == "old"
    assert {path.name for path in tmp_path.iterdir()} == {
        "source.rub", "rows.jsonl", "target.rub",
    }  # fmt: skip
