"""The functions of ``check:`` lines, and how a check becomes a ruling."""
