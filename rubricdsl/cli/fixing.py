"""Making fixes in files, which appear whole or stay as they were."""

from pathlib import Path

from rubricdsl.cli.inputs import RubricFile
from rubricdsl.cli.output import plural, say
from rubricdsl.diagnostics import Applicability, fail
from rubricdsl.language.characters import MAX_BYTES
from rubricdsl.language.lint.fixing import fix_text
from rubricdsl.language.lint.running import Choice
from rubricdsl.project import Project


def fix_file(
    file: RubricFile,
    project: Project,
    choice: Choice,
    allowed: frozenset[Applicability],
) -> int:
    """Make the fixes in one file, and give how many were made.

    A file that would have errors after that, or is no UTF-8, stays as it is.  Raises
    RubricError (D401) for standard input, D101 or D111 if the file cannot be read or
    written.
    """
    if file.path == "-":
        hint = "save it to a file, and name that"
        fail("D401", "standard input cannot be fixed in place", hint=hint)
    try:
        data = Path(file.path).read_bytes()
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return 0  # loading it says what is wrong
    if len(data) > MAX_BYTES:
        return 0
    fixed = fix_text(
        text,
        lambda text: project.load_text(text, name=file.path),
        file.path,
        choice,
        allowed,
    )
    if not fixed.count:
        return 0
    if not fixed.loaded.sound:
        fixes = plural(fixed.count, "fix is", "fixes are")
        say(f"{file.path}: {fixes} not made; the file would still have errors")
        return 0
    from rubricdsl.formats.whole_files import whole_file

    with whole_file(file.path) as out:
        out.write(fixed.text.encode("utf-8"))
    return fixed.count
