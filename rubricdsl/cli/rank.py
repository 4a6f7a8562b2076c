"""``rub rank``: find the best responses to each prompt with the fewest questions."""

import argparse
from collections.abc import Iterator, Sequence

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.numbers import positive
from rubricdsl.cli.output import plural, say
from rubricdsl.cli.run_arguments import (
    UNTIL_BEST,
    add_limits,
    add_precision,
    add_store,
    add_subjects,
    opened_store,
    precision,
    read_subjects,
)
from rubricdsl.cli.run_conduct import (
    add_outputs,
    check_outputs,
    conduct,
    show_rows,
    show_table,
    tell_files,
)
from rubricdsl.cli.run_endings import tell_border, tell_ending, tell_way_on
from rubricdsl.cli.run_findings import RunFindings
from rubricdsl.model.scorecard import Scorecard, Status

DESCRIPTION = "Find the K best responses to each prompt, asking as little as it takes."
EPILOG = """\
examples:
  rub rank examples/doctor/fever_full.rub --responses examples/doctor/responses.jsonl --top 2
  rub rank examples/teacher/misconceptions.rub --responses examples/teacher/responses.jsonl --top 1 --json

The best K, and their order, are those of `rub eval`.  A response is asked about no
further once it is certain that it is among them, or is not, so most rows have no
score: they show what it can still be, and their `rank` where that is certain.  What
costs nothing (checks, and verdicts in the store) is always taken.

Judges that take several questions in one request (ask: together) are asked in a few
large steps: fewer questions, but perhaps more requests than `rub eval`.  Where requests
are what counts, or questions are, `?ask=each` asks the fewest questions.

With --until-within what wavers is asked again, after that: the questions that tell
most about the weakest of the K best and the strongest of all others, until the border
between them is decided or no judge may be asked more (--most-votes).  Only who is among
the best is asked after so; their order is that of the verdicts, and a place that is not
decided at 95 % bears a `?` in the table.  `rank_doubt` in a row holds the risks, bounds
that take scores as normal.  Never are more questions asked than `rub plan` with the same
--until-within tells for `rub eval`.

exit codes: 0 the best K are known by the verdicts, 2 bad input, 3 they are not, since
verdicts could not be had, 130 interrupted (what was judged is kept)"""  # noqa: E501 - examples

_MOST_NAMES = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_subjects(parser)
    parser.add_argument(
        "--top",
        type=positive,
        required=True,
        metavar="K",
        help="how many of the best to find, in their order",
    )
    add_outputs(parser)
    add_precision(parser, UNTIL_BEST)
    add_store(parser)
    add_limits(parser)


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    check_outputs(options)
    wanted = precision(options)
    subjects = read_subjects(options)
    with opened_store(options, subjects.project) as store:
        ended = conduct(options, subjects, store, top=options.top, precision=wanted)
    scorecards = ended.result.scorecards
    if options.format == "table":
        show_table(scorecards, subjects.responses, options.top)
    else:
        show_rows(options, ended.header, scorecards)
    findings = RunFindings.of(scorecards)
    tell_ending(ended.result, findings)
    _tell_saved(scorecards)
    open_prompts = list(_undecided(scorecards, options.top))
    _tell_undecided(open_prompts, options.top)
    if wanted is not None:
        tell_border(scorecards, options.top, wanted)
    tell_files(options)
    code = Exit.FINE
    if subjects.lost or open_prompts or _has_suspects(scorecards):
        code = Exit.INCOMPLETE
    if ended.interrupted:
        code = Exit.INTERRUPTED
    if code in {Exit.INCOMPLETE, Exit.INTERRUPTED}:
        tell_way_on(findings, stored=store is not None, out=options.out)
    return code


def _has_suspects(scorecards: Sequence[Scorecard]) -> bool:
    return any(card.status is Status.SUSPECT for card in scorecards)


def _undecided(scorecards: Sequence[Scorecard], top: int) -> Iterator[str]:
    """Give the prompts whose best responses are not certain."""
    known: dict[tuple[str, str], set[int]] = {}
    counts: dict[tuple[str, str], int] = {}
    for card in scorecards:
        key = (card.rubric, card.prompt_id)
        places = known.setdefault(key, set())
        counts[key] = counts.get(key, 0) + (card.status is not Status.SUSPECT)
        if card.standing is not None and card.standing.rank is not None:
            places.add(card.standing.rank)
    for key, places in known.items():
        if not places.issuperset(range(1, min(top, counts[key]) + 1)):
            yield key[1]


def _tell_undecided(prompts: Sequence[str], top: int) -> None:
    if prompts:
        more = ", …" if len(prompts) > _MOST_NAMES else ""
        shown = ", ".join(prompts[:_MOST_NAMES]) + more
        say(f"the best {top} are not certain for {plural(len(prompts), 'prompt')}")
        say(f"  ({shown}): what failed could still change them")


def _tell_saved(scorecards: Sequence[Scorecard]) -> None:
    """Say how many verdicts were not needed."""
    verdicts = [result.verdict for card in scorecards for result in card.criteria]
    saved = sum(not verdict.asked for verdict in verdicts)
    if saved:
        share = saved / len(verdicts)
        say(f"{saved:,} of {len(verdicts):,} verdicts were not needed ({share:.0%})")
