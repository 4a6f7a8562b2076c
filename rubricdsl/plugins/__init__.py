"""Hooks, discovery and the registry of what plugins offer."""
