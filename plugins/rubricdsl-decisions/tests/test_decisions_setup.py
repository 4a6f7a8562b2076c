"""Where a decision model is, what it speaks, and what cannot be set up."""

import subprocess
import sys
from collections.abc import Mapping

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.spec import parse_spec
from rubricdsl.plugins.host import PluginHost
from rubricdsl_decisions.judge import OFFER

KEY = "ts-test-0123456789/+abc"
TYPESAFE = "https://api.typesafe.ai"
M = "decisions:m?base_url="


@pytest.mark.parametrize(
    ("spec", "environ", "shape", "address", "model"),
    [
        ("decisions", {}, "systemone", f"{TYPESAFE}/v1/systemone", "jev-latest"),
        (
            "decisions",
            {"TYPESAFE_BASE_URL": "http://h:1", "TYPESAFE_DEFAULT_MODEL": "jev-2"},
            "systemone",
            "http://h:1/v1/systemone",
            "jev-2",
        ),
        (f"{M}http://h:1/v1", {}, "systemone", "http://h:1/v1/systemone", "m"),
        (
            "decisions:m?base_url=https://openrouter.ai/api/alpha/decisions",
            {},
            "systemone",
            "https://openrouter.ai/api/alpha/decisions",
            "m",
        ),
        (f"{M}http://h/decisions", {}, "openai", "http://h/decisions", "m"),
        (
            "decisions:m?base_url=https://api.openai.com/v1",
            {},
            "openai",
            "https://api.openai.com/v1/decisions",
            "m",
        ),
        (
            "decisions:m?shape=openai",
            {"OPENAI_BASE_URL": "http://h:2/v1", "TYPESAFE_BASE_URL": "http://h:1"},
            "openai",
            "http://h:2/v1/decisions",
            "m",
        ),
    ],
)
def test_where_it_is_and_what_it_speaks(
    spec: str, environ: Mapping[str, str], shape: str, address: str, model: str
) -> None:
    assert OFFER.resolve is not None
    settings = OFFER.resolve(parse_spec(spec), environ)
    assert settings.options["shape"] == shape
    assert settings.options["base_url"] == address
    assert settings.model == model


@pytest.mark.parametrize(
    ("spec", "environ", "said"),
    [
        ("decisions:m", {}, "TYPESAFE_API_KEY is not set"),
        ("decisions:m?shape=openai", {}, "OPENAI_API_KEY is not set"),
        ("decisions?shape=openai", {"OPENAI_API_KEY": KEY}, "needs a model"),
        ("decisions:m?shape=square", {}, "must be one of systemone, openai"),
        ("decisions:m?threshold=0", {"TYPESAFE_API_KEY": KEY}, "`threshold`"),
        ("decisions:m?threshold=often", {"TYPESAFE_API_KEY": KEY}, "`threshold`"),
        ("decisions:m?max_questions=many", {"TYPESAFE_API_KEY": KEY}, "max_questions"),
        ("decisions:m?request_tokens=1.5", {"TYPESAFE_API_KEY": KEY}, "request_tokens"),
    ],
)
def test_a_judge_that_cannot_be_set_up(
    spec: str, environ: Mapping[str, str], said: str
) -> None:
    with pytest.raises(RubricError) as caught:
        OFFER.create(parse_spec(spec), environ)
    assert said in caught.value.diagnostics[0].message


def test_it_is_found_and_costs_nothing_until_it_is_asked() -> None:
    host = PluginHost.installed()
    assert host.judge_backends["decisions"].plugin.distribution == "rubricdsl-decisions"
    code = (
        "import sys, rubricdsl_decisions as p; p.rubricdsl_judge_backends(); "
        "print('aiohttp' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
