"""``rub eval``: judge and score responses."""

import argparse
from collections import Counter
from collections.abc import Sequence

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.numbers import amount, positive
from rubricdsl.cli.output import say
from rubricdsl.cli.run_arguments import (
    add_limits,
    add_precision,
    add_store,
    add_subjects,
    opened_store,
    precision,
    read_subjects,
)
from rubricdsl.cli.run_conduct import (
    Ended,
    add_outputs,
    check_outputs,
    conduct,
    conduct_stream,
    show_rows,
    show_table,
    show_written,
    tell_files,
)
from rubricdsl.cli.run_endings import (
    exit_of,
    tell_ending,
    tell_noise,
    tell_under,
    tell_way_on,
)
from rubricdsl.cli.run_findings import RunFindings
from rubricdsl.cli.streamed_subjects import look_through, may_stream
from rubricdsl.formats.tables import ranked
from rubricdsl.judging.executor import LOCAL
from rubricdsl.model.execution import Precision
from rubricdsl.model.scorecard import Scorecard

DESCRIPTION = "Judge and score responses with rubrics."
EPILOG = """\
examples:
  rub eval examples/doctor/fever_full.rub --responses examples/doctor/responses.jsonl
  rub eval examples/teacher/misconceptions.rub --responses examples/teacher/responses.jsonl --top 3
  rub eval examples/doctor/fever_full.rub --responses examples/doctor/responses.jsonl --until-within 0.1

A judge SPEC is BACKEND:MODEL?key=value&…, or the name of a backend or of a judge in
rub.toml.  Without one: the rubric's own, else $RUB_JUDGE, else `presence`, which is
embedded.  `rub judges` lists what is installed, `rub judges --keys` the keys.

Every verdict is kept in a store and never asked for twice.  A run that was stopped, in
whatever way, goes on where it was when the same command is given again; --resume also
sees to it that it is the same run.

With --until-within every question is asked as often as the rubric says, and then,
response by response, the one whose next answer tells most about the score, with all
that goes into the same request (?ask=each asks fewest), until X or N is reached.  Only
yes-or-no questions to models under `majority` or `mean` are asked again; `presence` and
recorded verdicts are not.  All else is taken at its word.  A row's `noise` says what
half-width was reached, and on how many votes.

With --out and `--format none` (or jsonl) results are written as they are there, and
neither they nor the responses need fit into memory; the responses are read twice.  An
--out that ends in .parquet is Parquet, one that ends in / a folder of it.

exit codes: 0 done, 1 a score is under --fail-under, 2 bad input, 3 some verdicts
could not be had, 130 interrupted (what was judged is kept)"""  # noqa: E501 - examples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_subjects(parser)
    add_outputs(parser)
    parser.add_argument(
        "--top", type=positive, metavar="K", help="show only the K best per prompt"
    )
    parser.add_argument(
        "--fail-under", type=amount, metavar="X", help="exit 1 if a score is below X"
    )
    add_precision(parser)
    add_store(parser)
    add_limits(parser)
    parser.add_argument(
        "--executor",
        default=LOCAL,
        metavar="NAME[?key=value&…]",
        help="who makes the run: `local` (default), or what a plugin offers",
    )


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    check_outputs(options)
    wanted = precision(options)
    within = None if wanted is None else wanted.within
    findings = RunFindings(options.fail_under, within)
    if may_stream(options):
        streamed = look_through(options)
        if not streamed.repeats:
            with opened_store(options, streamed.project) as store:
                ended = conduct_stream(
                    options, streamed, store, findings, precision=wanted
                )
            show_written(options)
            return _told(options, ended, findings, wanted, streamed.lost)
        say("note: the same comes up far apart, so all results are held in memory")
    subjects = read_subjects(options)
    with opened_store(options, subjects.project) as store:
        ended = conduct(options, subjects, store, precision=wanted)
    scorecards = ended.result.scorecards
    if options.format == "table":
        show_table(scorecards, subjects.responses, options.top)
    else:
        best = _best(scorecards, options.top) if options.top else scorecards
        show_rows(options, ended.header, best)
    for scorecard in scorecards:
        findings.add(scorecard)
    return _told(options, ended, findings, wanted, subjects.lost)


def _told(
    options: argparse.Namespace,
    ended: Ended,
    findings: RunFindings,
    wanted: Precision | None,
    lost: int,
) -> Exit:
    """Say what the run came to, and give the exit code."""
    tell_ending(ended.result, findings)
    if wanted is not None:
        tell_noise(findings, wanted)
    tell_under(findings)
    tell_files(options)
    code = exit_of(findings, lost=lost)
    if ended.interrupted:
        code = Exit.INTERRUPTED
    if code in {Exit.INCOMPLETE, Exit.INTERRUPTED}:
        tell_way_on(findings, stored=not options.no_cache, out=options.out)
    return code


def _best(scorecards: Sequence[Scorecard], top: int) -> list[Scorecard]:
    """Give the best of each prompt and rubric."""
    kept: Counter[tuple[str, str]] = Counter()
    best: list[Scorecard] = []
    for card in ranked(scorecards):
        kept[card.rubric, card.prompt_id] += 1
        if kept[card.rubric, card.prompt_id] <= top:
            best.append(card)
    return best
