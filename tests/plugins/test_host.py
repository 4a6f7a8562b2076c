"""Plugins are found, loaded one by one, and told apart when they are broken."""

import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.plugins.host import PluginHost
from rubricdsl.plugins.specs import HookSpecs

GOOD = """
from rubricdsl.model.expression import ValueType
from rubricdsl.model.protocols import CheckFunction, Signature
from rubricdsl.plugins.specs import hookimpl

@hookimpl
def rubricdsl_check_functions():
    signature = Signature(
        name="answer", parameters=(), result=ValueType.NUMBER, meaning="42"
    )
    return (CheckFunction(signature=signature, call=lambda facts: 42.0),)
"""
MISSPELLED = """
from rubricdsl.plugins.specs import hookimpl

@hookimpl
def rubricdsl_check_function():
    return ()
"""
WRONG_ARGUMENT = """
from rubricdsl.plugins.specs import hookimpl

@hookimpl
def rubricdsl_check_functions(session):
    return ()
"""
RAISES = """
from rubricdsl.plugins.specs import hookimpl

@hookimpl
def rubricdsl_check_functions():
    raise RuntimeError("no licence")
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Give a function that installs distributions, each with one plugin module."""

    def install(**sources: str) -> PluginHost:
        monkeypatch.syspath_prepend(tmp_path)
        for name, source in sources.items():
            (tmp_path / f"{name}_plugin.py").write_text(source, "utf-8")
            metadata = tmp_path / f"{name}_dist-1.0.dist-info"
            metadata.mkdir()
            (metadata / "METADATA").write_text(f"Name: {name}-dist\nVersion: 1.0\n")
            entry = name.rstrip("0123456789")
            (metadata / "entry_points.txt").write_text(
                f"[rubricdsl]\n{entry} = {name}_plugin\n"
            )
        return PluginHost.installed()

    yield install
    for module in [m for m in sys.modules if m.endswith("_plugin")]:
        del sys.modules[module]


def test_our_own_parts_come_through_the_same_door():
    host = PluginHost.installed()
    assert host.records[0].name == "builtin"
    assert host.records[0].distribution == "rubricdsl"
    assert host.records[0].problem is None
    assert {"openai", "scripted"} <= set(host.judge_backends)
    assert {"calibration"} <= set(host.judge_wrappers)
    assert {"ifeval", "paperbench"} <= set(host.formats)
    assert {"words", "matches", "similarity"} <= set(host.function_table)


def test_a_plugin_offers_a_function(installed):
    host = installed(fine=GOOD)
    assert host.check_functions["answer"].call(None) == 42.0
    assert "words" in host.check_functions


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("import does_not_exist", "does_not_exist"),
        ("this is no python", "SyntaxError"),
        (MISSPELLED, "rubricdsl_check_function"),
        (WRONG_ARGUMENT, "session"),
        (RAISES, "no licence"),
    ],
)
def test_a_broken_plugin_is_listed_and_the_rest_works(installed, source, problem):
    host = installed(bad=source, fine=GOOD)
    assert "answer" in host.check_functions
    (record,) = [r for r in host.records if r.name == "bad"]
    assert record.distribution == "bad-dist"
    assert record.version == "1.0"
    assert problem in (record.problem or "")


def test_two_distributions_with_one_plugin_name_are_told_apart(installed):
    host = installed(same1=GOOD, same2=GOOD)
    problems = [r.problem for r in host.records if r.name == "same"]
    assert problems == [None, "`same` is already the plugin of same1-dist"]


def test_two_plugins_that_offer_one_name_are_both_named(installed):
    host = installed(one=GOOD, two=GOOD)
    with pytest.raises(RubricError) as caught:
        _ = host.check_functions
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "D302"
    assert "one-dist" in diagnostic.message
    assert "two-dist" in diagnostic.message


def test_a_distribution_that_is_listed_twice_counts_once():
    own, *_ = entry_points(group="rubricdsl", name="builtin")
    host = PluginHost([own, own])
    assert len(host.records) == 1


def test_every_hook_says_what_it_is_for():
    hooks = [name for name in vars(HookSpecs) if name.startswith("rubricdsl_")]
    assert len(hooks) >= 3
    for name in hooks:
        assert getattr(HookSpecs, name).__doc__
