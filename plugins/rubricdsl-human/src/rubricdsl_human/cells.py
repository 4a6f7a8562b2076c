"""Cells of a spreadsheet that are texts, and nothing that it would work out."""

# What begins with these a spreadsheet takes for a formula, or for the way to one.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
_GUARD = "'"


def guarded(text: str) -> str:
    """Give a text so that no spreadsheet takes it for a formula."""
    return _GUARD + text if text.startswith(_FORMULAS) else text


def unguarded(text: str) -> str:
    """Give the text that was guarded; any other is as it was."""
    bare = text.removeprefix(_GUARD)
    return bare if bare.startswith(_FORMULAS) else text
