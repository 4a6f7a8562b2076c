"""What a judge SPEC may say, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.backends import openai, scripted
from rubricdsl.judging.spec import find_offer, parse_model, parse_spec
from rubricdsl.model.protocols import JudgeSettings

OFFERS = {offer.name: offer for offer in (openai.OFFER, scripted.OFFER)}


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("presence", JudgeSettings(backend="presence")),
        ("openai:gpt-4.1-mini", JudgeSettings(backend="openai", model="gpt-4.1-mini")),
        ("openai:ft:gpt:org", JudgeSettings(backend="openai", model="ft:gpt:org")),
        ("scripted:a/b.jsonl", JudgeSettings(backend="scripted", model="a/b.jsonl")),
        (
            (
                "openai:m?base_url=http://127.0.0.1:8080/v1&ask=each&timeout=2.5"
                "&concurrency=3&temperature=0.7&max_tokens=50"
            ),
            JudgeSettings(
                backend="openai",
                model="m",
                options={
                    "base_url": "http://127.0.0.1:8080/v1",
                    "ask": "each",
                    "timeout": 2.5,
                    "concurrency": 3,
                    "temperature": 0.7,
                    "max_tokens": 50,
                },
            ),
        ),
        (
            "presence?threshold=0.6&strict=true&name=a%20b",
            JudgeSettings(
                backend="presence",
                options={"threshold": 0.6, "strict": True, "name": "a b"},
            ),
        ),
    ],
)
def test_specs_that_are_read(text: str, settings: JudgeSettings) -> None:
    parsed = parse_spec(text)
    assert parsed == settings
    assert {k: type(v) for k, v in parsed.options.items()} == {
        k: type(v) for k, v in settings.options.items()
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "D202"),
        (":gpt", "D202"),
        ("openai:", "D202"),
        ("openai:m?", "D202"),
        ("openai:m?ask", "D202"),
        ("openai:m?ask=each&ask=each", "D202"),
        ("open ai:m", "D202"),
        ("openai:m?ask=both", "D203"),
        ("openai:m?timeout=soon", "D203"),
        ("openai:m?timeout=nan", "D203"),
        ("openai:m?timeout=0", "D203"),
        ("openai:m?concurrency=0", "D203"),
        ("openai:m?concurrency=1.5", "D203"),
        ("openai:m?base_url=ftp://host", "D203"),
        ("openai:m?base_url=http://", "D203"),
        ("openai:m?base_url=http://host/v1?x=1", "D203"),
        ("openai:m?base_url=http://host:port", "D203"),
        ("openai:m?api_key_env=not a name", "D203"),
        ("openai:m?api_key=whatever", "D204"),
        ("openai:m?token=whatever", "D204"),
        ("openai:m?base_url=https://user:pw@host/v1", "D204"),
        ("openai:m?note=sk-proj-abcdefghijkl", "D204"),
        ("openai:sk-proj-abcdefghijkl", "D204"),
    ],
)
def test_specs_that_are_refused(text: str, code: str) -> None:
    with pytest.raises(RubricError) as caught:
        parse_spec(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert diagnostic.hint
    for secret in ("whatever", "abcdefghijkl", "pw@"):
        assert secret not in f"{caught.value} {diagnostic.hint}"


@given(st.text())
def test_any_text_is_a_spec_or_refused(text: str) -> None:
    try:
        settings = parse_spec(text)
    except RubricError as error:
        settings, codes = None, {d.code for d in error.diagnostics}
    else:
        codes = set()
    assert codes <= {"D202", "D203", "D204"}
    assert settings is None or settings.name == text.partition("?")[0]


def test_models_of_judge_blocks() -> None:
    assert parse_model("openai/org/m") == JudgeSettings(backend="openai", model="org/m")
    assert parse_model("presence") == JudgeSettings(backend="presence")
    for text in ("", "/m", "openai/"):
        with pytest.raises(RubricError, match="D202"):
            parse_model(text)
    with pytest.raises(RubricError, match="D204"):
        parse_model("openai/sk-proj-abcdefghijkl")


def test_backends_and_options_that_are_not_there() -> None:
    assert find_offer(parse_spec("openai:m?max_tokens=5"), OFFERS) is openai.OFFER
    with pytest.raises(RubricError) as caught:
        find_offer(parse_spec("opnai:m"), OFFERS)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "D201"
    assert diagnostic.hint.startswith("did you mean `openai`?")
    with pytest.raises(RubricError) as caught:
        find_offer(parse_spec("openai:m?temprature=1"), OFFERS)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "D203"
    assert diagnostic.hint == "did you mean `temperature`?"
