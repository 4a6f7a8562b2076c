"""Strategies for what people write: names, numbers, and hostile texts."""

from functools import cache

from hypothesis import strategies as st

from rubricdsl.language.characters import Source, hidden_characters
from rubricdsl.model.rubric import Param

STEMS = ("a", "title", "level", "école", "हिन्दी", "漢字", "Straße", "rubric", "_x")
_NASTY = (
    '"',
    "'",
    '"""',
    'x: """',
    "| bar",
    "# no comment",
    "[3] a: b",
    "{{ 1 }}",
    "\\n \\u202e \\",
    "  two blanks at each edge  ",
    "first\n\n  third ",
    "\n",
    "\tx",
    "n/a: skip",
    "שלום עולם",
    "é e\u0301 \u1100\u1161",
    "👩\u200d⚕️ नि\u200dक",
    "\u00a0x\u3000",
    "%s {x} $y ` < > &",
)


def _is_seen(text: str) -> bool:
    # A byte order mark is gone only from the start of a file, not of a text in it.
    hides = text.startswith("\ufeff") or any(hidden_characters(Source.of(text)))
    return not hides


@cache
def words() -> st.SearchStrategy[str]:
    """Generate values for names in lists, such as prompt ids: any text at all."""
    return st.one_of(st.sampled_from(STEMS), st.text(max_size=12), st.just("to"))


@cache
def texts(params: tuple[Param, ...] = ()) -> st.SearchStrategy[str]:
    """Generate free text; it may mention ``params``."""
    pieces = [*_NASTY, *(f"{{{{{param.name}}}}}" for param in params)]
    piece = st.one_of(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20),
        st.sampled_from(pieces),
    )
    plain = st.sampled_from(["Names Ottawa.", "Is short."])
    joined = st.lists(piece, max_size=3).map("".join).filter(_is_seen)
    return st.one_of(plain, joined)


@cache
def hundredths() -> st.SearchStrategy[float]:
    """Generate shares with two decimals."""
    return st.integers(0, 100).map(lambda n: n / 100)


@cache
def numbers() -> st.SearchStrategy[float]:
    """Generate numbers of both signs, some very large or small."""
    tenths = st.integers(-50, 500).map(lambda n: n / 10)
    return st.one_of(tenths, st.sampled_from([1e-7, 123456789.25, 2.0**60]))
