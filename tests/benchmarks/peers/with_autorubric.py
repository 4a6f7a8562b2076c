"""Judge with autorubric: one call for each criterion, 64 at once."""

import asyncio
import sys

from autorubric import LLMConfig, Rubric  # type: ignore[import-not-found]
from autorubric.graders import CriterionGrader  # type: ignore[import-not-found]
from rounds import (  # type: ignore[import-not-found]
    CONCURRENCY,
    criteria,
    serve,
    texts,
)


def main() -> None:
    """Run a round whenever asked."""
    grader = CriterionGrader(
        judge_model_config=LLMConfig(
            # A model whose price it knows: else it complains for each call.
            model="openai/gpt-4o-mini",
            api_base=sys.argv[1],
            api_key="sk-bench",
            temperature=0,
            max_parallel_requests=CONCURRENCY,
        )
    )
    rubric = Rubric.from_dict(criteria())

    async def judge() -> None:
        grading = (rubric.grade(to_grade=text, grader=grader) for text in texts())
        reports = await asyncio.gather(*grading)
        assert all(report.score == 1.0 for report in reports), reports[0]

    serve(judge)


main()
