"""Whether a rule keeps its word: its cases, its example, and what to use instead."""

from collections.abc import Callable, Iterator

from rubricdsl.diagnostics import Applicability, Diagnostic
from rubricdsl.diagnostics.explanations import FAILS, INSTEAD
from rubricdsl.language.lint.discovery import rules
from rubricdsl.language.lint.fixing import apply_fixes, fixes_of
from rubricdsl.language.lint.rule import Case, Rule
from rubricdsl.language.lint.running import Choice, lint
from rubricdsl.language.loading import Loaded

Load = Callable[[str], Loaded]
_STRICT = Choice(strict=True)


def failures(rule: Rule, load: Load) -> Iterator[str]:
    """Give what of a rule's own cases does not hold; nothing, if all is well.

    ``load`` loads source text as a file of a project of its own.
    """
    if not any(case.lines for case in rule.cases):
        yield f"{rule.code} has no case in which it speaks"
    if all(case.lines for case in rule.cases):
        yield f"{rule.code} has no case in which it is silent"
    for case in rule.cases:
        yield from _case_failures(rule, case, load)
    for part in rule.page.examples(FAILS):
        if not _found(rule, load(part.text)):
            yield f"{rule.code} has nothing to say of its example:\n{part.text}"
    for part in rule.page.examples(INSTEAD):
        loaded = load(part.text)
        if not loaded.sound:
            yield f"{rule.code} advises what has errors:\n{part.text}"
        if _found(rule, loaded):
            yield f"{rule.code} rejects what it advises:\n{part.text}"


def _case_failures(rule: Rule, case: Case, load: Load) -> Iterator[str]:
    loaded = load(case.source)
    if not loaded.sound:
        errors = ", ".join(str(d) for d in loaded.diagnostics)
        yield f"a case of {rule.code} has errors: {errors}\n{case.source}"
        return
    found = _found(rule, loaded)
    lines = tuple(diagnostic.span.line for diagnostic in found)
    if lines != case.lines:
        yield f"{rule.code} speaks at {lines}, not {case.lines}:\n{case.source}"
    yield from _fix_failures(rule, case, load, found)


def _fix_failures(
    rule: Rule, case: Case, load: Load, found: tuple[Diagnostic, ...]
) -> Iterator[str]:
    file = found[0].span.file if found else ""
    fixed, made = apply_fixes(
        case.source, fixes_of(found, file, frozenset(Applicability))
    )
    if case.fixed is None:
        if made:
            yield f"{rule.code} has fixes, and the case does not say what they make"
    elif fixed != case.fixed:
        yield f"{rule.code} makes this, not what the case says:\n{fixed}"
    elif not load(fixed).sound:
        yield f"{rule.code} makes errors:\n{fixed}"


def _found(rule: Rule, loaded: Loaded) -> tuple[Diagnostic, ...]:
    """Give what the rule finds where our own run beside it."""
    others = (other for other in rules().values() if other.code != rule.code)
    found = lint(loaded, _STRICT, rules=[rule, *others])
    return tuple(diagnostic for diagnostic in found if diagnostic.code == rule.code)
