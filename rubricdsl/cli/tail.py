"""``rub tail``: how good a rubric is where it matters."""

import argparse
from math import nan
from typing import TYPE_CHECKING

from attrs import frozen

from rubricdsl.analysis.tilting import TARGET_KL, tail_share
from rubricdsl.cli.analysis_extra import require_analysis
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.numbers import divergence, seed, share
from rubricdsl.cli.output import plural, print_json, say
from rubricdsl.cli.pages import write_page
from rubricdsl.diagnostics import fail

if TYPE_CHECKING:
    from rubricdsl.analysis.evaluation import Key
    from rubricdsl.analysis.tail.pool import Pool
    from rubricdsl.analysis.tail.records import TailAnalysis

DESCRIPTION = """\
Say how good a rubric is where it matters: how well it orders the best responses, where
its scores end, what reaches the top without being good, which criteria tell nothing,
and what win rate it buys at which KL divergence, and where that turns."""
EPILOG = """\
examples:
  rub tail examples/doctor/results.jsonl --gold examples/doctor/gold.jsonl
  rub tail examples/doctor/results.jsonl --gold examples/doctor/gold.jsonl --top 0.5 --json

RESULTS is what `rub eval --out` wrote.  The tail is the part of the best responses, by
gold, that decides what a policy is worth at a KL divergence from the untrained one:
--kl, or --top for a part of your own.  Gold that only prefers one response to another
tells how well pairs are ordered, and not where the tail begins.  Whatever speaks of the untrained policy needs
responses that were sampled from it: name them with --responses and --base, or all
stand for it.  Gold of several annotators gives the human ceiling.

A figure that the responses cannot support is not given; it says why, and what it would
take.  Beside each stands on how much of what there is it rests, and its 95 % interval
over prompts.

exit codes: 0 done, 2 bad input"""  # noqa: E501 - examples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("results", metavar="RESULTS", help="results, or - for stdin")
    parser.add_argument(
        "--gold", required=True, metavar="FILE", help="how good people found responses"
    )
    parser.add_argument(
        "--kl",
        type=divergence,
        default=TARGET_KL,
        metavar="NATS",
        help="the divergence that training is to reach; decides the tail (default: 2)",
    )
    parser.add_argument(
        "--top",
        type=share,
        metavar="X",
        help="the part of the best responses to look at, such as 0.1, whatever --kl is",
    )
    parser.add_argument(
        "--responses",
        metavar="FILE",
        help="the responses that were judged, for --base and their lengths",
    )
    parser.add_argument(
        "--base", metavar="SOURCE", help="the source that is the untrained policy"
    )
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="default: 0")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--html", metavar="FILE", help="write the same as a page")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    require_analysis("tail")
    from rubricdsl.cli.tail_record import tail_record
    from rubricdsl.cli.tail_report import draw_analysis

    found = analysed(options)
    if options.json:
        print_json(tail_record(found))
    else:
        draw_analysis(found)
    if options.html is not None:
        from rubricdsl.report.sections.tail import tail

        write_page(options.html, "The tail", [tail(found)])
    return Exit.FINE


def analysed(options: argparse.Namespace) -> "TailAnalysis":
    """Read what is to be analysed, and analyse it.

    Raises RubricError for input that cannot be read, or does not belong together.
    """
    from rubricdsl.analysis.tail.measuring import analyse_tail
    from rubricdsl.analysis.tail.records import Target

    pool = read_pool(options)
    target = (
        Target(share=tail_share(options.kl), kl=options.kl)
        if options.top is None
        else Target(share=options.top, kl=None)
    )
    return analyse_tail(pool, target, seed=options.seed)


def read_pool(options: argparse.Namespace) -> "Pool":
    """Read results, gold, and responses where they are given."""
    from rubricdsl.analysis.tail.pool import Pool
    from rubricdsl.formats.evaluations import read_evaluation
    from rubricdsl.formats.gold import read_gold

    if options.base is not None and options.responses is None:
        fail(
            "D401",
            "--base names a source of responses, which results do not tell",
            hint="give the responses that were judged, with --responses",
        )
    evaluation = read_evaluation(options.results).evaluation
    gold = read_gold(options.gold)
    if not (gold.scores or gold.preferences):
        fail(
            "D103",
            f"{options.gold} gives no response a score, and prefers none",
            hint='write rows such as {"prompt_id": "…", "response_id": "…", "gold": 3}',
        )
    origins = {} if options.responses is None else _origins(options.responses)
    if options.base is not None:
        _check_base(options.base, {one.source for one in origins.values()})
    known = list(map(origins.get, evaluation.keys()))
    pool = Pool.of(
        evaluation,
        gold.ratings(evaluation),
        preferences=gold.preferences,
        sources=[None if one is None else one.source for one in known],
        base=options.base,
        lengths=[nan if one is None else one.length for one in known]
        if origins
        else None,
    )
    if not (len(pool.ratings.rows) or len(pool.preferences)):
        fail(
            "D403",
            f"{options.gold} is of other responses than {options.results}",
            hint="`prompt_id` and `response_id` have to be those of the results",
        )
    strangers = pool.ratings.strangers + pool.preferences.strangers
    if strangers:
        say(f"note: {plural(strangers, 'row')} of gold without a result")
    return pool


@frozen
class _Origin:
    """Who wrote a response, and how many characters it has."""

    source: str | None
    length: int


def _origins(path: str) -> "dict[Key, _Origin]":
    from rubricdsl.formats.responses import read_responses
    from rubricdsl.formats.rows import sound

    return {
        (one.prompt_id, one.response_id): _Origin(one.source, len(one.text))
        for one in sound(read_responses(path))
    }


def _check_base(base: str, sources: set[str | None]) -> None:
    if base not in sources:
        known = ", ".join(sorted(one for one in sources if one is not None))
        fail(
            "D401",
            f"no response is of the source {base!r}",
            hint=f"sources are {known}" if known else "responses name no `source`",
        )
