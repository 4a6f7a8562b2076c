"""The page on columns: its queries run, and say what the results say."""

import re
from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path
from statistics import correlation, fmean

import pytest

from rubricdsl.formats.result_columns import result_schema
from rubricdsl.formats.results import read_results, write_results
from rubricdsl.model.scorecard import Scorecard

duckdb = pytest.importorskip("duckdb", reason="needs duckdb")
pa = pytest.importorskip("pyarrow", reason="needs pyarrow")

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PAGE = (EXAMPLES / "columns" / "README.md").read_text("utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, flags=re.DOTALL)
Answer = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def cards() -> tuple[Scorecard, ...]:
    return read_results(str(EXAMPLES / "doctor" / "results.jsonl")).scorecards


@pytest.fixture(scope="module", params=["results.parquet", "results/"])
def ask(request, cards, tmp_path_factory) -> Answer:
    """Give a way to ask a query of the page of a file, and of a folder."""
    folder = tmp_path_factory.mktemp("columns")
    path = f"{folder}/{request.param}"
    write_results(path, {}, cards)
    files = f"{path}*/*.parquet" if path.endswith("/") else path

    def answer(query: str) -> list[tuple[object, ...]]:
        with duckdb.connect() as connection:
            text = query.replace("'results.parquet'", f"'{files}'")
            found: list[tuple[object, ...]] = connection.execute(text).fetchall()
            return found

    return answer


def values(cards: tuple[Scorecard, ...]) -> Mapping[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for card in cards:
        for result in card.criteria:
            if result.value is not None and card.score is not None:
                found.setdefault(result.path, []).append((result.value, card.score))
    return found


def test_how_often_each_criterion_is_met(ask, cards):
    found = {row[0]: row[1:] for row in ask(QUERIES[0])}
    assert found == {
        path: (pytest.approx(fmean(v for v, _ in pairs)), len(pairs), 0)
        for path, pairs in values(cards).items()
    }


def test_which_criteria_go_with_the_score(ask, cards):
    found = dict(ask(QUERIES[1]))
    for path, pairs in values(cards).items():
        met, scores = zip(*pairs, strict=True)
        if len(set(met)) == 1:
            assert found[path] is None
        else:
            assert found[path] == pytest.approx(correlation(met, scores))
    assert all(one is None or isfinite(one) for one in found.values())


def test_a_criterion_that_all_meet_goes_with_nothing(cards, tmp_path):
    """Without the guard it would be no number, and come first."""
    alike = [card for card in cards if card.criteria[0].value == 1.0]
    assert len(alike) > 1
    write_results(f"{tmp_path}/results.parquet", {}, alike)
    query = QUERIES[1].replace("'results", f"'{tmp_path}/results")
    with duckdb.connect() as connection:
        found = dict(connection.execute(query).fetchall())
    assert found[alike[0].criteria[0].path] is None


def test_which_responses_are_the_worst(ask, cards):
    worst = sorted(
        (card.score, card.prompt_id, card.response_id)
        for card in cards
        if card.score is not None
    )
    by_id = {(card.prompt_id, card.response_id): card for card in cards}
    found = ask(QUERIES[2])
    assert [(row[2], row[0], row[1]) for row in found] == worst[:5]
    for prompt, response, _, missed in found:
        card = by_id[prompt, response]
        no = [c.path for c in card.criteria if str(c.verdict.ruling) == "no"]
        assert missed == no


def test_what_it_took(ask, cards):
    (row,) = ask(QUERIES[3])
    tokens = sum(c.usage.prompt_tokens + c.usage.completion_tokens for c in cards)
    assert row[:4] == (
        cards[0].rubric,
        len(cards),
        sum(card.judge_calls for card in cards),
        tokens,
    )


def test_every_column_is_on_the_page():
    schema = result_schema(pa)
    names = set(schema.names)
    for column in ("criteria", "gates", "groups"):
        struct = schema.field(column).type.value_type
        names |= {struct.field(place).name for place in range(struct.num_fields)}
    assert {name for name in names if f"`{name}`" not in PAGE} == set()
    assert len(QUERIES) == 4
