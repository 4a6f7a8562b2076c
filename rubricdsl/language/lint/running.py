"""Running rules over rubrics: which are chosen, and what comments allow to stand."""

from collections.abc import Iterable, Iterator, Sequence

import attrs
from attrs import frozen

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.lint.allowances import Allowance, allowances
from rubricdsl.language.lint.discovery import rules as our_rules
from rubricdsl.language.lint.rule import Rule
from rubricdsl.language.lint.subjects import Subject, Unused, subjects
from rubricdsl.language.loading import Loaded
from rubricdsl.model.rubric import Rubric

# It looks at what the other rules found, so it runs after them.
_UNUSED = "W662"


@frozen(kw_only=True)
class Choice:
    """Which rules run.

    ``select`` and ``ignore`` hold codes or their beginnings (``W6``); of two that
    match, the longer decides, and ``ignore`` where both are as long.
    """

    select: tuple[str, ...] = ("",)
    ignore: tuple[str, ...] = ()
    strict: bool = False

    def takes(self, rule: Rule) -> bool:
        """Say whether a rule runs."""
        if rule.strict and not self.strict:
            return False
        return _longest(rule.code, self.select) > _longest(rule.code, self.ignore)


def _longest(code: str, beginnings: Iterable[str]) -> int:
    return max((len(each) for each in beginnings if code.startswith(each)), default=-1)


DEFAULT = Choice()


def lint(
    loaded: Loaded,
    choice: Choice = DEFAULT,
    *,
    only: Sequence[Rubric] | None = None,
    rules: Iterable[Rule] | None = None,
) -> tuple[Diagnostic, ...]:
    """Lint the rubrics of a file; where it has errors, there is nothing to lint.

    ``only`` names some of its rubrics.  ``rules`` are ours unless given.
    """
    if not loaded.sound or loaded.source is None:
        return ()
    every = our_rules().values() if rules is None else rules
    chosen = [rule for rule in every if choice.takes(rule)]
    found = (
        diagnostic
        for subject in subjects(loaded.rubrics, loaded.source)
        if only is None or any(rubric is subject.rubric for rubric in only)
        for diagnostic in _lint_one(subject, chosen)
    )
    return tuple(sorted(found, key=lambda d: (d.span.line, d.code, d.span.column)))


def _lint_one(subject: Subject, rules: Sequence[Rule]) -> Iterator[Diagnostic]:
    allowed = list(allowances(subject))
    used: set[tuple[int, str]] = set()
    for rule in rules:
        if rule.code == _UNUSED:
            continue
        for diagnostic in _findings(subject, rule):
            covering = _covering(diagnostic, allowed)
            used |= {(each.comment.line, rule.code) for each in covering}
            if not covering:
                yield diagnostic
    ran = {rule.code for rule in rules}
    unused = tuple(
        Unused(each.comment, code)
        for each in allowed
        for code in each.codes
        if each.reason and code in ran and (each.comment.line, code) not in used
    )
    for rule in rules:
        if rule.code == _UNUSED:
            yield from _findings(attrs.evolve(subject, unused=unused), rule)


def _covering(diagnostic: Diagnostic, allowed: Iterable[Allowance]) -> list[Allowance]:
    return [a for a in allowed if a.covers(diagnostic.code, diagnostic.span.line)]


def _findings(subject: Subject, rule: Rule) -> Iterator[Diagnostic]:
    for finding in rule.check(subject):
        yield Diagnostic(
            rule.code,
            finding.message,
            finding.span,
            finding.hint,
            rule.severity,
            finding.fix,
        )
