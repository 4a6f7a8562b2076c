"""The examples run as they stand, and the best responses come out on top."""

import json
from itertools import combinations
from pathlib import Path

import pytest

import rubricdsl
from rubricdsl.api import open_project
from rubricdsl.cases import Outcome, run_cases
from rubricdsl.formats.responses import read_responses
from rubricdsl.model.response import Response
from rubricdsl.plugins.host import PluginHost

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
OFFLINE = {
    "doctor": "fever_full.rub",
    "teacher": "misconceptions.rub",
    "release": "release.rub",
}
RUBRICS = sorted(path for path in EXAMPLES.rglob("*.rub") if path.is_file())


def responses(folder: str) -> list[Response]:
    rows = list(read_responses(str(EXAMPLES / folder / "responses.jsonl")))
    assert all(isinstance(row, Response) for row in rows)
    return [row for row in rows if isinstance(row, Response)]


def gold(folder: str) -> dict[tuple[str, str], float]:
    lines = (EXAMPLES / folder / "gold.jsonl").read_text("utf-8").splitlines()
    rows = map(json.loads, lines)
    return {(row["prompt_id"], row["response_id"]): row["gold"] for row in rows}


@pytest.fixture(scope="module", params=OFFLINE)
def evaluated(request):
    """Give an offline example's folder and the scorecards of all its responses."""
    folder = EXAMPLES / request.param
    project = open_project(folder)
    if "presence" not in project.host.judge_backends:
        pytest.skip("the presence judge is not installed")
    rubrics = project.load(folder / OFFLINE[request.param]).checked()
    cards = rubricdsl.evaluate_sync(
        rubrics, responses(request.param), judge="presence", folder=folder
    )
    return request.param, cards


@pytest.mark.parametrize("path", RUBRICS, ids=lambda path: path.name)
def test_every_rubric_is_sound_and_its_tests_hold(path):
    host = PluginHost.installed()
    rubrics = open_project(path.parent).load(path).checked()
    for rubric in rubrics:
        results = list(run_cases(rubric, host.check_functions))
        assert all(result.outcome is not Outcome.FAILED for result in results)


@pytest.mark.parametrize("folder", OFFLINE)
def test_there_are_enough_responses_of_both_origins(folder):
    by_prompt: dict[str, list[Response]] = {}
    for response in responses(folder):
        by_prompt.setdefault(response.prompt_id, []).append(response)
    assert max(map(len, by_prompt.values())) >= 12
    sources = [r.source or "" for rows in by_prompt.values() for r in rows]
    assert sum(source.startswith("SmolLM2") for source in sources) >= 4
    assert all(sources)


def test_the_embedded_judge_covers_the_demo_fully(evaluated):
    _, cards = evaluated
    assert all(card.status == "complete" for card in cards)
    assert all(card.coverage == 1 for card in cards)


def test_the_best_response_of_each_prompt_is_one_of_the_best(evaluated):
    folder, cards = evaluated
    quality = gold(folder)
    for prompt in {card.prompt_id for card in cards}:
        mine = [card for card in cards if card.prompt_id == prompt]
        best = max(mine, key=lambda card: card.score or 0.0)
        ranks = sorted((quality[prompt, c.response_id] for c in mine), reverse=True)
        assert quality[prompt, best.response_id] >= ranks[2]


def test_scores_agree_with_the_authors_order_on_most_pairs(evaluated):
    folder, cards = evaluated
    quality = gold(folder)
    agree = total = 0.0
    for one, two in combinations(cards, 2):
        if one.prompt_id != two.prompt_id or one.score is None or two.score is None:
            continue
        lead = (
            quality[one.prompt_id, one.response_id]
            - quality[two.prompt_id, two.response_id]
        )
        if abs(lead) < 2:  # nearer than the author would insist on
            continue
        total += 1
        difference = (one.score - two.score) * lead
        agree += 1 if difference > 0 else 0.5 if difference == 0 else 0
    assert agree / total > 0.75
