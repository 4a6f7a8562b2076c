"""Strategies for the expressions of ``check:`` and ``combine:``."""

from collections.abc import Sequence
from functools import cache

from hypothesis import strategies as st

from rubricdsl.model.expression import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Logical,
    Name,
    Not,
)
from rubricdsl.model.rubric import Criterion, Group, Item, Param
from rubricdsl.testing.strategies.texts import hundredths, numbers, words


def formulas(items: Sequence[Item]) -> st.SearchStrategy[Expression]:
    """Generate products, differences and the like over the children of a group."""
    names = [item.name for item in items if isinstance(item, Criterion | Group)]
    operands = st.sampled_from([Name(name) for name in names])
    leaves = st.one_of(operands, hundredths().map(Constant))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Arithmetic, st.sampled_from(["+", "-", "*"]), inner, inner),
            st.builds(lambda a: Arithmetic("/", a, Constant(2.0)), inner),
            st.builds(lambda a, b: Call("min", (a, b)), inner, inner),
        ),
        max_leaves=4,
    )


@cache
def checks(params: tuple[Param, ...] = ()) -> st.SearchStrategy[Expression]:
    """Generate expressions that give yes or no, or a number."""
    response = Name("response")
    measured = st.one_of(
        st.just(Call("words", (response,))),
        numbers().map(Constant),
        st.sampled_from(
            [Constant(1.0), *(Name(p.name) for p in params if p.type == "number")]
        ),
    )
    sums = st.recursive(
        measured,
        lambda inner: st.builds(
            Arithmetic, st.sampled_from(["+", "-", "*", "/"]), inner, inner
        ),
        max_leaves=3,
    )
    similar = Call(
        "similarity", (response, Name("prompt")), (("metric", Constant("ratio")),)
    )
    raw = st.sampled_from([r"\d+", '"', r"(?m)^P\.S\.", "a b"])
    compared = st.builds(Compare, st.sampled_from(["<=", ">=", "==", "!="]), sums, sums)
    truths = st.one_of(
        compared,
        words().map(lambda w: Call("contains", (response, Constant(w)))),
        raw.map(lambda r: Call("matches", (response, Constant(r, raw=True)))),
    )
    return st.one_of(
        st.just(similar),
        st.recursive(
            truths,
            lambda inner: st.one_of(
                inner.map(Not),
                st.builds(
                    Logical, st.sampled_from(["and", "or"]), st.tuples(inner, inner)
                ),
            ),
            max_leaves=4,
        ),
    )
