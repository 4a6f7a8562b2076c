"""``rub cascade``: what it saves to ask a dear judge where a cheap one is unsure."""

import argparse
from typing import TYPE_CHECKING

from rubricdsl.cli.analysis_extra import require_analysis
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.numbers import amount, seed
from rubricdsl.cli.output import plural, print_json, say
from rubricdsl.cli.run_findings import WITHOUT_JUDGE
from rubricdsl.diagnostics import fail
from rubricdsl.formats.gold import Gold, read_gold
from rubricdsl.model.digest import Plain

if TYPE_CHECKING:
    from rubricdsl.analysis.agreement.cells import LabelledCell
    from rubricdsl.analysis.escalation import CascadeAnalysis, Escalation, TwoJudges
    from rubricdsl.analysis.figures import Figure

DESCRIPTION = """\
Say what it saves to ask a dear judge only where a cheap one is not sure, and what that
costs in accuracy; choose the probabilities between which it is asked."""
EPILOG = """\
examples:
  rub cascade examples/doctor/results.jsonl --then examples/doctor/people.jsonl --gold examples/doctor/labels.jsonl
  rub cascade examples/doctor/results.jsonl --then examples/doctor/people.jsonl --gold examples/doctor/labels.jsonl --within 0.02 --json

CHEAP and DEAR are what `rub eval --out` wrote of the same responses with either judge,
and FILE holds verdicts of people.  The cheap judge has to give probabilities.  Chosen
is what asks the dear judge least and is right as often as it is, within --within; what
that is worth is told from prompts on which it was not chosen.  The lines for rub.toml
follow; in a judge block, `votes: cascade` asks its models so.

exit codes: 0 done, 2 bad input"""  # noqa: E501 - examples

_ROWS = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("cheap", metavar="CHEAP", help="results of the cheap judge")
    parser.add_argument(
        "--then", required=True, metavar="DEAR", help="results of the dear judge"
    )
    parser.add_argument(
        "--gold", required=True, metavar="FILE", help="verdicts of people"
    )
    parser.add_argument(
        "--within",
        type=amount,
        default=0.01,
        metavar="X",
        help="how much less often it may be right than the dear judge (0.01)",
    )
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="default: 0")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    require_analysis("cascade")
    from rubricdsl.analysis.escalation import analyse_cascade

    judges, names = _read(options)
    found = analyse_cascade(judges, within=options.within, seed=options.seed)
    if options.json:
        print_json(_record(found, names, options.seed))
    else:
        _draw(found, names)
    return Exit.FINE


# --------------------------------------------------------------------- reading


def _read(options: argparse.Namespace) -> "tuple[TwoJudges, tuple[str, str]]":
    """Read what both judges and people said of the same.

    Raises RubricError where there is nothing of the kind (D106).
    """
    from rubricdsl.analysis.escalation import TwoJudges

    gold = Gold(verdicts=read_gold(options.gold).verdicts)
    cheap, first = _cells(options.cheap, gold)
    dear, second = _cells(options.then, gold)
    pairs = [(cheap[key], dear[key]) for key in cheap if key in dear]
    known = [pair for pair in pairs if pair[1].ruling is not None]
    if len(known) < len(pairs):
        lost = plural(len(pairs) - len(known), "verdict")
        say(f"note: {lost} left out: {options.then} says why there is none")
    found = TwoJudges.of(known)
    if not len(found):
        fail(
            "D106",
            f"{options.cheap} and {options.then} hold no verdicts on the same, of "
            f"which {options.gold} says what is right",
            hint="evaluate the same responses with both judges, and give rows of gold "
            "with `criterion` and `verdict`",
        )
    if not found.gives_probabilities:
        fail(
            "D106",
            f"{options.cheap} holds no probabilities",
            hint="a cascade begins with a judge that gives them, such as presence",
        )
    return found, (first, second)


def _cells(
    path: str, gold: Gold
) -> "tuple[dict[tuple[str, str, str, str], LabelledCell], str]":
    """Give the labelled verdicts of a run by what they are on, and who gave them."""
    from rubricdsl.formats.labelled_results import read_labelled_results

    found = read_labelled_results(path, gold)
    asked = {
        (card.rubric, result.path, card.prompt_id, card.response_id): judge
        for card in found.scorecards
        for result in card.criteria
        if (judge := result.verdict.provenance.judge) not in WITHOUT_JUDGE
    }
    judges = set(asked.values())
    if len(judges) > 1:
        fail(
            "D106",
            f"{path} holds verdicts of {len(judges)} judges: "
            f"{', '.join(sorted(judges))}",
            hint="evaluate with one of them, as in `rub eval … --judge SPEC`: each "
            "step of a cascade is one judge",
        )
    cells = {
        key: one
        for one in found.cells
        if (key := (one.rubric, one.path, one.prompt_id, one.response_id)) in asked
    }
    return cells, next(iter(judges), path)


# --------------------------------------------------------------------- telling


def _draw(found: "CascadeAnalysis", names: tuple[str, str]) -> None:
    from rubricdsl.cli.drawing import Column, draw_line, draw_table

    draw_line(
        f"{plural(found.questions, 'verdict')} on responses to "
        f"{plural(found.prompts, 'prompt')}, of which people say what is right"
    )
    draw_line(f"{names[0]} alone is right in {found.first}")
    draw_line(f"{names[1]} alone is right in {found.second}")
    draw_table(
        [
            Column(title="asked on", number=True),
            Column(title="right", number=True),
            Column(title="a no stands up to", number=True),
            Column(title="a yes stands from", number=True),
        ],
        [_row(one) for one in _told(found)],
        title=f"where {names[1]} is asked on what {names[0]} is not sure of",
    )
    choice = found.choice
    draw_line(
        f"right as often as {names[1]} within {found.within:g}: "
        f"{choice.asked_on:.1%} asked on, {choice.accuracy:.3f} right"
    )
    if found.held_out is None:
        draw_line("  n/a on prompts not chosen on: fewer than five prompts")
    else:
        draw_line(
            f"  on prompts not chosen on: {found.held_out.asked_on} asked on, "
            f"{found.held_out.accuracy} right, {found.held_out.difference} more than "
            f"{names[1]}"
        )
    draw_line("")
    for line in _toml(choice, names):
        draw_line(line)


def _told(found: "CascadeAnalysis") -> "list[Escalation]":
    """Give some points of the curve, the chosen one among them."""
    curve = list(found.curve)
    step = max(1, -(-len(curve) // _ROWS))
    kept = {*curve[::step], curve[-1], found.choice}
    return [one for one in curve if one in kept]


def _row(one: "Escalation") -> list[str]:
    no, yes = one.thresholds
    return [f"{one.asked_on:.1%}", f"{one.accuracy:.3f}", f"{no:.3f}", f"{yes:.3f}"]


def _toml(choice: "Escalation", names: tuple[str, str]) -> list[str]:
    no, yes = choice.thresholds
    models = ", ".join(f'"{name.replace(":", "/", 1)}"' for name in names)
    return [
        "[judges.NAME]",
        f"models = [{models}]",
        'rule = "cascade"',
        f"decisive = [{no:.6g}, {yes:.6g}]",
    ]


def _record(
    found: "CascadeAnalysis", names: tuple[str, str], seed: int
) -> dict[str, Plain]:
    held_out = found.held_out
    return {
        "seed": seed,
        "cheap": names[0],
        "dear": names[1],
        "verdicts": found.questions,
        "prompts": found.prompts,
        "cheap_accuracy": _figure(found.first),
        "dear_accuracy": _figure(found.second),
        "within": found.within,
        "curve": [_point(one) for one in found.curve],
        "choice": _point(found.choice),
        "held_out": None
        if held_out is None
        else {
            "accuracy": _figure(held_out.accuracy),
            "more_than_dear": _figure(held_out.difference),
            "asked_on": _figure(held_out.asked_on),
        },
    }


def _point(one: "Escalation") -> dict[str, Plain]:
    no, yes = one.thresholds
    return {
        "asked_on": one.asked_on,
        "accuracy": one.accuracy,
        "decisive": [no, yes],
    }


def _figure(figure: "Figure") -> dict[str, Plain]:
    interval: Plain = None
    if figure.low is not None and figure.high is not None:
        interval = [figure.low, figure.high]
    return {"value": figure.value, "interval": interval, "why": figure.reason}
