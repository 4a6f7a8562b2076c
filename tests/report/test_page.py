"""A whole report: what it shows, that texts stay texts, and that it is always alike."""

import base64
import hashlib
import json
import re
import zlib

import attrs
import pytest

from rubricdsl.formats.gold import Gold, GoldScore
from rubricdsl.model.digest import Plain
from rubricdsl.model.response import Response
from rubricdsl.model.ruling import NO, YES
from rubricdsl.model.scorecard import Gate
from rubricdsl.report.document import PACK_SIZE
from rubricdsl.report.markup import visible
from rubricdsl.report.page import Material, report
from rubricdsl.report.sections import responses as response_list
from tests.report.parsed import Parsed, check_sound
from tests.report.runs import NAMES, card, cards, criterion, results

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "]]></style><!-- -->",
    "\" onfocus=alert(1) autofocus='",
    "&lt;b&gt; &amp; &#0;",
    "nul \x00 esc \x1b[31m",
    "right \u202e to left \u2066 isolate",
    "https://example.org/?a=1&b=2 \u2028 \ud800",
)


def page(material: Material) -> Parsed:
    return check_sound(report(material))


def section(html: str, name: str) -> str:
    start = html.index(f'<section id="{name}"')
    return html[start : html.index("</section>", start)]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_texts_show_as_texts_in_every_field(hostile: str) -> None:
    scorecards = [
        card(
            [
                criterion(
                    f"{hostile}.{number}",
                    ruling,
                    evidence=hostile,
                    reason=hostile,
                    judge=hostile,
                    model=hostile,
                    failure=hostile,
                )
                for number, ruling in enumerate((YES, NO, None))
            ],
            prompt_id=hostile,
            response_id=hostile,
            rubric=hostile,
            version=hostile,
        )
    ]
    text = Response(
        text=f"Before {hostile} after",
        prompt=hostile,
        prompt_id=hostile,
        response_id=hostile,
        source=hostile,
    )
    run: dict[str, Plain] = {
        "versions": {"rubricdsl": hostile},
        "options": {"responses": hostile},
    }
    parsed = page(
        Material(runs=[results(scorecards, run)], texts={(hostile, hostile): text})
    )
    # Names, versions, judges, models, ids, quotes, reasons, failures, prompt, source,
    # response and facts: far more than one place each.
    assert parsed.text.count(visible(hostile)) > 20
    assert "✓ found" not in parsed.text
    assert len(parsed.classed("found")) == 2 + 1


def test_the_policy_allows_what_stands_in_the_file_and_nothing_else() -> None:
    parsed = page(Material(runs=[results(cards({"r1": "yn"}))]))
    (policy,) = (one["content"] for one in parsed.named("meta") if "http-equiv" in one)
    digests = {
        tag: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for tag, attributes, text in parsed.raw
        if "type" not in attributes
    }
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{digests['script']}'; "
        f"style-src 'sha256-{digests['style']}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    (script,) = (text for tag, _, text in parsed.raw if tag == "script")
    assert len(script.encode()) < 20_000
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacent", "eval(", "fetch("):
        assert forbidden not in script


def test_the_same_material_gives_the_same_bytes() -> None:
    def made() -> str:
        gold = tuple(
            GoldScore(prompt_id="p1", response_id=f"r{n}", gold=n % 5)
            for n in range(30)
        )
        marks = {f"r{n}": "ynyn"[n % 3 :] + "y" for n in range(30)}
        return report(Material(runs=[results(cards(marks))], gold=Gold(scores=gold)))

    assert made() == made()


def test_what_was_not_measured_stands_apart() -> None:
    marks = {"r1": "yy", "r2": "y?", "r3": "nn"}
    html = report(Material(runs=[results(cards(marks))]))
    parsed = check_sound(html)
    assert "2/3" in section(html, "overview")
    assert "judge_truncated" in section(html, "overview")
    heat = section(html, "map")
    assert heat.count('<td class="un"') == 2, "the verdict, and the score"
    assert "not measured (judge_truncated)" in heat
    scores = section(html, "scores")
    assert 'fill="url(#hatch)"' in scores
    assert "not measured: 1 response" in scores
    listed = section(html, "responses")
    assert "incomplete, 0.50 to 1.00, 1 unmeasured" in listed
    assert parsed.text.count("it was cut short") == 1


def test_criteria_that_tell_nothing_are_flagged() -> None:
    marks = {f"r{n}": "yn" + "yn"[n % 2] * 2 for n in range(12)}
    html = section(report(Material(runs=[results(cards(marks))])), "criteria")
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", html)
    flags = [re.findall(r'class="flag"[^>]*>([^<]*)<', row) for row in rows]
    assert flags == [["always met"], ["never met"], ["duplicate"], ["duplicate"]]


def test_gold_says_which_criterion_worse_responses_meet() -> None:
    marks = {f"r{n:02}": "yn" if n % 2 else "ny" for n in range(40)}
    gold = tuple(
        GoldScore(prompt_id="p1", response_id=name, gold=n + 15 * (n % 2))
        for n, name in enumerate(marks)
    )
    material = Material(runs=[results(cards(marks))], gold=Gold(scores=gold))
    html = section(report(material), "criteria")
    first, second = re.findall(r"<tr><th scope=\"row\">.*?</tr>", html)
    assert "inverted" not in first
    assert "inverted" in second
    assert "Gold" not in section(report(Material(runs=material.runs)), "criteria")


def test_quotes_are_marked_in_the_response_or_said_to_be_missing() -> None:
    scorecard = card(
        [
            criterion("kept", YES, evidence="Drink  water."),
            criterion("made_up", YES, evidence="Drink tea."),
            criterion("beside", YES, evidence="print(1)"),
        ]
    )
    text = Response(
        text="First: Drink water. Then rest.",
        prompt_id="p1",
        response_id="r1",
        artifacts={"main.py": "print(1)\n"},
    )
    html = section(
        report(Material(runs=[results([scorecard])], texts={("p1", "r1"): text})),
        "responses",
    )
    assert '<mark title="kept">Drink water.</mark>' in html
    assert html.count("<mark") == 1
    assert '<span class="lost">not in the response</span>' in html
    assert '<span class="found">found in main.py</span>' in html


def test_rubrics_of_the_same_criteria_are_one_and_others_apart() -> None:
    same = [
        one
        for number in range(5)
        for one in cards({"r1": "yn"}, prompt_id=f"p{number}", rubric=f"s{number}")
    ]
    others = [
        card([criterion(f"own_{n}", YES)], prompt_id=f"o{n}", rubric=f"o{n}")
        for n in range(8)
    ]
    html = report(Material(runs=[results(same), results(others)]))
    check_sound(html)
    heat = section(html, "map")
    assert "5 rubrics with the same criteria, 5 responses" in heat
    assert heat.count("<table") == 6
    assert "3 more rubrics" in heat
    assert "<title>13 rubrics: report</title>" in html


def test_many_responses_share_columns() -> None:
    marks = {f"r{n}": "yn" if n < 50 else "nn" for n in range(100)}
    marks["r99"] = "??"
    html = section(report(Material(runs=[results(cards(marks))])), "map")
    heads = re.findall(r'<th scope="col"><span>([^<]*)</span>', html)
    assert (heads[0], heads[-1], len(heads)) == ("1–3", "99–100", 40)  # noqa: RUF001
    assert 'class="v0 part" title="second, 1 of 2 measured"' in html


def test_large_pages_pack_what_is_opened(monkeypatch) -> None:
    marks = {f"r{n}": "ynyn" for n in range(2 * PACK_SIZE + 3)}
    monkeypatch.setattr(response_list, "_MOST_PLAIN", 1000)
    scorecards = cards(marks)
    material = Material(runs=[results(scorecards)])
    parsed = page(material)
    packs = [text for _, attributes, text in parsed.raw if "id" in attributes]
    records = [json.loads(zlib.decompress(base64.b64decode(one))) for one in packs]
    assert [len(one) for one in records] == [PACK_SIZE, PACK_SIZE, 3]
    assert all(name in json.dumps(records[0][0]) for name in NAMES)
    entries = parsed.classed("response")
    assert entries[PACK_SIZE + 1][1]["data-pack"] == "1"
    assert entries[PACK_SIZE + 1][1]["data-place"] == "1"
    # Scores and verdicts are there without a script.
    assert parsed.text.count("✓✗✓✗") == len(marks)


def test_no_secret_of_a_header_is_shown() -> None:
    run: dict[str, Plain] = {
        "options": {
            "judge": ["openai:m?base_url=http://user:hunter22@host/v1"],
            "responses": "sk-abcdefghijkl",
            "environ": {"KEY": "unheard"},
        },
    }
    parsed = page(Material(runs=[results(cards({"r1": "y"}), run)]))
    for secret in ("hunter22", "sk-abcdefghijkl", "unheard"):
        assert secret not in parsed.text
    assert parsed.text.count("[redacted]") == 2


def test_gates_and_penalties_are_told() -> None:
    scorecard = attrs.evolve(
        card([criterion("runs", NO, mark="must", weight=None)]),
        gates=(Gate(name="runs", path="runs", mark="must", cap=0.0),),
    )
    html = section(report(Material(runs=[results([scorecard])])), "responses")
    assert "Gates that fired: runs (must, at most 0)" in html
