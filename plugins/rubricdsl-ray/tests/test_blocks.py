"""What belongs together stays together, and every job is in one block."""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.api import loads, open_project
from rubricdsl.judging.sight import look
from rubricdsl.model.execution import Job
from rubricdsl.model.response import Response
from rubricdsl_ray.blocks import blocks, fitting_size, units

RUBRIC = open_project().bind(
    loads(
        "rubric r\n"
        "[1] asks: Is a fair question.\n  sees: prompt\n"
        "[1] says: Says it.\n  sees: prompt, response\n"
    )
)
PLAIN = open_project().bind(loads("rubric p\n[1] says: Says it.\n"))


@st.composite
def jobs(draw: st.DrawFn) -> list[Job]:
    pairs = draw(
        st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8), st.booleans()))
    )
    return [
        Job(
            RUBRIC if shared else PLAIN,
            Response(
                text=f"text {words}",
                prompt_id=f"p{prompt}",
                response_id=f"r{number}",
                prompt=f"prompt {prompt}",
            ),
        )
        for number, (prompt, words, shared) in enumerate(pairs)
    ]


@given(jobs(), st.booleans(), st.integers(1, 6))
def test_every_job_is_in_one_block_and_no_larger_ones_than_needed(
    some: list[Job],
    ranked: bool,  # noqa: FBT001 - drawn
    size: int,
) -> None:
    found = blocks(some, ranked=ranked, size=size)
    assert sorted(place for block in found for place in block) == list(range(len(some)))
    whole = {tuple(unit) for unit in units(some, ranked=ranked)}
    for block in found:
        assert len(block) <= size or block in whole


@given(jobs(), st.booleans(), st.integers(1, 6))
def test_no_question_belongs_to_two_blocks(
    some: list[Job],
    ranked: bool,  # noqa: FBT001 - drawn
    size: int,
) -> None:
    where: dict[tuple[str, str], int] = {}
    for number, block in enumerate(blocks(some, ranked=ranked, size=size)):
        for place in block:
            job = some[place]
            for criterion in job.rubric.criteria():
                sees = criterion.sees or ("prompt", "response", "reference")
                key = criterion.text, look(sees, job.rubric, job.response).digest
                assert where.setdefault(key, number) == number


@given(jobs(), st.integers(1, 6))
def test_responses_to_a_prompt_that_are_ranked_stay_together(
    some: list[Job], size: int
) -> None:
    where: dict[str, int] = {}
    for number, block in enumerate(blocks(some, ranked=True, size=size)):
        for place in block:
            prompt = some[place].response.prompt_id
            assert where.setdefault(prompt, number) == number


def test_the_order_is_kept_where_nothing_is_shared() -> None:
    response = Response(text="", prompt_id="p", response_id="r")
    some = [Job(PLAIN, evolve(response, text=f"text {n}")) for n in range(10)]
    found = blocks(some, ranked=False, size=4)
    assert found == [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9)]


@given(st.integers(1, 10**7), st.integers(1, 10**4))
def test_there_are_four_blocks_a_slot_if_there_are_jobs_enough(
    count: int, slots: int
) -> None:
    size = fitting_size(count, slots)
    assert 1 <= size <= 512
    assert count <= 4 * slots or size == 512 or -(-count // size) <= 4 * slots
