"""Files drawn from the grammar itself: whatever ``rubric.lark`` allows.

Hypothesis can draw texts from a grammar, but it puts terminals side by side with
nothing between them and knows of no indentation.  So the terminals that lay a file
out are drawn as sentinels, which become line ends and blanks afterwards, and words
and numbers bring a blank along.

What comes out is right in syntax and seldom in meaning: names that nothing declares,
weights of 0, fields where they do not belong.
"""

import re
from collections.abc import Collection
from functools import cache

from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark
from lark.lexer import PatternStr, TerminalDef

from rubricdsl.language.grammar import grammar_file
from rubricdsl.language.words import FIELD_KEYS, TEXT_KEYS

_INDENT, _DEDENT, _END = "\x01", "\x02", "\x03"
# What is not drawn as the grammar has it: blanks are put in where they must be, and
# the value of a field that there is not is no syntax of its own.
_CHANGES = {
    "%ignore /[ ]+/": "%declare FIELD_KEY",
    '!key: NAME | "judge"': '!key: FIELD_KEY | "judge"',
}
_LEVEL = " " * 4

# Some criteria are written as people write them, which is read in a way of its own.
_LOOSE = re.compile(r"\[([13]) \](\S+) :(?=t )")

# Names of criteria, functions and values; none is reserved.
_NAMES = (
    "a", "b", "c", "score", "skip", "title", "words", "response", "number", "majority",
    "été", "हिन्दी", "名前", "_",
)  # fmt: skip
_LINES = (
    "Names Ottawa.", "x", "# no comment", "a: b", "[1] a: b", "{{a}}", '"', '"""',
    "| bar", "level 1: x", "C:\\temp", "שלום", "é\u0301", "\U0001f469\u200d\U0001f4bb",
    "'", "a  b", "3", "n/a", "of", ")", "\\",
)  # fmt: skip


def drawn_files() -> st.SearchStrategy[str]:
    """Generate files of one or more rubrics that have the syntax of the grammar."""
    return _sentinels().map(_laid_out)


@cache
def _sentinels() -> st.SearchStrategy[str]:
    text = grammar_file().read_text("utf-8")
    for old, new in _CHANGES.items():
        if text.count(old) != 1:
            raise LookupError(f"the grammar has `{old}` no more, which is not drawn")
        text = text.replace(old, new)
    grammar = Lark(text, parser="lalr", lexer="basic", start="start")
    return from_lark(grammar, start="start", explicit=_explicit(grammar.terminals))


def _explicit(terminals: Collection[TerminalDef]) -> dict[str, st.SearchStrategy[str]]:
    found = {
        terminal.name: st.just(f"{terminal.pattern.value} ")
        for terminal in terminals
        if isinstance(terminal.pattern, PatternStr) and terminal.pattern.value.isalpha()
    }
    lines = st.lists(st.sampled_from(_LINES), min_size=1, max_size=3).map(" ".join)
    # A bar or a quote at the start would be the beginning of something else.
    text = lines.map(lambda line: f"t {line}")
    names = st.sampled_from(_NAMES).map(lambda name: f"{name} ")
    fields = st.sampled_from(sorted(FIELD_KEYS - TEXT_KEYS - {"judge", "n/a"})).map(
        lambda key: f"{key} "
    )
    signed = st.sampled_from(["1", "3", "-2", "0.5", "+1.50", "0", "007"])
    rows = st.lists(lines.filter(lambda line: '"""' not in line), max_size=3)
    return found | {
        "_INDENT": st.just(_INDENT),
        "_DEDENT": st.just(_DEDENT),
        "_NL": st.just(_END),
        "NAME": names,
        "FIELD_KEY": fields,
        "NA": st.just("n/a "),
        "SIGNED": signed.map(lambda number: f"{number} "),
        "DATE": st.just("2026-10-02 "),
        "VERSION": st.just("1.2.0 "),
        "STRING": st.sampled_from(['"a b" ', '"\\"#\\u00e9" ', '"" ', '"x.rub" ']),
        "RAW": st.sampled_from(["'(?m)^a\\.$' ", "'#' ", "'' "]),
        "CMP": st.sampled_from(["<= ", ">= ", "== ", "!= ", "< ", "> "]),
        "ADD": st.sampled_from(["+ ", "- "]),
        "MUL": st.sampled_from(["* ", "/ "]),
        "TEXT": text,
        "BAR": st.one_of(st.just("|"), lines.map(lambda line: f"| {line}")),
        "BLOCK": rows.map(lambda rows: "\n".join(['"""', *rows, '"""'])),
    }


def _laid_out(sentinels: str) -> str:
    """Turn sentinels into line ends and indentation."""
    text, depth, fresh = "", 0, True
    for character in sentinels:
        if character == _INDENT:
            depth += 1
        elif character == _DEDENT:
            depth -= 1
        elif character == _END:
            # The grammar wants a line end before the first line, too.
            text += "\n" if text else ""
            fresh = True
        else:
            text += _LEVEL * depth if fresh else ""
            text += character
            fresh = False
    return _LOOSE.sub(r"[\1] \2: ", text)
