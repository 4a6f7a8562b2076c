"""Folders of column files: which files are in them, and what their paths say.

A folder ``rubric=care/source=a`` says that all rows below it have these values in
columns of these names, as Hive and everybody after it writes partitions.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.formats.sources import place

COLUMN_ENDINGS = (".parquet", ".arrow", ".feather")
"""What files of a dataset end in; others are left alone."""

RUN_FILE = "_run.json"
"""In a folder of results: how they were made, and which files it has."""

_NOTHING = "__HIVE_DEFAULT_PARTITION__"


@frozen
class DatasetFile:
    """A file of a dataset, and the columns that its folders stand for."""

    path: str
    keys: Mapping[str, str]


def dataset_files(folder: str) -> Iterator[DatasetFile]:
    """Give the files of a dataset in the order of their paths.

    What begins with ``.`` or ``_`` is left alone, as others do.

    Raises RubricError (D101) for a folder that cannot be read or has no such file.
    """
    try:
        found = sorted(_below(folder))
    except OSError as error:
        reason = error.strerror or str(error)
        fail(
            "D101",
            f"{folder} cannot be read: {reason}",
            hint="check the name and that the folder may be read",
            span=place(folder, 1),
        )
    if not found:
        fail(
            "D101",
            f"the folder {folder} holds no Parquet or Arrow file",
            hint=f"name one with files that end in {', '.join(COLUMN_ENDINGS)}",
            span=place(folder, 1),
        )
    for path in found:
        yield DatasetFile(path, partition_keys(path, folder))


def partition_keys(path: str, folder: str) -> Mapping[str, str]:
    """Give the columns that the folders between ``folder`` and a file stand for."""
    parents = Path(path).relative_to(folder).parts[:-1]
    pairs = (name.partition("=") for name in parents)
    found = {key: unquote(value) for key, equals, value in pairs if key and equals}
    return {key: value for key, value in found.items() if value != _NOTHING}


def holds_results(folder: str) -> bool:
    """Tell whether a folder is one of results."""
    return (Path(folder) / RUN_FILE).is_file()


def _below(folder: str) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise error

    for parent, folders, files in os.walk(folder, onerror=refuse, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        for name in files:
            if name.lower().endswith(COLUMN_ENDINGS) and name[0] not in "._":
                yield os.path.join(parent, name)  # noqa: PTH118 - as it was given
