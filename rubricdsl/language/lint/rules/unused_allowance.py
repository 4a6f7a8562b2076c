"""A comment that allows what nobody forbids.

What it does:
    Looks for codes in `# rub: allow …` comments whose lint finds nothing in the lines
    that the comment speaks of. A lint that was not run (not selected, or only with
    `--strict`) is not held against it. Its fix deletes the code, or the whole comment.

Why it matters:
    The text was changed and the reason is out of date; left there, it would hide the
    next finding.

Example:
    rubric dose
    # rub: allow W602 (a dose without its unit is no dose)
    [1] dose: Names the dose with its unit.

Use instead:
    rubric dose
    [1] dose: Names the dose with its unit.
"""

from collections.abc import Iterator

from rubricdsl.diagnostics import Edit, Fix
from rubricdsl.language.layout import Comment
from rubricdsl.language.lint.allowances import allowances
from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.model.source import Span

CODE = "W662"
SUMMARY = "comment that allows a lint which finds nothing"


def check(subject: Subject) -> Iterator[Finding]:
    """Give each comment with a code that allows nothing."""
    by_line: dict[int, list[str]] = {}
    for unused in subject.unused:
        by_line.setdefault(unused.comment.line, []).append(unused.code)
    for allowance in allowances(subject):
        comment = allowance.comment
        codes = by_line.get(comment.line)
        if not codes:
            continue
        span = subject.source.span(
            comment.line, comment.column, comment.column + len(comment.text)
        )
        kept = [code for code in allowance.codes if code not in codes]
        yield Finding(
            f"{' and '.join(f'`{code}`' for code in codes)} would find nothing here",
            span,
            "delete it, or move it right above the line that it speaks of",
            _fix(comment, span, kept, allowance.reason),
        )


def _fix(comment: Comment, span: Span, kept: list[str], reason: str) -> Fix:
    if kept:
        edit = Edit(span, f"# rub: allow {', '.join(kept)} ({reason})")
        return Fix("delete the code that allows nothing", (edit,))
    whole = Span(span.file, comment.line, 1, comment.line + 1, 1)
    return Fix("delete the comment that allows nothing", (Edit(whole, ""),))


CASES = (
    Case(
        """\
rubric r
[1] a: Names the dose.
# rub: allow W602, W601 (one claim)
[1] b: Names the dose and gives its unit.
# rub: allow W602 (one claim)
[1] c: Names the doctor.
""",
        lines=(3, 5),
        fixed="""\
rubric r
[1] a: Names the dose.
# rub: allow W602 (one claim)
[1] b: Names the dose and gives its unit.
[1] c: Names the doctor.
""",
    ),
    Case(
        """\
rubric r
# rub: allow W602 (a whole rubric)

[1] mean of g
    [1] a: Names the dose and gives its unit.
# rub: allow W602
[1] b: Names the dose.
"""
    ),
)
