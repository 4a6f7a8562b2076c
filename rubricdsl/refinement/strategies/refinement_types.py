"""The types of refinement that edits are of which no proposer made.

They are among those that proposers choose from (`refinement.proposing.forms`).
"""

FAULT = "fix errors"
REPEATED = "remove redundancy"
WEIGHTS = "weights or granularity"
