"""``rub plugins``, allow-lists and ``--no-plugins``, as users meet them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

JUDGE = """
import os, pathlib
pathlib.Path(os.environ["TRACE"]).write_text("imported")

from rubricdsl.judging.backends.scripted import OFFER
from rubricdsl.plugins.specs import hookimpl
import attrs

@hookimpl
def rubricdsl_judge_backends():
    return (attrs.evolve(OFFER, name="other"), )
"""
CLASHING = JUDGE.replace('name="other"', 'name="openai"')
BROKEN = "import does_not_exist"
MISSPELLED = JUDGE.replace("rubricdsl_judge_backends", "rubricdsl_judge_backend")
WITHOUT = "rubric plain\n[1] a: Is kind.\n"


class Installation:
    """A folder on the path of ``rub`` with distributions, and one to work in."""

    def __init__(self, folder: Path) -> None:
        self.trace = folder / "trace"
        self.site = folder / "site"
        self.work = folder / "work"
        self.site.mkdir()
        self.work.mkdir()

    def add(self, name: str, source: str, *lines: str) -> None:
        """Install ``rubricdsl-NAME`` 2.0 with a plugin NAME."""
        (self.site / f"rubricdsl_{name}.py").write_text(source, "utf-8")
        info = self.site / f"rubricdsl_{name}-2.0.dist-info"
        info.mkdir()
        metadata = [f"Name: rubricdsl-{name}", "Version: 2.0", *lines, ""]
        (info / "METADATA").write_text("\n".join(metadata))
        (info / "entry_points.txt").write_text(
            f"[rubricdsl]\n{name} = rubricdsl_{name}\n"
        )

    def rub(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``rub`` in the working folder."""
        return subprocess.run(
            [sys.executable, "-m", "rubricdsl", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.work,
            env={
                **os.environ,
                "PYTHONPATH": str(self.site),
                "TRACE": str(self.trace),
            },
        )

    def allow(self, *entries: str) -> None:
        """Write a ``rub.toml`` that allows plugins."""
        text = f"[plugins]\nallow = {json.dumps(entries)}\n"
        (self.work / "rub.toml").write_text(text, "utf-8")


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_what_is_broken_is_listed_with_its_origin(here):
    here.add("fine", JUDGE)
    here.add("broken", BROKEN)
    here.add("misspelled", MISSPELLED)
    here.add("clashing", CLASHING)
    here.add("future", JUDGE, "Requires-Dist: rubricdsl>=9")
    done = here.rub("plugins")
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert lines["fine"].endswith("ok")
    assert "rubricdsl-broken 2.0" in lines["broken"]
    assert "does_not_exist" in lines["broken"]
    assert "rubricdsl_judge_backend" in lines["misspelled"]
    assert "it needs rubricdsl>=9" in lines["future"]
    assert "rubricdsl-clashing" in lines["clash:"]
    assert "`openai`" in lines["clash:"]


def test_a_plugin_is_imported_when_it_is_wanted(here):
    here.add("fine", JUDGE)
    (here.work / "plain.rub").write_text(WITHOUT, "utf-8")
    for arguments in (("check", "plain.rub"), ("fmt", "--check", "plain.rub")):
        assert here.rub(*arguments).returncode == 0
        assert not here.trace.exists()
    assert "other" in here.rub("judges").stdout
    assert here.trace.exists()


def test_without_plugins_none_is_imported(here):
    here.add("fine", JUDGE)
    here.add("broken", BROKEN)
    done = here.rub("judges", "--no-plugins")
    assert done.returncode == 0, done.stderr
    assert "openai" in done.stdout
    assert "other" not in done.stdout
    assert not here.trace.exists()
    listed = here.rub("plugins", "--no-plugins").stdout
    assert listed.count("not loaded: --no-plugins") >= 2


def test_only_what_rub_toml_allows_is_imported(here):
    here.add("fine", JUDGE)
    here.allow("presence==rubricdsl-presence", "rare==rubricdsl-rare")
    done = here.rub("judges")
    assert "other" not in done.stdout
    assert not here.trace.exists()
    document = json.loads(here.rub("plugins", "--json").stdout)
    (fine,) = [p for p in document["plugins"] if p["name"] == "fine"]
    assert "not allowed by" in fine["refusal"]
    assert "rare==rubricdsl-rare" in document["absent"]
    here.allow("fine==rubricdsl-fine")
    assert "other" in here.rub("judges").stdout
    assert here.trace.exists()


def test_the_list_that_counts_is_that_of_the_rubric(here):
    """A rubric of another project is judged by what is allowed there."""
    here.add("fine", JUDGE)
    here.allow()
    inner = here.work / "inner"
    inner.mkdir()
    (inner / "rub.toml").write_text('[plugins]\nallow = ["fine==rubricdsl-fine"]\n')
    (inner / "plain.rub").write_text(WITHOUT, "utf-8")
    (here.work / "plain.rub").write_text(WITHOUT, "utf-8")
    row = '{"prompt_id": "p", "response_id": "r", "response": "Hello."}\n'
    (here.work / "r.jsonl").write_text(row, "utf-8")
    plan = ("plan", "--responses", "r.jsonl", "--judge", "other:rows.jsonl")
    (here.work / "rows.jsonl").write_text("", "utf-8")
    assert here.rub(*plan, "inner/plain.rub").returncode == 0
    refused = here.rub(*plan, "plain.rub")
    assert refused.returncode == 2
    assert "no judge backend `other`" in refused.stderr


@pytest.mark.parametrize(
    ("allow", "code", "hint"),
    [
        ('["fine"]', "D203", "name==distribution"),
        ('"fine==rubricdsl-fine"', "D203", "name==distribution"),
        ('["fine==rubricdsl-fin"]', "D302", "fine==rubricdsl-fine"),
        ('["fin==rubricdsl-fine"]', "D302", "fine==rubricdsl-fine"),
    ],
)
def test_a_list_that_is_wrong_is_an_error_with_its_place(here, allow, code, hint):
    here.add("fine", JUDGE)
    (here.work / "rub.toml").write_text(f"[plugins]\nallow = {allow}\n", "utf-8")
    done = here.rub("judges")
    assert done.returncode == 2
    assert f"rub.toml:2:1: {code}" in done.stderr
    assert hint in done.stderr
    assert not here.trace.exists()


def test_every_command_can_do_without_plugins():
    from rubricdsl.cli.dispatch import COMMANDS

    script = (
        "import contextlib, io, sys\n"
        "from rubricdsl.cli import main\n"
        "for command in sys.argv[1:]:\n"
        "    out = io.StringIO()\n"
        "    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):\n"
        "        main([command, '--help'])\n"
        "    assert '--no-plugins' in out.getvalue(), command\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *COMMANDS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
