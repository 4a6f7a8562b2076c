"""What a lint rule is: a code, its documentation, a check, and cases that prove it.

A rule is written as a module.  Its docstring has the headings of `HEADINGS`, its
names are ``CODE``, ``SUMMARY``, ``CASES`` and ``check``, and if need be ``SEVERITY``
and ``STRICT``.  `Rule.of` makes a value of it, from wherever the module comes.
"""

import re
from collections.abc import Callable, Iterator
from inspect import cleandoc
from textwrap import dedent
from types import ModuleType
from typing import Self, TypeAlias

from attrs import frozen

from rubricdsl.diagnostics import Fix, Severity
from rubricdsl.diagnostics.explanations import FAILS, INSTEAD, Page, Part, paragraphs
from rubricdsl.language.lint.subjects import Subject
from rubricdsl.model.source import Span

HEADINGS = ("What it does", "Why it matters", "Example", "Use instead")
_CODE = re.compile(r"W[0-9]{3}|[A-Za-z][A-Za-z0-9_-]*:[A-Z]+[0-9]{3}")
_HEADING = re.compile(rf"^({'|'.join(HEADINGS)}):$", re.MULTILINE)


@frozen
class Finding:
    """What a rule has to say; its code and severity are the rule's."""

    message: str
    span: Span
    hint: str
    fix: Fix | None = None


Check: TypeAlias = Callable[[Subject], Iterator[Finding]]


@frozen
class Case:
    """A rubric, the lines at which the rule speaks, and what its fixes make of it.

    ``lines`` has a line once for each finding there; a rubric that the rule must leave
    alone has none.  ``fixed`` is the source after all fixes, the unsafe ones too.
    """

    source: str
    lines: tuple[int, ...] = ()
    fixed: str | None = None


class RuleError(TypeError):
    """A module that is no rule; the text says what it lacks."""


@frozen
class Rule:
    """A lint rule.  ``strict`` says that only ``--strict`` asks for it."""

    code: str
    severity: Severity
    strict: bool
    page: Page
    cases: tuple[Case, ...]
    check: Check

    @property
    def summary(self) -> str:
        """What it finds, in a few words."""
        return self.page.summary

    @classmethod
    def of(cls, module: ModuleType) -> Self:
        """Make a rule of a module; raises RuleError if it is none."""
        needed = ("CODE", "SUMMARY", "CASES", "check")
        missing = [name for name in needed if not hasattr(module, name)]
        if missing:
            raise RuleError(f"{module.__name__} has no {', '.join(missing)}")
        if not _CODE.fullmatch(module.CODE):
            raise RuleError(
                f"{module.__name__}: the code {module.CODE!r} is not W and three "
                "digits; "
                "a rule from elsewhere is called `distribution:X123`"
            )
        return cls(
            code=module.CODE,
            severity=getattr(module, "SEVERITY", Severity.WARNING),
            strict=getattr(module, "STRICT", False),
            page=_page(module),
            cases=tuple(module.CASES),
            check=module.check,
        )


def _page(module: ModuleType) -> Page:
    document = cleandoc(module.__doc__ or "")
    _, *found = _HEADING.split(document)
    sections = dict(zip(found[::2], map(dedent, found[1::2]), strict=True))
    if tuple(found[::2]) != HEADINGS:
        raise RuleError(
            f"the docstring of {module.__name__} does not have just these headings: "
            f"{', '.join(HEADINGS)}"
        )
    what, why, example, instead = (sections[heading] for heading in HEADINGS)
    parts = (
        Part(FAILS, "", example.strip("\n") + "\n"),
        Part(INSTEAD, "", instead.strip("\n") + "\n"),
    )
    prose = (*paragraphs(what), *paragraphs(why))
    return Page(module.CODE, module.SUMMARY, prose, parts)
