"""How good the shipped fit is on responses that it has not seen."""

import hashlib
import json
from importlib.resources import files
from pathlib import Path

import attrs
import pytest

from rubricdsl_presence.fitting import (
    TRAP_WEIGHT,
    LabelledText,
    Scored,
    cases,
    cross_fit,
    fit,
    follows_quality,
    is_kept_aside,
    main,
    quality,
    read_labels,
    score,
    share_present,
)
from rubricdsl_presence.logistic import load_fit
from rubricdsl_presence.measures import Quality, auc
from rubricdsl_presence.readings import ByMeaning, ByWords, Reading

LABELS = Path(__file__).parents[1] / "labels"


@pytest.fixture(scope="module")
def texts() -> list[LabelledText]:
    return read_labels(LABELS)


def kept_aside(texts: list[LabelledText]) -> list[LabelledText]:
    return [t for t in texts if any(label.kept_aside for label in t.labels)]


def figures(texts: list[LabelledText], reading: Reading) -> dict[str, Quality]:
    return quality(score(load_fit().models[reading.name], cases(texts, reading)))


def area(quality_: Quality) -> float:
    assert quality_.auc is not None
    return quality_.auc


def test_quality_by_meaning(texts: list[LabelledText]) -> None:
    """Measured: 0.757 over all, 0.88 stated or absent; traps are told by chance."""
    found = figures(kept_aside(texts), ByMeaning())
    assert area(found["all"]) >= 0.73
    assert area(found["stated or absent"]) >= 0.85
    assert found["all"].brier <= 0.235


def test_quality_on_prompts_that_were_not_fitted(texts: list[LabelledText]) -> None:
    """Measured: AUC 0.954, accuracy 0.908; correlations 0.66 to 0.81."""
    reading = ByMeaning()
    fitted = [c for c in cases(texts, reading) if not c.label.kept_aside]
    crossed = cross_fit(fitted, reading, 1)
    natural = [s for s in crossed if s.label.source == "natural"]
    found = quality(natural)["all"]
    assert area(found) >= 0.93
    assert found.accuracy >= 0.88
    assert found.brier <= 0.10
    assert found.calibration_error <= 0.11
    follows = follows_quality(natural)
    assert len(follows) == 5
    assert min(follows.values()) >= 0.6
    pairs = quality([s for s in crossed if s.label.source == "seed"])
    assert area(pairs["all"]) >= 0.73
    assert area(pairs["stated or absent"]) >= 0.88


def test_a_prompt_is_fitted_whole_or_not_at_all(texts: list[LabelledText]) -> None:
    """Scores of one prompt do not change with that prompt's labels."""
    reading = ByWords()
    natural = [c for c in cases(texts, reading) if c.label.source == "natural"]
    turned = [
        attrs.evolve(c, label=attrs.evolve(c.label, present=not c.label.present))
        if c.label.group == "fever"
        else c
        for c in natural
    ]

    def of_fever(scored: list[Scored]) -> list[float]:
        return [
            s.probability if s.label.met == s.label.present else 1 - s.probability
            for s in scored
            if s.label.group == "fever"
        ]

    assert of_fever(cross_fit(natural, reading, 1)) == pytest.approx(
        of_fever(cross_fit(turned, reading, 1))
    )


def test_traps_are_as_common_as_in_natural_answers(texts: list[LabelledText]) -> None:
    labels = [label for t in texts for label in t.labels if not label.kept_aside]
    natural = [label for label in labels if label.source == "natural"]
    contrary = sum(label.kind == "contrary" for label in natural)
    share = contrary / (contrary + sum(label.present for label in natural))
    traps = sum(label.weight for label in labels if label.kind in {"trap", "contrary"})
    present = sum(label.present for label in labels)
    assert traps / (traps + present) == pytest.approx(share, abs=0.01)


def test_the_prevalence_stands_with_the_coefficients(
    texts: list[LabelledText],
) -> None:
    record = json.loads(
        (files("rubricdsl_presence") / "coefficients.json").read_text(encoding="utf-8")
    )
    assert record["calibrated_for"] == {
        "share_present": share_present(texts),
        "trap_weight": TRAP_WEIGHT,
    }


def test_quality_by_words(texts: list[LabelledText]) -> None:
    """Measured: 0.716 over all, 0.84 stated or absent; traps are told by chance."""
    found = figures(kept_aside(texts), ByWords())
    assert area(found["all"]) >= 0.69
    assert area(found["stated or absent"]) >= 0.80
    assert found["all"].brier <= 0.26


def test_a_third_is_kept_aside(texts: list[LabelledText]) -> None:
    aside = {label.response_id for t in texts for label in t.labels if label.kept_aside}
    written = {
        label.response_id
        for t in texts
        for label in t.labels
        if label.source == "written"
    }
    assert 0.2 <= len(aside) / len(written) <= 0.45
    assert not is_kept_aside("seed", next(iter(aside)))


def test_the_fit_is_of_these_labels_and_can_be_repeated(
    texts: list[LabelledText],
) -> None:
    record = json.loads(
        (files("rubricdsl_presence") / "coefficients.json").read_text(encoding="utf-8")
    )
    assert record["labels_sha256"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in LABELS.glob("*.jsonl")
    }
    reading = ByWords()
    fitted = [c for c in cases(texts, reading) if not c.label.kept_aside]
    again = attrs.asdict(fit(fitted, reading))
    shipped = attrs.asdict(load_fit().models[reading.name])
    assert again["intercept"] == pytest.approx(shipped["intercept"], abs=1e-4)
    for one, other in zip(again["coefficients"], shipped["coefficients"], strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def test_every_feature_keeps_its_sense() -> None:
    for reading in (ByMeaning(), ByWords()):
        model = load_fit().models[reading.name]
        assert [c.feature for c in model.coefficients] == list(reading.sense)
        for c in model.coefficients:
            assert c.weight * reading.sense[c.feature] >= 0


def test_labels_are_whole() -> None:
    lines = [
        json.loads(line)
        for path in LABELS.glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert len({line["id"] for line in lines}) == len(lines)
    for line in lines:
        natural = {"prompt_id", "quality"} if "prompt_id" in line else set()
        assert set(line) == {"id", "domain", "prompt", "response", "criteria"} | natural
        for row in line["criteria"]:
            if natural:
                assert row["kind"] == "natural"
                assert not (row["met"] and row.get("contrary"))
                continue
            assert row["kind"] in {"lex", "para", "absent", "trap", "neg+", "neg-"}
            assert row["met"] is (row["kind"] in {"lex", "para", "neg+"})


def test_auc() -> None:
    assert auc([True, False], [0.9, 0.1]) == 1.0
    assert auc([True, False], [0.1, 0.9]) == 0.0
    assert auc([True, False, True, False], [0.5] * 4) == 0.5
    assert auc([True, True], [0.5, 0.6]) is None


def test_measures() -> None:
    found = Quality.of([True, False, True, False], [1.0, 0.0, 0.5, 0.5])
    assert found.accuracy == 0.75
    assert found.brier == pytest.approx(0.125)
    assert found.calibration_error == pytest.approx(0.0)
    assert found.share_met == 0.5


def test_the_program_fits_a_folder_of_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "labels"
    folder.mkdir()
    for name in ("seed.jsonl", "written.jsonl"):
        lines = (LABELS / name).read_text(encoding="utf-8").splitlines()[:8]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    out = tmp_path / "coefficients.json"
    assert main([str(folder), "--write", str(out)]) == 0
    assert "kept aside" in capsys.readouterr().out
    assert set(json.loads(out.read_text())["models"]) == {"minilm-l6-v2", "recall"}
