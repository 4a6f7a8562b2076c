"""``rub diff`` and ``rub breaking``, against files and revisions."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

OLD = """\
rubric x
version: 1.2.0
use "shared/safety.rub" as safety
[3] a: Names Ottawa.
[1] b: Is short.
[1] include safety.plain
"""
SAFETY = "rubric safety\n[1] plain: Is plain.\n[1] kind: Is kind.\n"


@pytest.fixture
def rubrics(tmp_path: Path) -> Path:
    """A folder with two rubrics, one of which includes from the other."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "safety.rub").write_text(SAFETY)
    (tmp_path / "x.rub").write_text(OLD)
    return tmp_path


@pytest.fixture
def repository(rubrics: Path) -> Path:
    """The same, committed and tagged ``v1``."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")

    def git(*arguments: str) -> None:
        name = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *name, *arguments], cwd=rubrics, check=True)  # noqa: S607

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    git("tag", "v1")
    return rubrics


@pytest.fixture
def path() -> dict[str, str]:
    """The environment in which git is found."""
    return {"PATH": os.environ["PATH"]}


def change(folder: Path, *pairs: tuple[str, str], name: str = "x.rub") -> None:
    text = (folder / name).read_text()
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    (folder / name).write_text(text)


def test_diff_reads_like_a_review(rub, rubrics):
    shutil.copy(rubrics / "x.rub", rubrics / "old.rub")
    change(rubrics, ("[3] a: Names", "[1] a: Clearly names"), ("[1] b", "[1] c"))
    done = rub("diff", "old.rub", "x.rub")
    assert done.returncode == 0, done.stderr
    assert "60.0% → 33.3%   [1] a" in done.stdout
    assert "weight: 3 → 1" in done.stdout
    assert "text: [-Names-]{+Clearly names+} Ottawa." in done.stdout
    assert "name: b → c" in done.stdout
    assert "suggested version: 2.0.0 (major change from 1.2.0); it says" in done.stdout
    assert "\x1b" not in done.stdout


def test_diff_of_the_same(rub, rubrics):
    done = rub("diff", "x.rub", "x.rub")
    assert (done.returncode, done.stdout) == (0, "x: no difference\n")


def test_diff_as_json_has_stable_keys(rub, rubrics):
    shutil.copy(rubrics / "x.rub", rubrics / "old.rub")
    change(rubrics, ("[3] a: Names", "[1] a: Clearly names"))
    document = json.loads(rub("diff", "old.rub", "x.rub", "--json").stdout)
    assert list(document) == ["old", "new", "rubrics"]
    (rubric,) = document["rubrics"]
    assert list(rubric) == [
        "name", "status", "old_version", "new_version", "old_digest", "new_digest",
        "suggested", "changes", "nodes", "splits", "merged", "reordered",
    ]  # fmt: skip
    assert rubric["suggested"] == {"bump": "minor", "version": "1.3.0"}
    node = rubric["nodes"][0]
    assert list(node) == [
        "status", "kind", "old_path", "new_path", "old_mark", "new_mark", "old_share",
        "new_share", "renamed_by", "text", "changes",
    ]  # fmt: skip
    assert (node["old_share"], node["new_path"]) == (0.6, "a")
    assert [c["aspect"] for c in node["changes"]] == ["weight", "text"]
    assert node["changes"][1]["words"][0] == ["removed", "Names"]


def test_breaking_says_no_with_a_code_and_a_place(rub, rubrics):
    shutil.copy(rubrics / "x.rub", rubrics / "old.rub")
    change(rubrics, ("[3] a", "[2] a"))
    done = rub("breaking", "old.rub", "x.rub")
    assert done.returncode == 1
    assert "x.rub:4:5: B703 the weight of `a`: [3] → [2]" in done.stdout
    assert "[2] a: Names Ottawa." in done.stdout
    assert "suggested version: 1.3.0 (minor change from 1.2.0)" in done.stdout
    (found,) = json.loads(
        rub("breaking", "old.rub", "x.rub", "--format", "json").stdout
    )
    assert (found["code"], found["file"], found["severity"]) == (
        "B703",
        "x.rub",
        "error",
    )


def test_breaking_for_code_hosts(rub, rubrics):
    shutil.copy(rubrics / "x.rub", rubrics / "old.rub")
    change(rubrics, ("[3] a", "[2] a"))
    done = rub("breaking", "old.rub", "x.rub", "--format", "github")
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=x.rub,line=4,")
    assert "suggested version: 1.3.0" in done.stderr
    done = rub("breaking", "old.rub", "x.rub", "--format", "sarif")
    (run,) = json.loads(done.stdout)["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["B703"]


def test_breaking_as_one_document(rub, rubrics):
    shutil.copy(rubrics / "x.rub", rubrics / "old.rub")
    change(rubrics, ("Names", "Says"))
    arguments = ("breaking", "old.rub", "x.rub", "--json")
    done = rub(*arguments)
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "level": "scores",
        "rubrics": [
            {
                "name": "x",
                "old_version": "1.2.0",
                "new_version": "1.2.0",
                "suggested": {"bump": "minor", "version": "1.3.0"},
            }
        ],
        "findings": [],
    }
    assert rub(*arguments, "--level", "verdicts").returncode == 1


def test_before_version_1_findings_are_warnings(rub, rubrics):
    change(rubrics, ("1.2.0", "0.2.0"))
    shutil.copy(rubrics / "x.rub", rubrics / "old.rub")
    change(rubrics, ("[3] a", "[2] a"))
    done = rub("breaking", "old.rub", "x.rub")
    assert done.returncode == 0
    assert "warning: B703" in done.stdout


def test_a_revision_of_the_same_file(rub, repository, path):
    change(repository, ("[3] a", "[2] a"))
    for old in ("git:v1", "git:v1:x.rub", "git:HEAD:./x.rub"):
        done = rub("breaking", old, "x.rub", **path)
        assert done.returncode == 1, done.stderr
        assert "B703" in done.stdout
    assert rub("breaking", "git:v1", "git:HEAD:x.rub", **path).returncode == 0
    assert "weight: 3 → 2" in rub("diff", "git:v1", "x.rub", **path).stdout


def test_imports_of_a_revision_are_read_from_it(rub, repository, path):
    change(repository, ("Is plain", "Is in plain words"), name="shared/safety.rub")
    done = rub("diff", "git:v1", "x.rub", **path)
    assert "text: Is {+in +}plain{+ words+}." in done.stdout
    (repository / "shared" / "safety.rub").write_text("rubric safety\n[1] new: New.\n")
    change(repository, ("include safety.plain", "include safety.new"))
    done = rub("breaking", "git:v1", "x.rub", **path)
    assert "git:v1:./shared/safety.rub:2:5: B701" in done.stdout
    assert "    [1] plain: Is plain.\n" in done.stdout


def test_a_path_counts_from_the_top_or_from_here(rub, repository, path):
    done = rub("diff", "git:v1:shared/safety.rub", "shared/safety.rub", **path)
    assert done.stdout == "safety: no difference\n"
    done = rub("diff", "git:v1", repository / "shared" / "safety.rub", **path)
    assert done.stdout == "safety: no difference\n"


@pytest.mark.parametrize(
    ("old", "told"),
    [
        ("git:v9", "there is no revision `v9`"),
        ("git:--help", "`--help` is no revision"),
        ("git:v1:y.rub", "there is no file `y.rub` at `v1`"),
        ("git:v1:shared", "there is no file `shared` at `v1`"),
        ("git::x.rub", "`` is no revision"),
    ],
)
def test_revisions_that_are_not_there(rub, repository, path, old, told):
    for command in ("diff", "breaking"):
        done = rub(command, old, "x.rub", **path)
        assert done.returncode == 2
        assert f"D101 {told}" in done.stderr


def test_without_git_and_outside_of_a_repository(rub, rubrics, path):
    done = rub("diff", "git:v1", "x.rub")
    assert (done.returncode, "D101 the program `git`" in done.stderr) == (2, True)
    if shutil.which("git") is not None:
        done = rub("diff", "git:v1", "x.rub", GIT_CEILING_DIRECTORIES="/", **path)
        assert done.returncode == 2
        assert "D101" in done.stderr


def test_standard_input_is_the_new_file(rub, rubrics):
    text = (rubrics / "x.rub").read_text().replace("[3] a", "[2] a")
    assert rub("breaking", "x.rub", "-", stdin=text).returncode == 1
    assert rub("breaking", "git:v1", "-", stdin=text).returncode == 2


def test_a_rubric_with_errors(rub, rubrics):
    (rubrics / "bad.rub").write_text("rubric x\n[0] a: A.\n")
    done = rub("breaking", "x.rub", "bad.rub")
    assert done.returncode == 1
    assert "E412" in done.stdout
    assert rub("diff", "x.rub", "bad.rub").returncode == 2
    assert rub("breaking", "x.rub", "nowhere.rub").returncode == 2


def test_several_rubrics_are_matched_by_name(rub, rubrics):
    one, two, three = (
        f"rubric {name}\nversion: 1.0.0\n[1] a: A.\n[1] b: B.\n"
        for name in ("one", "two", "three")
    )
    (rubrics / "old.rub").write_text(one + two)
    (rubrics / "new.rub").write_text(three + one.replace("[1] a", "[2] a"))
    done = rub("breaking", "old.rub", "new.rub")
    assert done.returncode == 1
    assert "new.rub:7:5: B703" in done.stdout
    assert "old.rub:5:1: B701 the rubric `two` is gone" in done.stdout
    listed = json.loads(rub("diff", "old.rub", "new.rub", "--json").stdout)["rubrics"]
    assert [(r["name"], r["status"]) for r in listed] == [
        ("three", "added"),
        ("one", "changed"),
        ("two", "removed"),
    ]
    done = rub("breaking", "old.rub#two", "new.rub#three", "--level", "names")
    assert "B701 the rubric `two` is called `three` now" in done.stdout
    (rubrics / "more.rub").write_text(one + two)
    (rubrics / "only.rub").write_text(one)
    done = rub("breaking", "only.rub", "more.rub", "--level", "names")
    assert "warning: B718 the rubric `two` is new" in done.stdout


def test_a_search_gives_the_same_answer_for_the_same_seed(rub, rubrics):
    criteria = "".join(f"[{n}] c{n}: C{n}.\n    n/a: skip\n" for n in range(1, 13))
    (rubrics / "old.rub").write_text(f"rubric x\n{criteria}")
    (rubrics / "new.rub").write_text(f"rubric x\n{criteria.replace('[12]', '[13]')}")
    arguments = ("breaking", "old.rub", "new.rub", "--level", "order", "--seed", "4")
    first, second = rub(*arguments), rub(*arguments)
    assert first.stdout == second.stdout
    assert "B717" in first.stdout
