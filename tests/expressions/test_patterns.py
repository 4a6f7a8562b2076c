"""Regular expressions: what is refused and why, and that none can hang."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import CheckError
from rubricdsl.expressions.ambiguity import is_exponential
from rubricdsl.expressions.pattern_syntax import (
    Atom,
    Repetition,
    UnsupportedError,
    read,
)
from rubricdsl.expressions.patterns import MAX_LENGTH, count, diagnose, matches


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\d+)+$",
        r"(a*)*",
        r"(a|b+)*",
        r"(a|a)*",
        r"(a|aa)+",
        r"(a|ab|b)+",
        r"(\w+\s?)*",
        r"(\s*\w+\s*)*",
        r"(x+x+)+y",
        r"((a+)b?)+",
        r"^(([a-z])+.)+[A-Z]([a-z])+$",
        r"(a?){30}",
        r"(.*a){12}",
        r"(a{1,30}){1,30}",
        r"(?i)(a|A)+",
        r"(\w|é)+",
        r"([[:alpha:]]|\pL)+",
        r"(?:(?:a+)+)?",
        r"(?P<n>a+)+",
        r"([^a]|b)*",
        r"(\Qab\E|ab)+",
    ],
)
def test_nested_repetition_is_refused(pattern: str) -> None:
    fault = diagnose(pattern)
    assert fault is not None
    assert fault.code == "E416"


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d+",
        r"(\w+,)+",
        r"(\w+\s+)+",
        r"(?:\d{1,3},)*\d",
        r"(\.\d+)*",
        r"((a|b)c)*",
        r"(é|è)+",
        r"(?m)^(- .+\n){3,}",
        r"\*[^*\n]+\*",
        r"(?m)^P\.S\.",
        r".*.*.*",
        r"(.*a){3}",
        r"[]a]+[^]a]",
        r"\Qa+\E+",
        r"(a|B)+(?i:b)*",
        r"((?:ab)?c)+",
        r'"([^"\\]|\\.)*"',
        r"x{0}y{2,}",
        r"(\x41|\x{42}|\103)+",
        "",
    ],
)
def test_safe_repetition_passes(pattern: str) -> None:
    assert diagnose(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        (r"(?=a)b", "look-ahead"),
        (r"a(?!b)", "look-ahead"),
        (r"(?<=a)b", "look-behind"),
        (r"(?<!a)b", "look-behind"),
        (r"(a)\1", "back-reference"),
        (r"(?P<x>a)(?P=x)", "back-reference"),
        (r"(?>a)", "atomic"),
        (r"a++", "possessive"),
        (r"a\Z", r"\z"),
        ("(", "missing )"),
        ("[", "missing ]"),
        ("*a", "repetition"),
        (r"a{2000}", "repetition"),
        ("\ud800", "surrogate"),
        ("a" * (MAX_LENGTH + 1), "longer"),
        ("(" * 150 + "a+" + ")+" * 150, "groups"),
    ],
)
def test_what_re2_does_not_take_is_named(pattern: str, what: str) -> None:
    fault = diagnose(pattern)
    assert fault is not None
    assert fault.code == "E415"
    assert what in fault.message + fault.hint


def test_constructs_inside_a_class_are_plain_characters() -> None:
    assert diagnose(r"[(?=]+") is None
    assert diagnose(r"\(\?=") is None


ASCII = "ab1 ._"
atoms = st.sampled_from(["a", "b", "ab", "[ab]", r"\w", r"\d", r"\s", ".", "(a|b)"])


def compound(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(parts, parts).map("".join),
        st.tuples(parts, parts).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(parts, st.sampled_from("*+?")).map(lambda two: f"({two[0]}){two[1]}"),
    )


small_patterns = st.recursive(atoms, compound, max_leaves=5)


@given(small_patterns, st.text(ASCII, max_size=12))
def test_matches_what_python_matches(pattern: str, text: str) -> None:
    assert matches(pattern, text) == (re.search(pattern, text) is not None)


@given(small_patterns, st.text(ASCII, max_size=12))
def test_counts_what_python_counts(pattern: str, text: str) -> None:
    nonempty = f"(?:{pattern})b"
    assert count(nonempty, text) == len(re.findall(nonempty, text))


@given(st.text("ab", max_size=2), st.text("ab", min_size=1, max_size=2))
def test_a_loop_in_a_loop_over_the_same_text_is_ambiguous(head: str, body: str) -> None:
    assert is_exponential(f"{head}(({body})+)+")


@given(st.text(max_size=20))
def test_every_text_is_diagnosed_or_works(pattern: str) -> None:
    fault = diagnose(pattern)
    if fault is None:
        matches(pattern, "some text")
    else:
        assert fault.code in ("E415", "E416")
        assert fault.hint


@given(st.text("()[]{}*+?|\\^$.-aQE1,pP:<>=!idwx", max_size=14))
def test_the_reader_takes_whatever_re2_takes(pattern: str) -> None:
    try:
        matches(pattern, "")
    except CheckError:
        return
    read(pattern)


def test_the_reader_knows_what_is_repeated() -> None:
    node, alphabet = read(r"[^\n]{2,}?")
    assert node == Repetition(
        Atom(alphabet.everything & ~alphabet.ascii("\n")), 2, None
    )
    with pytest.raises(UnsupportedError):
        read("(a")


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"(a|a)*b", r"(.*)*x", r"(\w+\s?)+$", r"(a?){100}a{100}", ".*" * 50],
)
def test_hostile_patterns_end_on_long_texts(pattern: str) -> None:
    # In an engine that backtracks each of these takes longer than anybody lives.
    assert isinstance(matches(pattern, "a" * 100_000 + "!"), bool)


def test_texts_that_no_encoding_holds_are_matched() -> None:
    assert matches("b", "a\ud800b")
    assert count(".", "a\ud800\0é") == 4
    assert matches("\ufffd", "\udfff")


def test_a_bad_pattern_is_a_check_error_when_it_is_run() -> None:
    with pytest.raises(CheckError, match="bad regular expression"):
        matches("(", "a")


def test_the_engine_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    diagnose("(unclosed")
    diagnose(r"((\w{200}){200})")
    assert capfd.readouterr() == ("", "")


def test_a_count_that_would_take_for_ever_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rubricdsl.expressions.patterns._COUNT_SECONDS", 0.0)
    with pytest.raises(CheckError, match="bound its repetitions"):
        count("x[^y]*y|x", "x" * 5_000)
    assert count("x", "xxx") == 3
