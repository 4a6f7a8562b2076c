"""Functions of numbers."""

from rubricdsl.checks.signatures import NUMBER, function, number
from rubricdsl.model.protocols import CheckFunction

FUNCTIONS: tuple[CheckFunction, ...] = (
    function("abs", (number("x"),), NUMBER, abs, "x without its sign."),
    function("min", (number("x"), number("y")), NUMBER, min, "The smaller of two."),
    function("max", (number("x"), number("y")), NUMBER, max, "The greater of two."),
)
