"""Strategies for how people lay out what they write: badly, but legally.

A rough layout says what the canonical one says.  It has other indentation and blanks
between tokens, blank lines, comments, texts in triple quotes instead of bars, line
ends of another system, or a byte order mark.
"""

import textwrap
from collections.abc import Iterator
from random import Random

from attrs import define
from hypothesis import strategies as st

from rubricdsl.language.characters import Source
from rubricdsl.language.layout import Line, lay_out
from rubricdsl.language.lexing import LineLexer

_COMMENTS = ("# why", "#", '#x: """', "#[1] a: b", "# | é")
_BLANKS = (" ", " ", "  ", "   ")
# Tokens that need no blank before the next.
_TIGHT = frozenset({"LSQB", "RSQB", "LPAR", "COMMA", "COLON", "EQUAL", "CMP", "DOT"})
_STEPS = (1, 2, 3, 4, 7)


@st.composite
def rough_spacing(draw: st.DrawFn, text: str) -> str:
    """Generate texts with the lines of ``text``, other blanks in them."""
    return _Typist(draw(st.randoms(use_true_random=False)), Source.of(text)).text(0)


@st.composite
def rough_layouts(draw: st.DrawFn, text: str) -> str:
    """Generate rough layouts of a sound file, with comments of their own."""
    random = draw(st.randoms(use_true_random=False))
    rough = _Typist(random, Source.of(text)).text(draw(st.sampled_from([0, 3, 10])))
    if draw(st.booleans()):
        rough = rough.rstrip("\n")
    if draw(st.booleans()):
        rough = rough.replace("\n", "\r\n")
    return draw(st.sampled_from(["", "\ufeff"])) + rough


@define
class _Typist:
    """Types a file again without care."""

    random: Random
    source: Source

    def text(self, litter: int) -> str:
        """Give the text, with about ``litter`` comments and blank lines in 20 rows."""
        step = self.random.choice(_STEPS)
        rows: list[str] = []
        for line in lay_out(self.source).lines:
            rows += self._block(line, "", step, litter)
        rows += self._litter(0, litter)
        return "".join(f"{row}\n" for row in rows)

    def _block(self, line: Line, indent: str, step: int, litter: int) -> Iterator[str]:
        yield from self._litter(len(indent), litter)
        children = line.children
        bars = [child for child in children if child.text[0] == "|"]
        content = [bar.text[1:].removeprefix(" ") for bar in bars]
        inner = indent + " " * step
        if line.block is not None:
            yield indent + line.text
            yield from line.block
            yield f'{inner}"""'
        elif litter and _can_be_quoted(line, content) and self.random.random() < 0.5:  # noqa: PLR2004
            children = children[len(bars) :]
            yield f'{indent}{line.text} """{self._end()}'
            margin = " " * self.random.randrange(6)
            yield from (margin + row if row else "" for row in content)
            yield f'{inner}"""'
        elif line.text[0] == "|":
            yield indent + self._bar(line.text)
        else:
            yield f"{indent}{self._line(line)}{self._end()}"
        for child in children:
            yield from self._block(child, inner, step, litter)

    def _bar(self, text: str) -> str:
        content = text[1:].removeprefix(" ")
        if content[:1] == " ":
            return text
        return self.random.choice(("|", "| ")) + content

    def _line(self, line: Line) -> str:
        *tokens, _ = LineLexer(self.source).tokens(line)
        text, before = "", ""
        for token in tokens:
            if text:
                blanks = self.random.choice(_BLANKS)
                if before in _TIGHT and self.random.random() < 0.5:  # noqa: PLR2004
                    blanks = ""
                text += blanks
            text += token
            before = token.type
        return text

    def _end(self) -> str:
        return " " * self.random.choice((0, 0, 0, 2))

    def _litter(self, column: int, often: int) -> Iterator[str]:
        while self.random.random() * 20 < often:
            if self.random.random() < 0.5:  # noqa: PLR2004
                yield self._end()
                continue
            other = self.random.randrange(2 * column + 3)
            at = self.random.choice((column, column, other))
            yield f"{' ' * at}{self.random.choice(_COMMENTS)}{self._end()}"


def _can_be_quoted(line: Line, content: list[str]) -> bool:
    """Say whether triple quotes would give the text of the bars below a line."""
    text = "\n".join(content)
    return (
        bool(content)
        and line.text.endswith(":")
        and '"""' not in text
        and text.strip() != ""
        and textwrap.dedent(text) == text
    )
