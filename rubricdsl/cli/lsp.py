"""``rub lsp``: the language server, for an editor that starts it."""

import argparse
import sys

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.hosts import host_of

DESCRIPTION = "Serve an editor on standard input and output."
EPILOG = """\
examples:
  rub lsp
  rub lsp --stdio

An editor starts it and speaks the Language Server Protocol with it; grammars/README.md
says how to set up VS Code, Neovim and Helix.  It needs the extra `lsp`:

  pip install "rubricdsl[lsp]"

exit codes: 0 the editor has left, 2 the extra is not installed"""
_FOREIGN = frozenset({"pygls", "lsprotocol", "cattrs"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--stdio", action="store_true", help="the only way; some editors say it"
    )


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    del options
    try:
        from rubricdsl.lsp.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _FOREIGN:
            raise
        hint = 'pip install "rubricdsl[lsp]"'
        sys.stderr.write(f"rub lsp: the language server is not installed: {hint}\n")
        return Exit.USAGE
    serve(host_of().function_table)
    return Exit.FINE
