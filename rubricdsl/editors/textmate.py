"""The TextMate grammar, made of the tables of the language.

``python -m rubricdsl.editors.textmate`` writes ``grammars/rubric.tmLanguage.json``
anew.  Its patterns mean the same to Oniguruma, which editors use, and to Python.  A
line comes with its line feed: blanks at an end are matched as such, so that the rule
of a line is not still open on the next.
"""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeAlias

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.editors.vocabulary import (
    NA,
    TEXT_FIELDS,
    VALUE_FIELDS,
    WORDS,
    WordKind,
)
from rubricdsl.expressions.inference import RESPONSE_NAMES
from rubricdsl.language.words import (
    EXPRESSION_LINES,
    KIND_WORDS,
    MARK_WORDS,
    NAME,
    RULING_WORDS,
    SPEAKERS,
)

GRAMMAR: Final = "rubric.tmLanguage.json"
Rule: TypeAlias = dict[str, "str | dict[str, Rule] | list[Rule]"]

_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?"
_PATH = rf"{NAME}(?:\.{NAME})*"
# Marks with a number behind them; the others stand alone.
_NUMBERED = ("bonus", "cap")
_BOUNDARY = r"(?![^\s:,()=<>.\]])"


def grammar() -> Rule:
    """Make the grammar."""
    return {
        "name": "Rubric",
        "scopeName": "source.rubric",
        "fileTypes": ["rub"],  # type: ignore[list-item]
        "patterns": _included(
            "comment",
            "bar",
            "include",
            "group",
            "criterion",
            "expression-line",
            "level",
            "example",
            "response",
            "text-line",
            "order",
            "test-line",
            "header",
            "field",
        ),
        "repository": {**_lines(), **_parts()},
    }


def text() -> str:
    """Give the grammar as the text of its file."""
    return json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n"


# ------------------------------------------------------------------------ lines


def _lines() -> dict[str, Rule]:
    kinds = _words(KIND_WORDS - {"at"})
    of_group = rf"(?:at\s+least\s+[^\s:]+|{kinds})\s+of(?![^\s:])"
    marked = r"^\s*(?=\[[^\]]*\]\s*"
    return {
        "comment": {
            "match": r"^\s*(#.*)$",
            "captures": _captures("comment.line.number-sign"),
        },
        "bar": {
            "match": r"^\s*(\|)(.*)$",
            "captures": {
                "1": _scope("punctuation.definition.string.begin"),
                "2": _text("string.unquoted.bar"),
            },
        },
        "include": _line(
            rf"{marked}include\s)",
            "mark",
            {
                "match": rf"\b(include)\s+({_PATH})",
                "captures": _captures("keyword.other", "entity.name.namespace"),
            },
            {
                "match": rf"\b(as)\s+({NAME})",
                "captures": _captures("keyword.other", "entity.name.function"),
            },
            "value",
        ),
        "group": _line(
            rf"{marked}{of_group})",
            "mark",
            {
                "match": rf"(?<=\])\s*(at)\s+(least)\s+({_NUMBER})",
                "captures": _captures(
                    "storage.type.kind", "storage.type.kind", "constant.numeric"
                ),
            },
            {
                "match": rf"(?<=\])\s*({kinds})(?=\s+of)",
                "captures": _captures("storage.type.kind"),
            },
            {
                "match": rf"\b(of)\s+({NAME})",
                "captures": _captures("keyword.other", "entity.name.section"),
            },
            "text",
        ),
        "criterion": _line(
            r"^\s*(?=\[)",
            "mark",
            {
                "match": rf"(?<=\])\s*({NAME})(?=\s*:)",
                "captures": _captures("entity.name.function"),
            },
            "text",
        ),
        "expression-line": _line(
            rf"^\s*({_words(EXPRESSION_LINES)})\s*(:)",
            "expression",
            captures=("keyword.control", "punctuation.separator"),
        ),
        "level": _line(
            r"^\s*(level)(?=\s)(?!\s*:)",
            "text",
            "number",
            "string",
            captures=("keyword.control",),
        ),
        "example": _line(
            r"^\s*(example)(?=\s)(?!\s*:)",
            "text",
            "verdict",
            captures=("keyword.control",),
        ),
        "response": _line(
            rf"^\s*(response)(?:\s+({NAME}))?(?=\s*:)",
            "text",
            captures=("keyword.control", "entity.name.tag"),
        ),
        "text-line": _line(
            rf"^\s*(?:({_words(TEXT_FIELDS)})|({_words(SPEAKERS)}))(?=\s*:)",
            "text",
            captures=("entity.other.attribute-name", "keyword.control"),
        ),
        "order": _line(
            r"^\s*(expect)\s+(order)\s*(:)",
            {
                "match": rf"\b(by)\s+({_NUMBER})",
                "captures": _captures("keyword.other", "constant.numeric"),
            },
            {"match": ">", "name": _name("keyword.operator.comparison")},
            {"match": NAME, "name": _name("variable.other")},
            captures=("keyword.control", "keyword.other", "punctuation.separator"),
        ),
        "test-line": _line(
            rf"^\s*(given|expect)\s+({_PATH})\s*(:)",
            "verdict",
            {"match": r"\babout\b", "name": _name("keyword.other")},
            "operator",
            captures=("keyword.control", "variable.other", "punctuation.separator"),
        ),
        "header": {"patterns": [*_headers()]},
        "field": _line(
            rf"^\s*({_words(VALUE_FIELDS)})\s*(:)",
            "value",
            captures=("entity.other.attribute-name", "punctuation.separator"),
        ),
    }


def _headers() -> Iterable[Rule]:
    """Give the lines that begin a block, or stand for themselves."""
    named = {
        "rubric": "entity.name.type",
        "judge": "entity.name.class",
    }
    for word, scope in named.items():
        yield {
            "match": rf"^\s*({word})\s+({NAME})\s*$",
            "captures": _captures("keyword.control", scope),
        }
    yield {
        "match": r"^\s*(history|prompt)\s*$",
        "captures": _captures("keyword.control"),
    }
    yield _line(r"^\s*(test)(?=\s)(?!\s*:)", "string", captures=("keyword.control",))
    yield _line(
        r"^\s*(use)(?=\s)(?!\s*:)",
        "string",
        {
            "match": rf"\b(as)\s+({NAME})",
            "captures": _captures("keyword.other", "entity.name.namespace"),
        },
        captures=("keyword.control",),
    )
    yield _line(
        rf"^\s*(param)\s+({NAME})\s*(:)\s*({NAME})",
        "value",
        captures=(
            "keyword.control",
            "variable.parameter",
            "punctuation.separator",
            "support.type",
        ),
    )
    yield _line(
        rf"^\s*(round)\s+({_NUMBER})\s*(:)",
        "value",
        captures=("keyword.control", "constant.numeric", "punctuation.separator"),
    )


# ------------------------------------------------------------------------ parts


def _parts() -> dict[str, Rule]:
    plain = _words(MARK_WORDS - set(_NUMBERED))
    functions = _words(each.signature.name for each in builtin_functions())
    return {
        "mark": {
            "match": rf"(\[)\s*(?:({plain})(?=\s*\])|({_words(_NUMBERED)})\s+"
            rf"({_NUMBER})|({_NUMBER})|({NAME}))\s*(\])",
            "captures": _captures(
                "punctuation.definition.mark.begin",
                "keyword.other.mark",
                "keyword.other.mark",
                "constant.numeric",
                "constant.numeric",
                "constant.other.weight-class",
                "punctuation.definition.mark.end",
            ),
        },
        "text": {
            "patterns": [
                {
                    "begin": r'(:)[ \t]*(""")[ \t]*$',
                    "end": r'"""',
                    "beginCaptures": _captures(
                        "punctuation.separator", "punctuation.definition.string.begin"
                    ),
                    "endCaptures": {"0": _scope("punctuation.definition.string.end")},
                    "contentName": _name("string.quoted.triple"),
                    "patterns": _included("parameter"),
                },
                {
                    "match": r"(:)[ \t]*(.*)$",
                    "captures": {
                        "1": _scope("punctuation.separator"),
                        "2": _text("string.unquoted.text"),
                    },
                },
            ]
        },
        "parameter": {
            "match": r"\{\{\s*[^\W\d]\w*\s*\}\}",
            "name": _name("variable.parameter.interpolation"),
        },
        "expression": {
            "patterns": [
                {
                    "match": rf"\b({_words(WORDS[WordKind.OPERATOR])}){_BOUNDARY}",
                    "name": _name("keyword.operator.logical"),
                },
                {
                    "match": rf"\b(?:{functions})(?=\s*\()",
                    "name": _name("support.function"),
                },
                {"match": rf"{NAME}(?=\s*\()", "name": _name("entity.name.function")},
                {
                    "match": rf"{NAME}(?=\s*=(?!=))",
                    "name": _name("variable.parameter"),
                },
                {
                    "match": rf"\b(?:{_words(RESPONSE_NAMES)}){_BOUNDARY}",
                    "name": _name("variable.language"),
                },
                *_included("string", "number", "operator"),
                {"match": NAME, "name": _name("variable.other")},
            ]
        },
        "value": {
            "patterns": [
                *_included("string"),
                {
                    "match": r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]+\.[0-9]+\.[0-9]+",
                    "name": _name("constant.other"),
                },
                *_included("number"),
                {
                    "match": rf"(?<=[0-9])\s+(to)(?=\s+{_NUMBER})",
                    "captures": _captures("keyword.other"),
                },
                {"match": rf"{NA}(?!\w)", "name": _name("constant.language.verdict")},
                {"match": rf"{NAME}(?=\s*=)", "name": _name("variable.parameter")},
                {"match": NAME, "name": _name("variable.other")},
                {"match": r"[=,.()]", "name": _name("punctuation.separator")},
            ]
        },
        "verdict": {
            "patterns": [
                {
                    "match": rf"\b(level)\s+({_NUMBER})",
                    "captures": _captures(
                        "constant.language.verdict", "constant.numeric"
                    ),
                },
                {
                    "match": rf"\b(?:{_words(RULING_WORDS)}){_BOUNDARY}|{NA}(?!\w)",
                    "name": _name("constant.language.verdict"),
                },
                *_included("number"),
            ]
        },
        "number": {
            "match": r"(?:(?<![\w.)\"'])[+-])?(?<![\w.])[0-9]+(?:\.[0-9]+)?",
            "name": _name("constant.numeric"),
        },
        "string": {
            "patterns": [
                {
                    "match": r'"(?:[^"\\]|\\.)*"',
                    "name": _name("string.quoted.double"),
                },
                {"match": r"'[^']*'", "name": _name("string.quoted.single")},
            ]
        },
        "operator": {
            "patterns": [
                {
                    "match": "<=|>=|==|!=|<|>",
                    "name": _name("keyword.operator.comparison"),
                },
                {"match": "[-+*/]", "name": _name("keyword.operator.arithmetic")},
                {"match": r"[=,.()]", "name": _name("punctuation.separator")},
            ]
        },
    }


# ---------------------------------------------------------------------- writing


def _line(begin: str, *patterns: str | Rule, captures: tuple[str, ...] = ()) -> Rule:
    """Make the rule of a line that begins so, up to its end."""
    rule: Rule = {"begin": begin, "end": "$"}
    if captures:
        rule["beginCaptures"] = _captures(*captures)
    rule["patterns"] = [
        *(_included(p)[0] if isinstance(p, str) else p for p in patterns)
    ]
    return rule


def _included(*names: str) -> list[Rule]:
    return [{"include": f"#{name}"} for name in names]


def _name(scope: str) -> str:
    return f"{scope}.rubric"


def _scope(scope: str) -> Rule:
    return {"name": _name(scope)}


def _captures(*scopes: str) -> dict[str, Rule]:
    return {str(number): _scope(scope) for number, scope in enumerate(scopes, 1)}


def _text(scope: str) -> Rule:
    """Give the scope of a free text, with parameters in it."""
    return {"name": _name(scope), "patterns": _included("parameter")}


def _words(words: Iterable[str]) -> str:
    """Match any of some words; a longer one before one that it begins with."""
    return "|".join(re.escape(word) for word in sorted(words, reverse=True))


def main() -> None:
    """Write the grammar into the checkout."""
    path = Path(__file__).resolve().parents[2] / "grammars" / GRAMMAR
    path.write_text(text(), "utf-8")
    sys.stdout.write(f"{path.name} written\n")


if __name__ == "__main__":
    main()
