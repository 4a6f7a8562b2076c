"""``rub fmt``: what it writes, prints and answers."""

import pytest

ROUGH = "rubric  r\n[1]  a:  X.\n# about b\n  \n[1] b:Y.  \n"
CANONICAL = "rubric r\n[1] a: X.\n# about b\n\n[1] b: Y.\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "r.rub"
    path.write_bytes(ROUGH.encode())
    return path


def test_files_are_rewritten_whole(rub, file):
    file.chmod(0o640)
    done = rub("fmt", "r.rub")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "1 file of 1 changed\n"
    assert file.read_bytes() == CANONICAL.encode()
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(file.parent.iterdir()) == [file]
    before = file.stat().st_mtime_ns
    assert rub("fmt", ".").stderr == "0 files of 1 changed\n"
    assert file.stat().st_mtime_ns == before


def test_check_names_files_and_writes_nothing(rub, file):
    done = rub("fmt", "--check", ".")
    assert (done.returncode, done.stdout) == (1, "r.rub\n")
    assert file.read_bytes() == ROUGH.encode()
    file.write_text(CANONICAL)
    assert rub("fmt", "--check", ".").returncode == 0


def test_diff_can_be_applied_and_writes_nothing(rub, file):
    done = rub("fmt", "--diff", "r.rub")
    assert done.returncode == 0
    assert done.stdout.startswith("--- a/r.rub\n+++ b/r.rub\n@@ -1,5 +1,5 @@\n")
    assert "\n-[1]  a:  X.\n+rubric r\n+[1] a: X.\n # about b\n" in done.stdout
    assert file.read_bytes() == ROUGH.encode()
    assert rub("fmt", "--diff", "--check", "r.rub").returncode == 1


def test_diff_tells_of_a_missing_line_end(rub, file):
    file.write_text("rubric r\n[1] a: X.")
    done = rub("fmt", "--diff", "r.rub")
    assert "-[1] a: X.\n\\ No newline at end of file\n+[1] a: X.\n" in done.stdout


def test_standard_input_goes_to_standard_output(rub):
    done = rub("fmt", "-", stdin=ROUGH)
    assert (done.returncode, done.stdout) == (0, CANONICAL)
    assert rub("fmt", "--check", "-", stdin=ROUGH).returncode == 1
    assert rub("fmt", "--check", "-", stdin=CANONICAL).returncode == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rubric r\n[1] mean of g\n\t[1] a:  X.\n", "E101"),
        ("rubric r\n[0] a:  X.\n", "E412"),
    ],
)
def test_a_file_with_errors_is_left_alone_and_the_others_are_not(rub, file, text, code):
    bad = file.with_name("bad.rub")
    bad.write_text(text)
    checked = rub("fmt", "--check", ".")
    assert (checked.returncode, checked.stdout) == (1, "r.rub\n")
    done = rub("fmt", ".")
    assert done.returncode == 2
    assert f"bad.rub:{text.count(chr(10))}:" in done.stderr
    assert code in done.stderr
    assert bad.read_text() == text
    assert file.read_bytes() == CANONICAL.encode()
    assert rub("fmt", "-", stdin=text).stdout == ""


def test_what_cannot_be_formatted(rub, file):
    assert rub("fmt", "nowhere.rub").returncode == 2
    assert rub("fmt", "--check", "nowhere.rub").returncode == 2
    done = rub("fmt", "r.rub#r")
    assert done.returncode == 2
    assert "help: format the whole file: `r.rub`" in done.stderr
    assert file.read_bytes() == ROUGH.encode()


def test_where_nothing_could_be_formatted_nothing_is_summed_up(rub, tmp_path):
    (tmp_path / "bad.rub").write_text("rubric x\n", "utf-8")
    done = rub("fmt", "bad.rub")
    assert done.returncode == 2
    assert "E402" in done.stderr
    assert "0 files" not in done.stderr
