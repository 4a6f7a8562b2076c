"""The meaning of a rubric: verdicts become values, and values become a score."""
