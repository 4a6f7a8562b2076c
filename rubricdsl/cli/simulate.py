"""``rub simulate``: policy against rubric, in a built-in world or on one's own pool."""

import argparse
import os
import sys

import attrs

from rubricdsl.cli.analysis_extra import require_analysis
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.numbers import positive
from rubricdsl.cli.output import print_json
from rubricdsl.cli.pages import write_page
from rubricdsl.diagnostics import fail

DESCRIPTION = """\
Train a policy on the scores of rubrics, and see for how long what it is really worth
rises with them.

Without results: the built-in world, where rubrics are refined in several ways
(conditions) by the real loop, and a policy is trained on each.  With results and gold:
a policy that chooses among the responses of your own pool."""
EPILOG = """\
examples:
  rub simulate --seeds 1 --conditions initial,4-great-diverse --set prompts=8 --steps 60
  rub simulate --seeds 1 --conditions initial --set prompts=8 --steps 40 --json

Gold in the built-in world is what responses are really worth; with your results it is
the chance to beat a response drawn from the pool.  The onset of over-optimization is
the first point after the peak from which gold stays .02 or more below it, told in steps
and in KL divergence (nats): steps depend on the speed of training, the divergence does
not.

conditions: initial (as first written), 1-good, 1-great, 4-good, 4-great,
4-great-diverse (pairs that refine them), style-prone (a proposer that takes hacks for
merits), style-prone-gate, no-style-edits

exit codes: 0 done (with --check: all that is expected holds), 1 --check, and it does
not, 2 bad input, 130 interrupted"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "results", nargs="?", metavar="RESULTS", help="what `rub eval --out` wrote"
    )
    parser.add_argument("--gold", metavar="FILE", help="scores that people gave")
    parser.add_argument(
        "--conditions",
        metavar="NAMES",
        help="ways to refine rubrics, with commas between (default: those of the "
        "paper, 4-good and style-prone)",
    )
    parser.add_argument(
        "--seeds",
        type=positive,
        default=6,
        metavar="N",
        help="worlds, or trainings, to take the mean of (default: 6)",
    )
    parser.add_argument(
        "--steps", type=positive, metavar="N", help="steps of training (default: 320)"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a number of the world or the training, such as learning_rate=0.4, "
        "dropout=0.3, weighting=variance or great.advanced=0.5 (may be repeated)",
    )
    parser.add_argument(
        "--jobs",
        type=positive,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes that share the work (default: one for each core)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="exit 1 if something that is expected of the built-in world does not hold",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--html", metavar="FILE", help="write a page with the curves")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    require_analysis("simulate")
    if options.results is None:
        if options.gold is not None:
            fail(
                "D401",
                "gold is of no use without results",
                hint="give the file that `rub eval --out` wrote before --gold",
            )
        return _built_in(options)
    if options.gold is None:
        fail("D401", "it is not said how good the responses are", hint="give --gold")
    if options.conditions is not None or options.check:
        fail(
            "D401",
            "conditions are those of the built-in world",
            hint="leave --conditions and --check out, or RESULTS",
        )
    return _own_pool(options)


def _built_in(options: argparse.Namespace) -> Exit:
    from rubricdsl.analysis.simulation.parameters import Parameters
    from rubricdsl.cli.settings import with_settings
    from rubricdsl.cli.simulate_summary import draw_experiment, experiment_record
    from rubricdsl.refinement.simulated.conditions import Condition, Outcome
    from rubricdsl.refinement.simulated.expectations import expectations
    from rubricdsl.refinement.simulated.experiment import (
        CONDITION_NAMES,
        DEFAULT_CONDITIONS,
        run_experiment,
    )

    parameters = with_settings(Parameters(), options.set)
    if options.steps is not None:
        parameters = attrs.evolve(parameters, steps=options.steps)
    conditions: tuple[Condition, ...] = DEFAULT_CONDITIONS
    if options.conditions is not None:
        names = dict.fromkeys(name.strip() for name in options.conditions.split(","))
        for name in names:
            if name not in CONDITION_NAMES:
                fail(
                    "D401",
                    f"there is no condition {name!r}",
                    hint=f"use {', '.join(CONDITION_NAMES)}",
                )
        conditions = tuple(CONDITION_NAMES[name] for name in names)
    total = len(conditions) * options.seeds
    done = 0

    def count(_: Outcome) -> None:
        nonlocal done
        done += 1
        if sys.stderr.isatty():
            end = "\n" if done == total else ""
            sys.stderr.write(f"\r{done} of {total} trainings{end}")

    experiment = run_experiment(
        parameters, conditions, seeds=options.seeds, jobs=options.jobs, on_outcome=count
    )
    expected = expectations(experiment)
    if options.json:
        print_json(experiment_record(experiment, expected))
    else:
        draw_experiment(experiment, expected)
    if options.html is not None:
        from rubricdsl.report.sections.simulation import experiment_sections

        sections = list(experiment_sections(experiment, expected))
        write_page(options.html, "Policy against rubric", sections)
    failed = options.check and not all(one.holds for one in expected)
    return Exit.NO if failed else Exit.FINE


def _own_pool(options: argparse.Namespace) -> Exit:
    from rubricdsl.analysis.simulation.pool_policy import (
        LEAST_RESPONSES,
        PoolTraining,
        train_on_pool,
    )
    from rubricdsl.cli.settings import with_settings
    from rubricdsl.cli.simulate_summary import draw_pool, pool_record
    from rubricdsl.formats.evaluations import read_evaluation
    from rubricdsl.formats.gold import read_gold

    training = with_settings(PoolTraining(), options.set)
    if options.steps is not None:
        training = attrs.evolve(training, steps=options.steps)
    evaluation = read_evaluation(options.results, one_score=True).evaluation
    known = read_gold(options.gold).means()
    if not known:
        fail(
            "D103",
            f"{options.gold} gives no response a score",
            hint='write rows such as {"prompt_id": "…", "response_id": "…", "gold": 3}',
        )
    gold = evaluation.aligned(known)
    outcomes = [
        outcome
        for seed in range(options.seeds)
        if (
            outcome := train_on_pool(
                evaluation.prompts, evaluation.scores, gold, training, seed=seed
            )
        )
        is not None
    ]
    if not outcomes:
        fail(
            "D403",
            f"no prompt of {options.results} has {LEAST_RESPONSES} responses with a "
            f"score and with gold in {options.gold}",
            hint="judge more responses to each prompt, and see that the ids in the "
            "gold are those in the results",
        )
    if options.json:
        print_json(pool_record(outcomes, training))
    else:
        draw_pool(outcomes)
    if options.html is not None:
        from rubricdsl.report.sections.simulation import pool_sections

        write_page(options.html, "Policy over a pool", list(pool_sections(outcomes)))
    return Exit.FINE
