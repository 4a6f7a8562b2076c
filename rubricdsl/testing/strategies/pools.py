"""Strategies for pools: responses with the scores that a rubric gave them."""

from attrs import evolve
from hypothesis import strategies as st

from rubricdsl.model.refinement import Candidate
from rubricdsl.model.response import Response
from rubricdsl.model.scorecard import Scorecard, Status

_TEXTS = ("", "Ottawa.", "Ottawa. ", "It is Ottawa, of course.", "Toronto", "你好。")


def scorecard_of(response: Response, score: float | None) -> Scorecard:
    """Give the scorecard of a response of which only the score is known."""
    return Scorecard(
        rubric="generated",
        rubric_version=None,
        rubric_digest="",
        prompt_id=response.prompt_id,
        response_id=response.response_id,
        score=score,
        points=score,
        passed=None,
        status=Status.INCOMPLETE if score is None else Status.COMPLETE,
        coverage=0.0 if score is None else 1.0,
        interval=None,
        gates=(),
        criteria=(),
        groups=(),
    )


@st.composite
def candidates(
    draw: st.DrawFn, *, prompts: int = 1, clean: bool = False
) -> tuple[Candidate, ...]:
    """Generate the pool of a round, for some of ``prompts`` prompts.

    Scores tie often, some by all but a rounding error; some responses have none, and
    some are copies of others.  ``clean`` leaves these two out.  Shrinks towards few
    responses of one prompt.
    """
    texts = st.one_of(st.sampled_from(_TEXTS), st.text(max_size=12))
    # Every second level is a rounding error above the one before.
    levels = st.integers(0, 7).map(lambda n: n // 2 / 4 + n % 2 * 1e-12)
    scores = levels if clean else st.one_of(levels, levels, levels, st.none())
    golds = st.one_of(st.none(), st.integers(0, 4).map(float))
    found: list[Candidate] = []
    for number in range(draw(st.integers(0, 8))):
        response = Response(
            text=draw(texts),
            prompt_id=f"p{draw(st.integers(1, prompts))}",
            response_id=f"r{number}",
            source=draw(st.sampled_from([None, "policy", "great", "other"])),
        )
        if clean:
            response = evolve(response, text=f"{number} {response.text}")
        card = scorecard_of(response, draw(scores))
        found.append(Candidate(response=response, scorecard=card, gold=draw(golds)))
    return tuple(found)
