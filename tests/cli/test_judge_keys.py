"""Every key that a judge SPEC may have is told where users look for it."""

import json
from pathlib import Path

from rubricdsl.cli.judge_keys import key_page, key_table
from rubricdsl.judging.options import ENGINE_OPTIONS, INCIDENTAL_OPTIONS, OPTIONS
from rubricdsl.model.protocols import JudgeBackendOffer
from rubricdsl.plugins.host import PluginHost

ROOT = Path(__file__).resolve().parents[2]


def own_keys() -> set[str]:
    host = PluginHost.installed()
    keys = set(ENGINE_OPTIONS)
    for backend in host.judge_backends.values():
        if backend.plugin.distribution == "rubricdsl":
            keys.update(backend.offer.options)
    for wrapper in host.judge_wrappers.values():
        if wrapper.plugin.distribution == "rubricdsl":
            keys.update(wrapper.offer.options)
    return keys


def test_the_table_holds_all_keys_that_our_judges_take() -> None:
    assert OPTIONS.keys() == own_keys()
    assert OPTIONS.keys() > INCIDENTAL_OPTIONS


def test_the_reference_holds_the_table() -> None:
    reference = (ROOT / "grammars" / "README.md").read_text("utf-8")
    assert key_table() in reference
    for name in own_keys():
        assert f"| `{name}` | " in key_table()


def test_the_page_names_every_key_of_what_is_installed(rub) -> None:
    done = rub("judges", "--keys")
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 88
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
    for offered in PluginHost.installed().judge_backends.values():
        assert listed >= set(offered.offer.options)
    assert listed >= own_keys()
    records = json.loads(rub("judges", "--json").stdout)["keys"]
    assert {record["name"] for record in records} >= own_keys()


def test_keys_of_a_stranger_are_listed_by_name() -> None:
    def create(*_: object) -> None:
        raise AssertionError

    offer = JudgeBackendOffer(
        name="strange",
        description="",
        create=create,  # type: ignore[arg-type]
        options=("depth",),
    )
    lines = list(key_page({"strange": offer}, []))
    assert lines[-2:] == ["strange:", "  depth             see its documentation"]
