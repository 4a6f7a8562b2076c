"""The words of the language: which mean something, where, and what a name is.

A word is a keyword only in the lines where it means something, so a criterion may
be called ``title``.  Where a name would be read as something else it is reserved.
"""

import re
import unicodedata
from collections.abc import Mapping

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.model.source import Span

NAME = r"""[^\W\d][^\s\[\]():.,=<>!'"*\/+|{}#-]*"""

SPEAKERS = frozenset({"system", "user", "assistant", "tool"})
MARK_WORDS = frozenset({"must", "never", "info", "bonus", "cap"})
KIND_WORDS = frozenset(
    {"mean", "all", "any", "at", "worst", "best", "geomean", "formula"}
)
RULING_WORDS = frozenset({"yes", "no", "partly"})
EXPRESSION_WORDS = frozenset({"and", "or", "not"})

#: Names that would be read as something else where a name can stand.
RESERVED = (
    MARK_WORDS
    | KIND_WORDS
    | RULING_WORDS
    | EXPRESSION_WORDS
    | {"least", "of", "include", "as", "score", "order"}
)

#: The fields that each block may have.
FIELDS: Mapping[str, frozenset[str]] = {
    block: frozenset(names.split())
    for block, names in {
        "rubric": "version title prompt reference note why for tags weights judge "
        "passing sees language n/a",
        "group": "title note why tags passing judge sees n/a since was monotone",
        "criterion": "title note why tags passing judge sees n/a since was needs "
        "answers levels evidence source",
        "judge": "model ask votes temperature max_tokens on_error instructions",
        "test": "with tags tier prompt reference",
    }.items()
}
FIELD_KEYS = frozenset(key for keys in FIELDS.values() for key in keys)

#: Fields whose value is free text.
TEXT_KEYS = frozenset(
    {"title", "note", "why", "prompt", "reference", "instructions", "source"}
)

ITEM_WORDS = KIND_WORDS | {"least", "of", "include", "as"}
INCLUDE_WORDS = ITEM_WORDS | {"to"}
EXPECT_WORDS = RULING_WORDS | {"about", "by", "level"}
EXPRESSION_LINES = frozenset({"check", "combine"})

#: Words that begin a line with a head and free text, and one with values; with the
#: keywords in that head or among those values.
TEXT_LINES: Mapping[str, frozenset[str]] = {
    "level": frozenset(),
    "response": frozenset(),
    "example": EXPECT_WORDS,
}
VALUE_LINES: Mapping[str, frozenset[str]] = {
    "rubric": frozenset(),
    "use": frozenset({"as"}),
    "param": frozenset({"to"}),
    "test": frozenset(),
    "history": frozenset(),
    "round": frozenset({"to"}),
    "judge": frozenset(),
    "prompt": frozenset(),
}

# Letters of other scripts that look like Latin ones (Unicode TR 39, the common few).
_LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕһԁɡոνοραβεικ",
    "aeopcyxijshdgnvopabeik",
)

_PATH = re.compile(rf"{NAME}(?:\.{NAME})*")
_SMALL_WORDS = frozenset(
    "the a an of to in on at is are that as and or its it response answer".split()  # noqa: SIM905
)


def is_path(text: str) -> bool:
    """Say whether a text can stand as a value without quotes: a name, or a path."""
    return _PATH.fullmatch(text) is not None and all(
        part.isidentifier() for part in text.split(".")
    )


def skeleton_of(name: str) -> str:
    """Give what is the same for names that cannot be told apart.

    They differ only in case, width or letters that look alike.
    """
    if name.isascii():
        return name.lower()
    plain = unicodedata.normalize("NFKC", name).casefold()
    return plain.translate(_LOOK_ALIKES)


def reserved_name(name: str, span: Span) -> Diagnostic:
    """Say that a word of the language cannot be a name."""
    hint = f"choose another name, such as `{name}_` or one that says more"
    return Diagnostic("E308", f"`{name}` is a reserved word", span, hint)


def proposed_name(text: str) -> str:
    """Propose a name for a criterion, made of the words of its text."""
    words = [w for w in re.findall(r"\w+", text.casefold()) if w not in _SMALL_WORDS]
    name = "_".join(words[:3])
    return name if name.isidentifier() and name not in RESERVED else "name"
