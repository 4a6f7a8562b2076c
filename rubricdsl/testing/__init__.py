"""Tools for testing rubrics, judges and plugins.

Nothing here is imported by the rest of rubricdsl, and each module imports what it
needs (Hypothesis, pytest) itself.
"""
