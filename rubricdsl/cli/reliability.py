"""``rub reliability``: how far judges can be trusted, from asking them again."""

import argparse
import sys
from collections.abc import Iterator

from attrs import frozen

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.numbers import positive
from rubricdsl.cli.output import print_json
from rubricdsl.cli.progress import ProgressView
from rubricdsl.cli.run_arguments import (
    Docketed,
    add_limits,
    add_subjects,
    judge_options,
    limits,
    read_subjects,
)
from rubricdsl.cli.run_endings import exit_of, tell_ending
from rubricdsl.cli.run_findings import RunFindings
from rubricdsl.cli.stopping import until_stopped
from rubricdsl.diagnostics import fail
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.reliability.asking import RepeatedJudges
from rubricdsl.judging.reliability.consistency import Consistency
from rubricdsl.judging.reliability.dawid_skene import DawidSkene
from rubricdsl.judging.reliability.positions import PositionEffect
from rubricdsl.judging.reliability.reports import (
    JudgeReliability,
    Reliability,
    reliability,
)
from rubricdsl.model.digest import Plain
from rubricdsl.model.execution import EvaluationResult
from rubricdsl.runs import evaluation, judge_book

DESCRIPTION = """\
Ask judges the same questions again, in another order each time, and say how far to
trust them: how often they change their mind, whether the place of a statement in the
list makes a difference, and, of a panel, how often each judge is right."""
EPILOG = """\
examples:
  rub reliability examples/doctor/fever.rub --responses examples/doctor/responses.jsonl --repeats 2
  rub reliability examples/doctor/fever.rub --responses examples/doctor/responses.jsonl --repeats 2 --json

Everything is asked anew: verdicts that are kept are neither read nor written.  What
cannot be known, such as flips of what was answered once, is `unknown` and never 0.

exit codes: 0 done, 2 bad input, 3 some verdicts could not be had, 130 interrupted"""  # noqa: E501 - examples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_subjects(parser)
    add_limits(parser)
    parser.add_argument(
        "--repeats",
        type=positive,
        default=3,
        metavar="N",
        help="how often each question is asked (default: 3)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    if options.repeats == 1:
        fail(
            "D401",
            "asked once, a judge cannot change its mind",
            hint="give --repeats 2 or more",
        )
    subjects = read_subjects(options)
    asked = run_async(_ask(options, subjects))
    result = asked.result
    found = reliability(
        subjects.jobs, result.scorecards, asked.judges.listings(), seed=options.seed
    )
    if options.json:
        print_json(
            {
                "repeats": options.repeats,
                "seed": options.seed,
                "judge_calls": result.judge_calls,
                **_record(found),
            }
        )
    else:
        for line in _lines(found):
            sys.stdout.write(safe_text(line) + "\n")
    findings = RunFindings.of(result.scorecards)
    tell_ending(result, findings)
    if asked.interrupted:
        return Exit.INTERRUPTED
    return exit_of(findings, lost=subjects.lost)


@frozen(eq=False)
class _Asked:
    """What came of asking, and the judges that were asked."""

    judges: RepeatedJudges
    result: EvaluationResult
    interrupted: bool


async def _ask(options: argparse.Namespace, subjects: Docketed) -> _Asked:
    progress = ProgressView()
    book = judge_book(subjects.project, judge_options(options))
    judges = RepeatedJudges(book, repeats=options.repeats, seed=options.seed)
    try:
        engine = evaluation(
            subjects.project,
            subjects.jobs,
            judges,
            listener=progress,
            limits=limits(options),
            seed=options.seed,
        )
        try:
            result, interrupted = await until_stopped(engine.run(), engine.cancel)
        finally:
            progress.clear()
    finally:
        await book.close()
    return _Asked(judges, result, interrupted)


# ------------------------------------------------------------------------ JSON


def _record(found: Reliability) -> dict[str, Plain]:
    return {
        "judges": [_judge_record(judge) for judge in found.judges],
        "panel": None if found.panel is None else _panel_record(found.panel),
    }


def _judge_record(judge: JudgeReliability) -> dict[str, Plain]:
    noise = judge.noise
    return {
        "judge": judge.judge,
        **_measures(judge.consistency, judge.position),
        "score_noise": None
        if noise is None
        else {"within": noise.within, "between": noise.between, "ratio": noise.ratio},
        "criteria": [
            {
                "rubric": criterion.rubric,
                "path": criterion.path,
                **_measures(criterion.consistency, criterion.position),
            }
            for criterion in judge.criteria
        ],
    }


def _measures(
    consistency: Consistency | None, position: PositionEffect | None
) -> dict[str, Plain]:
    return {
        "questions": 0 if consistency is None else consistency.units,
        "answers": 0 if consistency is None else consistency.answers,
        "flip_rate": None if consistency is None else consistency.flip_rate,
        "unstable": None if consistency is None else consistency.unstable,
        "alpha": None if consistency is None else consistency.alpha,
        "position": None
        if position is None
        else {
            "effect": position.effect,
            "interval": position.interval,
            "p_value": position.p_value,
            "by_third": position.by_third,
            "answers": position.answers,
        },
    }


def _panel_record(panel: DawidSkene) -> dict[str, Plain]:
    return {
        "judges": [
            {
                "judge": table.judge,
                "votes": table.votes,
                "accuracy": table.accuracy,
                "confusion": {true: dict(row) for true, row in table.confusion.items()},
            }
            for table in panel.judges
        ],
        "prior": dict(panel.prior),
        "log_likelihood": panel.log_likelihood,
        "steps": panel.steps,
        "converged": panel.converged,
    }


# ------------------------------------------------------------------------ text

_HEAD = f"{'':32}{'flips':>9}{'alpha':>9}   last place against first"


def _lines(found: Reliability) -> Iterator[str]:
    for judge in found.judges:
        yield _HEAD
        yield _line(judge.judge, judge.consistency, judge.position)
        for criterion in judge.criteria:
            name = f"  {criterion.path}"
            yield _line(name, criterion.consistency, criterion.position)
        if judge.noise is not None:
            ratio = judge.noise.ratio
            yield (
                f"  a score wavers by {judge.noise.within:.4f} (standard deviation)"
                + ("" if ratio is None else f", {ratio:.0%} of that between responses")
            )
        yield ""
    if found.panel is not None:
        yield "How often each judge is right, as far as the panel's votes tell:"
        for table in found.panel.judges:
            yield f"  {table.judge:30}{table.accuracy:9.1%}   {table.votes} votes"


def _line(
    name: str, consistency: Consistency | None, position: PositionEffect | None
) -> str:
    flips = alpha = "unknown"
    if consistency is not None:
        flips = f"{consistency.flip_rate:.1%}"
        alpha = "unknown" if consistency.alpha is None else f"{consistency.alpha:.3f}"
    return f"{name:32}{flips:>9}{alpha:>9}   {_position(position)}"


def _position(position: PositionEffect | None) -> str:
    if position is None:
        return "unknown"
    text = f"{position.effect:+.1%}"
    if position.interval is not None:
        low, high = position.interval
        text += f" [{low:+.1%}, {high:+.1%}]"
    return f"{text}, p = {position.p_value:.3f}"
