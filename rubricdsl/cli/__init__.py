"""The command ``rub``.  Importing this loads nothing that ``rub --version`` spares."""

import sys


def main(arguments: list[str] | None = None) -> int:
    """Run ``rub`` and give its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["-V"]):
        from rubricdsl import __version__

        print(f"rub {__version__}")  # noqa: T201 - this is a command
        return 0
    from rubricdsl.cli.dispatch import run

    return run(given)
