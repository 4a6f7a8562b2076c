"""What ``rub simulate`` says: for people, and as a record."""

from collections.abc import Sequence

import attrs

from rubricdsl.analysis.simulation.onset import Curve, gold_at_kl, loss, onset, peak
from rubricdsl.analysis.simulation.parameters import Parameters
from rubricdsl.analysis.simulation.pool_policy import PoolOutcome, PoolTraining
from rubricdsl.cli.drawing import Column, blocks, draw_line, draw_table
from rubricdsl.cli.output import plural
from rubricdsl.model.digest import Plain
from rubricdsl.refinement.simulated.expectations import Expectation
from rubricdsl.refinement.simulated.experiment import (
    FIGURES,
    KLS,
    Experiment,
    Findings,
    Mean,
)

_OF_RUBRICS = {
    "criteria": "criteria",
    "coverage": "coverage",
    "accuracy_high": "accuracy, strong",
    "accuracy_low": "base",
}
_OF_POLICIES = {
    "peak_gold": "peak gold",
    "onset_step": "onset step",
    "onset_kl": "onset KL",
    "final_gold": "final gold",
}
_AT_KLS = {f"gold_at_kl_{kl}": f"gold at KL {kl}" for kl in KLS}
_CURVE_WIDTH = 33


def draw_experiment(experiment: Experiment, expected: Sequence[Expectation]) -> None:
    """Draw what came of each condition, the curves, and what was expected."""
    worlds = f"mean ± standard error of {plural(experiment.seeds, 'world')}"
    for title, shown in (
        (f"rubrics: {worlds}", _OF_RUBRICS),
        ("policies trained on them", _OF_POLICIES),
        ("", _AT_KLS),
    ):
        columns = [Column(title=name, number=True) for name in shown.values()]
        draw_table(
            [Column(title="condition"), *columns],
            [
                [
                    found.condition,
                    *(_told(found.mean(name), experiment.seeds) for name in shown),
                ]
                for found in experiment.findings
            ],
            title=title,
        )
    curves = [(one.condition, one.curve) for one in experiment.findings]
    _draw_curves("condition", curves, "what responses are really worth")
    if expected:
        draw_table(
            [Column(title="expected"), Column(title=""), Column(title="figures")],
            [
                [one.name, "holds" if one.holds else "does not", one.figures]
                for one in expected
            ],
        )


def _draw_curves(head: str, curves: Sequence[tuple[str, Curve]], gold: str) -> None:
    lowest = min(min(curve.gold) for _, curve in curves)
    highest = max(max(curve.gold) for _, curve in curves)
    steps = curves[0][1].steps
    draw_table(
        [
            Column(title=head),
            Column(title=f"gold, step 0 to {steps[-1]:g}"),
            Column(title="score"),
            Column(title="KL at the end", number=True),
        ],
        [
            [
                name,
                blocks(_thinned(curve.gold), lowest, highest),
                blocks(_thinned(curve.proxy), 0.0, 1.0),
                f"{curve.kl[-1]:.1f}",
            ]
            for name, curve in curves
        ],
        title=f"gold is {gold}: {lowest:.2f} to {highest:.2f} from low to high; "
        "the score 0 to 1",
    )


def _thinned(values: Sequence[float]) -> list[float]:
    """Take as many values as there is room for, the first and the last among them."""
    last = len(values) - 1
    count = min(len(values), _CURVE_WIDTH)
    return [values[round(i * last / max(count - 1, 1))] for i in range(count)]


def _told(mean: Mean | None, of: int) -> str:
    return "none" if mean is None else mean.told(of)


def experiment_record(
    experiment: Experiment, expected: Sequence[Expectation]
) -> dict[str, Plain]:
    """Give the experiment as plain data."""
    return {
        "seeds": experiment.seeds,
        "parameters": _settings_record(experiment.parameters),
        "conditions": [_findings_record(one) for one in experiment.findings],
        "expected": [
            {"name": one.name, "holds": one.holds, "figures": one.figures}
            for one in expected
        ],
    }


def _findings_record(findings: Findings) -> dict[str, Plain]:
    return {
        "name": findings.condition,
        "figures": {name: _mean_record(findings.mean(name)) for name in FIGURES},
        "curve": _curve_record(findings.curve),
    }


def _mean_record(mean: Mean | None) -> dict[str, Plain] | None:
    if mean is None:
        return None
    return {"mean": mean.value, "error": mean.error, "seeds": mean.count}


def _curve_record(curve: Curve) -> dict[str, Plain]:
    return {
        "steps": list(curve.steps),
        "gold": list(curve.gold),
        "proxy": list(curve.proxy),
        "kl": list(curve.kl),
    }


def _settings_record(settings: Parameters | PoolTraining) -> dict[str, Plain]:
    record: dict[str, Plain] = attrs.asdict(settings)
    return record


# ---------------------------------------------------------------- one's own pool


def draw_pool(outcomes: Sequence[PoolOutcome]) -> None:
    """Draw how policies over a pool fared, one for each seed."""
    first = outcomes[0]
    left = f", {first.left_out} left out" if first.left_out else ""
    draw_line(
        f"A policy that chooses among {plural(first.used, 'response')} to "
        f"{plural(first.prompts, 'prompt')}{left}; it can get no further than "
        f"{first.most_kl:.2f} nats from the pool."
    )
    seeds = len(outcomes)
    figures: dict[str, list[float | None]] = {
        "win rate at the start": [one.curve.gold[0] for one in outcomes],
        "at its peak": [peak(one.curve).gold for one in outcomes],
        "at the end": [one.curve.gold[-1] for one in outcomes],
        "lost since the peak": [loss(one.curve) for one in outcomes],
        "onset step": [_step(one.curve) for one in outcomes],
        "onset KL": [_kl(one.curve) for one in outcomes],
        **{
            f"win rate at KL {kl}": [gold_at_kl(one.curve, kl) for one in outcomes]
            for kl in KLS
            if kl < first.most_kl
        },
    }
    draw_table(
        [Column(title="figure"), Column(title="mean", number=True)],
        [[name, _told(Mean.of(values), seeds)] for name, values in figures.items()],
        title=f"mean ± standard error of {plural(seeds, 'training')}",
    )
    curves = [(f"seed {seed}", one.curve) for seed, one in enumerate(outcomes)]
    _draw_curves("training", curves, "the chance to beat a response of the pool")


def _step(curve: Curve) -> float | None:
    found = onset(curve)
    return None if found is None else found.step


def _kl(curve: Curve) -> float | None:
    found = onset(curve)
    return None if found is None else found.kl


def pool_record(
    outcomes: Sequence[PoolOutcome], training: PoolTraining
) -> dict[str, Plain]:
    """Give how policies over a pool fared as plain data."""
    first = outcomes[0]
    return {
        "seeds": len(outcomes),
        "training": _settings_record(training),
        "prompts": first.prompts,
        "used": first.used,
        "left_out": first.left_out,
        "most_kl": first.most_kl,
        "trainings": [
            {
                "peak": attrs.asdict(peak(one.curve)),
                "onset": _onset_record(one.curve),
                "drop": loss(one.curve),
                "curve": _curve_record(one.curve),
            }
            for one in outcomes
        ],
    }


def _onset_record(curve: Curve) -> dict[str, Plain] | None:
    found = onset(curve)
    return None if found is None else attrs.asdict(found)
