"""Tables show the best first and why, fit the terminal, and carry no attack."""

import re
import unicodedata

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.explanation.differences import parts
from rubricdsl.formats.tables import ranked, results_table
from rubricdsl.formats.terminal import Style, ansi, cut, harmless, width_of
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Failure, Ruling
from rubricdsl.model.scorecard import (
    CriterionResult,
    Gate,
    GroupResult,
    Scorecard,
    Status,
)

PROVENANCE = Provenance(judge="j", response="r")
RULINGS: dict[str, tuple[Ruling | None, float | None]] = {
    "y": (YES, 1.0),
    "n": (NO, 0.0),
    "p": (PARTLY, 0.5),
    "-": (NA, None),
    "3": (Ruling.level(3), 0.75),
    "f": (Ruling.of_number(0.53), 0.53),
    "?": (None, None),
}
CRITERIA = (
    ("window", "weight", 3.0, 0.3),
    ("method.encoder", "weight", 3.0, 0.3),
    ("method.decoder", "weight", 2.0, 0.2),
    ("write_up", "weight", 2.0, 0.2),
    ("padding", "weight", -2.0, -0.2),
    ("runs", "must", None, None),
)


def card(  # noqa: PLR0913 - what a test may vary
    response_id: str,
    score: float | None,
    marks: str,
    *,
    status: Status = Status.COMPLETE,
    interval: tuple[float, float] | None = None,
    gates: tuple[Gate, ...] = (),
) -> Scorecard:
    return Scorecard(
        rubric="tdap",
        rubric_version="1.2.0",
        rubric_digest="d",
        prompt_id="p1",
        response_id=response_id,
        score=score,
        points=None if score is None else score * 10,
        passed=None if score is None else score > 0.5,
        status=status,
        coverage=1.0,
        interval=interval,
        gates=gates,
        criteria=tuple(
            CriterionResult(
                name=path.rpartition(".")[2],
                path=path,
                mark=mark,
                weight=weight,
                share=share,
                value=RULINGS[sign][1],
                verdict=Verdict(
                    ruling=RULINGS[sign][0],
                    failure=Failure("not_recorded", "no") if sign == "?" else None,
                    evidence="between 27 and 36 weeks" if path == "window" else None,
                    provenance=PROVENANCE,
                ),
            )
            for (path, mark, weight, share), sign in zip(CRITERIA, marks, strict=True)
        ),
        groups=(
            GroupResult(
                name="method",
                path="method",
                mark="weight",
                value=0.6 if status is Status.COMPLETE else None,
                weight=5.0,
            ),
        ),
    )


RUNS = Gate(name="runs", path="runs", mark="must", cap=0.0)
BEST = card("r03", 0.75, "yyn3ny")
NEXT = card("r01", 0.45, "nyn3ny")
CARDS = [
    card("r04", 0.0, "yypfyn", gates=(RUNS,)),
    card("r05", None, "------", status=Status.UNDEFINED),
    NEXT,
    card("r02", None, "y?n3ny", status=Status.INCOMPLETE, interval=(0.45, 0.75)),
    BEST,
]
SOURCES = {("p1", "r03"): "model-b", ("p1", "r01"): "model-a"}

EXPECTED = """\
tdap 1.2.0 · p1 · 5 responses
────────────────────────────────────────────────────────────────────────────────

  #      score              response  source   status
  1     0.7500  ████████░░  r03       model-b  passed
  2     0.4500  ████░░░░░░  r01       model-a  not passed
  3     0.0000  ░░░░░░░░░░  r04                not passed (gate runs)
  4  0.45\N{EN DASH}0.75              r02                incomplete
  5        n/a              r05                undefined

  criterion  weight   r03   r01   r04   r02   r05
  window          3     ✓     ✗     ✓     ✓     \N{EN DASH}
  method          5  0.60  0.60  0.60     ?     \N{EN DASH}
    encoder       3     ✓     ✓     ✓     ?     \N{EN DASH}
    decoder       2     ✗     ✗     ½     ✗     \N{EN DASH}
  write_up        2     3     3  0.53     3     \N{EN DASH}
  padding        -2     ✗     ✗     ✓     ✗     \N{EN DASH}
  runs         must     ✓     ✓     ✗     ✓     \N{EN DASH}

Why r03 is ahead of r01: 0.7500 against 0.4500 (+0.3000), 7.5 against 4.5 points
  +0.3000  window  ✓ against ✗    +3 points
           r03: "between 27 and 36 weeks"
"""


def test_the_table_is_the_one_that_people_read() -> None:
    assert results_table(CARDS, sources=SOURCES) == EXPECTED


def test_the_order_of_input_does_not_matter() -> None:
    assert results_table(CARDS[::-1], sources=SOURCES) == EXPECTED


def test_equal_scores_stay_in_order_and_the_next_worse_is_compared() -> None:
    twin = evolve(BEST, response_id="r00")
    assert [c.response_id for c in ranked([BEST, NEXT, twin])] == ["r03", "r00", "r01"]
    assert "Why r03 is ahead of r01" in results_table([BEST, NEXT, twin])
    assert "r03 and r00 score the same: 0.7500" in results_table([BEST, twin])


def test_a_gate_is_named_and_what_parts_do_not_explain_is_a_rest() -> None:
    gated = card("g", 0.0, "yyn3nn", gates=(evolve(RUNS, path="method.runs"), RUNS))
    text = results_table([BEST, gated])
    assert "gate runs (must): g is worth at most 0\n" in text
    assert "gate runs (must): `method` of g is worth at most 0\n" in text
    assert "+0.7500  n/a, gates, clipping and kinds of groups" in text
    assert parts(BEST, gated) == []


def test_the_many_small_differences_are_summed() -> None:
    criteria = tuple(
        evolve(BEST.criteria[0], name=f"c{i}", path=f"c{i}", share=0.01 * i)
        for i in range(1, 11)
    )
    worse = tuple(
        evolve(c, value=0.0, verdict=Verdict(ruling=NO, provenance=PROVENANCE))
        for c in criteria
    )
    one = evolve(BEST, criteria=criteria, groups=(), score=0.55)
    other = evolve(NEXT, criteria=worse, groups=(), score=0.0)
    text = results_table([one, other])
    assert text.index("c10 ") < text.index("Why")
    shown = text[text.index("Why") :]
    assert "+0.1000  c10" in shown
    assert "+0.0300  2 more" in shown
    assert "rest" not in shown
    assert "clipping" not in shown


def test_only_the_best_are_shown_on_request() -> None:
    text = results_table(CARDS, top=2)
    assert "tdap 1.2.0 · p1 · 2 of 5 responses" in text
    assert "r04" not in text
    assert "Why r03 is ahead of r01" in text


def test_each_rubric_and_prompt_has_its_block() -> None:
    cards = [BEST, evolve(BEST, prompt_id="p2"), evolve(BEST, rubric="other")]
    text = results_table(cards)
    assert text.count("1 response\n") == 3
    assert text.index("p1 ·") < text.index("p2 ·") < text.index("other")
    assert "Why" not in text
    assert results_table([]) == ""


def test_many_responses_are_wrapped_into_blocks() -> None:
    cards = [evolve(BEST, response_id=f"response-{i:02}") for i in range(16)]
    text = results_table(cards, style=Style(width=60))
    assert text.count("  criterion") == 3
    assert re.findall(r"#\d+", text)[:16] == [f"#{i}" for i in range(1, 17)]
    assert text.count("response-") == 16 + text.count("Why")


def test_colour_is_only_what_was_asked_for() -> None:
    plain = results_table(CARDS, sources=SOURCES)
    painted = results_table(CARDS, sources=SOURCES, style=Style(paint=ansi))
    assert "\x1b" not in plain
    assert "\x1b[32m" in painted
    assert "\x1b[31m" in painted
    assert re.sub(r"\x1b\[\d+m", "", painted) == plain
    padding = next(line for line in painted.splitlines() if "padding" in line)
    assert "\x1b[32m   ✗" in padding
    assert "\x1b[31m   ✓" in padding


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "no-such-encoding"])
def test_other_encodings_get_ascii_marks(encoding: str) -> None:
    cards = [evolve(c, response_id=f"說{c.response_id}") for c in CARDS]
    text = results_table(cards, style=Style(encoding=encoding))
    assert text.isascii()
    assert re.search(r"window +3 +y +n +y +y +-\n", text)


HOSTILE = st.text(max_size=30) | st.sampled_from(
    [
        "\x1b[31mred\x1b[0m",
        "\x1b]0;title\x07",
        "\x9b2J",
        "a\u202eb\u2066c",
        "line\nbreak\ttab\rback\b",
        "\ud800",
        "👩\u200d👩\u200d👧 family",
        "漢字" * 20,
        "e\u0301" * 40,
        "🇩🇪🇫🇷",
    ]
)


@given(
    st.lists(
        st.builds(evolve, st.sampled_from(CARDS), response_id=HOSTILE), min_size=1
    ),
    HOSTILE,
    HOSTILE,
    st.integers(0, 120),
    st.sampled_from(["utf-8", "ascii", "cp1252"]),
)
def test_whatever_the_texts_the_table_fits_and_is_harmless(
    cards: list[Scorecard], prompt_id: str, source: str, width: int, encoding: str
) -> None:
    cards = [evolve(c, prompt_id=prompt_id, rubric=source) for c in cards]
    sources = {(c.prompt_id, c.response_id): source for c in cards}
    style = Style(width=width, encoding=encoding)
    text = results_table(cards, style=style, sources=sources)
    text.encode(encoding)
    for line in text.splitlines():
        assert width_of(line) <= max(width, 40)
        for char in line:
            assert char in "\u200c\u200d" or unicodedata.category(char)[0] != "C"


# ------------------------------------------------------------------ terminal


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain", "plain"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\u202ereversed\u202c", "areversed"),
        ("two\r\nlines\u2028three", "two lines three"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("हिन्दी", "हिन्दी"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("\ud83d!", "!"),
    ],
)
def test_what_acts_on_a_terminal_is_dropped(text: str, seen: str) -> None:
    assert harmless(text) == seen


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("abc", 3),
        ("漢字", 4),
        ("e\u0301", 1),
        ("👩\u200d👩\u200d👧", 2),
        ("🇩🇪", 2),
        ("❤\ufe0f", 2),
        ("ｱ", 1),
    ],
)
def test_widths_are_those_of_terminals(text: str, width: int) -> None:
    assert width_of(text) == width


@given(st.text(), st.integers(0, 20))
def test_a_cut_text_fits_and_begins_like_the_whole(text: str, width: int) -> None:
    short = cut(text, width)
    assert width_of(short) <= width or short == text
    if short != text:
        assert text.startswith(short.removesuffix("…"))
