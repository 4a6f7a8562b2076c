"""The executor is offered, and what it is told is checked before a cluster is."""

import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.model.execution import ExecutorSettings
from rubricdsl.plugins.host import PluginHost
from rubricdsl_ray.options import RayOptions, read_options


def options(**given: str | float | bool) -> RayOptions:
    return read_options(ExecutorSettings(name="ray", options=given))


def test_it_is_offered_and_costs_no_import_of_ray() -> None:
    offer = PluginHost.installed().executors["ray"]
    assert offer.plugin.distribution == "rubricdsl-ray"
    code = (
        "import sys; from rubricdsl.plugins.host import PluginHost; "
        "PluginHost.installed().executors; import rubricdsl_ray; "
        "print(sorted({'ray', 'numpy', 'pandas', 'pyarrow'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_option_that_is_offered_is_read() -> None:
    read = options(
        address="10.0.0.1:6379", actors=8.0, per_actor=32.0, block=100.0, cpus=0.5
    )
    assert read == RayOptions(
        address="10.0.0.1:6379", actors=8, per_actor=32, block=100, cpus=0.5
    )
    offer = PluginHost.installed().executors["ray"].offer
    assert set(offer.options) == {one.name for one in attrs.fields(RayOptions)}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"actors": 0.0}, "`actors` must be a whole number"),
        ({"actors": 1.5}, "`actors` must be a whole number"),
        ({"per_actor": "many"}, "`per_actor` must be a whole number"),
        ({"block": True}, "`block` must be a whole number"),
        ({"cpus": -1.0}, "`cpus` must be a number"),
        ({"address": 6379.0}, "`address` must be HOST:PORT"),
        ({"address": "ray://10.0.0.1:10001"}, "cannot be that of a Ray client"),
    ],
)
def test_what_cannot_be_is_refused(
    given: dict[str, str | float | bool], said: str
) -> None:
    with pytest.raises(RubricError) as caught:
        options(**given)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "D401"
    assert said in diagnostic.message


def test_an_actor_says_which_folder_it_misses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="ray is not installed")
    from rubricdsl_ray.actors import enter

    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    enter(tmp_path / "in", tmp_path)
    assert Path.cwd() == tmp_path / "in"
    with pytest.raises(RubricError) as caught:
        enter(tmp_path, tmp_path / "not_here")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "D404"
    assert "not_here" in diagnostic.message
