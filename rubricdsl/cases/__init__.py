"""Running the ``test`` blocks of rubrics, in three tiers.

*Arithmetic*: what the test fixes (``given``) and what checks say decide; always run.
*Recorded*: a judge must decide, and its verdicts stand beside the rubric, in
``NAME.verdicts.jsonl`` (`rubricdsl.cases.recording`).  *Live*: a judge is asked
(`rubricdsl.cases.session`).  A test that needs a judge is skipped where there is
neither; a verdict that could not be had is an error, never a pass and never a fail.
"""

from rubricdsl.cases.outcomes import CaseFailure, CaseResult, Comparison, Outcome, Tier
from rubricdsl.cases.running import run_cases
from rubricdsl.cases.session import RubricFile, Session

__all__ = [
    "CaseFailure",
    "CaseResult",
    "Comparison",
    "Outcome",
    "RubricFile",
    "Session",
    "Tier",
    "run_cases",
]
