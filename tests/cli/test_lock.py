"""``rub lock`` and ``rub check --locked``, as a user sees them."""

import json
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = "rubric shared\n[2] plain: Uses plain words.\n[-1] long: Is long.\n"
MAIN = 'rubric main\nuse "lib/shared.rub" as s\n[3] a: Names it.\n[1] include s.plain\n'


@pytest.fixture
def project(tmp_path):
    (tmp_path / "rub.toml").touch()
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "shared.rub").write_text(SHARED)
    (tmp_path / "main.rub").write_text(MAIN)
    return tmp_path


def found(done):
    return [(d["code"], d["file"], d["line"]) for d in json.loads(done.stdout)]


def check(rub, *arguments):
    """Check with the lock, leaving lints aside."""
    return rub(
        "check", "--locked", "--ignore", "W", "--format", "json", *(arguments or ".")
    )


def test_what_was_locked_is_fine_until_it_changes(rub, project):
    done = rub("lock")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "rub.lock: 1 import pinned (1 new)\n"
    assert check(rub).returncode == 0
    (project / "lib" / "shared.rub").write_text(SHARED.replace("[2]", "[5]"))
    done = check(rub)
    assert done.returncode == 1
    assert found(done) == [("D305", "main.rub", 2)]
    assert rub("check", "--ignore", "W", ".").returncode == 0, "only with --locked"
    assert rub("lock").stderr == "rub.lock: 1 import pinned (1 changed)\n"
    assert check(rub).returncode == 0


def test_other_line_ends_are_no_change(rub, project):
    rub("lock")
    (project / "lib" / "shared.rub").write_bytes(SHARED.replace("\n", "\r\n").encode())
    assert check(rub).returncode == 0


def test_an_import_that_is_not_pinned(rub, project):
    done = check(rub)
    assert done.returncode == 1
    assert found(done) == [("D304", "main.rub", 2)]
    text = rub("check", "--locked", "main.rub").stdout
    assert "main.rub:2:5: D304 rub.lock does not pin `lib/shared.rub`" in text
    assert "help: run `rub lock`, and keep rub.lock with the rubrics" in text


def test_a_pin_that_nothing_needs(rub, project):
    rub("lock")
    (project / "main.rub").write_text("rubric main\n[3] a: Names it.\n")
    done = check(rub)
    assert done.returncode == 1
    assert found(done) == [("D306", "rub.lock", 6)]
    # One file does not tell what the others import,
    assert check(rub, "main.rub").returncode == 0
    # but what is gone is not imported by any.
    (project / "lib" / "shared.rub").unlink()
    assert found(check(rub, "main.rub")) == [("D306", "rub.lock", 6)]
    assert rub("lock").stderr == "rub.lock: 0 imports pinned (1 gone)\n"
    assert check(rub).returncode == 0


def test_the_lock_is_the_same_whoever_writes_it(rub, project):
    (project / "lib" / "b.rub").write_text('rubric b\nuse "a.rub" as a\n[1] include a')
    (project / "lib" / "a.rub").write_text("rubric a\n[1] x: X.\n")
    (project / "z.rub").write_text('rubric z\nuse "lib/b.rub" as b\n[1] include b\n')
    rub("lock")
    first = (project / "rub.lock").read_bytes()
    keys = [
        line.split('"')[1] for line in first.decode().splitlines() if '" = ' in line
    ]
    assert keys == ["lib/a.rub", "lib/b.rub", "lib/shared.rub"]
    rub("lock", "lib/a.rub")
    assert (project / "rub.lock").read_bytes() == first
    assert check(rub, ".").returncode == 0
    assert check(rub, "z.rub", "main.rub").returncode == 0


def test_a_project_inside_another_has_its_own(rub, project):
    inner = project / "inner"
    inner.mkdir()
    (inner / "rub.toml").touch()
    (inner / "own.rub").write_text("rubric own\n[1] x: X.\n")
    (inner / "main.rub").write_text('rubric m\nuse "own.rub" as o\n[1] include o.x\n')
    rub("lock")
    assert "own.rub" not in (project / "rub.lock").read_text()
    assert found(check(rub)) == [("D304", "inner/main.rub", 2)]
    rub("lock", "inner")
    assert check(rub).returncode == 0
    assert '"own.rub"' in (inner / "rub.lock").read_text()


def test_a_rubric_with_errors_leaves_the_old_lock(rub, project):
    rub("lock")
    before = (project / "rub.lock").read_bytes()
    (project / "broken.rub").write_text('rubric b\nuse "nowhere.rub" as n\n[0] x: X.\n')
    done = rub("lock")
    assert done.returncode == 2
    assert "E305" in done.stderr
    assert "E412" in done.stderr
    assert (project / "rub.lock").read_bytes() == before
    # What the broken one imports is not known, so nothing is called superfluous.
    (project / "main.rub").unlink()
    assert {code for code, *_ in found(check(rub))} == {"E305", "E412"}


def test_a_lock_that_is_none_is_bad_input(rub, project):
    (project / "rub.lock").write_text("version = 1\n<<<<<<< HEAD\n")
    done = check(rub)
    assert done.returncode == 2
    assert found(done)[0] == ("D303", "rub.lock", 2)
    assert rub("lock").returncode == 0
    assert check(rub).returncode == 0


def test_no_project(rub, tmp_path):
    (tmp_path / "a.rub").write_text("rubric a\n[1] x: X.\n")
    done = rub("lock")
    assert done.returncode == 2
    assert "there is no rub.toml" in done.stderr
    assert rub("lock", "nowhere").returncode == 2
    # Without imports there is nothing to lock.
    assert check(rub, "a.rub").returncode == 0
    assert not (tmp_path / "rub.lock").exists()


def test_nothing_to_pin_writes_nothing(rub, tmp_path):
    (tmp_path / "rub.toml").touch()
    (tmp_path / "a.rub").write_text("rubric a\n[1] x: X.\n")
    assert rub("lock").stderr == "rub.lock: 0 imports pinned\n"
    assert not (tmp_path / "rub.lock").exists()


def test_standard_input_is_held_to_the_lock(rub, project):
    done = rub("check", "--locked", "-", stdin=MAIN)
    assert done.returncode == 1
    assert "D304" in done.stdout
    rub("lock")
    assert rub("check", "--locked", "-", stdin=MAIN).returncode == 0


def test_many_files(rub, project):
    for n in range(300):
        (project / f"u{n}.rub").write_text(MAIN.replace("main", f"u{n}"))
        (project / "lib" / f"l{n}.rub").write_text(SHARED)
        (project / f"v{n}.rub").write_text(MAIN.replace("shared", f"l{n}"))
    assert rub("lock").stderr == "rub.lock: 301 imports pinned (301 new)\n"
    assert check(rub).returncode == 0
    (project / "lib" / "shared.rub").write_text(SHARED + "# changed\n")
    assert len(found(check(rub))) == 301


def test_the_lock_of_the_examples_is_up_to_date(rub, tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    rub("lock", "examples/teacher")
    lock = Path("examples", "teacher", "rub.lock")
    assert (tmp_path / lock).read_bytes() == (ROOT / lock).read_bytes()
