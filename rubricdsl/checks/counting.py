"""Functions that count: words, sentences, paragraphs, characters and the like.

``rule = "ifeval"`` counts as the reference checker of IFEval does (Zhou et al.,
"Instruction-Following Evaluation for Large Language Models", 2023), so that its
verdicts can be reproduced.
"""

import re
from collections.abc import Iterator

from rubricdsl.checks import reference_tokens, segmentation
from rubricdsl.checks.signatures import NUMBER, choice, function, text, yes_no
from rubricdsl.diagnostics import CheckError
from rubricdsl.model.protocols import CheckFunction

_WORD_RUN = re.compile(r"\w+")
BLANK_LINE = re.compile(r"\n[^\S\n]*\n")


def words(t: str, rule: str) -> float:
    """Count words: those of UAX 29, or runs of letters, digits and underscores."""
    found = _WORD_RUN.finditer(t) if rule == "ifeval" else segmentation.words(t)
    return float(sum(1 for _ in found))


def sentences(t: str, rule: str) -> float:
    """Count sentences: those of UAX 29, or those of the reference's splitter."""
    if rule == "ifeval":
        return float(reference_tokens.sentence_count(t))
    return float(sum(1 for _ in segmentation.sentences(t)))


def paragraphs(t: str, rule: str) -> float:
    """Count paragraphs, however they are told apart."""
    match rule:
        case "ifeval":
            return parts(t, "***", "no")
        case "empty lines":
            pieces = t.split("\n\n")
        case _:
            pieces = BLANK_LINE.split(t)
    return float(sum(bool(piece.strip()) for piece in pieces))


def parts(t: str, divider: str, distinct: str) -> float:
    """Count the parts between dividers; 0 if one in the middle is blank."""
    if not divider:
        raise CheckError("`parts` needs a divider, and this one is empty")
    pieces = [piece.strip() for piece in t.split(divider)]
    if not all(pieces[1:-1]):
        return 0.0
    found = [piece for piece in pieces if piece]
    return float(len(set(found) if distinct == "yes" else found))


def characters(t: str) -> float:
    """Count code points."""
    return float(len(t))


def occurrences(t: str, s: str, case: str, whole: str) -> float:
    """Count how often ``s`` stands in ``t``, without overlap."""
    if not s:
        raise CheckError("`occurrences` needs something to look for")
    if case == "no":
        t, s = t.lower(), s.lower()
    if whole == "no":
        return float(t.count(s))
    return float(sum(_stands_alone(t, at, at + len(s)) for at in _found(t, s)))


def _found(t: str, s: str) -> Iterator[int]:
    at = t.find(s)
    while at >= 0:
        yield at
        at = t.find(s, at + len(s))


def _stands_alone(t: str, start: int, end: int) -> bool:
    before = start > 0 and _joins(t[start - 1]) and _joins(t[start])
    after = end < len(t) and _joins(t[end]) and _joins(t[end - 1])
    return not (before or after)


def _joins(char: str) -> bool:
    return char.isalnum() or char == "_"


def letter_count(t: str, letter: str) -> float:
    """Count one character, in either case."""
    if len(letter) != 1:
        raise CheckError(f"`letter_count` needs one character, not {len(letter)}")
    return float(t.lower().count(letter.lower()))


def words_with(t: str, letters: str) -> float:
    """Count the words that hold at least one of ``letters``, in either case."""
    wanted = {*letters.lower(), *letters.upper()}
    return float(sum(not wanted.isdisjoint(word) for word in segmentation.words(t)))


def capital_words(t: str, rule: str) -> float:
    """Count words whose letters are all capital."""
    found = (
        reference_tokens.word_tokens(t) if rule == "ifeval" else segmentation.words(t)
    )
    return float(sum(word.isupper() for word in found))


_RULE = choice("rule", "unicode", "ifeval")

FUNCTIONS: tuple[CheckFunction, ...] = (
    function(
        "words",
        (text("t"), _RULE),
        NUMBER,
        words,
        'Number of words (Unicode UAX 29); rule = "ifeval" counts runs of letters, '
        "digits and underscores.",
    ),
    function(
        "sentences",
        (text("t"), _RULE),
        NUMBER,
        sentences,
        'Number of sentences (Unicode UAX 29); rule = "ifeval" splits English text '
        "as the reference checker does.",
    ),
    function(
        "paragraphs",
        (text("t"), choice("rule", "blank lines", "empty lines", "ifeval")),
        NUMBER,
        paragraphs,
        'Number of paragraphs between blank lines; rule = "empty lines" takes only '
        'lines without any blanks for blank, rule = "ifeval" paragraphs divided by '
        "***, and gives 0 where one in the middle is blank.",
    ),
    function(
        "parts",
        (text("t"), text("divider"), yes_no("distinct", default="no")),
        NUMBER,
        parts,
        "Number of parts between dividers, 0 if one in the middle is blank; "
        "distinct = yes counts equal parts once.",
    ),
    function("characters", (text("t"),), NUMBER, characters, "Number of code points."),
    function(
        "occurrences",
        (
            text("t"),
            text("s"),
            yes_no("case", default="yes"),
            yes_no("whole", default="no"),
        ),
        NUMBER,
        occurrences,
        "How often s stands in t, without overlap; whole = yes takes it only where no "
        "word goes on before or behind it.",
    ),
    function(
        "letter_count",
        (text("t"), text("letter")),
        NUMBER,
        letter_count,
        "How often a letter stands in t, in either case.",
    ),
    function(
        "words_with",
        (text("t"), text("letters")),
        NUMBER,
        words_with,
        "Number of words that hold at least one of the letters, in either case.",
    ),
    function(
        "capital_words",
        (text("t"), _RULE),
        NUMBER,
        capital_words,
        "Number of words written all in capitals.",
    ),
)
