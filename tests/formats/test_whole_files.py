"""A file appears whole or not at all, and keeps what it was to others."""

import os
import stat
from pathlib import Path

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.formats.whole_files import whole_file


def test_a_failure_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old")
    with pytest.raises(ValueError, match="half"):
        _interrupted(path, ValueError("half"))
    assert path.read_text() == "old"
    with pytest.raises(KeyboardInterrupt):
        _interrupted(path, KeyboardInterrupt())
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.jsonl"]  # noqa: PTH208 - names are enough


def _interrupted(path: Path, error: BaseException) -> None:
    with whole_file(str(path)) as file:
        file.write(b"half")
        raise error


def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "real.jsonl"
    path.write_text("old")
    path.chmod(0o640)
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    with whole_file(str(link)) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    with whole_file(str(tmp_path / "new")):
        pass
    (tmp_path / "usual").touch()
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_pipe_is_written_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with whole_file(str(pipe)) as file:
            file.write(b"new")
        assert os.read(reader, 100) == b"new"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", ["no/such/folder/out.jsonl", "", "nul\0"])
def test_a_file_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    path = f"{tmp_path}/{name}"
    with pytest.raises(RubricError) as caught, whole_file(path):
        pass
    assert caught.value.diagnostics[0].code == "D111"
    assert list(tmp_path.iterdir()) == []
