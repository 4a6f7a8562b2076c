"""What each kind of IFEval instruction means, as a check.

Kinds are those of Zhou et al., "Instruction-Following Evaluation for Large Language
Models" (2023), under ``en:`` or no prefix, and of M-IFEval's Spanish part under
``es:``.  Functions with ``rule = "ifeval"`` count as the reference checker does.
"""

import re
from collections.abc import Callable, Mapping

from attrs import frozen

from rubricdsl.expressions.patterns import diagnose
from rubricdsl.formats.ifeval_arguments import Arguments, InstructionError
from rubricdsl.model.digest import Plain
from rubricdsl.model.expression import (
    Call,
    Compare,
    CompareOperator,
    Constant,
    Expression,
    Logical,
    Name,
    Not,
)

_RESPONSE = Name("response")
_TRIMMED = Call("trim", (_RESPONSE,))
_IFEVAL = ("rule", Constant("ifeval"))
_ANY_CASE = ("case", Name("no"))
_ANSWERS = {
    "en": ("My answer is yes.", "My answer is no.", "My answer is maybe."),
    "es": ("Sí.", "No.", "Quizás."),
}
_POSTSCRIPTS = {
    "P.S.": r"(?i)p\.\s?s\.",
    "P.P.S": r"(?i)p\.\s?p\.\s?s",
    "P.D.": r"(?i)p\.\s?d\.",
}


@frozen
class Instruction:
    """A name and a statement for people, and the check that decides it."""

    name: str
    text: str
    check: Expression


def read_instruction(kind: str, values: Mapping[str, Plain]) -> Instruction:
    """Give the meaning of an instruction.

    Raises:
        InstructionError: the kind is unknown, or an argument missing or wrong.
    """
    prefix, _, rest = kind.partition(":")
    language = prefix if prefix in _ANSWERS else "en"
    bare = rest if prefix in _ANSWERS else kind
    make = _KINDS.get(bare)
    if make is None:
        raise InstructionError("it is not a kind of instruction known here")
    return make(Arguments(values, language))


# ------------------------------------------------------------- parts of checks


def _compare(left: Expression, operator: CompareOperator, right: float) -> Expression:
    return Compare(operator, left, Constant(float(right)))


def _measure(function: str, *more: Expression, reference: bool = False) -> Call:
    return Call(function, (_RESPONSE, *more), (_IFEVAL,) if reference else ())


def _matches(pattern: str, subject: Expression = _RESPONSE) -> Call:
    return Call("matches", (subject, Constant(pattern, raw=True)))


def _join(operator: str, operands: list[Expression]) -> Expression:
    if len(operands) == 1:
        return operands[0]
    return Logical("and" if operator == "and" else "or", tuple(operands))


def _quoted(texts: tuple[str, ...]) -> str:
    return ", ".join(f'"{text}"' for text in texts)


def _is_pattern(keyword: str) -> bool:
    """Tell whether the reference, which takes keywords for patterns, is followed."""
    return (
        re.escape(keyword).replace("\\ ", " ").replace("\\-", "-") != keyword
        and diagnose(f"(?i){keyword}") is None
    )


# ------------------------------------------------------------------ the kinds


def _keywords(given: Arguments) -> Instruction:
    keywords = given.texts("keywords")
    checks: list[Expression] = [
        _matches(f"(?i){keyword}")
        if _is_pattern(keyword)
        else Call("contains", (_RESPONSE, Constant(keyword)), (_ANY_CASE,))
        for keyword in keywords
    ]
    return Instruction(
        "keywords", f"Mentions {_quoted(keywords)}.", _join("and", checks)
    )


def _frequency(given: Arguments) -> Instruction:
    keyword = given.text("keyword")
    operator, said = given.relation("relation")
    times = given.number("frequency")
    counted: Expression = Call(
        "occurrences", (_RESPONSE, Constant(keyword)), (_ANY_CASE,)
    )
    if _is_pattern(keyword):
        counted = Call("count", (_RESPONSE, Constant(f"(?i){keyword}", raw=True)))
    return Instruction(
        "keyword_count",
        f'Uses the word "{keyword}" {said} {times} times.',
        _compare(counted, operator, times),
    )


def _forbidden(given: Arguments) -> Instruction:
    words = given.texts("forbidden_words")
    whole = ("whole", Name("yes"))
    checks: list[Expression] = [
        _compare(
            Call("occurrences", (_RESPONSE, Constant(word)), (_ANY_CASE, whole)),
            "==",
            0,
        )
        for word in words
    ]
    return Instruction(
        "forbidden_words", f"Uses none of {_quoted(words)}.", _join("and", checks)
    )


def _letters(given: Arguments) -> Instruction:
    letter = given.text("letter")
    if len(letter) != 1:
        raise InstructionError("its argument `letter` must be one character")
    operator, said = given.relation("let_relation")
    times = given.number("let_frequency")
    counted = _measure("letter_count", Constant(letter))
    return Instruction(
        "letter_count",
        f'Has the letter "{letter}" {said} {times} times.',
        _compare(counted, operator, times),
    )


def _language(given: Arguments) -> Instruction:
    code = given.text("language")
    return Instruction(
        "language",
        f"Is written in the language {code}.",
        Compare("==", _measure("language"), Constant(code)),
    )


def _sentences(given: Arguments) -> Instruction:
    operator, said = given.relation("relation")
    number = given.number("num_sentences")
    counted = _measure("sentences", reference=given.language == "en")
    return Instruction(
        "sentences",
        f"Has {said} {number} sentences.",
        _compare(counted, operator, number),
    )


def _words(given: Arguments) -> Instruction:
    operator, said = given.relation("relation")
    number = given.number("num_words")
    return Instruction(
        "words",
        f"Has {said} {number} words.",
        _compare(_measure("words", reference=True), operator, number),
    )


def _paragraphs(given: Arguments) -> Instruction:
    number = given.number("num_paragraphs")
    return Instruction(
        "paragraphs",
        f'Has {number} paragraphs, divided by "***".',
        _compare(_measure("paragraphs", reference=True), "==", number),
    )


def _nth_paragraph(given: Arguments) -> Instruction:
    number, nth = given.number("num_paragraphs"), given.number("nth_paragraph")
    word = given.text("first_word")
    empty_lines = (("rule", Constant("empty lines")),)
    divided = Call("paragraphs", (_RESPONSE,), empty_lines)
    paragraph = Call("paragraph", (_RESPONSE, Constant(float(nth))), empty_lines)
    start: Expression = Compare(
        "==", Call("first_word", (paragraph,), (_IFEVAL,)), Constant(word.lower())
    )
    if given.language == "es" and " " in word:
        start = Call("starts_with", (paragraph, Constant(word)), (_ANY_CASE,))
    return Instruction(
        "paragraph_start",
        f'Has {number} paragraphs, and number {nth} begins with "{word}".',
        _join("and", [_compare(divided, "==", number), start]),
    )


def _placeholders(given: Arguments) -> Instruction:
    number = given.number("num_placeholders")
    return Instruction(
        "placeholders",
        f"Has at least {number} placeholders in square brackets.",
        _compare(_measure("placeholders"), ">=", number),
    )


def _postscript(given: Arguments) -> Instruction:
    marker = given.text("postscript_marker")
    pattern = _POSTSCRIPTS.get(marker)
    check: Expression = Call("contains", (_RESPONSE, Constant(marker)), (_ANY_CASE,))
    if pattern is not None:
        check = _matches(pattern)
    return Instruction("postscript", f'Has a postscript, marked "{marker}".', check)


def _bullets(given: Arguments) -> Instruction:
    number = given.number("num_bullets")
    # The Spanish checker knows lists with stars alone.
    counted = (
        _measure("bullets", reference=True)
        if given.language == "en"
        else _measure("count", Constant(r"(?m)^\s*\*[^*].*$", raw=True))
    )
    return Instruction(
        "bullets",
        f"Has exactly {number} bullet points.",
        _compare(counted, "==", number),
    )


def _highlights(given: Arguments) -> Instruction:
    number = given.number("num_highlights")
    return Instruction(
        "highlights",
        f"Highlights at least {number} parts with *asterisks*.",
        _compare(_measure("highlights", reference=True), ">=", number),
    )


def _sections(given: Arguments) -> Instruction:
    marker, number = given.text("section_spliter"), given.number("num_sections")
    return Instruction(
        "sections",
        f'Has at least {number} sections, marked "{marker} 1" and so on.',
        _compare(_measure("sections", Constant(marker)), ">=", number),
    )


def _capital_words(given: Arguments) -> Instruction:
    operator, said = given.relation("capital_relation")
    number = given.number("capital_frequency")
    counted = _measure("capital_words", reference=given.language == "en")
    return Instruction(
        "capital_words",
        f"Has {said} {number} words all in capitals.",
        _compare(counted, operator, number),
    )


def _all_capitals(given: Arguments) -> Instruction:
    return _cased(given, "is_upper", "all_capitals", "capital")


def _all_small(given: Arguments) -> Instruction:
    return _cased(given, "is_lower", "all_small", "small")


def _cased(given: Arguments, function: str, name: str, letters: str) -> Instruction:
    in_language = Compare("==", _measure("language"), Constant(given.language))
    return Instruction(
        name,
        f"Is written in the language {given.language}, in {letters} letters only.",
        _join("and", [_measure(function), in_language]),
    )


def _repeats_prompt(given: Arguments) -> Instruction:
    prompt = given.text("prompt_to_repeat")
    return Instruction(
        "repeats_prompt",
        "Begins with the request, word for word.",
        Call("starts_with", (_TRIMMED, Constant(prompt)), (_ANY_CASE,)),
    )


def _two_responses(_: Arguments) -> Instruction:
    divider = Constant("******")
    distinct = Call("parts", (_RESPONSE, divider), (("distinct", Name("yes")),))
    return Instruction(
        "two_responses",
        'Gives two different responses, divided by "******".',
        _join(
            "and",
            [
                _compare(_measure("parts", divider), "==", 2),
                _compare(distinct, "==", 2),
            ],
        ),
    )


def _ending(given: Arguments) -> Instruction:
    phrase = given.text("end_phrase")
    # The Spanish verdicts let a full stop follow.
    marks = '"' if given.language == "en" else '".'
    phrase = phrase if given.language == "en" else phrase.rstrip(".")
    trimmed = Call("trim", (_RESPONSE,), (("marks", Constant(marks)),))
    return Instruction(
        "ending",
        f'Ends with "{phrase}".',
        Call("ends_with", (trimmed, Constant(phrase)), (_ANY_CASE,)),
    )


def _answer(given: Arguments) -> Instruction:
    answers = _ANSWERS[given.language]
    return Instruction(
        "fixed_answer",
        f"Gives one of the answers {_quoted(answers)}.",
        _join("or", [_measure("contains", Constant(answer)) for answer in answers]),
    )


def _accented(given: Arguments) -> Instruction:
    operator, said = given.relation("relation")
    number = given.number("num_words")
    return Instruction(
        "accented_words",
        f"Has {said} {number} words with an acute accent.",
        _compare(_measure("words_with", Constant("áéíóú")), operator, number),
    )


def _words_with(name: str, letter: str) -> Callable[[Arguments], Instruction]:
    def make(given: Arguments) -> Instruction:
        number = given.number("let_frequency")
        return Instruction(
            name,
            f'Has exactly {number} words with the letter "{letter}".',
            _compare(_measure("words_with", Constant(letter)), "==", number),
        )

    return make


def _plain(
    name: str, text: str, check: Expression
) -> Callable[[Arguments], Instruction]:
    instruction = Instruction(name, text, check)
    return lambda _: instruction


_KINDS: Mapping[str, Callable[[Arguments], Instruction]] = {
    "change_case:capital_word_frequency": _capital_words,
    "change_case:english_capital": _all_capitals,
    "change_case:english_lowercase": _all_small,
    "change_case:spanish_capital": _all_capitals,
    "change_case:spanish_lowercase": _all_small,
    "combination:repeat_prompt": _repeats_prompt,
    "combination:two_responses": _two_responses,
    "detectable_content:number_placeholders": _placeholders,
    "detectable_content:postscript": _postscript,
    "detectable_format:constrained_response": _answer,
    "detectable_format:json_format": _plain(
        "json",
        "Is wholly JSON, perhaps in a code fence.",
        Call("is_json", (_RESPONSE,), (("fenced", Name("yes")),)),
    ),
    "detectable_format:multiple_sections": _sections,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:title": _plain(
        "title",
        "Has a title in double angle brackets.",
        _compare(_measure("titles"), ">", 0),
    ),
    "keywords:existence": _keywords,
    "keywords:forbidden_words": _forbidden,
    "keywords:frequency": _frequency,
    "keywords:letter_frequency": _letters,
    "language:response_language": _language,
    "length_constraints:nth_paragraph_first_word": _nth_paragraph,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:number_sentences": _sentences,
    "length_constraints:number_words": _words,
    "punctuation:no_comma": _plain(
        "no_commas", "Uses no commas.", Not(_measure("contains", Constant(",")))
    ),
    "punctuation:exclamation_marks": _plain(
        "exclamation",
        "Has an exclamation between ¡ and !.",
        _matches(r"¡[^!]*[^¡!\s][^!]*!"),
    ),
    "punctuation:question_marks": _plain(
        "question",
        "Has a question between ¿ and ?.",
        _matches(r"¿[^?]*[^¿?\s][^?]*\?"),
    ),
    "special_character:dieresis": _words_with("diaeresis_words", "ü"),
    "special_character:enie": _words_with("enye_words", "ñ"),
    "special_character:tildes": _accented,
    "startend:end_checker": _ending,
    "startend:quotation": _plain(
        "quoted",
        "Stands as a whole in double quotation marks.",
        _matches(r'(?s)^".*"$', _TRIMMED),
    ),
}
