"""The built-in functions: what they mean, their laws, and that they are total."""

import re
import string
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.checks import counting, markup
from rubricdsl.checks.containing import contains, ends_with, starts_with, trim
from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.checks.functions import builtin_functions
from rubricdsl.checks.languages import language
from rubricdsl.checks.similarity import common_length, similarity
from rubricdsl.diagnostics import CheckError
from rubricdsl.model.expression import Value, ValueType
from rubricdsl.model.protocols import Parameter
from rubricdsl.model.response import Response

FUNCTIONS = {f.signature.name: f for f in builtin_functions()}
FACTS = ResponseFacts(Response(text="", prompt_id="p", response_id="r"))
hostile = st.text(st.characters()) | st.text(
    st.sampled_from("aA*-[]<>.!?'\"{}:,1 \n\0\ud800é_#`"), max_size=40
)


TABLE = """
    words sentences paragraphs characters contains starts_with ends_with matches count
    is_json json_schema language similarity lower abs min max artifact exit_code metric
"""


def test_the_table_of_the_language_is_there() -> None:
    assert set(TABLE.split()) <= FUNCTIONS.keys()
    assert len(FUNCTIONS) == len(builtin_functions())


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_signatures_are_in_order(name: str) -> None:
    signature = FUNCTIONS[name].signature
    named = [p.named for p in signature.parameters]
    assert named == sorted(named)
    assert all(p.default is not None for p in signature.parameters if p.named)
    assert signature.meaning.endswith(".")


def given_for(parameter: Parameter) -> st.SearchStrategy[Value]:
    if parameter.choices:
        return st.sampled_from(parameter.choices)
    if parameter.pattern:
        return st.sampled_from([r"\w+", "a|b", "", "(", r"(?s).*"])
    match parameter.type:
        case ValueType.NUMBER:
            return st.floats(allow_nan=False, allow_infinity=False)
        case ValueType.BOOL:
            return st.booleans()
        case ValueType.TEXT:
            return hostile


@given(st.data(), st.sampled_from(sorted(FUNCTIONS)))
def test_every_function_gives_its_type_or_a_check_error(
    data: st.DataObject, name: str
) -> None:
    function = FUNCTIONS[name]
    arguments = [data.draw(given_for(p)) for p in function.signature.parameters]
    try:
        value = function.call(FACTS, *arguments)
    except CheckError:
        return
    types = {ValueType.BOOL: bool, ValueType.NUMBER: float, ValueType.TEXT: str}
    assert isinstance(value, types[function.signature.result])


# ------------------------------------------------------------------ counting


@given(hostile, hostile)
def test_counts_add_up_over_a_blank_line(left: str, right: str) -> None:
    whole = f"{left}\n\n{right}"
    for rule in ("unicode", "ifeval"):
        both = counting.words(left, rule) + counting.words(right, rule)
        assert counting.words(whole, rule) == both
    assert counting.characters(whole) == len(left) + len(right) + 2


@given(hostile)
def test_the_reference_counts_runs_of_word_characters(text: str) -> None:
    assert counting.words(text, "ifeval") == len(re.findall(r"\w+", text))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("  \n ", 0),
        ("One. Two! Three?", 3),
        ("no full stop\n\nand none here", 1),
        ("Dr. Smith met Mrs. Jones at 5 p.m. yesterday.", 1),
        ("It grew by 3.5 percent. Then it fell.", 2),
        ('He said "Go." She went.', 2),
        ("Wait... what? Yes!", 2),
        ("Hello!!! World", 2),
        ("J. R. R. Tolkien wrote it.", 1),
        ("The firm is Acme Inc. The firm is old.", 2),
        ("The firm is Acme Inc. and it is old.", 1),
        ("1. First point\n2. Second point", 3),
        ("1. first, 2. second", 1),
        ("See e.g. this one.", 2),
    ],
)
def test_sentences_of_the_reference(text: str, number: int) -> None:
    assert counting.sentences(text, "ifeval") == number


@pytest.mark.parametrize(
    ("text", "rule", "number"),
    [
        ("", "blank lines", 0),
        ("one\n \t\ntwo\n\n\n\nthree\nstill three", "blank lines", 3),
        ("one\n \t\ntwo\n\nthree", "empty lines", 2),
        ("one *** two\n***\nthree", "ifeval", 3),
        ("***\none\n***", "ifeval", 1),
        ("one\n***\n\n***\ntwo", "ifeval", 0),
    ],
)
def test_paragraphs(text: str, rule: str, number: int) -> None:
    assert counting.paragraphs(text, rule) == number


def test_parts() -> None:
    assert counting.parts("a ****** b", "******", "no") == 2
    assert counting.parts("a ****** a", "******", "yes") == 1
    assert counting.parts("****** a", "******", "no") == 1
    with pytest.raises(CheckError):
        counting.parts("a", "", "no")


@pytest.mark.parametrize(
    ("text", "word", "case", "whole", "number"),
    [
        ("Story storyline STORY", "story", "yes", "no", 1),
        ("Story storyline STORY", "story", "no", "no", 3),
        ("Story storyline STORY", "story", "no", "yes", 2),
        ("éxito, exitoso y éxitos", "éxito", "no", "yes", 1),
        ("a.b", "a", "yes", "yes", 1),
        ("a_b", "a", "yes", "yes", 0),
        ("C++ and C", "C++", "yes", "yes", 1),
        ("aaaa", "aa", "yes", "no", 2),
    ],
)
def test_occurrences(text: str, word: str, case: str, whole: str, number: int) -> None:
    assert counting.occurrences(text, word, case, whole) == number


@given(st.text(string.ascii_letters + " "), st.sampled_from(string.ascii_letters))
def test_letters_are_counted_in_either_case(text: str, letter: str) -> None:
    expected = sum(char.lower() == letter.lower() for char in text)
    assert counting.letter_count(text, letter) == expected


def test_words_in_capitals_and_with_letters() -> None:
    assert counting.capital_words("NASA and the U.S. said OK", "unicode") == 3
    assert counting.capital_words("NASA and WELL-KNOWN things", "ifeval") == 2
    assert counting.words_with("Mañana, el niño. MUÑECA", "ñ") == 3


# ---------------------------------------------------------------- containing


@given(hostile, hostile)
def test_parts_of_a_text_are_found(left: str, right: str) -> None:
    for case in ("yes", "no"):
        assert contains(left + right, right, case)
        assert starts_with(left + right, left, case)
        assert ends_with(left + right, right, case)


def test_case() -> None:
    assert not contains("Straße", "STRASSE", "yes")
    assert contains("Straße", "STRASSE", "no")
    assert starts_with("Hello", "hELLO", "no")
    assert not starts_with("Hello", "hELLO", "yes")


@given(hostile)
def test_lower_twice_is_lower_once(text: str) -> None:
    lower = FUNCTIONS["lower"].call
    assert lower(FACTS, lower(FACTS, text)) == lower(FACTS, text)


@given(hostile)
def test_trim_twice_is_trim_once(text: str) -> None:
    assert trim(trim(text, ""), "") == trim(text, "")
    assert trim(' "so" ', '"') == "so"


# -------------------------------------------------------------------- markup


def test_bullets() -> None:
    text = "* one\n - two\n+ three\n**bold**\n---\n-four\n• five"
    assert markup.bullets(text, "markdown") == 4
    assert markup.bullets(text, "ifeval") == 4


@given(st.text(st.sampled_from("*-a \n\t"), max_size=30))
def test_the_reference_counts_bullets_by_these_patterns(text: str) -> None:
    starred = re.findall(r"^\s*\*[^\*].*$", text, re.MULTILINE)
    dashed = re.findall(r"^\s*-.*$", text, re.MULTILINE)
    assert markup.bullets(text, "ifeval") == len(starred) + len(dashed)


def test_highlights() -> None:
    text = "*one* **two** *** * * *\nbroken*"
    assert markup.highlights(text, "markdown") == 2
    assert markup.highlights("*one* **two**", "ifeval") == 2
    assert markup.highlights("** **", "ifeval") == 0


@given(st.text(st.sampled_from("[]a \n"), max_size=20))
def test_placeholders_are_pairs_of_brackets_on_a_line(text: str) -> None:
    assert markup.placeholders(text) == len(re.findall(r"\[.*?\]", text))


@given(st.text(st.sampled_from("<>a \n"), max_size=20))
def test_titles_are_in_double_angle_brackets(text: str) -> None:
    found = re.findall(r"<<[^\n]+>>", text)
    titles = [t for t in found if t.lstrip("<").rstrip(">").strip()]
    assert (markup.titles(text) > 0) == bool(titles)


def test_sections() -> None:
    assert markup.sections("SECTION 1\na\nSECTION2\nSection 3", "SECTION") == 2
    with pytest.raises(CheckError):
        markup.sections("a", "")


def test_paragraphs_and_first_words() -> None:
    text = "One, two.\n\n'Quoted' start\n \nThird"
    assert markup.paragraph(text, 3.0, "blank lines") == "Third"
    assert markup.paragraph(text, 2.0, "empty lines") == "'Quoted' start\n \nThird"
    for nth in (0.0, 4.0, 1.5, -1.0, 1e300):
        assert markup.paragraph(text, nth, "blank lines") == ""
    assert markup.first_word("“Well-known” it is", "unicode") == "well"
    assert markup.first_word("'Twas!so", "ifeval") == "twas"
    assert markup.first_word(" ", "ifeval") == markup.first_word("?", "unicode") == ""


# ---------------------------------------------------------------- similarity


@given(hostile, hostile, st.sampled_from(["rouge_l", "chrf", "ratio"]))
def test_similarity_is_bounded_and_1_for_equals(
    left: str, right: str, metric: str
) -> None:
    assert 0 <= similarity(left, right, metric) <= 1
    assert similarity(left, left, metric) == 1


@given(hostile, hostile, st.sampled_from(["rouge_l", "ratio"]))
def test_similarity_of_common_parts_is_symmetric(
    left: str, right: str, metric: str
) -> None:
    assert similarity(left, right, metric) == similarity(right, left, metric)


@given(st.text("abc", max_size=9), st.text("abc", max_size=9))
def test_common_length_is_that_of_the_textbook_table(left: str, right: str) -> None:
    table = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, a in enumerate(left, start=1):
        for j, b in enumerate(right, start=1):
            longer = max(table[i - 1][j], table[i][j - 1])
            table[i][j] = table[i - 1][j - 1] + 1 if a == b else longer
    assert common_length(left, right) == table[-1][-1]


def test_known_similarities() -> None:
    assert similarity(
        "police killed the gunman", "police kill the gunman", "rouge_l"
    ) == (pytest.approx(0.75))
    assert similarity("abcd", "bcde", "ratio") == pytest.approx(0.75)
    assert similarity("abc", "xyz", "chrf") == 0
    # Precision 1/2 and recall 1/1 of the only order, F2 = 5PR / (4P + R).
    assert similarity("ab", "a", "chrf") == pytest.approx(5 * 0.5 / 3)


def test_texts_beyond_the_limit_are_refused() -> None:
    many = "ab" * 200_000
    assert similarity(many, many, "ratio") == 1
    with pytest.raises(CheckError, match="chrf"):
        similarity("x" + many, many[::-1], "ratio")


# ----------------------------------------------------------------- languages


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The weather is lovely today, and we are going to the beach.", "en"),
        ("THE WEATHER IS LOVELY TODAY, AND WE ARE GOING TO THE BEACH.", "en"),
        ("El tiempo es magnífico hoy y vamos a la playa con los niños.", "es"),
        ("EL TIEMPO ES MAGNÍFICO HOY Y VAMOS A LA PLAYA CON LOS NIÑOS.", "es"),
        ("Das Wetter ist heute schön, und wir gehen an den Strand.", "de"),
        ("今日は天気がいいので海に行きます。", "ja"),
        ("", "und"),
        ("123 !?", "und"),
    ],
)
def test_language(text: str, code: str) -> None:
    pytest.importorskip("py3langid", reason="the extra `language` is not installed")
    assert language(text) == code


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from rubricdsl.checks import languages

    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    languages._identifier.cache_clear()  # noqa: SLF001
    try:
        with pytest.raises(CheckError, match=r"rubricdsl\[language\]"):
            language("some text")
    finally:
        languages._identifier.cache_clear()  # noqa: SLF001


# ---------------------------------------------------------------- long texts


LONG = 1_000_000
LONG_TEXTS = [
    "Go!",
    "b.)",
    "a",
    "a ",
    ". ",
    "*",
    "[",
    "<<",
    "\n",
    "- ",
    '"',
    "a.",
    "Ab. ",
    "\u0301",
]


@pytest.mark.parametrize("unit", LONG_TEXTS)
@pytest.mark.parametrize(
    "name",
    ["words", "sentences", "paragraphs", "bullets", "highlights", "placeholders"],
)
def test_a_million_characters_are_counted(name: str, unit: str) -> None:
    function = FUNCTIONS[name]
    text = unit * (LONG // len(unit))
    defaults = [p.default for p in function.signature.parameters[1:]]
    number = function.call(FACTS, text, *defaults)
    assert isinstance(number, float)
    assert 0 <= number <= LONG
