"""Strategies for files of several rubrics, as people lay them out."""

from attrs import evolve
from hypothesis import strategies as st

from rubricdsl.language.printing import print_rubric
from rubricdsl.testing.strategies.layouts import rough_layouts
from rubricdsl.testing.strategies.sources import source_rubrics

_SHORT = (
    "rubric short\n[1] a: A.\n",
    'rubric told\n[1] a: A.\n\nhistory\n    round 0: by = "me"\n',
    'rubric tested\n[1] a: A.\n\ntest "t"\n    given a: yes\n    expect score: 1\n',
    "rubric judged\njudge: two\n[1] a:\n    | A,\n\njudge two\n    votes: 2\n",
)


@st.composite
def source_files(draw: st.DrawFn) -> str:
    """Generate files of a rubric that may have everything, and short ones beside it.

    They load without a diagnostic, and import nothing.
    """
    # One rubric with everything is enough, and as much as Hypothesis has patience for.
    texts = [print_rubric(evolve(draw(source_rubrics()), name="whole"))]
    others = st.lists(st.sampled_from(_SHORT), max_size=2, unique=True)
    texts += draw(others)
    order = draw(st.permutations(texts))
    return draw(rough_layouts("\n".join(order)))
