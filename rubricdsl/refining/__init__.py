"""Setting up refinements: the loop is handed all that it does not know by itself.

That is its bench (the engine), its proposer, and the tests in the rubrics.
"""
