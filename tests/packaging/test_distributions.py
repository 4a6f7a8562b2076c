"""What is shipped is what was tested: wheels, their contents, their entry points."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points, version

import pytest

import rubricdsl
from rubricdsl.language.grammar import TABLE, build_table, grammar_file, load_table
from tests.cli.chat_server import said, serving
from tests.packaging.wheels import ROOT, built_wheel
from tests.refinement.desk import Desk, adding

PLUGINS = sorted(p.parent for p in ROOT.glob("plugins/*/pyproject.toml"))


@pytest.mark.packaging
def test_the_wheel_holds_grammar_table_and_types_and_nothing_else(tmp_path):
    with zipfile.ZipFile(built_wheel(ROOT, tmp_path)) as wheel:
        names = wheel.namelist()
        tops = {name.split("/")[0] for name in names}
        assert tops == {"rubricdsl", f"rubricdsl-{rubricdsl.__version__}.dist-info"}
        data = {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / "rubricdsl").rglob("*")
            if path.is_file() and path.suffix not in {".py", ".pyc"}
        }
        assert "rubricdsl/py.typed" in data
        assert data <= set(names)
        grammar = wheel.read("rubricdsl/_grammars/rubric.lark").decode()
        colours = wheel.read("rubricdsl/_grammars/rubric.tmLanguage.json").decode()
        table = wheel.read(f"rubricdsl/_grammars/{TABLE}").decode()
    assert grammar == grammar_file().read_text("utf-8")
    assert json.loads(colours)["scopeName"] == "source.rubric"
    assert load_table(table, grammar) is not None


DRAFT = {
    "name": "pets",
    "criteria": [
        {
            "name": "cats",
            "text": "Mentions cats.",
            "frustration": 2,
            "correctness": 2,
        }
    ],
}


@pytest.mark.packaging
def test_a_rubric_is_drafted_and_refined_from_the_wheel(tmp_path):
    """What models are told lies in files beside the code."""
    with zipfile.ZipFile(built_wheel(ROOT, tmp_path)) as wheel:
        wheel.extractall(tmp_path / "installed")
    desk = Desk(propose=lambda _: adding("dogs"))

    async def answer(request):
        schema = (await request.json())["response_format"]["json_schema"]["schema"]
        if "criteria" in schema["properties"]:
            return said(json.dumps(DRAFT))
        return await desk.answer(request)

    def rub(*arguments):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    code = (
        "import sys, rubricdsl; from rubricdsl.cli import main\n"
        "assert 'installed' in rubricdsl.__file__, rubricdsl.__file__\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    rows = [{"response_id": f"r{n}", "response": f"cats {n}"} for n in range(2)]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    with serving(answer) as desk.base:
        drafted = rub("draft", "--prompt", "Which pets?", "--proposer", desk.spec)
        assert "cats: Mentions cats." in drafted
        (tmp_path / "r.rub").write_text(drafted, "utf-8")
        refined = rub(
            *("refine", "r.rub", "--responses", "r.jsonl", "--rounds", "1"),
            *("--judge", desk.spec, "--proposer", desk.spec, "--no-gate"),
        )
    assert "dogs: Mentions dogs." in refined


@pytest.mark.packaging
@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_is_a_distribution_of_its_own(plugin, tmp_path):
    project = tomllib.loads((plugin / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == plugin.name
    assert "rubricdsl" in project["entry-points"]
    (core,) = [d for d in project["dependencies"] if re.match(r"rubricdsl\b(?!-)", d)]
    assert re.fullmatch(r"rubricdsl>=\d+\.\d+,<\d+\.\d+", core)
    assert (plugin / "README.md").is_file()
    listed = (ROOT / "plugins" / "dev.txt").read_text("utf-8").splitlines()
    assert f"-e plugins/{plugin.name}" in listed
    with zipfile.ZipFile(built_wheel(plugin, tmp_path)) as wheel:
        package = plugin.name.replace("-", "_")
        assert f"{package}/py.typed" in wheel.namelist()


def test_there_are_plugins():
    assert PLUGINS


def test_the_version_is_that_of_the_metadata():
    assert version("rubricdsl") == rubricdsl.__version__


def test_every_entry_point_and_command_loads():
    ours = [
        point
        for group in (
            "console_scripts",
            "rubricdsl",
            "pytest11",
            "hypothesis",
            "pygments.lexers",
        )
        for point in entry_points(group=group)
        if point.dist is not None and point.dist.name.startswith("rubricdsl")
    ]
    assert {point.name for point in ours} >= {"rub", "builtin", "rubric"}
    for point in ours:
        assert point.load() is not None


def test_a_table_for_another_grammar_is_not_used():
    grammar = grammar_file().read_text("utf-8")
    table = build_table(grammar)
    assert load_table(table, grammar) is not None
    assert load_table(table, grammar + "\n// changed") is None


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import rubricdsl",
        "from rubricdsl.cli import main; main(['--version'])",
    ],
)
def test_starting_loads_nothing_heavy(code):
    heavy = ("lark", "aiohttp", "numpy", "attr", "pluggy", "hypothesis", "argparse")
    loaded = run_python(f"{code}\nimport sys; print(*sys.modules)").split()
    assert not set(heavy) & set(loaded)


def test_checking_a_rubric_loads_no_network_and_no_model(tmp_path):
    rubric = tmp_path / "small.rub"
    rubric.write_text(
        "rubric small\n[1] a: Says hello.\n    check: words(response) > 0\n", "utf-8"
    )
    code = (
        f"from rubricdsl.cli import main; assert main(['check', {str(rubric)!r}]) == 0"
    )
    loaded = run_python(f"{code}\nimport sys; print(*sys.modules)").split()
    heavy = {"aiohttp", "numpy", "onnxruntime", "tokenizers", "hypothesis", "pyarrow"}
    assert not heavy & set(loaded)


def test_public_names_are_there_and_listed():
    for name in rubricdsl.__all__:
        assert getattr(rubricdsl, name) is not None
    assert set(rubricdsl.__all__) <= set(dir(rubricdsl))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = rubricdsl.nonsense
