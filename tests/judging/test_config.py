"""What ``rub.toml`` may say, and where it is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.config import find_config, parse_config, read_config
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.rubric import VoteRule

HERE = Path("rub.toml")

GOOD = """
[other.tool]
key = "left alone"

[judges.careful]
backend = "openai"
model = "gpt-4.1-mini"
base_url = "http://127.0.0.1:8080/v1/"
timeout = 30
concurrency = 4
ask = "each"
temperature = 0
max_tokens = 100
api_key_env = "MY_KEY"
price_prompt = 0.4
price_completion = 1.6

[judges.panel]
models = ["openai/a", "presence"]
votes = 3
rule = "unanimous"
on_error = "skip"

[judges.tuned.options]
threshold = 0.6

[plugins]
allow = ["presence==rubricdsl-presence"]
"""


def test_everything_that_can_be_said() -> None:
    config = parse_config(GOOD, path=HERE)
    careful = config.judges["careful"]
    assert careful.members == (JudgeSettings(backend="openai", model="gpt-4.1-mini"),)
    assert careful.options == {
        "base_url": "http://127.0.0.1:8080/v1",
        "timeout": 30.0,
        "concurrency": 4,
        "ask": "each",
        "temperature": 0.0,
        "max_tokens": 100,
        "api_key_env": "MY_KEY",
        "price_prompt": 0.4,
        "price_completion": 1.6,
    }
    panel = config.judges["panel"]
    assert [m.name for m in panel.members] == ["openai:a", "presence"]
    assert (panel.votes, panel.rule, panel.skip_failed) == (3, VoteRule.UNANIMOUS, True)
    assert config.judges["tuned"].options == {"threshold": 0.6}
    assert config.allow == ("presence==rubricdsl-presence",)
    assert config.key_variables == ("MY_KEY",)


def test_an_empty_file_allows_everything() -> None:
    config = parse_config("", path=HERE)
    assert config.allow is None
    assert config.judges == {}


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[judges.a]\nbackend = 'x'\ntimout = 3", "D203", 3),
        ("\n[judges.a]\nbackend = 3", "D203", 3),
        ("[judges.a]\nmodel = 'm'", "D203", 2),
        ("[judges.a]\nbackend = 'x'\nmodels = ['y/z']", "D203", 3),
        ("[judges.a]\nmodels = []", "D203", 2),
        ("[judges.a]\nmodels = ['/z']", "D202", 2),
        ("[judges.a]\nbackend = 'x'\nvotes = 0", "D203", 3),
        ("[judges.a]\nbackend = 'x'\nvotes = true", "D203", 3),
        ("[judges.a]\nbackend = 'x'\nrule = 'most'", "D203", 3),
        ("[judges.a]\nbackend = 'x'\nrule = ['any']", "D203", 3),
        ("[judges.a]\nbackend = 'x'\non_error = 'go'", "D203", 3),
        ("[judges.a]\nbackend = 'x'\nask = ['each']", "D203", 3),
        ("[judges.a]\nbackend = 'x'\ntimeout = inf", "D203", 3),
        ("[judges.a]\nbackend = 'x'\n'api_key' = 'abc'", "D204", 3),
        ("[judges.a]\nbackend = 'x'\nmodel = 'sk-abcdefghij'", "D204", 3),
        ("[judges.a]\nbase_url = 'http://u:p@h/v1'", "D204", 2),
        ("[judges.a.options]\ntoken = 'abc'", "D204", 2),
        ("[judges]\na = 1", "D301", 2),
        ("judges = 1", "D301", 1),
        ("[plugins]\nallw = []", "D203", 2),
        ("[plugins]\nallow = 'a==b'", "D203", 2),
        ("[plugins]\nallow = ['presence']", "D203", 2),
        ("[judges.a]\nbackend = ", "D301", 2),
    ],
)
def test_what_is_wrong_has_a_code_and_a_line(text: str, code: str, line: int) -> None:
    with pytest.raises(RubricError) as caught:
        parse_config(text, path=HERE)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.span.line) == (code, line)
    assert diagnostic.span.file == "rub.toml"
    assert "abc" not in f"{caught.value}{diagnostic.hint}"


@given(st.text() | st.lists(st.sampled_from(GOOD.splitlines())).map("\n".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    codes: set[str] = set()
    try:
        parse_config(text, path=HERE)
    except RubricError as error:
        codes = {diagnostic.code for diagnostic in error.diagnostics}
    assert codes <= {"D202", "D203", "D204", "D301"}


def test_files_are_found_upward_and_read(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    path = tmp_path / "rub.toml"
    path.write_bytes(b"\xef\xbb\xbf[judges.a]\nbackend = 'x'\n")
    assert find_config(inner) == path
    assert "a" in read_config(path).judges
    path.write_bytes(b"\xff")
    with pytest.raises(RubricError, match="D301"):
        read_config(path)
    with pytest.raises(RubricError, match="D101"):
        read_config(tmp_path / "none.toml")
