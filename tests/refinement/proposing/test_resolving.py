"""Which proposer a SPEC names."""

from pathlib import Path

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.config import ProjectConfig, parse_config
from rubricdsl.plugins.host import PluginHost
from rubricdsl.refinement.proposing.chat import ChatProposer
from rubricdsl.refinement.proposing.resolving import Resolved, resolve_proposer
from rubricdsl.refinement.proposing.scripted import ScriptedProposer

BASE = "base_url=http://127.0.0.1:9/v1"
CONFIG = """
[judges.careful]
backend = "openai"
model = "gpt-x"
base_url = "http://127.0.0.1:9/v1"
timeout = 7
ask = "each"
canaries = true
temperature = 0.5
[judges.panel]
models = ["openai/a", "openai/b"]
[judges.recorded]
backend = "presence"
"""


def config() -> ProjectConfig:
    return parse_config(CONFIG, path=Path("rub.toml"))


def resolve(spec: str, **environ: str) -> Resolved:
    return resolve_proposer(
        spec, host=PluginHost.installed(), environ=environ, config=config()
    )


def refused(spec: str, **environ: str) -> tuple[str, str]:
    with pytest.raises(RubricError) as caught:
        resolve(spec, **environ)
    (found,) = caught.value.diagnostics
    return found.code, f"{found.message} {found.hint}"


def test_any_chat_model_proposes_and_attacks() -> None:
    found = resolve(f"openai:gpt-4.1?{BASE}")
    assert found.name == "openai:gpt-4.1"
    assert isinstance(found.proposer, ChatProposer)
    assert found.attacker is found.proposer


def test_a_script_proposes_and_attacks(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    file.write_text('{"draft": "rubric a"}\n')
    found = resolve(f"scripted:{file}")
    assert isinstance(found.proposer, ScriptedProposer)
    assert found.attacker is found.proposer
    before = found.identity
    file.write_text('{"draft": "rubric b"}\n')
    assert resolve(f"scripted:{file}").identity != before


def test_a_judge_in_rub_toml_that_is_a_chat_model() -> None:
    found = resolve("careful")
    assert found.name == "openai:gpt-x"
    same = resolve(f"openai:gpt-x?{BASE}&temperature=0.5")
    assert found.identity == same.identity
    assert resolve("careful?temperature=0.9").identity != found.identity


def test_the_identity_is_all_that_an_answer_depends_on() -> None:
    one = resolve(f"openai:m?{BASE}")
    assert resolve(f"openai:m?{BASE}&timeout=9&concurrency=2").identity == one.identity
    assert resolve("openai:m", OPENAI_BASE_URL="http://127.0.0.1:9/v1").identity == (
        one.identity
    )
    assert resolve(f"openai:n?{BASE}").identity != one.identity


@pytest.mark.parametrize(
    ("spec", "code", "said"),
    [
        ("opnai:m", "D201", "did you mean `openai`?"),
        ("recorded", "D201", "nothing called `presence` can propose"),
        ("panel", "D202", "a panel of 2"),
        (":m", "D202", "the proposer SPEC"),
        (f"openai:m?{BASE}&ask=each", "D203", "no option `ask` when it proposes"),
        (f"openai:m?{BASE}&colour=red", "D203", "no option `colour`"),
        (f"openai:m?{BASE}&api_key=sk-123456789", "D204", "OPENAI_API_KEY"),
        ("openai", "D205", "needs a model"),
        ("openai:m", "D205", "OPENAI_API_KEY is not set"),
        ("scripted", "D205", "needs a file"),
        ("scripted:nowhere.jsonl", "D206", "cannot be read"),
    ],
)
def test_what_makes_no_sense(spec: str, code: str, said: str) -> None:
    found, message = refused(spec)
    assert found == code
    assert said in message
    assert "sk-123456789" not in message


def test_keys_come_from_the_environment() -> None:
    assert resolve("openai:m", OPENAI_API_KEY="sk-test-1234567").name == "openai:m"
    code, message = refused("openai:m", OPENAI_API_KEY="sk-test\n1234567")
    assert code == "D205"
    assert "1234567" not in message
