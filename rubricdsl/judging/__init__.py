"""Judging: rubrics and responses become questions, questions verdicts.

The engine (`rubricdsl.judging.engine`) is the one place that asks a judge.
"""
