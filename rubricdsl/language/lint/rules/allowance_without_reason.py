"""A comment that was meant to allow a lint and does not.

What it does:
    Looks for comments that begin with `rub:` and say no reason, name no lint, or
    cannot be read. The form is `# rub: allow W602 (the reason)`, alone on its line,
    with several codes apart by commas. It speaks of the next line and all that is
    indented below it; above or right below the header, of the whole rubric.

Why it matters:
    Whoever comes later has to know whether it may still stand. A misspelt comment
    would be silence that nobody asked for, so it allows nothing.

Example:
    rubric dose
    # rub: allow W602
    [1] dose: Names the dose and explains the unit.

Use instead:
    rubric dose
    # rub: allow W602 (a dose without its unit is no dose)
    [1] dose: Names the dose and explains the unit.
"""

from collections.abc import Iterator

from rubricdsl.diagnostics.codes import CODES
from rubricdsl.language.lint.allowances import FORM, allowances, directives
from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject

CODE = "W661"
SUMMARY = "comment that allows a lint, without a reason or not to be read"


def check(subject: Subject) -> Iterator[Finding]:
    """Give each comment to this program that allows nothing."""
    read = {allowance.comment.line: allowance for allowance in allowances(subject)}
    for comment in directives(subject):
        span = subject.source.span(
            comment.line, comment.column, comment.column + len(comment.text)
        )
        allowance = read.get(comment.line)
        unknown = [c for c in allowance.codes if not _is_lint(c)] if allowance else []
        if allowance is None:
            yield Finding("the comment cannot be read", span, f"write `{FORM}`")
        elif unknown:
            what = "errors cannot be allowed" if unknown[0] in CODES else "no such lint"
            message = f"`{unknown[0]}` allows nothing: {what}"
            yield Finding(message, span, "name lints, such as W602")
        elif not allowance.reason:
            codes = ", ".join(allowance.codes)
            hint = f"write why: `# rub: allow {codes} (the reason)`"
            yield Finding("a lint is allowed without a reason", span, hint)


def _is_lint(code: str) -> bool:
    """Say whether a code is a lint, of ours or (with a colon) of a plugin."""
    return ":" in code or (code.startswith("W") and code in CODES)


CASES = (
    Case(
        """\
rubric r
# rub: allow W602
[1] a: Names the dose.
# rub: allow W602 ( )
[1] b: Names the unit.
# rub: alow W602 (misspelt)
[1] c: Names the child.
# rub: allow E412 (an error)
[1] d: Names the doctor.
# rub: allow W999 (no such lint)
[1] e: Names the hospital.
""",
        lines=(2, 4, 6, 8, 10),
    ),
    Case(
        """\
rubric r
# rub: allow W602, W601 (one claim)
[1] a: Names the dose.
# a rub: nothing but a comment
[1] b: Says "# rub: allow".
"""
    ),
)
