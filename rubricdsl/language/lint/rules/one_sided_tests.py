"""A criterion of which the tests show one side only.

What it does:
    With `--strict`, looks for criteria with yes and no, or a check, that no test says
    yes to, or no test says no to: by `given`, or by `expect`. What a check would make
    of a response counts only where a test expects it. A rubric without any test is
    reported once.

Why it matters:
    A wrong sign or weight, a check that always holds, a gate the wrong way round: each
    shows as soon as both verdicts have been tried, and not before.

Example:
    rubric capital
    [2] ottawa: Names Ottawa.
    [1] river: Names the river.

    test "all is well"
        given all: yes
        expect score: 1

Use instead:
    rubric capital
    [2] ottawa: Names Ottawa.
    [1] river: Names the river.

    test "all is well"
        given all: yes
        expect score: 1
    test "nothing is"
        given all: no
        expect score: 0
"""

from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.language.lint.verdicts import shown
from rubricdsl.model.rubric import AnswerScale, Criterion, Info

CODE = "W640"
SUMMARY = "criterion that is never yes or never no in a test"
STRICT = True


def check(subject: Subject) -> Iterator[Finding]:
    """Give each criterion with the verdict that no test tries."""
    if not subject.rubric.tests:
        message = "no test tries any verdict"
        hint = 'write `test "…"` with `given all: yes` and `expect score: 1`'
        yield Finding(message, subject.rubric.span, hint)
        return
    seen = shown(subject)
    for named in subject.criteria:
        criterion = named.item
        if not isinstance(criterion, Criterion) or isinstance(criterion.mark, Info):
            continue
        missing = [word for met, word in _WORDS if met not in seen.get(named.path, ())]
        if missing and isinstance(criterion.scale, AnswerScale):
            word = " or ".join(missing)
            yield Finding(
                f"no test says {word} to `{criterion.name}`",
                criterion.span,
                f"add a test with `given {criterion.name}: {missing[0]}`",
            )


_WORDS = ((True, "yes"), (False, "no"))

CASES = (
    Case(
        """\
rubric r
[1] a: Names Ottawa.
[1] b: Is short.
    check: words(response) < 9
[1] c: Names the river.
[info] d: Is in English.
test "arithmetic"
    given all: yes
    given c: no
    expect score: about 0.667
test "a river"
    given c: yes
    expect c: yes
test "a check"
    response x: Ottawa.
    expect x.b: no
""",
        lines=(2,),
    ),
    Case("rubric r\n[1] a: Names Ottawa.\n", lines=(1,)),
    Case(
        """\
rubric r
[1] a: Names Ottawa.
    n/a: skip
[1] b: How clear is it?
    level 0: Nobody can follow it.
    level 1: Everybody can follow it.
test "yes"
    given a: yes
    given b: level 0
    expect score: 0.5
test "no"
    given a: no
    given b: level 0
    expect score: 0
"""
    ),
)
