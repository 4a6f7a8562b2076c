"""Secrets are found by value, in every form, and by shape."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics.secrets import is_secret_option, looks_secret
from rubricdsl.judging.redaction import Redactor

_SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8)


@given(_SECRETS, st.text(max_size=20), st.text(max_size=20))
def test_no_form_of_a_secret_is_left(secret: str, before: str, after: str) -> None:
    redact = Redactor([secret])
    forms = [secret, quote(secret, safe=""), json.dumps(secret)[1:-1]]
    for form in forms:
        assert form not in redact(f"{before}{form}{after}")


@given(_SECRETS, st.binary(max_size=8), st.binary(max_size=8))
def test_base64_hides_it_at_no_offset(secret: str, before: bytes, after: bytes) -> None:
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    left = Redactor([secret])(encoded)
    assert "[redacted]" in left
    kept = left.replace("[redacted]", "")
    # What is left belongs to the neighbours, and to the letters shared with them.
    assert len(kept) <= len(base64.b64encode(before + after)) + 8


@given(st.text(alphabet="abc ", max_size=50))
def test_other_text_stays_as_it_is(text: str) -> None:
    assert Redactor(["secret-123"])(text) == text
    assert Redactor([])(text) == text


def test_short_values_and_none_are_no_secrets() -> None:
    redact = Redactor(["no", "  "])
    assert redact("no is no secret") == "no is no secret"
    assert redact.optional(None) is None


def test_the_environment_is_searched_by_name() -> None:
    environ = {
        "OPENAI_API_KEY": "value-one",
        "GH_TOKEN": "value-two",
        "MINE": "value-three",
        "HOME": "value-four",
        "MONKEY": "value-five",
    }
    redact = Redactor.of_environment(environ, named=["MINE", "ABSENT"])
    text = redact(" ".join(environ.values()))
    assert text == "[redacted] [redacted] [redacted] value-four value-five"
    assert "value-one" not in repr(redact)


@pytest.mark.parametrize(
    "text",
    [
        "sk-abcdef123456",
        "ghp_abcdefghijkl",
        "Bearer abcdefgh",
        "AIzaSyA0123456789012345678901",
        "https://user:pw@host/",
        "eyJhbGciOiJI.eyJzdWIiOiIx",
    ],
)
def test_shapes_of_secrets(text: str) -> None:
    assert looks_secret(text)


@pytest.mark.parametrize(
    "text", ["gpt-4.1-mini", "a@b", "task-oriented", "http://host:80/v1", "risk-averse"]
)
def test_shapes_of_other_things(text: str) -> None:
    assert not looks_secret(text)


def test_names_of_secret_options() -> None:
    assert all(
        map(is_secret_option, ["api_key", "apikey", "key", "auth_token", "x-secret"])
    )
    assert not any(
        map(is_secret_option, ["api_key_env", "max_tokens", "keys", "monkey"])
    )
