"""The acceptance gate: an edit enters only if held-out responses prove that it helps.

`measures` tells how well a rubric ranks held-out responses, `junk` makes responses
that are no good, and `acceptance` decides, edit by edit.
"""

from rubricdsl.refinement.gate.acceptance import AcceptanceGate, Verdicts, take_all
from rubricdsl.refinement.gate.junk import junk_for

__all__ = ["AcceptanceGate", "Verdicts", "junk_for", "take_all"]
