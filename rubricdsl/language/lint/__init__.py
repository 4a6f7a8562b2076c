"""Lints: what is no error in a rubric, and yet likely not what its author wants.

A rule is a module of the package `rules`: its documentation, its check and its cases
stand in one file.  `discovery` finds the rules, `running` runs them over a rubric that
has no errors, `allowances` reads the comments with which a lint is allowed to stand,
`fixing` makes the fixes, and `proving` runs a rule's own cases, also for the rules of
others.
"""
