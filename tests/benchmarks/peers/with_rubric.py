"""Judge with rubric: one call for each criterion through one client, 64 at once."""

import asyncio
import sys

from openai import AsyncOpenAI
from rounds import (  # type: ignore[import-not-found]
    CONCURRENCY,
    criteria,
    serve,
    texts,
)
from rubric import PerCriterionOutput, Rubric  # type: ignore[import-not-found]
from rubric.autograders import PerCriterionGrader  # type: ignore[import-not-found]


def main() -> None:
    """Run a round whenever asked."""
    rubric = Rubric.from_dict(criteria())

    async def judge() -> None:
        limit = asyncio.Semaphore(CONCURRENCY)
        async with AsyncOpenAI(base_url=sys.argv[1], api_key="sk-bench") as client:

            async def generate(
                system_prompt: str, user_prompt: str
            ) -> PerCriterionOutput:
                async with limit:
                    reply = await client.chat.completions.create(
                        model="bench",
                        temperature=0,
                        messages=[
                            {"role": "system", "content": system_prompt},
                            {"role": "user", "content": user_prompt},
                        ],
                    )
                content = reply.choices[0].message.content
                return PerCriterionOutput.model_validate_json(content)

            grader = PerCriterionGrader(generate_fn=generate)
            grading = (rubric.grade(text, autograder=grader) for text in texts())
            reports = await asyncio.gather(*grading)
        assert all(report.score == 1.0 for report in reports), reports[0]

    serve(judge)


main()
