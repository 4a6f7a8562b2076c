"""Sentences and word tokens as the reference checker of IFEval finds them.

The reference splits sentences by Punkt (T. Kiss and J. Strunk, "Unsupervised
Multilingual Sentence Boundary Detection", Computational Linguistics 32, 2006),
trained on newspaper English.  Here are Punkt's rules, with what its training comes
to written as rules of English: which abbreviations are known, and which words
begin a sentence behind one of them.  Word tokens are those of the Penn Treebank.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from attrs import frozen

_KNOWN = """
    mr mrs ms dr prof gen rep reps sen gov adm col lt maj sr jr st messrs rev
    inc corp co cos ltd bros cie vs ft mg yr chg ph.d v ave
    jan feb aug sep sept oct nov dec tues wed fri
    ala ariz calif colo conn fla ga ill kan ky mich minn nev okla ore pa tenn va vt
    wash wis w.va n.h n.j n.m n.y n.c s.c d.c n.d r.i
    a.m p.m u.s u.k u.n u.s.a u.s.s.r a.d l.a l.p m.b.a s.a n.v b.v ct ok sw
"""
_ABBREVIATIONS = frozenset(_KNOWN.split()) | frozenset("cdefghklmnprstvw")
_BEGINNINGS = """
    the this that these those a an it its he she they we i his her their our my
    but and or so yet in on at as by for from to of with without under after
    before during since until although though while when where if because despite
    however moreover nevertheless meanwhile then thus there here some such most
    many one two another other others what who also even only still now today
    no not all both each
"""
_STARTERS = frozenset(_BEGINNINGS.split())
_INITIALS = re.compile(r"[a-z](?:\.[a-z])+\Z")
# The last mark of a run without blanks that something follows: a sign that closes
# or joins, or the next run.
_CANDIDATE = re.compile(
    r"""(?<!\S)\S*[.?!](?= (?P<close>[)";}\]*:@'({\[!?]) | \s+(?P<next>\S+) )""",
    re.VERBOSE,
)
_CLOSING = re.compile(r"""["')\]}]++(?:\s++|(?=--)|$)""", re.MULTILINE)
_TOKEN = re.compile(
    r"""
      -{2,} | \.{2,} | (?:\.\s){2,}\.
    | [^\s("`{\[:;&\#*@)}\]\-,][^\s)";}\]*:@'({\[!?]*?
      (?= \s | $ | [)";}\]*:@'({\[!?] | -{2,} | \.{2,} | (?:\.\s){2,}\.
        | ,(?= $ | \s | [)";}\]*:@'({\[!?] ) )
    | \S
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(r"-?[.,]?\d[\d,.\-]*\.?\Z")
_INITIAL = re.compile(r"[^\W\d]\.\Z")


def sentence_count(text: str) -> int:
    """Count sentences; a text of blanks has none."""
    return sum(1 for _ in _sentences(text))


def _sentences(text: str) -> Iterator[str]:
    start = 0
    end_of_text = len(text.rstrip())
    for end, following in _breaks(text):
        if end <= start:
            continue
        # Closing quotes and brackets belong to the sentence that they close.
        closing = _CLOSING.match(text, following)
        piece = text[start : closing.end() if closing else end]
        if piece.strip():
            yield piece
        start = closing.end() if closing else following
    if start < end_of_text:
        yield text[start:end_of_text]


def _breaks(text: str) -> Iterator[tuple[int, int]]:
    """Give each boundary: where one sentence ends and where the next begins."""
    for found in _CANDIDATE.finditer(text):
        if _is_boundary(found):
            next_start = found.start("next") if found["next"] else found.end()
            yield found.end(), next_start


@frozen
class _Token:
    text: str

    @property
    def period_final(self) -> bool:
        return self.text.endswith(".")

    @property
    def type(self) -> str:
        """The token without case and final dot; all numbers are alike."""
        if _NUMBER.match(self.text):
            return "0"
        return self.text.lower().removesuffix(".")


def _is_boundary(found: "re.Match[str]") -> bool:
    following = f" {found['next']}" if found["next"] else found["close"]
    tokens = (_Token(token[0]) for token in _TOKEN.finditer(found[0] + following))
    return any(_ends_sentence(token, after) for token, after in pairwise(tokens))


def _ends_sentence(token: _Token, after: _Token) -> bool:
    if token.text in ("?", "!", "."):
        return True
    if not token.period_final:
        return False
    is_initial = _INITIAL.match(token.text) is not None
    if token.text.endswith("..") or _is_abbreviation(token.type):
        return not is_initial and _begins_sentence(after)
    if is_initial or token.type == "0":
        # An initial may be the letter of a list's point; "J. R." is a name.
        named = is_initial and _INITIAL.match(after.text) is not None
        first = after.text[0]
        return not (named or first in ";:,.!?" or first.islower())
    return True


def _is_abbreviation(kind: str) -> bool:
    last = kind.rpartition("-")[2]
    return any(k in _ABBREVIATIONS or _is_known_initials(k) for k in (kind, last))


def _is_known_initials(kind: str) -> bool:
    # Latin abbreviations in small letters are rare in newspapers.
    return bool(_INITIALS.match(kind)) and kind not in ("e.g", "i.e")


def _begins_sentence(token: _Token) -> bool:
    return token.text[0].isupper() and token.type in _STARTERS


# --------------------------------------------------------------- word tokens

_WORD_TOKEN = re.compile(
    r"""
      ``|''|--+|\.{3,}
    | [^\W_]+(?:[._\-/'\u2019][^\W_]+)*\.?
    | [^\s]
    """,
    re.VERBOSE,
)


def word_tokens(text: str) -> Iterator[str]:
    """Give word tokens: words with their hyphens and inner dots, marks alone."""
    for found in _WORD_TOKEN.finditer(text):
        yield found[0]
