"""``rub fmt``: rubrics in canonical layout, comments and meaning kept."""

import argparse
import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from attrs import frozen

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.inputs import RubricFile, find_files, load, open_project
from rubricdsl.cli.output import plural, report, say, standard_input
from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.language.formatting import format_text

DESCRIPTION = "Write rubrics in canonical layout; comments and meaning stay."
EPILOG = """\
examples:
  rub fmt --check examples
  rub fmt --diff examples/doctor/fever.rub

Nothing is reordered and no line is broken: only blanks and blank lines change.  With
`-`, standard input is written to standard output.  A file with errors is left alone.

exit codes: 0 done, 1 with --check: a file would change or has errors, 2 a file has
errors or cannot be read or written"""


@frozen
class _Result:
    """A file as it is and as it should be."""

    path: str
    before: str
    after: str

    @property
    def is_canonical(self) -> bool:
        """Whether there is nothing to change."""
        return self.before == self.after

    def diff(self) -> Iterator[str]:
        """Give the lines of a unified diff."""
        before = self.before.splitlines(keepends=True)
        after = self.after.splitlines(keepends=True)
        for line in unified_diff(before, after, f"a/{self.path}", f"b/{self.path}"):
            yield (
                line
                if line.endswith("\n")
                else f"{line}\n\\ No newline at end of file\n"
            )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="file, folder or -")
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 if a file would change",
    )
    parser.add_argument(
        "--diff", action="store_true", help="write nothing; print what would change"
    )


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    found: list[Diagnostic] = []
    unreadable = False
    results: list[_Result] = []
    for file in _whole_files(options.paths):
        try:
            loaded = load(file, open_project(file))
        except RubricError as error:
            found += error.diagnostics
            unreadable = True
            continue
        if not loaded.sound:
            found += [d for d in loaded.diagnostics if d not in found]
            continue
        try:
            results.append(_formatted(file))
        except RubricError as error:
            found += error.diagnostics
    report(found)
    for result in results:
        _show_or_write(result, check=options.check, diff=options.diff)
    changed = sum(not result.is_canonical for result in results)
    if results:
        _sum_up(changed, len(results), tried=options.check or options.diff)
    if unreadable or (found and not options.check):
        return Exit.USAGE
    return Exit.NO if options.check and (found or changed) else Exit.FINE


def _whole_files(paths: list[str]) -> Iterator[RubricFile]:
    for file in find_files(paths):
        if file.name:
            message = f"`{file.path}#{file.name}` names one rubric of a file"
            fail("D401", message, hint=f"format the whole file: `{file.path}`")
        yield file


def _formatted(file: RubricFile) -> _Result:
    data = standard_input() if file.path == "-" else Path(file.path).read_bytes()
    before = data.decode("utf-8", "replace")
    return _Result(file.path, before, format_text(before, name=file.path))


def _show_or_write(result: _Result, *, check: bool, diff: bool) -> None:
    if diff:
        sys.stdout.writelines(result.diff())
    elif check:
        if not result.is_canonical:
            sys.stdout.write(f"{result.path}\n")
    elif result.path == "-":
        sys.stdout.write(result.after)
    elif not result.is_canonical:
        with whole_file(result.path) as out:
            out.write(result.after.encode())


def _sum_up(changed: int, files: int, *, tried: bool) -> None:
    would = "would change" if tried else "changed"
    say(f"{plural(changed, 'file')} of {files} {would}")
