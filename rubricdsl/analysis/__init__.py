"""Analysis: numbers in, results out; no files, no judge.

Metrics are those of the high tail, where reinforcement fine-tuning drives a policy:
how well a rubric ranks the best responses, what it cannot tell apart, and what reaches
the top without being good.
"""
