"""Agreement of real annotators and judges, as other packages measure it too."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rubricdsl.analysis.agreement.cells import LabelledCell, RatedResponse
from rubricdsl.analysis.agreement.scores import score_agreement
from rubricdsl.analysis.agreement.verdicts import verdict_agreement
from rubricdsl.model.ruling import NO, YES, Ruling

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def rows(name: str, file: str = "labels") -> Iterator[dict[str, Any]]:
    path = DATA / name / f"{file}.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"the data set {name} is not beside this checkout")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


# Krippendorff's alpha for ordinal data, by the package `krippendorff`.
CROWD = {
    "RE": 0.16505224274037478,
    "CH": -0.053902555009543995,
    "EM": 0.1171387641094006,
    "SU": 0.014874705204370842,
    "EG": 0.1665990924873486,
    "CX": 0.2658226097632693,
}


def test_how_little_crowd_workers_agree_on_stories() -> None:
    labels: dict[tuple[str, str, str], dict[str, Ruling]] = defaultdict(dict)
    for row in rows("hanna"):
        key = row["criterion_id"], row["prompt_id"], row["response_id"]
        labels[key][row["annotator"]] = Ruling.level(row["value"])
    found = verdict_agreement(
        [
            LabelledCell(
                rubric="story",
                path=trait,
                prompt_id=prompt,
                response_id=name,
                ruling=None,
                probability=None,
                labels=said,
            )
            for (trait, prompt, name), said in labels.items()
        ]
    )
    assert found is not None
    assert {c.path for c in found.criteria} == CROWD.keys()
    for criterion in found.criteria:
        assert criterion.people is not None
        alpha = criterion.people.alpha
        assert alpha.value == pytest.approx(CROWD[criterion.path])
        assert alpha.low is not None
        assert alpha.high is not None
        assert alpha.low < CROWD[criterion.path] < alpha.high
        # Nobody judged, which is no disagreement.
        assert criterion.judge[0].counts.measured == 0
        assert criterion.judge[0].raters.kappa.value is None


def test_how_far_translators_agree() -> None:
    ratings: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in rows("wmt23_sxs_ende"):
        ratings[row["prompt_id"], row["response_id"]][row["annotator"]] = row["value"]
    found = score_agreement(
        [
            RatedResponse(prompt_id=p, response_id=r, score=None, ratings=given)
            for (p, r), given in ratings.items()
        ],
        (),
    )
    assert found is not None
    assert found.people is not None
    assert found.people.alpha.value == pytest.approx(0.5330947886433637)
    assert found.people.ceiling.value is not None
    assert 0.3 < found.people.ceiling.value < 0.7
    assert found.references[0].rated == len(ratings)
    assert found.references[0].compared == 0


@pytest.mark.parametrize(
    ("judge", "agreement", "kappa"),
    [
        ("ChatGPT/Vanilla", 0.2717391304347826, -0.4469483568075119),
        ("ChatGPT/CoT", 0.30434782608695654, -0.37892271662763455),
        ("Falcon/Vanilla", 0.4782608695652174, -0.029370629370629286),
    ],
)
def test_judges_that_adversarial_pairs_fool(
    judge: str, agreement: float, kappa: float
) -> None:
    """The statement is that the first of two responses is the better one."""
    gold = {row["prompt_id"]: row["value"] for row in rows("llmbar")}
    found = verdict_agreement(
        [
            LabelledCell(
                rubric="pair",
                path="first_is_better",
                prompt_id=row["prompt_id"],
                response_id="first",
                ruling=YES if row["value"] == "1>2" else NO,
                probability=None,
                labels={"gold": YES if gold[row["prompt_id"]] == "1>2" else NO},
            )
            for row in rows("llmbar", "labels_llm")
            if row["annotator"] == judge and not row["swap"] and row["value"]
        ]
    )
    assert found is not None
    raters = found.criteria[0].judge[0].raters
    assert raters.agreement.value == pytest.approx(agreement)
    assert raters.kappa.value == pytest.approx(kappa)
    assert raters.kappa.high is not None
    assert (judge.startswith("Falcon")) == (raters.kappa.high > 0)
