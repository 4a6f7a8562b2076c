"""From a command line to a command and an exit code."""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from rubricdsl.cli.exits import Exit

COMMANDS = {
    "check": "find every error in rubrics",
    "lock": "pin what the rubrics of a project import",
    "fmt": "write rubrics in canonical layout",
    "show": "print a rubric as a tree, with the share of each criterion",
    "test": "run the tests written in rubrics",
    "diff": "print what changed between two versions of a rubric",
    "breaking": "say whether a change can alter scores or remove a name in use",
    "plan": "say what an evaluation would cost, before it runs",
    "eval": "judge and score responses",
    "rank": "find the best responses to each prompt, asking as little as it takes",
    "draft": "write a first rubric for a prompt",
    "refine": "sharpen rubrics until they tell excellent responses from great ones",
    "simulate": "train a policy on rubrics in a small world, or on your own pool",
    "report": "write results as one page of HTML",
    "import": "turn another format into .rub files",
    "export": "turn .rub files into another format",
    "tail": "say how good a rubric is where it matters, and where that ends",
    "store": "inspect, verify, export or prune the verdicts that are kept",
    "judges": "list the judges that are installed, and whether they are ready",
    "agree": "say how far verdicts and scores agree with people",
    "cascade": "say what it saves to ask a dear judge only where a cheap one is unsure",
    "explain": "say why a response scored as it did, and what would change it",
    "reliability": "ask judges the same again, and say how far to trust them",
    "audit": "attack rubrics with known reward hacks, and say what gets through",
    "plugins": "list the plugins that are installed, and what is broken",
    "lsp": "serve an editor: diagnostics, completion, renaming and more",
}
_MODULES = {"eval": "evaluate", "import": "importing", "export": "exporting"}
_NO_ROOM = frozenset({errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EDQUOT})
_FOOT = """\
`rub COMMAND --help` tells more.  Exit codes: 0 fine, 1 the answer is no, 2 bad input
or usage, 3 some verdicts could not be had, 130 interrupted."""


class Command(Protocol):
    """A module of this package that is a command."""

    DESCRIPTION: str
    EPILOG: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""

    def run(self, options: argparse.Namespace) -> Exit:
        """Run the command."""


def run(arguments: Sequence[str]) -> int:
    """Run a command line."""
    if arguments and arguments[0] in COMMANDS:
        return _run_command(arguments[0], arguments[1:])
    if not arguments or arguments[0] in {"-h", "--help"}:
        sys.stdout.write(_writable(_help()))
        return Exit.FINE if arguments else Exit.USAGE
    return _unknown(arguments[0])


class _Parser(argparse.ArgumentParser):
    """A parser whose texts stay as they are written."""

    def __init__(self, prog: str, *, description: str, epilog: str) -> None:
        super().__init__(
            prog,
            description=description,
            epilog=epilog,
            formatter_class=_as_written,
            allow_abbrev=False,
        )

    def format_help(self) -> str:
        return _writable(super().format_help())

    def format_usage(self) -> str:
        return _writable(super().format_usage())


def _writable(text: str) -> str:
    """Give a text such as standard output can show, if it has not all signs."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def _as_written(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, width=_columns() - 2)


def _columns() -> int:
    """Give the width of the terminal.

    argparse would ask `shutil` for every argument, whose import takes longer than
    declaring them all.
    """
    wanted = os.environ.get("COLUMNS", "")
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    try:
        return os.get_terminal_size().columns or 80
    except OSError:
        return 80


def _run_command(name: str, arguments: Sequence[str]) -> int:
    module = import_module(f"rubricdsl.cli.{_MODULES.get(name, name)}")
    command = cast("Command", module)
    parser = _Parser(
        f"rub {name}", description=command.DESCRIPTION, epilog=command.EPILOG
    )
    command.add_arguments(parser)
    parser.add_argument(
        "--no-plugins",
        action="store_true",
        help="use what rubricdsl brings along, and load no plugin",
    )
    options = parser.parse_args(list(arguments))
    from rubricdsl.cli.hosts import hosts_of_command
    from rubricdsl.cli.output import report
    from rubricdsl.diagnostics import RubricError

    try:
        with hosts_of_command(no_plugins=options.no_plugins):
            code = command.run(options)
        sys.stdout.flush()
    except RubricError as error:
        report(error.diagnostics)
        return Exit.USAGE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; what is left to say has no reader.
        _drop_output()
        return Exit.FINE
    except OSError as error:
        if error.errno not in _NO_ROOM or error.filename is not None:
            raise
        _drop_output()
        reason = (error.strerror or str(error)).lower()
        hint = "write it where there is room"
        problem = f"standard output cannot be written: {reason}"
        sys.stderr.write(f"rub: D111 {problem}\n    help: {hint}\n")
        return Exit.USAGE
    return code


def _drop_output() -> None:
    """Send what is still buffered nowhere, so that Python's exit does not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _help() -> str:
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name.ljust(width)}{purpose}" for name, purpose in COMMANDS.items()]
    return "\n".join(
        [
            "usage: rub COMMAND …",
            "",
            "Say what a good LLM answer is, measure answers against it, sharpen it.",
            "",
            *lines,
            "",
            _FOOT,
            "",
        ]
    )


def _unknown(word: str) -> int:
    from difflib import get_close_matches

    close = get_close_matches(word, COMMANDS, n=1)
    hint = f"did you mean `rub {close[0]}`?" if close else "see `rub --help`"
    sys.stderr.write(f"rub: no command `{word}`\n    help: {hint}\n")
    return Exit.USAGE
