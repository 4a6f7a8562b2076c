"""Promises that a rubric keeps, one line each.

::

    from rubricdsl.testing import laws

    def test_more_can_never_hurt():
        laws.monotone("essay.rub")

    def test_padding_does_not_pay():
        laws.orders("essay.rub", better=CONCISE, worse=PADDED, by=0.1)

A rubric is given by its path (``file.rub#name`` picks one of several) or as a
`Rubric`.  A law that holds gives nothing back.  One that does not raises
AssertionError with the smallest counter-example that was found, written as a
``test`` block that can be pasted into the rubric and fails there.

======================================  =============================================
`bounded`                               every response gets a score between limits
`monotone`                              a better verdict never lowers the score
`gates_dominate`                        who fails a gate scores no more than it allows
`no_single_criterion_decides`           no verdict alone moves the score too far
`na_never_pays`                         n/a never beats the worst verdict
`orders`                                one response beats another
`keeps_order`                           a refinement keeps the order of pairs
`invariant_under_reformatting`          the form of a response changes nothing
======================================  =============================================

The first five are about whatever verdicts are legal; they need no response and no
judge.  They hold for certain where a rubric has few enough verdicts to try them all
(20,000 combinations); of larger ones the simplest are tried, and some at random, the
same in every run.
"""

from rubricdsl.testing.laws.of_responses import (
    UndecidedError,
    invariant_under_reformatting,
    keeps_order,
    orders,
)
from rubricdsl.testing.laws.of_verdicts import (
    bounded,
    gates_dominate,
    monotone,
    na_never_pays,
    no_single_criterion_decides,
)
from rubricdsl.testing.laws.reformattings import REFORMATTINGS, Reformatting

__all__ = [
    "REFORMATTINGS",
    "Reformatting",
    "UndecidedError",
    "bounded",
    "gates_dominate",
    "invariant_under_reformatting",
    "keeps_order",
    "monotone",
    "na_never_pays",
    "no_single_criterion_decides",
    "orders",
]
