"""What commands that analyse need beside the core: numpy to calculate, rich to draw."""

from importlib.util import find_spec

from rubricdsl.diagnostics import fail


def require_analysis(command: str) -> None:
    """Refuse to run ``rub COMMAND`` where the extra ``analysis`` is not installed.

    Raises RubricError (D108).
    """
    lacking = [name for name in ("numpy", "rich") if find_spec(name) is None]
    if lacking:
        fail(
            "D108",
            f"`rub {command}` needs {' and '.join(lacking)}, which "
            f"{'is' if len(lacking) == 1 else 'are'} not installed",
            hint='pip install "rubricdsl[analysis]"',
        )
