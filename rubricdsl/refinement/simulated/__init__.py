"""The simulated world in the real loop: its rubrics are source, its responses text.

`rubricdsl.analysis.simulation` holds the world in arrays.  Here `texts` writes and
reads its rubrics and responses, `bench` scores them, `oracle` proposes edits, and
`conditions` refines the rubrics of all prompts in the ways that the paper compares.
It needs numpy, so nothing else imports it.
"""
