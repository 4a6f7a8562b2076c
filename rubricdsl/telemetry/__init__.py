"""OpenTelemetry: a run told as spans, and each score as an evaluation event.

The events are ``gen_ai.evaluation.result`` of the semantic conventions for generative
AI: one for each criterion of a response, and one for all of it.  What could not be
measured has an ``error.type`` and no score.  Texts of responses are never told.

>>> from rubricdsl import evaluate_sync, loads
>>> from rubricdsl.telemetry import telemetry_listener
>>> rubric = loads('''
... rubric polite
... [1] please: Says please.
...     check: contains(response, "please", case = no)
... ''')
>>> cards = evaluate_sync(rubric, ["Please."], listener=telemetry_listener())

Nothing of OpenTelemetry is imported before `telemetry_listener` is called.
"""

from rubricdsl.telemetry.setup import telemetry_listener

__all__ = ["telemetry_listener"]
