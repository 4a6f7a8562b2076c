"""Fits the judge on labels: ``python -m rubricdsl_presence.fitting labels``.

Each label says whether a criterion is met by a response.  As the sentence that
meets it is not labelled, the fit goes to and fro between choosing each claim's
best sentence and fitting the coefficients (multiple-instance learning, Dietterich
et al. 1997); each coefficient keeps the sign that its feature's sense demands.

Probabilities are those of a certain use, so labels count by how common their kind
is there.  In the natural labels (whole answers of chat models and people, held
against rubrics) what a criterion names is turned into its contrary once for every
eight times that it is stated; those who write pairs to test a judge write traps far
more often, so a trap counts `TRAP_WEIGHT`.

One third of the written responses, picked by a digest of their id, is kept aside
and never fitted.  Figures for the rest come from cross-fitting by response, and
by prompt where a prompt has several responses: their criteria are the same.  So
every figure is of criteria and responses that the model has not seen.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs
import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.model.digest import Plain, digest
from rubricdsl_presence.features import ReadClaim, ReadText, Row
from rubricdsl_presence.limits import Beyond
from rubricdsl_presence.logistic import (
    COEFFICIENTS_FILE,
    FORMAT,
    Coefficient,
    Model,
)
from rubricdsl_presence.measures import Quality
from rubricdsl_presence.readings import ByMeaning, ByWords, Reading
from rubricdsl_presence.statements import read_statement

_Floats = npt.NDArray[np.float64]

_FOLDS = 10
_ROUNDS = 20
_STEPS = 60
_PENALTY = 1.0
_DIGITS = 6
KINDS = ("lex", "para", "absent", "trap", "neg+", "neg-", "natural", "contrary")
TRAP_WEIGHT = 0.3


@frozen
class Label:
    """A criterion of one claim, and whether the response meets it.

    ``present`` is whether what the claim names is in the response: a criterion
    that denies is met when it is not.  Labels of one ``group`` are fitted together
    or not at all: a prompt where it has several responses, else a response.
    ``contrary`` is the kind of natural labels of which the response says the
    opposite.  ``quality`` is how good its author finds the response, if that is told.
    """

    source: str
    response_id: str
    group: str
    kind: str
    claim: ReadClaim
    met: bool
    present: bool
    kept_aside: bool
    quality: float | None = None

    @property
    def weight(self) -> float:
        """How much it counts in the fit."""
        return TRAP_WEIGHT if self.kind == "trap" else 1.0


@frozen
class LabelledText:
    """A response with its labels, and how many criteria were beyond the judge."""

    text: ReadText
    labels: tuple[Label, ...]
    beyond: int


@frozen
class Case:
    """A label with the features of every sentence, shape (sentences, features)."""

    label: Label
    rows: _Floats


@frozen
class Scored:
    """A label with the probability that its criterion is met."""

    label: Label
    probability: float


def is_kept_aside(source: str, response_id: str) -> bool:
    """Tell whether a response belongs to the third that is never fitted."""
    if source != "written":
        return False
    return int(hashlib.sha256(response_id.encode()).hexdigest(), 16) % 3 == 0


def read_labels(folder: Path) -> list[LabelledText]:
    """Read ``*.jsonl``: one response with its labelled criteria a line."""
    texts: list[LabelledText] = []
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            labels, beyond = [], 0
            for row in record["criteria"]:
                statement = read_statement(row["text"])
                if isinstance(statement, Beyond) or len(statement.claims) > 1:
                    beyond += 1
                    continue
                claim = statement.claims[0]
                labels.append(
                    Label(
                        source=path.stem,
                        response_id=record["id"],
                        group=record.get("prompt_id", record["id"]),
                        kind="contrary" if row.get("contrary") else row["kind"],
                        claim=ReadClaim(claim),
                        met=row["met"],
                        present=row["met"] != claim.denied,
                        kept_aside=is_kept_aside(path.stem, record["id"]),
                        quality=record.get("quality"),
                    )
                )
            texts.append(
                LabelledText(ReadText(record["response"]), tuple(labels), beyond)
            )
    return texts


def cases(texts: Iterable[LabelledText], reading: Reading) -> list[Case]:
    """Compute the features of all labels."""
    found: list[Case] = []
    for labelled in texts:
        rows = reading.rows(labelled.text, [label.claim for label in labelled.labels])
        found.extend(
            Case(label, np.array(of_claim, dtype=np.float64))
            for label, of_claim in zip(labelled.labels, rows, strict=True)
        )
    return found


def _maximise(
    x: _Floats, y: _Floats, sample: _Floats, senses: Sequence[int]
) -> _Floats:
    """Fit penalised logistic regression by Newton's method, keeping the senses.

    ``sample`` holds the weights of the rows.

    A coefficient that comes out against its sense is set to zero, the worst first.
    """
    kept = list(range(x.shape[1]))
    while True:
        design = np.c_[x[:, kept], np.ones(len(x))]
        penalty = np.diag([_PENALTY] * len(kept) + [1e-6])
        weights = np.zeros(len(kept) + 1)
        for _ in range(_STEPS):
            p = 1.0 / (1.0 + np.exp(-(design @ weights)))
            gradient = design.T @ (sample * (p - y)) + penalty @ weights
            curvature = (design * (sample * p * (1 - p))[:, None]).T @ design + penalty
            step = np.linalg.solve(curvature, gradient)
            weights -= step
            if np.abs(step).max() < 1e-10:  # noqa: PLR2004 - converged
                break
        wrong = [
            (weights[n] * senses[column], column)
            for n, column in enumerate(kept)
            if weights[n] * senses[column] < 0
        ]
        if not wrong:
            full = np.zeros(x.shape[1] + 1)
            full[[*kept, -1]] = weights
            return full
        kept.remove(min(wrong)[1])


def fit(training: Sequence[Case], reading: Reading) -> Model:
    """Fit a model; the same cases give the same model."""
    senses = list(reading.sense.values())
    y = np.array([case.label.present for case in training], dtype=np.float64)
    sample = np.array([case.label.weight for case in training])
    # The first feature, how much of the claim a sentence covers, makes the start.
    chosen = [int(np.argmax(senses[0] * case.rows[:, 0])) for case in training]
    start = np.array([c.rows[n] for c, n in zip(training, chosen, strict=True)])
    mean, scale = start.mean(axis=0), start.std(axis=0)
    scale[scale < 10**-_DIGITS] = 1.0  # the same everywhere
    scaled = [(case.rows - mean) / scale for case in training]
    weights = np.zeros(len(senses) + 1)
    for _ in range(_ROUNDS):
        x = np.array([rows[n] for rows, n in zip(scaled, chosen, strict=True)])
        weights = _maximise(x, y, sample, senses)
        # Rounded, so that equals stay equal and the first of them is taken.
        best = [int(np.argmax((rows @ weights[:-1]).round(_DIGITS))) for rows in scaled]
        if best == chosen:
            break
        chosen = best
    coefficients = tuple(
        Coefficient(
            name,
            round(float(mean[n]), _DIGITS),
            round(float(scale[n]), _DIGITS),
            round(float(weights[n]), _DIGITS) + 0.0,
        )
        for n, name in enumerate(reading.sense)
    )
    return Model(coefficients, round(float(weights[-1]), _DIGITS))


def score(model: Model, cases_: Iterable[Case]) -> list[Scored]:
    """Give the probability that each criterion is met."""
    scored = []
    for case in cases_:
        rows: list[Row] = [tuple(row) for row in case.rows.tolist()]
        present = model.support(rows).probability
        met = present if case.label.met == case.label.present else 1.0 - present
        scored.append(Scored(case.label, met))
    return scored


def cross_fit(cases_: Sequence[Case], reading: Reading, seed: int) -> list[Scored]:
    """Score every case by a model that saw no label of its group."""
    ids = sorted({case.label.group for case in cases_})
    order = np.random.default_rng(seed).permutation(len(ids))
    # The largest groups first, so that no two of them share a fold.
    sizes = Counter(case.label.group for case in cases_)
    dealt = sorted((ids[n] for n in order), key=lambda name: -sizes[name])
    fold = {name: place % _FOLDS for place, name in enumerate(dealt)}
    scored: list[Scored] = []
    for number in range(_FOLDS):
        training = [c for c in cases_ if fold[c.label.group] != number]
        tested = [c for c in cases_ if fold[c.label.group] == number]
        if tested:
            scored.extend(score(fit(training, reading), tested))
    return scored


def quality(scored: Sequence[Scored]) -> dict[str, Quality]:
    """Measure all labels, stated against absent and made-false ones, and each kind."""
    stated = ("lex", "para")
    groups = {
        "all": KINDS,
        "stated or absent": (*stated, "absent"),
        "stated or trap": (*stated, "trap"),
    } | {kind: (kind,) for kind in KINDS}
    found: dict[str, Quality] = {}
    for name, kinds in groups.items():
        part = [s for s in scored if s.label.kind in kinds]
        if part:
            found[name] = Quality.of(
                [s.label.met for s in part], [s.probability for s in part]
            )
    return found


def follows_quality(scored: Iterable[Scored]) -> dict[str, float]:
    """Give how well probabilities follow the authors' view of the responses.

    For each prompt, it is the mean over criteria of the correlation of probability
    and quality.  Criteria that worse responses meet more often are left out.
    """
    criteria: defaultdict[tuple[str, str], list[Scored]] = defaultdict(list)
    for one in scored:
        if one.label.quality is not None:
            criteria[one.label.group, one.label.claim.claim.text].append(one)
    found: defaultdict[str, list[float]] = defaultdict(list)
    for (prompt, _), rows in criteria.items():
        table = np.array(
            [(row.label.quality, row.label.met, row.probability) for row in rows],
            dtype=np.float64,
        )
        correlations = np.asarray(np.corrcoef(table, rowvar=False))
        _, by_label, by_probability = correlations[0]
        if by_label > 0:
            found[prompt].append(float(by_probability))
    return {prompt: sum(rows) / len(rows) for prompt, rows in sorted(found.items())}


@frozen
class Measured:
    """A model, with figures from responses that it has not seen."""

    model: Model
    quality: dict[str, dict[str, Quality]]
    follows_quality: dict[str, float]


def measure(cases_: Sequence[Case], reading: Reading, seed: int) -> Measured:
    """Fit what ships, and measure it on responses that it has not seen.

    "kept aside" is scored by the shipped model; "natural" and "seed" by models
    cross-fitted on everything that is fitted; "seed, transferred" by a model
    fitted on the others alone.
    """
    fitted = [case for case in cases_ if not case.label.kept_aside]
    aside = [case for case in cases_ if case.label.kept_aside]
    model = fit(fitted, reading)
    crossed = cross_fit(fitted, reading, seed)
    others = fit([c for c in fitted if c.label.source != "seed"], reading)
    seed_cases = [c for c in fitted if c.label.source == "seed"]
    natural = [s for s in crossed if s.label.source == "natural"]
    figures = {
        "natural": quality(natural),
        "kept aside": quality(score(model, aside)),
        "seed": quality([s for s in crossed if s.label.source == "seed"]),
        "seed, transferred": quality(score(others, seed_cases)),
        "fitted part": quality([s for s in crossed if s.label.source == "written"]),
    }
    return Measured(model, figures, follows_quality(natural))


def share_present(texts: Iterable[LabelledText]) -> float:
    """Give the weighted share of claims that are present, which the fit assumes."""
    fitted = [label for t in texts for label in t.labels if not label.kept_aside]
    present = sum(label.weight for label in fitted if label.present)
    return round(present / sum(label.weight for label in fitted), _DIGITS)


def _table(name: str, found: dict[str, Quality]) -> str:
    heads = ("n", "AUC", "acc", "Brier", "ECE", "mean p", "met")
    lines = [f"{name:18}{heads[0]:>5}" + "".join(f"{head:>8}" for head in heads[1:])]
    for group, q in found.items():
        area = "" if q.auc is None else f"{q.auc:.3f}"
        lines.append(
            f"  {group:16}{q.count:5}{area:>8}{q.accuracy:8.3f}{q.brier:8.3f}"
            f"{q.calibration_error:8.3f}{q.mean_probability:8.3f}{q.share_met:8.2f}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, print the figures, and with ``--write`` replace the coefficients."""
    parser = argparse.ArgumentParser(
        prog="python -m rubricdsl_presence.fitting", description=__doc__
    )
    parser.add_argument("labels", type=Path, help="folder with *.jsonl files of labels")
    parser.add_argument("--seed", type=int, default=1, help="of the folds (default 1)")
    parser.add_argument("--write", type=Path, help="write the coefficients here")
    options = parser.parse_args(arguments)
    texts = read_labels(options.labels)
    judged = sum(len(text.labels) for text in texts)
    beyond = sum(text.beyond for text in texts)
    out = sys.stdout
    out.write(f"{len(texts)} responses, {judged} labels, {beyond} beyond the judge\n")
    models: dict[str, Plain] = {}
    for reading in (ByMeaning(), ByWords()):
        found = measure(cases(texts, reading), reading, options.seed)
        models[reading.name] = attrs.asdict(found.model)
        out.write(f"\n== {reading.name}\n")
        for c in found.model.coefficients:
            out.write(f"  {c.feature:24}{c.weight:+8.3f}\n")
        for part, by_kind in found.quality.items():
            out.write(_table(part, by_kind) + "\n")
        for prompt, value in found.follows_quality.items():
            out.write(f"follows quality, {prompt:16}{value:8.3f}\n")
    if options.write is not None:
        labels = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(options.labels.glob("*.jsonl"))
        }
        record = {
            "format": FORMAT,
            "digest": digest(FORMAT, models),
            "labels_sha256": labels,
            "calibrated_for": {
                "share_present": share_present(texts),
                "trap_weight": TRAP_WEIGHT,
            },
            "models": models,
        }
        text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        options.write.write_text(text, encoding="utf-8")
        out.write(f"\nwrote {options.write.name}; put it in place of")
        out.write(f" {COEFFICIENTS_FILE} in the package\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
