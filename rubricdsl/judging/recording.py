"""Recording a run: its verdicts as the rows that the judge ``scripted`` answers from.

Verdicts of checks and of unmet needs are left out, since they are made again in a
replay, and so are failures: what could not be had is not recorded.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rubricdsl.model.scorecard import CriterionResult, Scorecard

_MADE_AGAIN = frozenset({"check", "needs"})


def recorded_rows(
    scorecards: Iterable[Scorecard],
) -> Iterator[dict[str, str | float]]:
    """Give the rows of a recording, in the order of the scorecards."""
    for scorecard in scorecards:
        for result in scorecard.criteria:
            if result.verdict.provenance.judge not in _MADE_AGAIN:
                yield from _row(scorecard, result)


def _row(
    scorecard: Scorecard, result: CriterionResult
) -> Iterator[dict[str, str | float]]:
    verdict = result.verdict
    if verdict.ruling is None:
        return
    row: dict[str, str | float] = {
        "prompt_id": scorecard.prompt_id,
        "response_id": scorecard.response_id,
        "rubric": scorecard.rubric,
        "criterion": result.path,
        "verdict": verdict.ruling.record,
    }
    if verdict.probability is not None:
        row["probability"] = verdict.probability
    if verdict.evidence:
        row["evidence"] = verdict.evidence
    if verdict.reason:
        row["reason"] = verdict.reason
    yield row


def write_recording(path: Path, scorecards: Iterable[Scorecard]) -> None:
    """Write a recording whole: a reader sees the old file or the new one.

    Raises:
        OSError: when it cannot be written; an old file is then still there.
    """
    with recording(path) as record:
        for scorecard in scorecards:
            record(scorecard)


@contextmanager
def recording(path: Path) -> Iterator[Callable[[Scorecard], None]]:
    """Write a recording scorecard by scorecard; it appears whole at the end.

    Raises:
        OSError: when it cannot be written; an old file is then still there.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("w", encoding="utf-8", errors="replace", newline="\n") as file:

            def record(scorecard: Scorecard) -> None:
                for row in recorded_rows([scorecard]):
                    line = json.dumps(row, ensure_ascii=False, allow_nan=False)
                    file.write(line + "\n")

            yield record
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
