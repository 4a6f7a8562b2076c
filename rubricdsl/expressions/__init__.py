"""The small language of ``check:`` and ``combine:``: types, values, patterns."""
