"""``evaluate_stream``: the scorecards of ``evaluate``, one by one, and no further."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

import pytest
from attrs import evolve

import rubricdsl
from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.outlets import MOST_AHEAD

RUBRIC = """\
rubric short
[3] brief: Has at most five words.
    check: words(response) <= 5
[1] polite: Says please.
    check: contains(response, "please", case = no)
"""


def rows(count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        text = "please " * (number % 8) + f"{number}"
        yield {"response": text, "response_id": f"r{number}"}


def test_it_gives_what_evaluate_gives():
    rubric = rubricdsl.loads(RUBRIC)

    async def both() -> tuple[list[rubricdsl.Scorecard], list[rubricdsl.Scorecard]]:
        streamed = rubricdsl.evaluate_stream(rubric, rows(1500))
        return [card async for card in streamed], list(
            await rubricdsl.evaluate(rubric, rows(1500))
        )

    def timeless(cards: list[rubricdsl.Scorecard]) -> list[object]:
        """Leave out when and how long, which differ."""
        return [
            [(c.path, c.verdict.ruling, c.value) for c in card.criteria]
            + [evolve(card, seconds=0.0, criteria=())]
            for card in cards
        ]

    streamed, whole = asyncio.run(both())
    assert timeless(streamed) == timeless(whole)


def test_whoever_leaves_has_read_no_more_than_was_needed():
    read = []

    def counted() -> Iterator[dict[str, object]]:
        for row in rows(100_000):
            read.append(row)
            yield row

    async def take_three() -> list[str]:
        scored = rubricdsl.evaluate_stream(rubricdsl.loads(RUBRIC), counted())
        ids = []
        async with aclosing(scored) as cards:
            async for card in cards:
                ids.append(card.response_id)
                if len(ids) == 3:
                    break
        return ids

    assert asyncio.run(take_three()) == ["r0", "r1", "r2"]
    assert len(read) <= 2 * MOST_AHEAD


@pytest.mark.parametrize(
    ("bad", "code"), [({"no": 1}, "D103"), ({"response": "a", "rubric": "b"}, "D107")]
)
def test_a_bad_response_is_told_when_its_turn_has_come(bad, code):
    async def take() -> None:
        responses = [*rows(3), bad]
        async for _ in rubricdsl.evaluate_stream(rubricdsl.loads(RUBRIC), responses):
            pass

    with pytest.raises(RubricError) as caught:
        asyncio.run(take())
    assert caught.value.diagnostics[0].code == code
