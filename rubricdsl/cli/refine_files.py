"""The files of ``rub refine``: taken apart by rubric, put together again, written."""

import argparse
import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attrs import frozen

from rubricdsl.cli.inputs import find_files, open_project
from rubricdsl.cli.output import plural, say, standard_input
from rubricdsl.diagnostics import fail
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.language.edit import Slice, slices
from rubricdsl.model.refinement import RefinedRubric
from rubricdsl.project import Project
from rubricdsl.refinement.pools import Pool
from rubricdsl.refining.subjects import Subject, subjects_of


@frozen
class RefinableFile:
    """A file of rubrics; ``name`` picks the one to be refined, if not empty."""

    path: str
    name: str
    project: Project
    slices: tuple[Slice, ...]

    @property
    def text(self) -> str:
        """The whole file."""
        return "".join(one.text for one in self.slices)

    def subjects(self, pools: Mapping[str, Pool]) -> Iterator[Subject]:
        """Give the rubrics that have responses, each as its own source."""
        chosen = (one for one in self.slices if self.name in {"", one.name})
        yield from subjects_of(self.project, self.path, chosen, pools)

    def refined(self, results: Mapping[str, RefinedRubric]) -> str:
        """Give the file with its rubrics refined."""
        return "".join(
            results[one.name].text if one.name in results else one.text
            for one in self.slices
        )


def read_files(paths: Sequence[str]) -> list[RefinableFile]:
    """Read rubric files; what is wrong with the rubrics in them is known by then."""
    found: list[RefinableFile] = []
    for file in find_files(paths):
        data = standard_input() if file.path == "-" else Path(file.path).read_bytes()
        pieces = slices(data.decode())
        found.append(RefinableFile(file.path, file.name, open_project(file), pieces))
    return found


def check_targets(options: argparse.Namespace, files: Sequence[RefinableFile]) -> None:
    """Refuse, before anything is asked, what could not be written in the end.

    Raises RubricError (D401, D111).
    """
    if options.in_place and any(file.path == "-" for file in files):
        fail(
            "D401",
            "--in-place cannot write standard input",
            hint="name a file, or leave --in-place out",
        )
    several = len(files) > 1
    quiet = options.dry_run or options.json or options.in_place
    if several and not options.out and not quiet:
        fail(
            "D401",
            f"{len(files)} files are refined: where shall they go?",
            hint="name a folder with --out DIR, or write --in-place or --dry-run",
        )
    if options.out and several and Path(options.out).is_file():
        fail(
            "D401",
            f"--out {options.out} is one file for {len(files)}",
            hint="name a folder",
        )
    for file in files if options.in_place else ():
        if not os.access(file.path, os.W_OK):
            fail("D111", f"{file.path} cannot be written", hint="see its permissions")


def write_files(
    options: argparse.Namespace, files: Sequence[RefinableFile], texts: Sequence[str]
) -> None:
    """Write the files, each whole or not at all."""
    written = 0
    for file, text in zip(files, texts, strict=True):
        target = _target(options, file, several=len(files) > 1)
        if options.in_place and text == file.text:
            continue
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        with whole_file(target) as out:
            out.write(text.encode())
        written += 1
    where = "in place" if options.in_place else f"to {options.out}"
    say(f"{plural(written, 'file')} written {where}")


def _target(options: argparse.Namespace, file: RefinableFile, *, several: bool) -> str:
    if options.in_place:
        return file.path
    out = str(options.out)
    if several or out.endswith(os.sep) or Path(out).is_dir():
        name = "refined.rub" if file.path == "-" else Path(file.path).name
        return str(Path(out, name))
    return out


def diffs(files: Sequence[RefinableFile], texts: Sequence[str]) -> str:
    """Give the unified diff of all files."""
    lines: list[str] = []
    for file, text in zip(files, texts, strict=True):
        lines += difflib.unified_diff(
            file.text.splitlines(keepends=True),
            text.splitlines(keepends=True),
            file.path,
            f"{file.path} (refined)",
        )
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)
