"""Plugins are found, loaded one by one, and told apart when they are broken."""

import sys
from importlib.metadata import entry_points, version

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.plugins.admission import BUILTIN_ONLY, Admission
from rubricdsl.plugins.host import PluginHost
from rubricdsl.plugins.specs import HookSpecs

CORE = version("rubricdsl")
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


NO_HOOK = """
def rubricdsl_check_functions():
    return ()
"""
OFFERS_TEXT = """
from rubricdsl.plugins.specs import hookimpl

@hookimpl
def rubricdsl_judge_backends():
    return ("mine",)
"""
OFFERS_ANOTHER_KIND = """
from rubricdsl.model.protocols import JudgeWrapperOffer
from rubricdsl.plugins.specs import hookimpl

@hookimpl
def rubricdsl_judge_backends():
    wrapper = JudgeWrapperOffer(
        name="mine", description="d", options=(), wrap=lambda backend, *_: backend
    )
    return (wrapper,)
"""


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
        (NO_HOOK, "implements no hook"),
    ],
)
def test_a_broken_plugin_is_listed_and_the_rest_works(installed, source, problem):
    host = installed(bad=source, fine=GOOD)
    assert "answer" in host.check_functions
    (record,) = [r for r in host.records if r.name == "bad"]
    assert record.distribution == "bad-dist"
    assert record.version == "1.0"
    assert problem in (record.problem or "")


@pytest.mark.parametrize(
    ("source", "problem"),
    [(OFFERS_TEXT, "'mine'"), (OFFERS_ANOTHER_KIND, "no JudgeBackendOffer")],
)
def test_an_offer_of_another_type_is_none(installed, source, problem):
    host = installed(bad=source, fine=GOOD)
    assert "mine" not in host.judge_backends
    assert "openai" in host.judge_backends
    (record,) = [r for r in host.records if r.name == "bad"]
    assert problem in (record.problem or "")


@pytest.mark.parametrize(
    ("requirement", "fits"),
    [
        ("rubricdsl>=0.1,<0.2", True),
        ("rubricdsl>=9", False),
        ("rubricdsl (>=0.1)", True),
        ("rubricdsl<0.1", False),
        ("rubricdsl[analysis]>=9", False),
        ("rubricdsl>=9; python_version < '3'", True),
        ("rubricdsl-presence>=9", True),
    ],
)
def test_a_plugin_for_another_core_is_not_imported(installed, requirement, fits):
    source = "import sys; sys.modules[__name__].loaded = True\n" + GOOD
    host = installed(requires=(requirement,), old=source)
    (record,) = [r for r in host.records if r.name == "old"]
    assert ("answer" in host.check_functions) is fits
    assert ("old_plugin" in sys.modules) is fits
    if not fits:
        wanted = requirement.replace("[analysis]", "")
        assert record.problem == f"it needs {wanted}, and this is {CORE}"


def test_only_what_is_allowed_is_imported(installed):
    admission = Admission(allow=("fine==fine-dist",), origin="the list")
    host = installed(admission=admission, fine=GOOD, other="import does_not_exist")
    assert "answer" in host.check_functions
    assert "words" in host.check_functions
    (record,) = [r for r in host.records if r.name == "other"]
    assert (record.problem, record.refusal) == (None, "not loaded: the list")
    assert "other_plugin" not in sys.modules


def test_without_plugins_our_own_parts_remain(installed):
    host = installed(admission=BUILTIN_ONLY, fine=GOOD)
    assert "answer" not in host.check_functions
    assert {"openai", "scripted"} <= set(host.judge_backends)
    assert "fine_plugin" not in sys.modules


def test_a_name_is_allowed_to_its_distribution_alone(installed):
    admission = Admission(allow=("same==Same2_Dist",), origin="the list")
    host = installed(admission=admission, same1="import does_not_exist", same2=GOOD)
    assert "answer" in host.check_functions
    states = {r.distribution: (r.problem, r.refusal) for r in host.records}
    assert states["same1-dist"] == (None, "not loaded: the list")
    assert states["same2-dist"] == (None, None)


def test_a_list_that_names_what_is_there_wrongly_is_an_error(installed):
    admission = Admission(allow=("fine==fine-dost",))
    host = installed(admission=admission, fine=GOOD)
    with pytest.raises(RubricError) as caught:
        _ = host.records
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "D302"
    assert "fine==fine-dist" in diagnostic.hint


def test_what_is_allowed_and_not_installed_is_told(installed):
    admission = Admission(allow=("fine==fine-dist", "rare==rare-dist"))
    assert installed(admission=admission, fine=GOOD).absent == ["rare==rare-dist"]


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
