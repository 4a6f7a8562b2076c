"""A declaration that nothing uses.

What it does:
    Looks for imports that nothing includes, judges that nothing is put to, parameters
    that stand in no text and no check, and weight classes that no item has. Its fix
    deletes them: safely for imports and weight classes, unsafely for judges and
    parameters, which others may name (`--judge NAME=SPEC`, `include … (name = …)`).

Why it matters:
    It reads as if it did something. A `judge` block without a `judge:` line is the
    common case: its instructions reach nobody, and the default judge is asked.

Example:
    rubric essay
    [1] claim: States its claim.

    judge careful
        model: "openai/gpt-4.1"

Use instead:
    rubric essay
    judge: careful
    [1] claim: States its claim.

    judge careful
        model: "openai/gpt-4.1"
"""

import re
from collections.abc import Iterator

from rubricdsl.diagnostics import Applicability, Edit, Fix
from rubricdsl.expressions.walking import walk
from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.language.texts import PARAMETER
from rubricdsl.model.expression import Name
from rubricdsl.model.rubric import Criterion, Include, Weight
from rubricdsl.model.source import Span

CODE = "W660"
SUMMARY = "unused import, judge, parameter or weight class"

_UNSAFE, _SAFE = Applicability.UNSAFE, Applicability.SAFE


def check(subject: Subject) -> Iterator[Finding]:
    """Give what is declared and not used, in the order of the source."""
    yield from _unused_imports(subject)
    yield from _unused_params(subject)
    yield from _unused_judges(subject)
    yield from _unused_classes(subject)


def _unused_imports(subject: Subject) -> Iterator[Finding]:
    included = {i.item.alias for i in subject.scope.own if isinstance(i.item, Include)}
    for use in subject.rubric.uses:
        if use.alias not in included:
            yield Finding(
                f"the import `{use.alias}` is not used",
                use.span,
                f"include something from it, `[1] include {use.alias}`, or delete it",
                _deletion(subject, f"import `{use.alias}`", use.span, _SAFE),
            )


def _unused_params(subject: Subject) -> Iterator[Finding]:
    used = _used_parameters(subject)
    tried = {b.name for test in subject.rubric.tests for b in test.bindings}
    for param in subject.rubric.params:
        name, span = param.name, param.span
        if name not in used:
            yield Finding(
                f"the parameter `{name}` is not used",
                span,
                f"write `{{{{{name}}}}}` in a text, or delete it",
                None
                if name in tried
                else _deletion(subject, f"parameter `{name}`", span, _UNSAFE),
            )


def _unused_judges(subject: Subject) -> Iterator[Finding]:
    named = (n.item for n in subject.scope.own if not isinstance(n.item, Include))
    asked = {subject.rubric.judge, *(item.judge for item in named)}
    for judge in subject.rubric.judges:
        if judge.name not in asked:
            yield Finding(
                f"the judge `{judge.name}` is not used",
                judge.span,
                f"write `judge: {judge.name}` where it should be asked, or delete it",
                _deletion(subject, f"judge `{judge.name}`", judge.span, _UNSAFE),
            )


def _used_parameters(subject: Subject) -> set[str]:
    text = {match[1] for match in PARAMETER.finditer(subject.text())}
    checks = (c.item.check for c in subject.criteria if isinstance(c.item, Criterion))
    return text | {
        part.name
        for expression in checks
        if expression is not None
        for part in walk(expression)
        if isinstance(part, Name)
    }


def _deletion(
    subject: Subject, what: str, span: Span, applicability: Applicability
) -> Fix | None:
    """Give the fix that deletes a line and all that is indented below it."""
    line = subject.line_at(span.line)
    if line is None:
        return None
    last = max(each.last for each in line.walk())
    whole = Span(span.file, span.line, 1, last + 1, 1)
    return Fix(f"delete the {what}", (Edit(whole, ""),), applicability)


def _unused_classes(subject: Subject) -> Iterator[Finding]:
    """Give the weight classes that no item has, at the line that declares them."""
    marks = (named.item.mark for named in subject.scope.own)
    used = {mark.name for mark in marks if isinstance(mark, Weight)}
    classes = subject.rubric.weights.classes
    line = next((x for x in subject.lines if x.text.startswith("weights")), None)
    unused = [name for name, _ in classes if name not in used]
    if line is None or not unused:
        return
    kept = _without(line.text, set(unused))
    place = subject.source.span(line.number, line.column, line.column + len(line.text))
    edit = Edit(place, kept)
    if not kept:
        edit = Edit(Span(place.file, line.number, 1, line.number + 1, 1), "")
    for name in unused:
        at = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", line.text)
        start, end = at.span() if at else (0, len(line.text))
        yield Finding(
            f"the weight class `{name}` is not used",
            subject.source.span(line.number, start, end),
            f"give it to a criterion, `[{name}] name: …`, or delete it",
            # One line, one edit: it deletes all of them.
            Fix("delete the weight classes that nothing has", (edit,)),
        )


def _without(text: str, unused: set[str]) -> str:
    """Leave classes out of a ``weights:`` line; empty if none is left."""
    head, _, values = text.partition(":")
    kept = [v for v in values.split(",") if v.partition("=")[0].strip() not in unused]
    return f"{head}:{','.join(kept)}" if kept else ""


CASES = (
    Case(
        """\
rubric r
weights: major = 3, minor = 1, never_given = -1
param unused: number = 3
param used: number = 3
[major] a: Gives {{ used }} reasons.
[minor] b: Is short.

judge idle
    model: "openai/gpt-4.1"
    # its temperature
    temperature: 0
judge busy
    model: "openai/gpt-4.1"
[1] mean of g
    judge: busy
    [1] c: Is polite.
""",
        lines=(2, 3, 8),
        fixed="""\
rubric r
weights: major = 3, minor = 1
param used: number = 3
[major] a: Gives {{ used }} reasons.
[minor] b: Is short.

judge busy
    model: "openai/gpt-4.1"
[1] mean of g
    judge: busy
    [1] c: Is polite.
""",
    ),
    Case(
        "rubric r\nweights: major = 3\n[1] a: Is short.\n",
        lines=(2,),
        fixed="rubric r\n[1] a: Is short.\n",
    ),
    Case(
        """\
rubric r
judge: careful
param limit: number = 300
[1] a: Is short.
    check: words(response) < limit
[1] b: Names Ottawa.
judge careful
    model: "openai/gpt-4.1"
"""
    ),
)
