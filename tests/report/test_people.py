"""What people said, on the page: the tail, the win rate, agreement and calibration."""

import attrs
import numpy as np

from rubricdsl.formats.gold import Gold, GoldScore
from rubricdsl.judging.calibration.labels import LabelledVerdict
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
    assert "no two named annotators judged the same" in tail
    assert "1,200/1,200" in section(html, "agreement")


def test_what_a_pool_cannot_support_is_said() -> None:
    gold = tuple(
        GoldScore(prompt_id="p1", response_id=f"r{n}", gold=n) for n in range(3)
    )
    made = cards({f"r{n}": "yn" for n in range(3)})
    html = report(Material(runs=[results(made)], gold=Gold(scores=gold)))
    tail = section(html, "tail")
    assert "What would help" in tail
    assert "<svg" not in tail


def test_probabilities_are_held_against_labels() -> None:
    made: list[Scorecard] = []
    labels: list[LabelledVerdict] = []
    for number in range(40):
        likely = number / 40
        ruling = YES if likely > 0.5 else NO
        one = criterion("first", ruling)
        verdict = attrs.evolve(one.verdict, probability=likely)
        made.append(
            card([attrs.evolve(one, verdict=verdict)], response_id=f"r{number}")
        )
        labels.append(
            LabelledVerdict(
                prompt_id="p1",
                response_id=f"r{number}",
                criterion="first",
                ruling=YES if number % 10 > 4 else NO,
            )
        )
    html = report(Material(runs=[results(made)], gold=Gold(verdicts=tuple(labels))))
    check_sound(html)
    shown = section(html, "agreement")
    assert "40/40" in shown
    assert "over 40 verdicts" in shown
    assert shown.count("<circle") == 10
    assert "Agreement by criterion" in shown
    assert '<section id="tail"' not in html


def test_without_gold_there_is_neither() -> None:
    html = report(Material(runs=[results(cards({"r1": "y"}))]))
    assert '<section id="tail"' not in html
    assert '<section id="agreement"' not in html
