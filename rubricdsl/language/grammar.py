"""The parser of the grammar, from a table made ahead of time.

Building the parser from the grammar takes a third of a second; loading its table
takes a fraction of that.  The table is made when the wheel is built and, in a
checkout, beside the package when the grammar is newer; the digest of the grammar
and Lark's version stand in it, and one that does not fit is not used.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

import lark
from lark import Lark, Token, Tree
from lark.lexer import Lexer

GRAMMAR: Final = "rubric.lark"
TABLE: Final = "rubric.table.json"
_STARTS: Final = ["start", "header", "entry"]


class GrammarMissingError(RuntimeError):
    """The installation holds no grammar: it is broken."""


class _TokensGiven(Lexer):
    """Stands where Lark expects a lexer; the tokens are cut already."""

    def __init__(self, lexer_conf: object) -> None:
        del lexer_conf

    def lex(self, data: Iterable[Token]) -> Iterator[Token]:  # type: ignore[override]
        return iter(data)


def grammar_file(name: str = GRAMMAR) -> Traversable:
    """Find a file of ``grammars/``: in the wheel, or in the checkout.

    Raises GrammarMissingError if it is in neither.
    """
    packaged = files("rubricdsl") / "_grammars" / name
    if packaged.is_file():
        return packaged
    checkout = Path(__file__).resolve().parents[2]
    original = checkout / "grammars" / name
    # Without the test for pyproject.toml, an installed copy would look into
    # site-packages/grammars, which may be somebody else's package.
    if (checkout / "pyproject.toml").is_file() and original.is_file():
        return original
    message = f"{name!r} is neither at {packaged} nor at {original}: install again"
    raise GrammarMissingError(message)


def build_table(grammar: str) -> str:
    """Make the parser's table for a grammar, as JSON text."""
    parser = Lark(
        grammar,
        parser="lalr",
        lexer=_TokensGiven,
        start=_STARTS,
        maybe_placeholders=True,
    )
    data, memo = parser.memo_serialize([lark.grammar.Rule, lark.lexer.TerminalDef])
    del data["options"]["lexer"], data["parser"]["lexer_conf"]["lexer_type"]
    return json.dumps(
        {"made_for": _made_for(grammar), "data": data, "memo": memo},
        default=_plain,
        separators=(",", ":"),
    )


def load_table(text: str, grammar: str) -> Lark | None:
    """Make a parser of a table; None if it was made for something else."""
    table = json.loads(text)
    if table["made_for"] != _made_for(grammar):
        return None
    data = table["data"]
    data["options"]["lexer"] = _TokensGiven
    data["parser"]["lexer_conf"]["lexer_type"] = _TokensGiven
    tables = data["parser"]["parser"]
    tables["states"] = {
        int(state): {int(token): tuple(act) for token, act in actions.items()}
        for state, actions in tables["states"].items()
    }
    tables["tokens"] = {int(number): name for number, name in tables["tokens"].items()}
    memo = {int(number): item for number, item in table["memo"].items()}
    # This is how Lark's own standalone parsers load their tables.
    parser: Lark = Lark._load_from_dict(data, memo)  # type: ignore[no-untyped-call]  # noqa: SLF001
    return parser


@cache
def parser() -> Lark:
    """Give the parser of ``grammars/rubric.lark``."""
    grammar = grammar_file().read_text("utf-8")
    try:
        table = grammar_file(TABLE).read_text("utf-8")
    except GrammarMissingError:
        loaded = None
    else:
        loaded = load_table(table, grammar)
    return loaded or _rebuilt(grammar)


def parse_tokens(tokens: Iterable[Token], start: str) -> Tree[Token]:
    """Parse tokens as ``header`` or ``entry``.

    Raises lark.UnexpectedInput where they do not fit.
    """
    return parser().parse(tokens, start=start)


def _made_for(grammar: str) -> str:
    version = f"{lark.__version__}\n{','.join(_STARTS)}\n"
    return hashlib.sha256((version + grammar).encode()).hexdigest()


def _plain(value: Any) -> object:
    if isinstance(value, set | frozenset):
        return sorted(value)
    message = f"the parser's table cannot hold {value!r}"
    raise TypeError(message)


def _rebuilt(grammar: str) -> Lark:
    """Build the parser anew; in a checkout, keep its table for next time."""
    text = build_table(grammar)
    original = grammar_file()
    if isinstance(original, Path) and original.parent.name == "grammars":
        beside = original.with_name(TABLE)
        # A read-only checkout just builds the parser each time.
        with contextlib.suppress(OSError):
            beside.write_text(text, "utf-8")
    loaded = load_table(text, grammar)
    if loaded is None:
        message = "the parser's table does not fit the grammar it was made from"
        raise GrammarMissingError(message)
    return loaded
