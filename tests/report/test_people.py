"""What people said, on the page: the tail and the win rate."""

import numpy as np

from rubricdsl.formats.gold import Gold, GoldScore
from rubricdsl.model.ruling import NO, YES
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.report.page import Material, report
from tests.report.parsed import check_sound
from tests.report.runs import card, cards, criterion, results

PROMPTS, POOL, CRITERIA = 10, 120, 8


def section(html: str, name: str) -> str:
    start = html.index(f'<section id="{name}"')
    return html[start : html.index("</section>", start)]


def pool() -> tuple[list[Scorecard], Gold]:
    """Give responses whose scores rise with how good they are."""
    rng = np.random.default_rng(5)
    made: list[Scorecard] = []
    gold: list[GoldScore] = []
    for prompt in range(PROMPTS):
        for number in range(POOL):
            good = rng.random()
            met = good + rng.normal(0, 0.3, CRITERIA) > np.linspace(0.2, 0.9, CRITERIA)
            ids = {"prompt_id": f"p{prompt}", "response_id": f"r{number}"}
            verdicts = [
                criterion(f"c{place}", YES if one else NO)
                for place, one in enumerate(met)
            ]
            made.append(card(verdicts, **ids))
            gold.append(GoldScore(**ids, gold=good))
    return made, Gold(scores=tuple(gold))


def test_the_tail_and_the_win_rate_are_drawn() -> None:
    made, gold = pool()
    html = report(Material(runs=[results(made)], gold=gold))
    check_sound(html)
    tail = section(html, "tail")
    assert "1,200 responses of 1,200 are rated by people" in tail
    assert "matters at 2 nats" in tail
    assert 'aria-label="win rate by nats"' in tail
    assert tail.count("<polyline") == 2, "the curve, and the best there could be"
    assert tail.count("<polygon") == 1
    assert "no response was rated by two named annotators" in tail


def test_what_a_pool_cannot_support_is_said() -> None:
    gold = tuple(
        GoldScore(prompt_id="p1", response_id=f"r{n}", gold=n) for n in range(3)
    )
    made = cards({f"r{n}": "yn" for n in range(3)})
    html = report(Material(runs=[results(made)], gold=Gold(scores=gold)))
    tail = section(html, "tail")
    assert "What would help" in tail
    assert "<svg" not in tail


def test_without_gold_there_is_none() -> None:
    html = report(Material(runs=[results(cards({"r1": "y"}))]))
    assert '<section id="tail"' not in html
