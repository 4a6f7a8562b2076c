"""First rubrics: what a proposer says a good response to a prompt does, as source.

`reading` makes a rubric of an answer, `drafters` ask for answers, `merging` makes one
rubric of several, and `first` does it all.
"""
