"""``rub check``: every error of every file at once, and what is likely a mistake."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import field, frozen

from rubricdsl.cli.diagnostic_formats import add_format, write_diagnostics
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.inputs import RubricFile, find_files, load, open_project
from rubricdsl.cli.output import plural
from rubricdsl.diagnostics import Applicability, Diagnostic, RubricError, Severity, fail
from rubricdsl.diagnostics.codes import CODES
from rubricdsl.diagnostics.explanations import Page
from rubricdsl.language.lint.running import Choice, lint
from rubricdsl.language.loading import Loaded
from rubricdsl.project import pick

DESCRIPTION = "Find every error in rubrics, and what is likely not meant as it stands."
EPILOG = """\
examples:
  rub check examples
  rub check examples/doctor/fever.rub --format json
  rub check examples --locked
  rub check --explain W611

CODES are apart by commas; the beginning of a code stands for all that begin so.  A
lint may stand where a comment above the line says why:

  # rub: allow W602 (the dose and its unit are one claim)

exit codes: 0 no error, 1 errors (or warnings with --strict), 2 a file cannot be read"""

if TYPE_CHECKING:
    from rubricdsl.cli.locked import Locks

_SAFE = frozenset({Applicability.SAFE})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="file, folder or -")
    add_format(parser)
    parser.add_argument(
        "--strict", action="store_true", help="warnings count; lints of tests run, too"
    )
    parser.add_argument("--select", metavar="CODES", help="only these lints")
    parser.add_argument("--ignore", metavar="CODES", help="all lints but these")
    parser.add_argument(
        "--fix", action="store_true", help="make the fixes that change no score"
    )
    parser.add_argument(
        "--unsafe-fixes", action="store_true", help="with --fix: make the others, too"
    )
    parser.add_argument(
        "--locked", action="store_true", help="imports must be as rub.lock pins them"
    )
    parser.add_argument("--explain", metavar="CODE", help="tell what a code means")


@frozen
class _Checked:
    """What was found in all files, and how much was looked at."""

    found: list[Diagnostic] = field(factory=list)
    rubrics: int = 0
    files: int = 0
    fixed: int = 0
    unreadable: bool = False


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    if options.explain is not None:
        sys.stdout.write(page_of(options.explain).render())
        return Exit.FINE
    if not options.paths:
        fail("D401", "PATH is needed", hint="name a file, a folder or - for stdin")
    if options.unsafe_fixes and not options.fix:
        fail("D401", "--unsafe-fixes goes with --fix", hint="add --fix to change files")
    allowed = frozenset(Applicability) if options.unsafe_fixes else _SAFE
    checked = _check(
        options.paths,
        _choice(options),
        allowed if options.fix else frozenset(),
        _locks() if options.locked else None,
    )
    write_diagnostics(checked.found, options.format)
    if options.format == "text":
        _sum_up(checked)
    if checked.unreadable:
        return Exit.USAGE
    counted = (
        (Severity.ERROR, Severity.WARNING) if options.strict else (Severity.ERROR,)
    )
    return Exit.NO if any(d.severity in counted for d in checked.found) else Exit.FINE


def _locks() -> "Locks":
    from rubricdsl.cli.locked import Locks

    return Locks()


def _check(
    paths: Sequence[str],
    choice: Choice,
    allowed: frozenset[Applicability],
    locks: "Locks | None",
) -> _Checked:
    found: dict[Diagnostic, None] = {}
    unreadable = False
    rubrics = files = fixed = 0
    for file in find_files(paths):
        files += 1
        try:
            if allowed:
                from rubricdsl.cli.fixing import fix_file

                fixed += fix_file(file, open_project(file), choice, allowed)
            loaded = load(file, open_project(file))
            found |= dict.fromkeys(loaded.diagnostics)
            if locks is not None:
                found |= dict.fromkeys(locks.hold(file, loaded))
            found |= dict.fromkeys(_lint(file, loaded, choice))
        except RubricError as error:
            found |= dict.fromkeys(error.diagnostics)
            unreadable = True
            continue
        rubrics += len(loaded.rubrics)
    if locks is not None and not unreadable:
        found |= dict.fromkeys(locks.superfluous())
    return _Checked(list(found), rubrics, files, fixed, unreadable)


def _lint(file: RubricFile, loaded: Loaded, choice: Choice) -> tuple[Diagnostic, ...]:
    if not file.name or not loaded.sound:
        return lint(loaded, choice)
    return lint(loaded, choice, only=[pick(loaded.rubrics, file.name, file.path)])


def _choice(options: argparse.Namespace) -> Choice:
    select = tuple(_codes("--select", options.select, strict=options.strict))
    ignore = tuple(_codes("--ignore", options.ignore, strict=True))
    return Choice(select=select or ("",), ignore=ignore, strict=options.strict)


def _codes(option: str, text: str | None, *, strict: bool) -> Iterator[str]:
    """Give the codes of an option.

    Raises RubricError (D401) for what is no lint, or one that will not run.
    """
    from rubricdsl.language.lint.discovery import rules

    for word in (text or "").split(","):
        code = word.strip().upper()
        if not code:
            continue
        matching = [rule for rule in rules().values() if rule.code.startswith(code)]
        if not matching:
            known = any(each.startswith(code) for each in CODES)
            what = "is no lint, so it always counts" if known else "is no lint"
            hint = "lints begin with W: `rub check --explain W601` tells of one"
            fail("D401", f"{option}: `{word.strip()}` {what}", hint=hint)
        if not strict and all(rule.strict for rule in matching):
            message = f"{option}: `{code}` runs only with --strict"
            fail("D401", message, hint="add --strict")
        yield code


def page_of(code: str) -> Page:
    """Give the page of a code; raises RubricError (D401) if there is no such code."""
    from difflib import get_close_matches

    from rubricdsl.diagnostics.explanations import pages
    from rubricdsl.language.lint.discovery import rules

    wanted = code.strip().upper()
    lints = {rule.code: rule.page for rule in rules().values()}
    page = lints.get(wanted) or pages().get(wanted)
    if page is None:
        close = get_close_matches(wanted, CODES, n=3)
        hint = f"did you mean {', '.join(close)}?" if close else "codes look like E412"
        fail("D401", f"there is no code `{code}`", hint=hint)
    return page


def _sum_up(checked: _Checked) -> None:
    errors = sum(d.severity is Severity.ERROR for d in checked.found)
    warnings = sum(d.severity is Severity.WARNING for d in checked.found)
    looked = f"{plural(checked.rubrics, 'rubric')} in {plural(checked.files, 'file')}"
    verdict = plural(errors, "error") if errors else "no errors"
    if warnings:
        verdict += f", {plural(warnings, 'warning')}"
    if checked.fixed:
        verdict += f", {plural(checked.fixed, 'fix made', 'fixes made')}"
    sys.stderr.write(f"{looked}: {verdict}\n")
    waiting = [d.fix for d in checked.found if d.fix is not None]
    safe = sum(fix.applicability is Applicability.SAFE for fix in waiting)
    if safe:
        sys.stderr.write(f"{plural(safe, 'fix', 'fixes')} can be made with --fix\n")
    if unsafe := len(waiting) - safe:
        made = plural(unsafe, "fix", "fixes")
        sys.stderr.write(f"{made} can be made with --fix --unsafe-fixes; read them\n")
