"""Folders of judges that keep files of their own, such as sheets and batches."""

from pathlib import Path

from rubricdsl.diagnostics import fail
from rubricdsl.model.protocols import JudgeSettings


def folder_of(settings: JudgeSettings, default: str) -> Path:
    """Give the folder that a judge's option ``folder`` names; it need not be there.

    Raises:
        RubricError: D203 for an option that is no name, D205 where a file is in the
            way.
    """
    folder = settings.options.get("folder", default)
    if not isinstance(folder, str) or not folder.strip() or "\0" in folder:
        fail(
            "D203",
            f"`folder` of {settings.name} must be the name of a folder",
            hint=f"name one, as in folder={default}",
        )
    path = Path(folder)
    if path.exists() and not path.is_dir():
        fail(
            "D205",
            f"the judge {settings.name} has no folder: {folder} is a file",
            hint=f"name another, as in folder={default}",
        )
    return path
