"""``rub check``: lints, fixes, formats and explanations, as a user sees them."""

import json
import subprocess
import sys

import pytest

SOURCE = """\
rubric advice
weights: heavy = 2, unused = 1
[heavy] a: Names the dose and explains the unit.
[-1] b: Does not name a doctor.
judge idle
    model: "openai/gpt-4.1"
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "advice.rub"
    path.write_text(SOURCE, "utf-8")
    return path


def codes(done):
    return [each["code"] for each in json.loads(done.stdout)]


def test_lints_are_warnings_unless_strict(rub, file):
    done = rub("check", file.name, "--format", "json")
    assert done.returncode == 0
    assert codes(done) == ["W660", "W602", "W611", "W660"]
    assert {each["severity"] for each in json.loads(done.stdout)} == {"warning", "info"}
    strict = rub("check", file.name, "--format", "json", "--strict")
    assert strict.returncode == 1
    assert {"W640", "W642"} <= set(codes(strict))


def test_an_info_does_not_count_even_when_strict(rub, file):
    done = rub("check", file.name, "--strict", "--select", "W602")
    assert done.returncode == 0
    assert "advice.rub:3:27: info: W602" in done.stdout


def test_select_and_ignore(rub, file):
    done = rub("check", file.name, "--format", "json", "--select", "w602, W611")
    assert codes(done) == ["W602", "W611"]
    done = rub("check", file.name, "--format", "json", "--ignore", "W6")
    assert codes(done) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--select", "E412"), "`E412` is no lint, so it always counts"),
        (("--ignore", "E4"), "`E4` is no lint"),
        (("--select", "W999"), "`W999` is no lint"),
        (("--select", "W640"), "`W640` runs only with --strict"),
        (("--unsafe-fixes",), "--unsafe-fixes goes with --fix"),
        (("--explain", "X1"), "there is no code `X1`"),
    ],
)
def test_what_makes_no_sense_is_refused(rub, file, arguments, message):
    done = rub("check", file.name, *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_path_is_needed(rub):
    done = rub("check")
    assert done.returncode == 2
    assert "PATH is needed" in done.stderr


def test_safe_fixes_and_unsafe_fixes(rub, file):
    done = rub("check", file.name, "--fix")
    assert "1 fix made" in done.stderr
    assert "with --fix --unsafe-fixes" in done.stderr
    text = file.read_text("utf-8")
    assert text == SOURCE.replace(", unused = 1", "")
    rub("check", file.name, "--fix", "--unsafe-fixes")
    assert file.read_text("utf-8") == text.partition("judge")[0]
    assert "0" not in rub("check", file.name, "--fix").stderr


def test_a_file_that_would_have_errors_is_not_written(rub, file):
    text = SOURCE.replace("[-1] b", "\t[0] b") + "[0] c: Is short. # text\n"
    file.write_text(text, "utf-8")
    before = file.stat().st_mtime_ns
    done = rub("check", file.name, "--fix")
    assert done.returncode == 1
    assert "the file would still have errors" in done.stderr
    assert file.read_text("utf-8") == text
    assert file.stat().st_mtime_ns == before


def test_errors_with_fixes_are_fixed(rub, file):
    file.write_bytes(b"rubric r # one\r\nversion: 1.0.0 # two\r\n[1] a: X.\r\n")
    file.write_bytes(
        b"rubric r\r\nversion: 1.0.0 # two\r\n[1] a: X.\r\n\tpassing: 1\r\n"
    )
    done = rub("check", file.name, "--fix")
    assert done.returncode == 0
    assert file.read_bytes() == (
        b"rubric r\r\n# two\r\nversion: 1.0.0\r\n[1] a: X.\r\n    passing: 1\r\n"
    )


def test_standard_input_is_not_fixed(rub):
    done = rub("check", "-", "--fix", stdin=SOURCE)
    assert done.returncode == 2
    assert "standard input cannot be fixed" in done.stdout + done.stderr


def test_one_rubric_of_a_file(rub, tmp_path):
    two = "rubric r\n[1] a: Is it short?\nrubric s\n[1] a: Is it short?\n"
    (tmp_path / "two.rub").write_text(two, "utf-8")
    done = rub("check", "two.rub#s", "--format", "json")
    assert [each["line"] for each in json.loads(done.stdout)] == [4]
    assert rub("check", "two.rub#t").returncode == 2


def test_github_and_sarif(rub, file):
    lines = rub("check", file.name, "--format", "github").stdout.splitlines()
    assert len(lines) == 4
    assert lines[1].startswith(
        "::notice file=advice.rub,line=3,endLine=3,col=27,endColumn=29,title=W602::"
    )
    log = json.loads(rub("check", file.name, "--format", "sarif").stdout)
    results = log["runs"][0]["results"]
    assert [r["ruleId"] for r in results] == ["W660", "W602", "W611", "W660"]
    empty = rub("check", file.name, "--format", "sarif", "--ignore", "W")
    assert json.loads(empty.stdout)["runs"][0]["results"] == []


def test_explain(rub):
    for code in ("W611", "e412", "D204", "B701"):
        done = rub("check", "--explain", code)
        assert done.returncode == 0
        assert done.stdout.startswith(f"{code.upper()}: ")
        assert "Fails" in done.stdout
        assert "Write instead" in done.stdout


def test_checking_imports_nothing_heavy(file):
    program = (
        "import sys; from rubricdsl.cli.dispatch import run; "
        f"run(['check', {str(file)!r}]); "
        "heavy = {'aiohttp', 'numpy', 'asyncio', 'jsonschema'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_a_key_in_a_rubric_is_refused_and_not_repeated(rub, tmp_path, form):
    key = "sk-proj-abcdefgh12345678"
    (tmp_path / "leaky.rub").write_text(
        "rubric leaky\n"
        "judge careful\n"
        f'    model: "openai/{key}"\n'
        f"    api_key: {key}\n"
        f"[1] polite Says {key}.\n"
    )
    done = rub("check", "leaky.rub", "--format", form)
    assert done.returncode == 1
    assert (done.stdout + done.stderr).count("D204") >= 2
    assert key not in done.stdout + done.stderr
