"""Where the service is, and what cannot be set up."""

import subprocess
import sys
from collections.abc import Mapping

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.spec import parse_spec
from rubricdsl.plugins.host import PluginHost
from rubricdsl_anthropic.judge import OFFER

KEY = "sk-ant-test-0123456789/+abc"


def test_the_address_has_one_form() -> None:
    resolve = OFFER.resolve
    assert resolve is not None
    given = [
        resolve(parse_spec("anthropic:m?base_url=http://h:1/v1"), {}),
        resolve(parse_spec("anthropic:m?base_url=http://h:1/"), {}),
        resolve(parse_spec("anthropic:m"), {"ANTHROPIC_BASE_URL": "http://h:1"}),
    ]
    assert {settings.options["base_url"] for settings in given} == {"http://h:1"}
    with pytest.raises(RubricError) as caught:
        resolve(parse_spec("anthropic:m"), {"ANTHROPIC_BASE_URL": "h"})
    assert "ANTHROPIC_BASE_URL" in caught.value.diagnostics[0].message


@pytest.mark.parametrize(
    ("spec", "environ", "said"),
    [
        ("anthropic", {"ANTHROPIC_API_KEY": KEY}, "needs a model"),
        ("anthropic:m", {}, "ANTHROPIC_API_KEY is not set"),
        ("anthropic:m", {"ANTHROPIC_API_KEY": "a\nb"}, "characters that no key has"),
        ("anthropic:m?base_url=http://h&api_key_env=MINE", {}, "MINE is not set"),
    ],
)
def test_a_judge_that_cannot_be_set_up(
    spec: str, environ: Mapping[str, str], said: str
) -> None:
    with pytest.raises(RubricError) as caught:
        OFFER.create(parse_spec(spec), environ)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "D205"
    assert said in diagnostic.message


def test_it_is_found_and_costs_nothing_until_it_is_asked() -> None:
    host = PluginHost.installed()
    assert host.judge_backends["anthropic"].plugin.distribution == "rubricdsl-anthropic"
    assert "anthropic" in host.chat_models
    code = (
        "import sys, rubricdsl_anthropic as p; p.rubricdsl_judge_backends(); "
        "p.rubricdsl_chat_models(); print('aiohttp' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
