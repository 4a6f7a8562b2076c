"""Where something stands in a source file."""

from attrs import frozen


@frozen
class Span:
    """A stretch of source text.

    Lines and columns are counted from 1, columns in Unicode code points; the end
    is exclusive.  ``file`` is the path as the user gave it, ``-`` for standard
    input and ``<text>`` for a string.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def to(self, other: "Span") -> "Span":
        """Give the span that begins here and ends where ``other`` ends."""
        return Span(self.file, self.line, self.column, other.end_line, other.end_column)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Span("<text>", 1, 1, 1, 1)
"""For what was made by code and stands in no source."""

ARGUMENTS = Span("<arguments>", 1, 1, 1, 1)
"""For what is wrong with a call or a command line rather than with a file."""
