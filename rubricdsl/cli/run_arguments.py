"""The arguments of commands that judge: what to judge, by whom, at what cost."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from rubricdsl.cli.inputs import load_sound
from rubricdsl.cli.numbers import (
    amount,
    concurrency,
    flip_rate,
    positive,
    seed,
    share,
)
from rubricdsl.cli.output import report
from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.formats.responses import read_responses
from rubricdsl.formats.rows import RowProblem
from rubricdsl.judging.store.database import Durability
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.execution import Job, JudgeOptions, Limits, Precision
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Rubric
from rubricdsl.project import Project
from rubricdsl.runs import assign, check_blocks


@frozen(kw_only=True)
class Docketed:
    """What is to be judged; ``lost`` counts rows that could not be read."""

    project: Project
    rubrics: Sequence[Rubric]
    responses: Sequence[Response]
    jobs: Sequence[Job]
    lost: int


def add_subjects(parser: argparse.ArgumentParser) -> None:
    """Declare what is judged, and by whom."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="file, folder or -")
    parser.add_argument(
        "--responses",
        required=True,
        metavar="FILE",
        help="JSON Lines, JSON, CSV, Parquet or Arrow (perhaps .gz), a folder of "
        "Parquet or Arrow files, or - for standard input",
    )
    parser.add_argument(
        "--judge",
        action="append",
        default=[],
        metavar="[NAME=]SPEC",
        help="who judges everything, or in place of the judge block NAME",
    )
    parser.add_argument(
        "--concurrency",
        type=concurrency,
        metavar="N",
        help="requests in flight, or `auto` (default): as many as the judge can take",
    )
    parser.add_argument(
        "--keep-going", action="store_true", help="pass over rows that cannot be read"
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="of all that is drawn (0)"
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    """Declare where verdicts are kept."""
    parser.add_argument(
        "--store",
        metavar="FILE",
        help="where verdicts are kept (default: .rub/verdicts.sqlite in the project)",
    )
    parser.add_argument(
        "--no-cache",
        action="store_true",
        help="neither read nor write the verdict store",
    )


UNTIL_SCORES = "ask again what wavers until the half of a score's 95 %% interval is X"
UNTIL_BEST = (
    "ask again what wavers until, at 95 %%, no other is better by over X than any of "
    "the K best"
)


def add_precision(parser: argparse.ArgumentParser, aim: str = UNTIL_SCORES) -> None:
    """Declare how well scores, or the best, shall be known."""
    parser.add_argument("--until-within", type=share, metavar="X", help=aim)
    parser.add_argument(
        "--most-votes",
        type=positive,
        metavar="N",
        help=f"but no judge the same more than N times ({Precision(within=1).most})",
    )
    parser.add_argument(
        "--flip-rate",
        type=flip_rate,
        metavar="R",
        help="how often two answers to the same differ, as `rub reliability` tells "
        f"({Precision(within=1).flip_rate})",
    )


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Declare the budgets of a run, and how safely verdicts are kept."""
    parser.add_argument(
        "--max-calls", type=positive, metavar="N", help="send at most N judge requests"
    )
    parser.add_argument(
        "--max-cost", type=amount, metavar="X", help="spend at most X, by known prices"
    )
    parser.add_argument(
        "--max-seconds", type=amount, metavar="S", help="send nothing after S seconds"
    )
    parser.add_argument(
        "--durability",
        choices=[*Durability],
        default=Durability.NORMAL,
        help="normal: kept though rub is killed; full: though the machine fails, too",
    )


def read_subjects(options: argparse.Namespace) -> Docketed:
    """Read rubrics and responses, and tell which rubric judges which.

    Raises RubricError with all that is wrong; with ``--keep-going`` rows that cannot
    be read are reported and passed over.
    """
    rubrics, project = load_sound(options.paths)
    responses: list[Response] = []
    problems: list[Diagnostic] = []
    for row in read_responses(options.responses):
        if isinstance(row, RowProblem):
            problems.append(row.diagnostic)
        else:
            responses.append(row)
    if problems and not options.keep_going:
        raise RubricError(problems)
    report(problems)
    jobs = assign(project, rubrics, responses)
    bound = {id(job.rubric): job.rubric for job in jobs}.values()
    check_blocks(judge_options(options), rubrics, bound)
    return Docketed(
        project=project,
        rubrics=rubrics,
        responses=responses,
        jobs=jobs,
        lost=len(problems),
    )


def judge_options(options: argparse.Namespace) -> JudgeOptions:
    """Give who shall judge."""
    return JudgeOptions(
        specs=tuple(options.judge), origin="--judge", concurrency=options.concurrency
    )


def limits(options: argparse.Namespace) -> Limits:
    """Give what a run may spend."""
    return Limits(
        max_calls=options.max_calls,
        max_cost=options.max_cost,
        max_seconds=options.max_seconds,
    )


def precision(options: argparse.Namespace) -> Precision | None:
    """Give how well scores shall be known; None where everything is asked once.

    Raises RubricError (D401) for options that say nothing without another.
    """
    given = {"most": options.most_votes, "flip_rate": options.flip_rate}
    stated = {name: value for name, value in given.items() if value is not None}
    if options.until_within is not None:
        return Precision(within=options.until_within, **stated)
    if stated:
        fail(
            "D401",
            "--most-votes and --flip-rate are of use only with --until-within",
            hint="add --until-within X, or leave them out",
        )
    return None


@contextmanager
def opened_store(
    options: argparse.Namespace, project: Project
) -> Iterator[VerdictStore | None]:
    """Open the verdict store, and close it; None with ``--no-cache``.

    Raises RubricError for a file that is no store, or cannot be written.
    """
    if options.no_cache:
        if options.store is not None:
            fail(
                "D401",
                "--no-cache and --store exclude each other",
                hint="leave one of them out",
            )
        yield None
        return
    path = Path(options.store) if options.store else project.store_file
    durability = Durability(getattr(options, "durability", Durability.NORMAL))
    store = VerdictStore.open(path, durability=durability)
    try:
        yield store
    finally:
        store.close()
