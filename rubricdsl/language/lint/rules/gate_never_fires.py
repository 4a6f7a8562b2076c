"""A gate that the tests never close.

What it does:
    With `--strict`, looks for `[must]`, `[never]` and `[cap …]` items that fire in no
    test: a `must` or `cap` that is always met, a `never` that never is. A group counts
    as tried when something in it was. Rubrics without tests are left to W640.

Why it matters:
    A gate decides more than all weights together. One that was never seen to fire may
    be the wrong way round, and then every good response scores 0.

Example:
    rubric dose
    [never] overdose: Gives more than the maximum.
    [1] dose: Names the dose.

    test "all is well"
        given overdose: no
        given dose: yes
        expect score: 1

Use instead:
    rubric dose
    [never] overdose: Gives more than the maximum.
    [1] dose: Names the dose.

    test "an overdose is never good"
        given overdose: yes
        given dose: yes
        expect score: 0
"""

from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.language.lint.verdicts import shown
from rubricdsl.language.scopes import item_name
from rubricdsl.model.rubric import Cap, Must, Never

CODE = "W641"
SUMMARY = "gate that never fires in a test"
STRICT = True


def check(subject: Subject) -> Iterator[Finding]:
    """Give each gate that no test makes fire."""
    if not subject.rubric.tests:
        return
    seen = shown(subject)
    for named in subject.scope.own:
        mark = named.item.mark
        if not isinstance(mark, Must | Never | Cap):
            continue
        fires = isinstance(mark, Never)
        inside = (named.path, f"{named.path}.")
        tried = any(
            fires in verdicts
            for path, verdicts in seen.items()
            if path == inside[0] or path.startswith(inside[1])
        )
        if not tried:
            name, verdict = item_name(named.item), "yes" if fires else "no"
            yield Finding(
                f"the gate `{name}` fires in no test",
                named.item.span,
                f"add a test in which it is {verdict}, and expect the score it leaves",
            )


CASES = (
    Case(
        """\
rubric r
[must] a: Is polite.
[never] b: Gives an overdose.
[cap 0.5] c: Names a source.
[must] any of g
    [1] d: Names the dose.
    [1] e: Names the doctor.
[1] f: Is in English.
test "fine"
    given all: yes
    given b: no
    expect score: 1
""",
        lines=(2, 3, 4, 5),
    ),
    Case(
        """\
rubric r
[must] a: Is polite.
[never] b: Gives an overdose.
[cap 0.5] c: Names a source.
[must] any of g
    [1] d: Names the dose.
    [1] e: Names the doctor.
[1] f: Is in English.
test "no to all"
    given all: no
    expect score: 0
test "yes to all"
    given all: yes
    expect score: 0
"""
    ),
    Case("rubric r\n[must] a: Is polite.\n[1] b: Names the dose.\n"),
)
